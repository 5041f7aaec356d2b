//! What one commit of a harness has prepared, and what is beside it.

use std::path::{Path, PathBuf};

/// `{cache}` of one commit, shared by all who use it. Beside it are files that say how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cache(PathBuf);

/// How the names of what is beside it end, after a dot: no harness's name has one.
const MARK: &str = "prepared";
const LOCK: &str = "lock";
const RECORD: &str = "running";
const SCRATCH: &str = "scratch";

impl Cache {
    /// Names the cache of a commit: a directory in the one with all of them.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Returns the caches in a directory that a killed command may have left something beside.
    pub(crate) fn unfinished(all: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(all).into_iter().flatten().flatten();
        let left = entries.map(|entry| entry.path()).filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some(RECORD | SCRATCH))
        });
        let mut found: Vec<Self> = left.map(|path| Self(path.with_extension(""))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.dedup();
        found
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> &Path {
        &self.0
    }

    /// Tells whether all is in it that is to be: it may have been deleted since, with or without its mark.
    pub(crate) fn is_prepared(&self) -> bool {
        self.mark().is_file() && self.0.is_dir()
    }

    /// The file that says so.
    pub(crate) fn mark(&self) -> PathBuf {
        self.0.with_extension(MARK)
    }

    /// Held by the one command that prepares it.
    pub(crate) fn lock(&self) -> PathBuf {
        self.0.with_extension(LOCK)
    }

    /// Says what runs to prepare it, until nothing of that is left.
    pub(crate) fn record(&self) -> PathBuf {
        self.0.with_extension(RECORD)
    }

    /// Where that runs.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.0.with_extension(SCRATCH)
    }
}
