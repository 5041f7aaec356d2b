//! What a recorder is told: data in a file that only its owner can read.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::files::{read_json, write_json};

/// The version of this file.
const VERSION: u32 = 1;

/// Where the recorders of one project keep its terminals' output, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    version: u32,
    /// What the project is called.
    pub(crate) project: String,
    /// The directory of its series.
    pub(crate) directory: PathBuf,
    /// How many bytes a file may have.
    pub(crate) max_size: u64,
    /// How many files of one terminal are kept.
    pub(crate) files: usize,
    /// How many bytes the files in all directories beside this one may have together; `None`: for followers only, and
    /// gone with the last of them.
    pub(crate) total: Option<u64>,
}

impl Settings {
    /// Makes those of a project; what is written goes with the last who follows it.
    pub(crate) fn new(project: &str, directory: PathBuf, max_size: u64, files: usize) -> Self {
        Self {
            version: VERSION,
            project: project.to_owned(),
            directory,
            max_size,
            files,
            total: None,
        }
    }

    /// Has it kept instead, as long as all that is kept in the directories beside this one has room in so many bytes.
    pub(crate) fn kept_within(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// Returns the file that they are written to: in the directory itself.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join(".recording.json")
    }

    /// Writes them, and makes the directory, which is private.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        make_private(&self.directory)?;
        write_json(&self.file(), self)
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let settings: Self =
            read_json(path)?.with_context(|| format!("there is no `{}`", path.display()))?;
        anyhow::ensure!(
            settings.version == VERSION,
            "`{}` is of version {}",
            path.display(),
            settings.version
        );
        Ok(settings)
    }
}

/// Makes a directory, and those above it, that nobody else can look into.
pub(crate) fn make_private(directory: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("cannot make `{}`", directory.display()))
}
