//! A project's index, with one entry changed and nothing else: git's own protocol, and safe against a kill at any moment.
//!
//! The new index is written beside, then linked as `index.lock`: so the lock is taken and whole in one step, and one
//! that a killed run left behind is told from another's by being the same file as what lies beside.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::{Index, IndexEntry};

use crate::error::refused;
use crate::files::remove_if_there;
use crate::names::CommitId;

use super::build::gitlink;

/// How often an index that somebody else rewrites meanwhile is read again.
const ATTEMPTS: usize = 3;

/// A held `index.lock` that is the new index. Let go unless put in place.
#[derive(Debug)]
pub(super) struct NewIndex {
    index: PathBuf,
    next: PathBuf,
    lock: PathBuf,
    /// Whether `lock` is ours to remove.
    is_held: bool,
}

impl NewIndex {
    /// Prepares the index that pins a commit at a path, and locks the index.
    pub(super) fn prepare(
        git_directory: &Path,
        engine: &str,
        commit: &CommitId,
    ) -> anyhow::Result<Self> {
        Self::prepare_entry(git_directory, &gitlink(engine, commit))
    }

    /// The same, with any one entry.
    pub(super) fn prepare_entry(git_directory: &Path, entry: &IndexEntry) -> anyhow::Result<Self> {
        let mut new = Self {
            index: git_directory.join("index"),
            next: git_directory.join("index.next"),
            lock: git_directory.join("index.lock"),
            is_held: false,
        };
        for _ in 0..ATTEMPTS {
            let before = stamp(&new.index)?;
            new.write_beside(entry)
                .context("cannot write the project's new index")?;
            match fs::hard_link(&new.next, &new.lock) {
                Ok(()) => new.is_held = true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(is_locked(git_directory));
                }
                Err(error) => return Err(error).context("cannot lock the project's index"),
            }
            if stamp(&new.index)? == before {
                return Ok(new);
            }
            fs::remove_file(&new.lock)?;
            new.is_held = false;
        }
        Err(refused("another program keeps changing the project's index").into())
    }

    fn write_beside(&self, entry: &IndexEntry) -> anyhow::Result<()> {
        // A left-over of a killed run, and its lock, are nobody's.
        for left_over in [self.next.clone(), self.next.with_extension("next.lock")] {
            remove_if_there(&left_over)?;
        }
        fs::copy(&self.index, &self.next)?;
        let met = self.index.metadata()?;
        let mut index = Index::open(&self.next)?;
        index.add(entry)?;
        index.write()?;
        fs::set_permissions(&self.next, met.permissions())?;
        // With the old time, a file that was too young to be trusted stays so.
        fs::File::options()
            .append(true)
            .open(&self.next)?
            .set_modified(met.modified()?)?;
        Ok(())
    }

    /// Makes it the project's index.
    pub(super) fn put_in_place(mut self) -> anyhow::Result<()> {
        fs::rename(&self.lock, &self.index).context("cannot replace the project's index")?;
        // From here on, a lock of that name is another's.
        self.is_held = false;
        Ok(())
    }
}

impl Drop for NewIndex {
    fn drop(&mut self) {
        // What cannot be removed is found and removed by `clear_left_overs`.
        if self.is_held {
            let _ = fs::remove_file(&self.lock);
        }
        let _ = fs::remove_file(&self.next);
    }
}

/// Lets go of the lock that a killed run left; another's stays.
pub(super) fn clear_left_overs(git_directory: &Path) -> anyhow::Result<()> {
    let next = git_directory.join("index.next");
    let lock = git_directory.join("index.lock");
    if let (Ok(next), Ok(lock_met)) = (next.symlink_metadata(), lock.symlink_metadata())
        && (next.dev(), next.ino()) == (lock_met.dev(), lock_met.ino())
    {
        remove_if_there(&lock)?;
    }
    remove_if_there(&next)?;
    remove_if_there(&git_directory.join("index.next.lock"))
}

/// Says that somebody holds the index, or died holding it.
pub(super) fn is_locked(git_directory: &Path) -> anyhow::Error {
    let lock = git_directory.join("index.lock");
    refused(format!(
        "`{}` exists: another git is at work, or died",
        lock.display()
    ))
    .hint(format!(
        "wait; or, if no git runs there, `rm {}`",
        lock.display()
    ))
    .into()
}

fn stamp(path: &Path) -> anyhow::Result<(u64, u64, i64, i64)> {
    let met = path.metadata().context("cannot read the project's index")?;
    Ok((met.ino(), met.size(), met.mtime(), met.mtime_nsec()))
}
