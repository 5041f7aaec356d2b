//! The terminal's size.

use nix::libc;

/// The size of a terminal, in letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
}

/// Returns the size of the terminal that stdout is; `None` where it is none, or does not tell.
pub(crate) fn size() -> Option<Size> {
    size_of(libc::STDOUT_FILENO)
}

/// Returns the size of the terminal that a descriptor is; `None` where it is none, or does not tell.
pub(super) fn size_of(descriptor: i32) -> Option<Size> {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut found: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: the request writes a `winsize`, and fails where the descriptor is no terminal.
    let told = unsafe { libc::ioctl(descriptor, libc::TIOCGWINSZ, &raw mut found) };
    let is_known = told == 0 && found.ws_col > 0 && found.ws_row > 0;
    is_known.then(|| Size {
        columns: found.ws_col.into(),
        lines: found.ws_row.into(),
    })
}
