//! The last line of the terminal: written in place, and taken away again.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::{getpgrp, tcgetpgrp};
use unicode_width::UnicodeWidthChar as _;

/// Goes to the beginning of the line, and takes away what is there.
const CLEAR: &[u8] = b"\r\x1b[K";

/// How wide a terminal is that does not say.
const USUAL_WIDTH: usize = 80;

/// Whether the line is on the screen.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Cuts a text to so many columns. What could speak to the terminal is a blank.
pub(super) fn fitting(text: &str, columns: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let wide = |c: char| c.width().unwrap_or(0);
    let whole: usize = text.chars().map(plain).map(wide).sum();
    if whole <= columns {
        return text.chars().map(plain).collect();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let fits = wide(*c) <= left;
        left = left.saturating_sub(wide(*c));
        fits
    };
    let mut cut: String = text.chars().map(plain).take_while(fits).collect();
    cut.push('…');
    cut
}

/// Shows a line in the place of the one that is there.
pub(super) fn show(line: &str) {
    // Sent to the background, it would write into what is in the foreground.
    if tcgetpgrp(std::io::stderr()).is_ok_and(|foreground| foreground != getpgrp()) {
        return;
    }
    IS_SHOWN.store(true, Ordering::SeqCst);
    // One write: nothing comes between. There is nowhere to tell that stderr is gone.
    let text = format!("\r\x1b[K{line}\r");
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Takes the line away, where there is one.
pub(super) fn clear() {
    if IS_SHOWN.swap(false, Ordering::SeqCst) {
        let _ = std::io::stderr().write_all(CLEAR);
    }
}

/// Returns how wide the terminal is.
pub(super) fn width() -> usize {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the descriptor is open, and the kernel writes into what is large enough for it.
    let asked = unsafe { libc::ioctl(std::io::stderr().as_raw_fd(), libc::TIOCGWINSZ, &mut size) };
    match (asked, size.ws_col) {
        (0, 1..) => usize::from(size.ws_col),
        _ => USUAL_WIDTH,
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
