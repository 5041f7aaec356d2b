//! The signals of a tender: blocked, and read from descriptors, so that it sleeps in one place.

use std::os::fd::{AsFd as _, BorrowedFd};

use anyhow::Context as _;
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What may be an order.
const ORDERS: [Signal; 5] = [
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
    orders: SignalFd,
    hang_up: SignalFd,
}

/// A signal that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) signal: Signal,
    /// It comes of a key that was pressed, and not from a process that means this one.
    pub(super) is_typed: bool,
}

impl Signals {
    /// Blocks them. Children must unblock what they inherit.
    pub(super) fn block() -> anyhow::Result<Self> {
        let heard: SigSet = ORDERS.into_iter().chain([Signal::SIGCHLD]).collect();
        let all: SigSet = heard.iter().chain(UNHEARD).collect();
        all.thread_block().context("cannot block signals")?;
        let open = |signals: SigSet| {
            let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
            SignalFd::with_flags(&signals, flags).context("cannot read signals")
        };
        Ok(Self {
            heard: open(heard)?,
            orders: open(ORDERS.into_iter().collect())?,
            hang_up: open(SigSet::from(Signal::SIGHUP))?,
        })
    }

    /// Returns the next one that has come, without waiting.
    pub(super) fn next(&self) -> Option<Heard> {
        next_of(&self.heard)
    }

    /// The same for orders only: what became of children is left to be learned later.
    pub(super) fn next_order(&self) -> Option<Heard> {
        next_of(&self.orders)
    }

    /// Readable when any has come.
    pub(super) fn heard(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }

    /// Readable when one has come that may be an order.
    pub(super) fn orders(&self) -> BorrowedFd<'_> {
        self.orders.as_fd()
    }

    /// Readable when the terminal has gone, which is a reason to hurry; only for waiting: [`Self::next`] reads it.
    pub(super) fn hang_up(&self) -> BorrowedFd<'_> {
        self.hang_up.as_fd()
    }
}

fn next_of(descriptor: &SignalFd) -> Option<Heard> {
    let information = descriptor.read_signal().ok()??;
    let signal = Signal::try_from(i32::try_from(information.ssi_signo).ok()?).ok()?;
    let of_keyboard = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
    Some(Heard {
        signal,
        is_typed: of_keyboard && information.ssi_code == libc::SI_KERNEL,
    })
}
