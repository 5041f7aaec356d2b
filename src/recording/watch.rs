//! Waiting until something of what is recorded changes, without asking again and again.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::sys::inotify::{AddWatchFlags, WatchDescriptor};

use crate::files::Watched;

use super::series::parse;

/// Watched directories.
pub(crate) struct Watch {
    watched: Watched,
    directories: HashMap<WatchDescriptor, PathBuf>,
}

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// A recorder has begun, or ended, to write something.
    pub(crate) is_recorder: bool,
    /// Files that were replaced.
    pub(crate) replaced: Vec<PathBuf>,
    /// The kernel has lost count: anything may have changed.
    pub(crate) is_lost: bool,
}

impl Watch {
    /// Watches nothing yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            watched: Watched::nothing()?,
            directories: HashMap::new(),
        })
    }

    /// Watches a directory that recorders write into.
    pub(crate) fn recorded(&mut self, directory: &Path) -> anyhow::Result<()> {
        let changes = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_DELETE;
        self.add(directory, changes)
    }

    /// Watches a directory whose files are replaced.
    pub(crate) fn replaced(&mut self, directory: &Path) -> anyhow::Result<()> {
        self.add(directory, AddWatchFlags::IN_MOVED_TO)
    }

    fn add(&mut self, directory: &Path, changes: AddWatchFlags) -> anyhow::Result<()> {
        let descriptor = self
            .watched
            .add(directory, changes | AddWatchFlags::IN_ONLYDIR)?;
        self.directories.insert(descriptor, directory.to_owned());
        Ok(())
    }

    /// Returns what has changed since the last time, without waiting.
    pub(crate) fn changes(&mut self) -> anyhow::Result<Changes> {
        let mut changes = Changes::default();
        for event in self.watched.events()? {
            let directory = self.directories.get(&event.wd);
            let (Some(directory), Some(name)) = (directory, event.name) else {
                changes.is_lost = true;
                continue;
            };
            if event.mask.contains(AddWatchFlags::IN_MOVED_TO) {
                changes.replaced.push(directory.join(name));
            } else if !event.mask.contains(AddWatchFlags::IN_MODIFY) {
                // Locks are opened and closed too.
                changes.is_recorder |= name.to_str().is_some_and(|name| parse(name).is_some());
            }
        }
        Ok(changes)
    }
}

impl AsFd for Watch {
    /// Readable once something has changed.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watched.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn recorders_are_told_from_what_they_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("one.000001.log");
        let mut watch = Watch::new().unwrap();
        watch.recorded(directory.path()).unwrap();
        fs::write(directory.path().join(".one.lock"), "").unwrap();
        assert_eq!(watch.changes().unwrap(), Changes::default());
        let mut written = fs::File::create(&file).unwrap();
        assert!(watch.changes().unwrap().is_recorder);
        std::io::Write::write_all(&mut written, b"x").unwrap();
        assert_eq!(watch.changes().unwrap(), Changes::default());
        drop(written);
        assert!(watch.changes().unwrap().is_recorder);
    }
}
