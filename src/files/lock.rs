//! Locks between processes.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;

use crate::error::timed_out;

/// An exclusive lock between processes, held until dropped, and not inherited by children.
///
/// The file stays on disk: removing it would let two processes lock two different files.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: Flock<File>,
}

impl Lock {
    /// Takes the lock if nobody holds it.
    pub(crate) fn try_take(path: &Path) -> anyhow::Result<Option<Self>> {
        let file = open_lock(path)
            .with_context(|| format!("cannot open the lock `{}`", path.display()))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Some(Self { _held: held })),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => {
                Err(errno).with_context(|| format!("cannot lock `{}`", path.display()))
            }
        }
    }

    /// Waits for the lock until `patience` is over; `waiting` is called once, before the wait.
    pub(crate) fn take(
        path: &Path,
        patience: Duration,
        waiting: impl FnOnce(),
    ) -> anyhow::Result<Self> {
        if let Some(lock) = Self::try_take(path)? {
            return Ok(lock);
        }
        waiting();
        // flock(2) has no deadline of its own; asking again is the only way to give up in time.
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(1);
        while Instant::now() < deadline {
            std::thread::park_timeout(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
            if let Some(lock) = Self::try_take(path)? {
                return Ok(lock);
            }
        }
        Err(timed_out(format!(
            "another command has held `{}` for {} s",
            path.display(),
            patience.as_secs()
        ))
        .hint("wait for the other command to end, then run this one again")
        .into())
    }

    /// Waits for the lock however long that takes: for a thread that has nothing else to do.
    pub(crate) fn wait(path: &Path) -> anyhow::Result<Self> {
        Self::wait_as(path, FlockArg::LockExclusive)
    }

    /// Shares the lock with others who do: nobody has it alone meanwhile. Waits for who has it alone.
    pub(crate) fn share(path: &Path) -> anyhow::Result<Self> {
        Self::wait_as(path, FlockArg::LockShared)
    }

    /// Tells whether somebody has the lock alone; nobody who takes it is hindered by the question for longer than that
    /// takes, and nobody who watches the file sees it. One that cannot be looked at counts as held.
    pub(crate) fn is_held(path: &Path) -> bool {
        // A pipe in its place would be waited for.
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path);
        match opened {
            Ok(file) => Flock::lock(file, FlockArg::LockSharedNonblock).is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    fn wait_as(path: &Path, how: FlockArg) -> anyhow::Result<Self> {
        let file = open_lock(path)
            .with_context(|| format!("cannot open the lock `{}`", path.display()))?;
        Flock::lock(file, how)
            .map(|held| Self { _held: held })
            .map_err(|(_, errno)| errno)
            .with_context(|| format!("cannot lock `{}`", path.display()))
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    if path.is_dir() {
        return File::open(path);
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    // std opens every file close-on-exec.
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("locks/demo");
        let held = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        assert!(Lock::is_held(&path));
        let mut said = false;
        let error = Lock::take(&path, Duration::from_millis(5), || said = true).unwrap_err();
        assert!(said);
        assert_eq!(crate::error::exit_of(&error), crate::error::Exit::TimedOut);
        drop(held);
        assert!(!Lock::is_held(&path));
        assert!(Lock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn a_pipe_in_place_of_a_lock_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(!Lock::is_held(&path));
    }

    #[test]
    fn a_shared_lock_is_held_by_all_who_share_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo");
        assert!(!Lock::is_held(&path));
        let shared = [Lock::share(&path).unwrap(), Lock::share(&path).unwrap()];
        assert!(!Lock::is_held(&path));
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(shared);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
