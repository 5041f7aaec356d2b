//! Reading what anybody may have put there: never through a link, never waiting, never more than a window at a time.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use memchr::memchr_iter;
use nix::fcntl::OFlag;

use super::Searcher;
use super::marks::REACH;

/// How much is looked at at once, in bytes.
const WINDOW: usize = 1 << 20;
/// A binary file of more bytes is not looked at: what a person would read is not in it.
pub(super) const LARGE: u64 = 16 << 20;
/// How much of a file tells whether it is a text.
const BEGINNING: usize = 8000;
/// No file that git or a person reads line by line is larger.
const LONGEST_TEXT: u64 = 64 << 20;

/// How a file that may be anything is opened.
pub(super) const HOW: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_CLOEXEC);

/// Returns a path that git wrote.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Returns bytes as a place is called.
pub(super) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Opens a file that is not a link; an error where it is not a plain one.
pub(super) fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((HOW & !OFlag::O_ACCMODE).bits())
        .open(path)?;
    plain(file)
}

/// Returns an opened file with its size; an error where it is not a plain one.
pub(super) fn plain(file: File) -> io::Result<(File, u64)> {
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

/// Reads a text that is looked at as a whole.
pub(super) fn text(path: &Path) -> io::Result<Vec<u8>> {
    let (file, size) = open(path)?;
    if size > LONGEST_TEXT {
        return Err(io::Error::other(format!("it has {} MiB", size >> 20)));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST_TEXT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Tells whether bytes that begin so are no text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(BEGINNING)].contains(&0)
}

impl Searcher<'_> {
    /// Looks for what only this fleet has in what a file holds, line by line, a window at a time.
    pub(super) fn stream(&mut self, place: &str, file: impl Read, size: u64) -> io::Result<()> {
        let mut file = file;
        let mut window = Vec::new();
        let (mut lines, mut from) = (0, 0);
        loop {
            let old = window.len();
            let more = (&mut file)
                .take((WINDOW - old.min(WINDOW / 2)) as u64)
                .read_to_end(&mut window)?;
            if old == 0 && size > LARGE && is_binary(&window) {
                self.skip(place, size);
                return Ok(());
            }
            let is_last = more == 0 || window.len() < WINDOW / 2;
            let reach = if is_last { 0 } else { REACH };
            let until = window.len().saturating_sub(reach).max(from);
            self.look(place, &window, lines, from..until);
            if is_last {
                return Ok(());
            }
            // One byte more stays: what is before a name decides whether it is one.
            let gone = until.saturating_sub(1);
            lines += memchr_iter(b'\n', &window[..gone]).count();
            window.drain(..gone);
            from = until - gone;
        }
    }

    /// Looks for what only this fleet has in lines; tells whether anything of the fleet's is there at all.
    pub(super) fn lines(&mut self, place: &str, bytes: &[u8]) -> bool {
        self.look(place, bytes, 0, 0..bytes.len())
    }

    fn look(&mut self, place: &str, bytes: &[u8], lines: usize, within: Range<usize>) -> bool {
        if self.marks.is_silent(bytes) {
            return false;
        }
        for hit in self.marks.certain(bytes, &self.own) {
            if within.contains(&hit.at.start) {
                let line = lines + memchr_iter(b'\n', &bytes[..hit.at.start]).count() + 1;
                let text = super::around(bytes, hit.at.start);
                self.hit(format!("{place}:{line}"), text, &hit);
            }
        }
        true
    }
}
