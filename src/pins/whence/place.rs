//! Git's configuration: where the project's and the harness's say where the harness comes from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::Repository;

use crate::error::refused;
use crate::files::{Durability, replace_if};
use crate::pins::config_text::parsed;
use crate::pins::layout::Layout;

/// One value of one of git's configuration files.
pub(super) struct Place {
    file: PathBuf,
    section: &'static str,
    subsection: String,
}

/// Returns where git's configuration says where the harness comes from.
pub(super) fn places(
    directory: &Path,
    engine: &str,
    project: &Repository,
    name: &str,
) -> anyhow::Result<[Place; 2]> {
    let harness = directory.join(engine);
    let layout = Layout::find(&harness)
        .map_err(refused)?
        .ok_or_else(|| refused(format!("there is no harness in `{}`", harness.display())))?;
    if layout.git_directory != layout.common {
        return Err(refused(format!(
            "`{engine}` is a linked work tree of the repository `{}`",
            layout.common.display()
        ))
        .hint("make it a submodule of its own")
        .into());
    }
    Ok([
        Place {
            file: project.commondir().join("config"),
            section: "submodule",
            subsection: name.to_owned(),
        },
        Place {
            file: layout.common.join("config"),
            section: "remote",
            subsection: "origin".to_owned(),
        },
    ])
}

impl Place {
    /// Returns the file as it was and as it should be; `None` where it says so already, or nothing at all: then git
    /// takes what `.gitmodules` says when it needs it.
    pub(super) fn changed(&self, url: &str) -> anyhow::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let cannot = || format!("cannot read `{}`", self.file.display());
        let text = fs::read(&self.file).with_context(cannot)?;
        let read = parsed(&text, &self.file)?;
        let all = read.all(self.section, &self.subsection, "url");
        match all[..] {
            [] => Ok(None),
            [only] if only.value.as_deref() == Some(url.as_bytes()) => Ok(None),
            [only] => {
                let changed = read.with_value(only, url);
                Ok(Some((text, changed)))
            }
            _ => {
                let (file, key) = (self.file.display(), self.key());
                Err(refused(format!("`{file}` has more than one `{key}`"))
                    .hint(format!("`git config --file {file} --edit`"))
                    .into())
            }
        }
    }

    /// Returns the file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    fn key(&self) -> String {
        format!("{}.{}.url", self.section, self.subsection.escape_debug())
    }

    /// Replaces the file, unless git is at work on it.
    pub(super) fn write(&self, (before, after): &(Vec<u8>, Vec<u8>)) -> anyhow::Result<()> {
        let lock = self.file.with_file_name("config.lock");
        let still = || Ok(lock.symlink_metadata().is_err() && fs::read(&self.file)? == *before);
        if replace_if(&self.file, after, 0o644, Durability::Synced, still)? {
            return Ok(());
        }
        let lock = lock.display();
        Err(refused(format!(
            "another git is at work on `{}`",
            self.file.display()
        ))
        .hint(format!(
            "run the command again; or, if no git runs there, `rm {lock}`"
        ))
        .into())
    }
}
