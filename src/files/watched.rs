//! Files and directories that are watched: the kernel tells what happens to them (inotify).

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

/// What is watched.
#[derive(Debug)]
pub(crate) struct Watched(Inotify);

impl Watched {
    /// Watches nothing yet.
    pub(crate) fn nothing() -> anyhow::Result<Self> {
        let flags = InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK;
        Ok(Self(Inotify::init(flags).context("cannot watch files")?))
    }

    /// Watches a file or a directory for these changes: none of them is missed from now on.
    pub(crate) fn add(
        &self,
        path: &Path,
        changes: AddWatchFlags,
    ) -> anyhow::Result<WatchDescriptor> {
        let added = self.0.add_watch(path, changes);
        added.with_context(|| format!("cannot watch `{}`", path.display()))
    }

    /// Watches a directory for these changes; `None` where it is not there.
    pub(crate) fn add_if_there(
        &self,
        directory: &Path,
        changes: AddWatchFlags,
    ) -> anyhow::Result<Option<WatchDescriptor>> {
        match self
            .0
            .add_watch(directory, changes | AddWatchFlags::IN_ONLYDIR)
        {
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            added => added
                .map(Some)
                .with_context(|| format!("cannot watch `{}`", directory.display())),
        }
    }

    /// Watches it no more.
    pub(crate) fn remove(&self, descriptor: WatchDescriptor) {
        // Of a directory that has gone the kernel has let go by itself.
        let _ = self.0.rm_watch(descriptor);
    }

    /// Returns what has happened since the last time, without waiting. Of very much, some is left for the next time:
    /// where something happens without end, this ends.
    pub(crate) fn events(&self) -> anyhow::Result<Vec<InotifyEvent>> {
        match self.0.read_events() {
            Err(Errno::EAGAIN) => Ok(Vec::new()),
            read => read.context("cannot watch files"),
        }
    }
}

impl AsFd for Watched {
    /// Readable once something has happened.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
