//! The terminal that a tender shares with the process it started.

use std::io;
use std::os::fd::AsFd as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcsetpgrp};

/// The terminal on standard input, as it was at first; nothing at all where there is none.
pub(super) struct Terminal {
    at_first: Option<Termios>,
}

impl Terminal {
    pub(super) fn open() -> Self {
        Self {
            at_first: tcgetattr(io::stdin().as_fd()).ok(),
        }
    }

    /// Gives the keyboard to a process group.
    pub(super) fn hand_to(&self, group: Pid) {
        if self.at_first.is_some() {
            // Fails where the group has just ended, which its parent is about to learn.
            let _ = tcsetpgrp(io::stdin().as_fd(), group);
        }
    }

    /// Takes the keyboard back, and undoes what a dead program set and can no longer undo.
    pub(super) fn take_back(&self) {
        if let Some(at_first) = &self.at_first {
            self.hand_to(getpgrp());
            // Now, not once drained: a terminal that somebody froze would freeze the tender.
            let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSANOW, at_first);
        }
    }

    /// Writes one line under what stands there, unless the terminal takes none.
    pub(super) fn say(&self, line: &str) {
        let output = io::stdout();
        let mut polled = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        if matches!(poll(&mut polled, PollTimeout::ZERO), Ok(1)) {
            // A line that cannot be shown is no reason to do anything else: the state's file says the same.
            let _ = nix::unistd::write(&output, format!("\x1b[0m\r\n{line}\r\n").as_bytes());
        }
    }
}
