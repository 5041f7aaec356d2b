//! Waiting without asking again and again: for files that are replaced, and for whatever else can be slept on.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::inotify::AddWatchFlags;

use crate::files::Watched;
use crate::supervision::wait_readable;

/// The files of some directories, as they are replaced.
#[derive(Debug)]
pub(super) struct Changes(Watched);

impl Changes {
    /// Begins to watch: what changes from now on ends a [`Self::wait`].
    pub(super) fn of<const N: usize>(directories: [PathBuf; N]) -> anyhow::Result<Self> {
        let watched = Watched::nothing()?;
        for directory in directories {
            watched.add(&directory, AddWatchFlags::IN_MOVED_TO)?;
        }
        Ok(Self(watched))
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
        self.0.events().map(drop)
    }
}
