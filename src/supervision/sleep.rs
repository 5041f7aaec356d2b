//! Sleeping in one place until any of many things happens: a signal, an ended process, a changed file, a message, a
//! moment that has come.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::inotify::{AddWatchFlags, WatchDescriptor};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::files::Watched;

use super::process::{ProcessFd, wait_readable};

/// The longest message.
const MESSAGE: usize = 256;

/// What a process sleeps on beside other processes. It wakes for nothing else.
pub(crate) struct Sleeper {
    signals: SignalFd,
    files: Files,
    messages: UnixDatagram,
    sender: UnixDatagram,
}

/// Why a sleep has ended; nothing of it: its deadline came.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    /// The signals that have come.
    pub(crate) signals: Vec<Signal>,
    /// The files that were replaced, made or removed in the watched directories.
    pub(crate) changed: Vec<PathBuf>,
    /// A watched directory was replaced, made or removed, or the kernel has lost count: anything may have changed.
    pub(crate) is_lost: bool,
    /// The places, in the list that was given, of the processes that have ended.
    pub(crate) ended: Vec<usize>,
    /// What threads have sent.
    pub(crate) messages: Vec<String>,
}

impl Sleeper {
    /// Blocks `signals`, which from now on only end a sleep. Threads that are made later inherit that.
    pub(crate) fn new(signals: &[Signal]) -> anyhow::Result<Self> {
        let heard: SigSet = signals.iter().copied().collect();
        heard.thread_block().context("cannot block signals")?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let (messages, sender) = UnixDatagram::pair().context("cannot make a pair of sockets")?;
        messages
            .set_nonblocking(true)
            .context("cannot set up a socket")?;
        Ok(Self {
            signals: SignalFd::with_flags(&heard, flags).context("cannot read signals")?,
            files: Files::of(&[], Path::new(""))?,
            messages,
            sender,
        })
    }

    /// Watches these directories, and no others, for files that are replaced; `edited` is one of them, whose files
    /// people also write in place. One that is not there is watched for in the one above it. What changed before is
    /// not told: look at everything afterwards.
    pub(crate) fn watch(&mut self, directories: &[PathBuf], edited: &Path) -> anyhow::Result<()> {
        self.files = Files::of(directories, edited)?;
        Ok(())
    }

    /// Returns what a thread can send messages with: short ones, each of which ends a sleep.
    pub(crate) fn sender(&self) -> anyhow::Result<UnixDatagram> {
        self.sender.try_clone().context("cannot share a socket")
    }

    /// Sleeps until something happens.
    pub(crate) fn sleep(
        &mut self,
        processes: &[&ProcessFd],
        deadline: Option<Instant>,
    ) -> anyhow::Result<Woken> {
        let mut waited: Vec<BorrowedFd<'_>> = vec![
            self.signals.as_fd(),
            self.files.kernel.as_fd(),
            self.messages.as_fd(),
        ];
        let own = waited.len();
        waited.extend(processes.iter().map(|process| process.as_fd()));
        let ready = wait_readable(&waited, deadline).context("cannot wait for anything")?;
        let mut woken = Woken {
            ended: (0..processes.len())
                .filter(|place| ready[own + place])
                .collect(),
            ..Woken::default()
        };
        while let Ok(Some(information)) = self.signals.read_signal() {
            let number = i32::try_from(information.ssi_signo).unwrap_or_default();
            woken.signals.extend(Signal::try_from(number));
        }
        self.files.read(&mut woken)?;
        let mut buffer = [0; MESSAGE];
        while let Ok(length) = self.messages.recv(&mut buffer) {
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            woken.messages.push(message);
        }
        Ok(woken)
    }
}

/// Watched directories.
struct Files {
    kernel: Watched,
    wanted: Vec<PathBuf>,
    watched: HashMap<WatchDescriptor, PathBuf>,
}

impl Files {
    fn of(directories: &[PathBuf], edited: &Path) -> anyhow::Result<Self> {
        let kernel = Watched::nothing()?;
        // Whoever replaces a file renames another over it. Files are not watched as they are made: they are not whole.
        let replaced = AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF;
        let mut watched = HashMap::new();
        for directory in directories {
            let changes = if directory == edited {
                replaced | AddWatchFlags::IN_CLOSE_WRITE
            } else {
                replaced
            };
            if let Some(descriptor) = kernel.add_if_there(directory, changes)? {
                watched.insert(descriptor, directory.clone());
            }
        }
        Ok(Self {
            kernel,
            wanted: directories.to_owned(),
            watched,
        })
    }

    fn read(&mut self, woken: &mut Woken) -> anyhow::Result<()> {
        for event in self.kernel.events()? {
            let directory = self.watched.get(&event.wd);
            let (Some(directory), Some(name)) = (directory, &event.name) else {
                // It is about a watched directory itself, or the kernel has lost count.
                woken.is_lost = true;
                continue;
            };
            let path = directory.join(name);
            woken.is_lost |= self.wanted.contains(&path);
            // A name that begins with a dot is a file that is being written beside the real one.
            let is_beside = name.as_encoded_bytes().starts_with(b".");
            if !is_beside && !event.mask.contains(AddWatchFlags::IN_CREATE) {
                woken.changed.push(path);
            }
        }
        woken.changed.dedup();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;
    use std::time::Duration;

    use super::super::Process;
    use super::*;
    use crate::files::{Durability, replace};

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(20))
    }

    #[test]
    fn a_sleep_ends_with_whatever_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().to_owned();
        let below = root.join("below");
        let mut sleeper = Sleeper::new(&[]).unwrap();
        sleeper
            .watch(&[root.clone(), below.clone()], &root)
            .unwrap();
        assert!(
            sleeper
                .sleep(&[], Some(Instant::now()))
                .unwrap()
                .changed
                .is_empty()
        );

        replace(&root.join("file"), b"x", 0o600, Durability::Cached).unwrap();
        let woken = sleeper.sleep(&[], soon()).unwrap();
        assert_eq!(
            (woken.changed, woken.is_lost),
            (vec![root.join("file")], false)
        );

        sleeper.sender().unwrap().send(b"demo").unwrap();
        assert_eq!(sleeper.sleep(&[], soon()).unwrap().messages, ["demo"]);

        fs::create_dir(&below).unwrap();
        assert!(sleeper.sleep(&[], soon()).unwrap().is_lost);

        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let held = Process::of(i32::try_from(child.id()).unwrap())
            .unwrap()
            .open()
            .unwrap()
            .unwrap();
        child.kill().unwrap();
        assert_eq!(sleeper.sleep(&[&held], soon()).unwrap().ended, [0]);
        child.wait().unwrap();
    }

    #[test]
    fn a_watched_directory_that_goes_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("below");
        fs::create_dir(&below).unwrap();
        let mut sleeper = Sleeper::new(&[]).unwrap();
        sleeper.watch(std::slice::from_ref(&below), &below).unwrap();
        fs::remove_dir(&below).unwrap();
        assert!(sleeper.sleep(&[], soon()).unwrap().is_lost);
    }
}
