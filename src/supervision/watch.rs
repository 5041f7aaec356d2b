//! Waiting for states to change, without asking again and again.

use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::inotify::AddWatchFlags;

use crate::files::Watched;

use super::process::wait_readable;

/// The files of one directory, as they are replaced.
pub(crate) struct StateWatch {
    directory: PathBuf,
    watched: Watched,
}

impl StateWatch {
    /// Begins to watch: what changes from now on is not missed. The directory must exist.
    pub(crate) fn new(directory: &Path) -> anyhow::Result<Self> {
        let watched = Watched::nothing()?;
        let changes = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_WRITE;
        watched.add(directory, changes)?;
        Ok(Self {
            directory: directory.to_owned(),
            watched,
        })
    }

    /// Calls `changed` with the path of each file that was replaced, until it says `true`; `false` where the deadline
    /// came first.
    pub(crate) fn wait_until(
        &mut self,
        deadline: Instant,
        changed: impl FnMut(&Path) -> bool,
    ) -> anyhow::Result<bool> {
        self.wait_until_or(deadline, &[], changed)
    }

    /// The same, but `false` also once one of the descriptors can be read.
    pub(crate) fn wait_until_or(
        &mut self,
        deadline: Instant,
        others: &[BorrowedFd<'_>],
        mut changed: impl FnMut(&Path) -> bool,
    ) -> anyhow::Result<bool> {
        loop {
            for name in self.names()? {
                if changed(&self.directory.join(name)) {
                    return Ok(true);
                }
            }
            let waited = [&[self.watched.as_fd()], others].concat();
            let ready = wait_readable(&waited, Some(deadline))
                .with_context(|| format!("cannot watch `{}`", self.directory.display()))?;
            if !ready[0] {
                return Ok(false);
            }
        }
    }

    /// Returns which files have changed; every file where the kernel lost count.
    fn names(&mut self) -> anyhow::Result<Vec<OsString>> {
        let events = self.watched.events()?;
        let has_overflowed = events
            .iter()
            .any(|event| event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW));
        let names: Vec<OsString> = if has_overflowed {
            let entries = std::fs::read_dir(&self.directory)
                .with_context(|| format!("cannot list `{}`", self.directory.display()))?;
            entries
                .filter_map(|entry| Some(entry.ok()?.file_name()))
                .collect()
        } else {
            events.into_iter().filter_map(|event| event.name).collect()
        };
        // A name that begins with a dot is a file that is being written beside the real one.
        Ok(names
            .into_iter()
            .filter(|name| !name.as_encoded_bytes().starts_with(b"."))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::files::{Durability, replace};

    use super::*;

    #[test]
    fn a_replaced_file_is_seen_and_one_beside_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("demo.json");
        let mut watch = StateWatch::new(directory.path()).unwrap();
        std::fs::write(directory.path().join(".other.json.1"), "x").unwrap();
        replace(&file, b"x", 0o600, Durability::Cached).unwrap();
        let mut seen = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(10);
        let done = watch.wait_until(deadline, |path| {
            seen.push(path.to_owned());
            true
        });
        assert!(done.unwrap());
        assert_eq!(seen, [file]);
        assert!(!watch.wait_until(Instant::now(), |_| true).unwrap());
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        assert!(StateWatch::new(Path::new("/nowhere/at/all")).is_err());
    }
}
