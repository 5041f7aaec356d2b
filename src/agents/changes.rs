//! Waiting without asking again and again: for files that are replaced, and for whatever else can be slept on.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::supervision::wait_readable;

/// The files of some directories, as they are replaced.
#[derive(Debug)]
pub(super) struct Changes(Inotify);

impl Changes {
    /// Begins to watch: what changes from now on ends a [`Self::wait`].
    pub(super) fn of<const N: usize>(directories: [PathBuf; N]) -> anyhow::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
            .context("cannot watch files")?;
        for directory in directories {
            inotify
                .add_watch(&directory, AddWatchFlags::IN_MOVED_TO)
                .with_context(|| format!("cannot watch `{}`", directory.display()))?;
        }
        Ok(Self(inotify))
    }

    /// Sleeps until a file is replaced, one of the descriptors can be read, or the deadline has come.
    ///
    /// It does not say which: the caller looks at everything, and nothing is missed between two waits.
    pub(super) fn wait<'a>(
        &'a self,
        others: impl IntoIterator<Item = BorrowedFd<'a>>,
        deadline: Option<Instant>,
    ) -> anyhow::Result<()> {
        let watched: Vec<BorrowedFd<'_>> = [self.0.as_fd()].into_iter().chain(others).collect();
        wait_readable(&watched, deadline).context("cannot wait")?;
        while self.0.read_events().is_ok_and(|events| !events.is_empty()) {}
        Ok(())
    }
}
