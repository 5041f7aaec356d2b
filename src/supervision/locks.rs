//! Who holds a lock on a directory: what says that somebody runs there.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How often a list is read that may come in parts. One look in seventy misses a lock where two hundred others come and go.
const LOOKS: usize = 6;

/// What the kernel gives by one call at most is a page, but for a line that would not fit any more.
const SURELY_LESS_THAN_A_PART: usize = 4096 - 256;

/// Returns, for each of the directories that a process holds an exclusive `flock` on, which process.
///
/// Reads the kernel's list, for any number of directories. One that is not there is held by nobody.
pub(crate) fn holders<'a>(
    directories: impl IntoIterator<Item = &'a Path>,
) -> anyhow::Result<HashMap<PathBuf, i32>> {
    let mut missing: Vec<(&Path, fs::Metadata)> = directories
        .into_iter()
        .filter_map(|directory| Some((directory, fs::metadata(directory).ok()?)))
        .collect();
    let mut found = HashMap::new();
    for _ in 0..LOOKS {
        let bytes = read().context("cannot read `/proc/locks`")?;
        let list = List::parse(&bytes);
        missing.retain(|(directory, facts)| match list.holder(facts) {
            Some(pid) => {
                found.insert(directory.to_path_buf(), pid);
                false
            }
            None => true,
        });
        // From one part to the next the kernel counts lines: where a lock goes meanwhile that stood in an earlier part,
        // another one is left out, and the list may even seem to end with its first part.
        if bytes.len() < SURELY_LESS_THAN_A_PART || missing.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Reads the kernel's list.
fn read() -> io::Result<Vec<u8>> {
    let mut file = fs::File::open("/proc/locks")?;
    let mut bytes = Vec::new();
    // The kernel gives less than a page to who asks for less.
    let mut part = [0; 16 * 1024];
    loop {
        let length = file.read(&mut part)?;
        if length == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&part[..length]);
    }
}

/// What the kernel says of locks.
struct List {
    by_inode: HashMap<u64, Vec<Held>>,
}

impl List {
    fn parse(bytes: &[u8]) -> Self {
        let mut by_inode: HashMap<u64, Vec<Held>> = HashMap::new();
        for held in String::from_utf8_lossy(bytes)
            .lines()
            .filter_map(Held::parse)
        {
            by_inode.entry(held.inode).or_default().push(held);
        }
        Self { by_inode }
    }

    fn holder(&self, facts: &fs::Metadata) -> Option<i32> {
        let mut candidates = self.by_inode.get(&facts.ino())?.iter();
        Some(candidates.find(|held| held.is_on(facts))?.pid)
    }
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

    #[test]
    fn a_holder_is_found_while_others_come_and_go() {
        let directory = tempfile::tempdir().unwrap();
        let held = directory.path().join("held");
        fs::create_dir(&held).unwrap();
        let files: Vec<PathBuf> = (0..200)
            .map(|number| directory.path().join(number.to_string()))
            .collect();
        files.iter().for_each(|file| fs::write(file, "").unwrap());
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let ordering = std::sync::atomic::Ordering::Relaxed;
        let missed = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(ordering) {
                    let locks: Vec<_> = files.iter().map(|file| Lock::try_take(file)).collect();
                    drop(locks);
                }
            });
            let _lock = Lock::try_take(&held).unwrap().unwrap();
            let missed = (0..500).filter(|_| holders([&*held]).unwrap().is_empty());
            let missed = missed.count();
            is_over.store(true, ordering);
            missed
        });
        assert_eq!(missed, 0);
    }
}
