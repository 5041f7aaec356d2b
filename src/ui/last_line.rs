//! The last line of the terminal: written in place, and taken away again, also by a signal that ends the program.
//!
//! The cursor waits at its beginning: what the terminal itself writes there (`^C`) and what is printed next take its place.
//! indicatif's own terminals leave it at the end, from where `^C` would go on in the next line.

use std::io::{self, Write as _};
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::TermLike;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::{getpgrp, tcgetpgrp};

use super::terminal::size_of;

/// Goes to the beginning of the line, and takes away what is there.
const CLEAR: &[u8] = b"\r\x1b[K";

/// How wide a terminal is that does not say.
const USUAL_COLUMNS: usize = 80;

/// Whether the line is on the screen.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// What indicatif draws on, from a moment on.
#[derive(Debug)]
pub(super) struct LastLine {
    from: Instant,
    text: Mutex<String>,
}

impl LastLine {
    /// Nothing is shown before this time has passed.
    pub(super) fn after(patience: Duration) -> Self {
        Self {
            from: Instant::now() + patience,
            text: Mutex::default(),
        }
    }

    fn text(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for LastLine {
    fn width(&self) -> u16 {
        u16::try_from(columns()).unwrap_or(u16::MAX)
    }

    // There is one line, which is written as a whole by `flush`.

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.text().push_str(text);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = take(&mut *self.text());
        match text.trim_end() {
            "" => clear(),
            line if Instant::now() >= self.from => show(line),
            _ => Ok(()),
        }
    }
}

/// Returns how many columns it may take: the last one of the terminal stays free.
pub(super) fn columns() -> usize {
    let columns = size_of(libc::STDERR_FILENO).map_or(USUAL_COLUMNS, |size| size.columns);
    columns.saturating_sub(1)
}

/// Shows a line in the place of the one that is there.
fn show(line: &str) -> io::Result<()> {
    // Sent to the background, it would write into what is in the foreground.
    if tcgetpgrp(io::stderr()).is_ok_and(|foreground| foreground != getpgrp()) {
        return Ok(());
    }
    IS_SHOWN.store(true, Ordering::SeqCst);
    // One write: nothing comes between.
    io::stderr().write_all(format!("\r\x1b[K{line}\r").as_bytes())
}

/// Takes the line away, where there is one.
fn clear() -> io::Result<()> {
    match IS_SHOWN.swap(false, Ordering::SeqCst) {
        true => io::stderr().write_all(CLEAR),
        false => Ok(()),
    }
}

/// Has Ctrl-C and its like take the line away before they end the program, as they do without this.
///
/// To be called before anybody else says what these signals do.
pub(super) fn clear_when_told_to_end() {
    let action = SigAction::new(
        SigHandler::Handler(leave),
        SaFlags::SA_RESETHAND | SaFlags::SA_NODEFER,
        SigSet::empty(),
    );
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: the handler makes system calls and touches an atomic only.
        let before = unsafe { sigaction(signal, &action) };
        if let Ok(before) = before
            && !matches!(before.handler(), SigHandler::SigDfl)
        {
            // SAFETY: it is what was there before: ignored, as by `nohup`.
            let _ = unsafe { sigaction(signal, &before) };
        }
    }
}

extern "C" fn leave(signal: libc::c_int) {
    if IS_SHOWN.swap(false, Ordering::SeqCst) {
        // SAFETY: a system call that may be made in a handler, of bytes that are always there.
        unsafe { libc::write(libc::STDERR_FILENO, CLEAR.as_ptr().cast(), CLEAR.len()) };
    }
    if let Ok(signal) = Signal::try_from(signal) {
        // What it does is again what it did before the program began.
        let _ = raise(signal);
    }
}
