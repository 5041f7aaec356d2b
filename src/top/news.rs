//! What threads find out, on its way to the screen.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use anyhow::Context as _;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::fleet::Fleet;
use crate::names::Name;
use crate::status::Report;
use crate::ui::Sheet;

use super::errand::{Errand, Outcome};
use super::model::{Happened, Lines};

/// What a thread has found out.
pub(super) enum News {
    /// What is true; or why that cannot be found out. The fleet is as it was last valid.
    Looked(Arc<Fleet>, Box<Result<Report, String>>, Option<String>),
    /// What a command would do.
    Planned(Errand, Outcome),
    /// How a command went.
    Done(Outcome),
    /// Why a project is as it is.
    Why(Name, Box<Result<Sheet, String>>),
    /// Which versions there are for these projects.
    Versions(Vec<Name>, Result<Vec<(String, String)>, String>),
    /// What the terminal at a place shows, and where it is.
    Lines(Name, usize, Lines, Option<PathBuf>),
    History(Name, Result<Vec<Happened>, String>),
}

/// Where threads leave what they have found out.
#[derive(Clone)]
pub(super) struct Post {
    sender: mpsc::Sender<News>,
    bell: Arc<EventFd>,
}

/// Where it is fetched. Can be read when there is something.
pub(super) struct Letters {
    receiver: mpsc::Receiver<News>,
    bell: Arc<EventFd>,
}

/// Makes both ends.
pub(super) fn post() -> anyhow::Result<(Post, Letters)> {
    let (sender, receiver) = mpsc::channel();
    let bell = Arc::new(bell()?);
    let post = Post {
        sender,
        bell: Arc::clone(&bell),
    };
    Ok((post, Letters { receiver, bell }))
}

/// Makes what one thread wakes another with.
pub(super) fn bell() -> anyhow::Result<EventFd> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    EventFd::from_value_and_flags(0, flags).context("cannot make a bell")
}

impl Post {
    /// Leaves news. Once the screen has ended nobody wants them.
    pub(super) fn send(&self, news: News) {
        if self.sender.send(news).is_ok() {
            let _ = self.bell.write(1);
        }
    }

    /// Does work on a thread of its own, and sends what comes of it.
    pub(super) fn have(&self, work: impl FnOnce() -> News + Send + 'static) -> anyhow::Result<()> {
        let post = self.clone();
        let thread = std::thread::Builder::new().spawn(move || post.send(work()));
        thread.context("cannot start a thread").map(drop)
    }
}

impl Letters {
    /// Returns all that has come.
    pub(super) fn take(&self) -> Vec<News> {
        let _ = self.bell.read();
        self.receiver.try_iter().collect()
    }
}

impl AsFd for Letters {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
