//! Where the output of one terminal is: files of one name, numbered in the order in which they were written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::Lock;

/// The window of a project's own process.
pub(crate) const HARNESS_WINDOW: &str = "[harness]";

/// How it is called as a file. A window that is really called so is written with a number for its first letter.
const HARNESS: &str = "harness";

/// How much of a window's name goes into a file's name.
const LONGEST: usize = 120;

const SUFFIX: &str = "log";

/// The files of one terminal: `STEM.000001.log` and so on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    directory: PathBuf,
    stem: String,
}

impl Series {
    /// Names the files of a window.
    pub(crate) fn of(directory: &Path, window: &str) -> Self {
        Self {
            directory: directory.to_owned(),
            stem: stem(window),
        }
    }

    /// The same for another window, or pane, of the same name: they are counted from 2.
    pub(super) fn another(&self, number: usize) -> Self {
        Self {
            stem: format!("{}~{number}", self.stem),
            ..self.clone()
        }
    }

    /// Returns every series in a directory; none where there is no directory.
    pub(crate) fn all(directory: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(directory) else {
            return Vec::new();
        };
        let mut stems: Vec<String> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                Some(parse(&name)?.0.to_owned())
            })
            .collect();
        stems.sort();
        stems.dedup();
        let of = |stem| Self {
            directory: directory.to_owned(),
            stem,
        };
        stems.into_iter().map(of).collect()
    }

    /// Returns the window's name, as far as the files tell it.
    pub(crate) fn window(&self) -> String {
        if self.stem == HARNESS {
            return HARNESS_WINDOW.to_owned();
        }
        let mut bytes = Vec::new();
        let mut rest = self.stem.as_bytes();
        while let [first, after @ ..] = rest {
            let encoded = after.get(..2).filter(|_| *first == b'%');
            let number = encoded.and_then(|two| std::str::from_utf8(two).ok());
            match number.and_then(|number| u8::from_str_radix(number, 16).ok()) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        let name = String::from_utf8_lossy(&bytes);
        // A file's name may be anybody's work.
        name.chars().filter(|c| !c.is_control()).collect()
    }

    /// Returns the directory that the files are in.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the numbers of the files that are there, in order.
    pub(super) fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if let Some((stem, number)) = name.to_str().and_then(parse)
                && stem == self.stem
            {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the file of a number.
    pub(super) fn file(&self, number: u64) -> PathBuf {
        let name = format!("{}.{number:06}.{SUFFIX}", self.stem);
        self.directory.join(name)
    }

    /// Tells whether a recorder writes it now.
    pub(crate) fn is_written(&self) -> bool {
        Lock::is_held(&self.lock())
    }

    /// Returns the lock that who writes them holds.
    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join(format!(".{}.lock", self.stem))
    }

    /// Returns the lock that who follows them holds, together with others.
    pub(crate) fn followers(&self) -> PathBuf {
        self.directory.join(format!(".{}.followers", self.stem))
    }

    /// Returns the file that is there while output cannot be kept; it says why, if there was room for that.
    pub(super) fn trouble(&self) -> PathBuf {
        self.directory.join(format!(".{}.trouble", self.stem))
    }
}

/// Returns the stem and the number of a file of any series.
pub(super) fn parse(name: &str) -> Option<(&str, u64)> {
    let (stem, rest) = name.split_once('.')?;
    let (number, suffix) = rest.split_once('.')?;
    let parsed: u64 = number.parse().ok()?;
    // Of each number there is one file: the one that it is written as.
    let is_ours = !stem.is_empty() && suffix == SUFFIX && number == format!("{parsed:06}");
    is_ours.then_some((stem, parsed))
}

/// Writes a window's name so that it is a plain file's name, and no two names become one unless they are very long.
fn stem(window: &str) -> String {
    if window == HARNESS_WINDOW {
        return HARNESS.to_owned();
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut text = String::new();
    for (place, byte) in window.bytes().enumerate() {
        if text.len() >= LONGEST {
            break;
        }
        if is_plain(byte) && (window != HARNESS || place > 0) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    if text.is_empty() {
        text.push('%');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_has_a_plain_file_of_its_own() {
        let long = "x".repeat(300);
        for (window, expected) in [
            ("[harness]", "harness"),
            ("harness", "%68arness"),
            ("builder-2_x", "builder-2_x"),
            ("../../etc", "%2E%2E%2F%2E%2E%2Fetc"),
            ("two words", "two%20words"),
            ("%41", "%2541"),
            ("a~2", "a%7E2"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(stem(window), expected);
            assert_eq!(Series::of(Path::new("/x"), window).window(), window);
        }
        assert_eq!(stem(&long).len(), LONGEST);
        assert_eq!(stem(""), "%");
    }

    #[test]
    fn files_are_told_from_others_and_numbered() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "one.000002.log",
            "one.000010.log",
            "one~2.000001.log",
            ".one.lock",
            "one.log",
            "one.x.log",
            "one.11.log",
            "one.+00012.log",
            "two.1.log.old",
        ] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let one = Series::of(directory.path(), "one");
        assert_eq!(one.numbers().unwrap(), [2, 10]);
        assert_eq!(Series::all(directory.path()), [one.clone(), one.another(2)]);
        assert!(one.file(10).ends_with("one.000010.log"));
        assert_eq!(Series::all(Path::new("/nowhere")), []);
    }
}
