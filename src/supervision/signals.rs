//! The signals of a tender: blocked, and read from a descriptor, so that it sleeps in one place.

use std::os::fd::{AsFd as _, BorrowedFd};

use anyhow::Context as _;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What is read as an event.
const HEARD: [Signal; 6] = [
    Signal::SIGCHLD,
    Signal::SIGHUP,
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
];

/// What would stop or end a tender for nothing: a key pressed, or a write to a terminal that has gone.
const UNHEARD: [Signal; 4] = [
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGPIPE,
];

/// The signals of this process, none of which interrupts it any more.
pub(super) struct Signals {
    heard: SignalFd,
    hang_up: SignalFd,
}

impl Signals {
    /// Blocks them. Children must unblock what they inherit.
    pub(super) fn block() -> anyhow::Result<Self> {
        let all: SigSet = HEARD.into_iter().chain(UNHEARD).collect();
        all.thread_block().context("cannot block signals")?;
        let open = |signals: SigSet| {
            let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
            SignalFd::with_flags(&signals, flags).context("cannot read signals")
        };
        Ok(Self {
            heard: open(HEARD.into_iter().collect())?,
            hang_up: open(SigSet::from(Signal::SIGHUP))?,
        })
    }

    /// Returns the next one that has come, without waiting.
    pub(super) fn next(&self) -> Option<Signal> {
        let information = self.heard.read_signal().ok()??;
        Signal::try_from(i32::try_from(information.ssi_signo).ok()?).ok()
    }

    /// Readable when any has come.
    pub(super) fn heard(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }

    /// Readable when the terminal has gone, which is a reason to hurry; only for waiting: [`Self::next`] reads it.
    pub(super) fn hang_up(&self) -> BorrowedFd<'_> {
        self.hang_up.as_fd()
    }
}
