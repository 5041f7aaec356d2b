//! What a `prepare` prints: in a file as it comes, and its last line for who waits.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How long a log may become, in bytes, before it becomes the one before it: the last two are kept.
const LONG: usize = 2 * 1024 * 1024;

/// How much of a line is remembered, in bytes.
const LINE: usize = 400;

/// A log that is being written.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    length: usize,
    line: Vec<u8>,
    last: String,
}

impl Log {
    /// Begins a log in place of the last one.
    pub(super) fn begin(path: PathBuf) -> anyhow::Result<Self> {
        let file = create(&path)?;
        crate::files::remove_if_there(&before(&path))?;
        Ok(Self {
            path,
            file,
            length: 0,
            line: Vec::new(),
            last: String::new(),
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds what was printed; nothing is kept back.
    pub(super) fn add(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.length > LONG {
            fs::rename(&self.path, before(&self.path))
                .with_context(|| format!("cannot rename `{}`", self.path.display()))?;
            self.file = create(&self.path)?;
            self.length = 0;
        }
        self.file
            .write_all(bytes)
            .with_context(|| format!("cannot write `{}`", self.path.display()))?;
        self.length += bytes.len();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                other if self.line.len() < LINE => self.line.push(*other),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the last line that says something, in plain characters; empty where there was none.
    pub(super) fn last_line(&self) -> String {
        let unfinished = plain(&self.line);
        if unfinished.is_empty() {
            self.last.clone()
        } else {
            unfinished
        }
    }

    fn end_line(&mut self) {
        self.last = self.last_line();
        self.line.clear();
    }
}

fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    plain.trim().to_owned()
}

/// Names the log before a log.
fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn create(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_endless_output_the_end_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines-0123.prepare");
        let mut log = Log::begin(path.clone()).unwrap();
        let part = "so it goes on\n".repeat(4000);
        for _ in 0..200 {
            log.add(part.as_bytes()).unwrap();
        }
        log.add(b"the end\n\n").unwrap();
        assert_eq!(log.last_line(), "the end");
        let kept: u64 = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(kept < 3 * LONG as u64, "{kept}");
        assert!(fs::read(&path).unwrap().ends_with(b"the end\n\n"));
        Log::begin(path).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_line_that_is_not_ended_yet_is_the_last() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::begin(directory.path().join("log")).unwrap();
        assert_eq!(log.last_line(), "");
        log.add(b"one\n\x1b[1mtwo\r").unwrap();
        log.add(b"thr").unwrap();
        assert_eq!(log.last_line(), "thr");
    }
}
