//! What a check-up looks at: what killed commands have left in mirrors and in projects.

use std::fs;
use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::mirror::Mirror;
use super::restore::{clear_locks, locks_in};
use crate::files::{Lock, remove_tree_if_there};

/// What is left in the directory of mirrors by commands that were killed.
#[derive(Debug, Default)]
pub(crate) struct LeftInMirrors {
    /// Mirrors that were half made, or half removed.
    pub(crate) half_made: Vec<PathBuf>,
    /// Locks of git's.
    pub(crate) locks: Vec<PathBuf>,
}

/// Looks for what killed commands left in a directory of mirrors, but for what a command is at work on: it holds the
/// mirror's lock.
pub(crate) fn left_in_mirrors(cache: &Path, is_held: impl Fn(&Path) -> bool) -> LeftInMirrors {
    let mut left = LeftInMirrors::default();
    for (path, kind) in entries(cache) {
        if !matches!(kind, Kind::Mirror | Kind::HalfMade) || is_held(&lock_of(&path)) {
            continue;
        }
        match kind {
            Kind::HalfMade => left.half_made.push(path),
            Kind::Mirror => left.locks.extend(locks_in(&path)),
            Kind::Other => {}
        }
    }
    left
}

/// Removes what killed commands left beside or in the mirror that a path belongs to; returns whether it could: not while
/// a command is at work on it.
pub(crate) fn clear_mirror(path: &Path) -> anyhow::Result<bool> {
    let mirror = path.with_extension("git");
    let Some(_lock) = Lock::try_take(&lock_of(path))? else {
        return Ok(false);
    };
    for extension in ["new", "old"] {
        remove_tree_if_there(&path.with_extension(extension))?;
    }
    if mirror.is_dir() {
        clear_locks(&mirror)?;
    }
    Ok(true)
}

/// Returns git's lock on a repository's index, if somebody has it or a killed git has left it.
pub(crate) fn index_lock(work_tree: &Path) -> Option<PathBuf> {
    let layout = Layout::find(work_tree).ok()??;
    let lock = layout.git_directory.join("index.lock");
    lock.symlink_metadata().is_ok().then_some(lock)
}

impl Mirror {
    /// Tells whether something is where the mirror belongs, whole or not.
    pub(crate) fn is_there(&self) -> bool {
        self.directory().symlink_metadata().is_ok()
    }
}

enum Kind {
    Mirror,
    HalfMade,
    Other,
}

fn entries(cache: &Path) -> Vec<(PathBuf, Kind)> {
    let all = fs::read_dir(cache).into_iter().flatten().flatten();
    let kind = |path: PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let kind = match extension {
            Some("git") => Kind::Mirror,
            Some("new" | "old") => Kind::HalfMade,
            Some(_) | None => Kind::Other,
        };
        (path, kind)
    };
    all.map(|entry| kind(entry.path())).collect()
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}
