//! The terminal that a tender shares with the process it started.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;

use nix::libc;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcsetpgrp};

/// What a dead program may have left switched on, switched off, each harmless where it is off already:
/// - the alternate screen; entered first, so that leaving it moves the cursor only where it was entered before;
/// - reports of the mouse and of the focus, bracketed paste, keys as applications want them;
/// - a scroll region, with the cursor put back where that has moved it; insert mode; no wrapping;
/// - other character sets, colours, a hidden cursor or one of another shape.
const SANE: &str = "\x1b[?1049h\x1b[?1049l\
    \x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[>4m\
    \x1b7\x1b[r\x1b8\x1b[4l\x1b[?7h\
    \x1b(B\x1b)B\x0f\x1b[0m\x1b[?25h\x1b[0 q";

/// The terminal on standard input, as it was at first; nothing at all where there is none.
pub(super) struct Terminal {
    at_first: Option<Termios>,
    /// Opened anew, so that writing to it never waits: the descriptors of the harness are not touched.
    output: Option<File>,
}

impl Terminal {
    pub(super) fn open() -> Self {
        let at_first = tcgetattr(io::stdin().as_fd()).ok();
        let output = at_first.is_some().then(|| {
            OpenOptions::new()
                .write(true)
                .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
                .open("/proc/self/fd/0")
                .ok()
        });
        Self {
            at_first,
            output: output.flatten(),
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
        self.write(&format!("\x1b[0m\r\n{line}\r\n"));
    }

    /// The same after a life: what it left switched on is switched off first.
    pub(super) fn say_after_life(&self, line: &str) {
        self.write(&format!("{SANE}\r\n{line}\r\n"));
    }

    fn write(&self, text: &str) {
        // What cannot be shown is no reason to do anything else: the state's file says the same.
        match &self.output {
            Some(output) => drop((&mut &*output).write(text.as_bytes())),
            None if self.at_first.is_none() => drop(io::stdout().write(text.as_bytes())),
            None => {}
        }
    }
}
