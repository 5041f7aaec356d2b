//! Who holds a lock on a directory: what says that somebody runs there.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns, for each of the directories that a process holds an exclusive `flock` on, which process.
///
/// Reads the kernel's list once, for any number of directories. One that is not there is held by nobody.
pub(crate) fn holders<'a>(
    directories: impl IntoIterator<Item = &'a Path>,
) -> anyhow::Result<HashMap<PathBuf, i32>> {
    let locks = fs::read_to_string("/proc/locks").context("cannot read `/proc/locks`")?;
    let mut by_inode: HashMap<u64, Vec<Held>> = HashMap::new();
    for held in locks.lines().filter_map(Held::parse) {
        by_inode.entry(held.inode).or_default().push(held);
    }
    let mut found = HashMap::new();
    for directory in directories {
        let Ok(facts) = fs::metadata(directory) else {
            continue;
        };
        let candidates = by_inode.get(&facts.ino()).into_iter().flatten();
        for held in candidates {
            if held.is_on(&facts) {
                found.insert(directory.to_owned(), held.pid);
                break;
            }
        }
    }
    Ok(found)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    pid: i32,
    device: (u64, u64),
    inode: u64,
}

impl Held {
    /// Parses a line such as `1: FLOCK  ADVISORY  WRITE 708 08:01:12345 0 EOF`; who only waits holds nothing.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words[..] else {
            return None;
        };
        let mut place = place.split(':');
        let major = u64::from_str_radix(place.next()?, 16).ok()?;
        let minor = u64::from_str_radix(place.next()?, 16).ok()?;
        Some(Self {
            pid: pid.parse().ok()?,
            device: (major, minor),
            inode: place.next()?.parse().ok()?,
        })
    }

    fn is_on(self, facts: &fs::Metadata) -> bool {
        let device = facts.dev();
        let numbers = (
            u64::from(nix::libc::major(device)),
            u64::from(nix::libc::minor(device)),
        );
        // Some file systems (btrfs, overlay) show programs another device than the kernel's list does.
        numbers == self.device || self.has_open(facts)
    }

    fn has_open(self, facts: &fs::Metadata) -> bool {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{}/fd", self.pid)) else {
            return false;
        };
        descriptors
            .filter_map(|descriptor| fs::metadata(descriptor.ok()?.path()).ok())
            .any(|open| (open.dev(), open.ino()) == (facts.dev(), facts.ino()))
    }
}

#[cfg(test)]
mod tests {
    use crate::files::Lock;

    use super::*;

    #[track_caller]
    fn case(line: &str, expected: Option<(i32, (u64, u64), u64)>) {
        let found = Held::parse(line).map(|held| (held.pid, held.device, held.inode));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_an_exclusive_flock_that_is_held_counts() {
        case(
            "1: FLOCK  ADVISORY  WRITE 708 fe:01:12345 0 EOF",
            Some((708, (0xfe, 1), 12345)),
        );
        case("1: -> FLOCK  ADVISORY  WRITE 708 fe:01:12345 0 EOF", None);
        case("2: FLOCK  ADVISORY  READ 708 fe:01:12345 0 EOF", None);
        case("3: POSIX  ADVISORY  WRITE 708 fe:01:12345 0 EOF", None);
        case("", None);
    }

    #[test]
    fn the_holder_of_a_directory_is_found_and_its_neighbour_is_free() {
        let directory = tempfile::tempdir().unwrap();
        let (held, free) = (directory.path().join("a"), directory.path().join("b"));
        fs::create_dir(&held).unwrap();
        fs::create_dir(&free).unwrap();
        let missing = directory.path().join("c");
        let _lock = Lock::try_take(&held).unwrap().unwrap();
        let found = holders([&*held, &*free, &*missing]).unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(found, HashMap::from([(held, me)]));
    }
}
