//! Files that many processes append to, line by line and without a lock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::open_plain;

/// Opens a file that lines are appended to, made if it is not there; it can be read, too.
pub(crate) fn appendable(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    open_plain(
        path,
        options.read(true).append(true).create(true).mode(0o600),
    )
}

/// Appends by one system call: the kernel puts it behind all others, whole. A second call for a rest could come after
/// somebody else's line.
pub(crate) fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    loop {
        match file.write(line) {
            Ok(written) if written == line.len() => return Ok(()),
            Ok(_) => {
                let part = "the disk took a part of a line only; it may be full";
                return Err(io::Error::other(part));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns the end of a file, at most so many bytes; what is not UTF-8 does not make the rest unreadable.
pub(crate) fn tail(file: &mut File, most: u64) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
