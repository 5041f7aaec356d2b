//! One process, named so that no other can be taken for it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::procfs;

/// A process id, with what makes it unique: ids are used again, start times and boots are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// The process id.
    pub(crate) pid: i32,
    /// Its start, in clock ticks since the machine's boot (field 22 of `/proc/PID/stat`).
    pub(crate) started: u64,
    /// The boot (`/proc/sys/kernel/random/boot_id`).
    pub(crate) boot: String,
}

/// What is known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// It runs, or is stopped.
    Alive,
    /// It has ended; a zombie has ended too.
    Gone,
    /// It cannot be told. Nothing may be done because of it.
    Unknown,
}

impl Process {
    /// Returns the process that has this id now; `None` where there is none, or it cannot be read.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let stat = procfs::stat(pid).ok()??;
        Some(Self {
            pid,
            started: stat.started,
            boot: boot()?.to_owned(),
        })
    }

    /// Returns this very process; `None` where `/proc` does not tell.
    pub(crate) fn me() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Returns how many seconds after the machine's boot it began, by the clock of [`super::When`].
    pub(super) fn since_boot(&self) -> f64 {
        // SAFETY: it has no preconditions.
        let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        self.started as f64 / ticks.max(1) as f64
    }

    /// Says whether it still is.
    pub(crate) fn liveness(&self) -> Liveness {
        match boot() {
            Some(boot) if boot == self.boot => {}
            Some(_) => return Liveness::Gone,
            None => return Liveness::Unknown,
        }
        match procfs::stat(self.pid) {
            Ok(Some(stat)) if stat.started == self.started && !stat.has_ended => Liveness::Alive,
            Ok(_) => Liveness::Gone,
            Err(_) => Liveness::Unknown,
        }
    }

    /// Returns the terminal server that started it; `None` where it has another parent, or has gone.
    pub(crate) fn terminal_server(&self) -> Option<Self> {
        let parent = procfs::stat(self.pid).ok()??.parent;
        let server = procfs::stat(parent)
            .ok()?
            .filter(|stat| stat.is_terminal_server)?;
        // What was read of an id is only true of this process if it still has it.
        (self.liveness() == Liveness::Alive).then_some(Self {
            pid: server.pid,
            started: server.started,
            boot: self.boot.clone(),
        })
    }

    /// Tells whether it is ending at this moment, or has ended.
    pub(crate) fn is_exiting(&self) -> bool {
        let stat = procfs::stat(self.pid);
        stat.is_ok_and(|stat| {
            stat.is_none_or(|stat| stat.is_exiting || stat.started != self.started)
        })
    }

    /// Gets hold of it, so that signals and waiting cannot meet another; `None` where it has gone.
    ///
    /// Fails where the kernel refuses, or where it cannot be told which process this is.
    pub(crate) fn open(&self) -> io::Result<Option<ProcessFd>> {
        let Some(opened) = ProcessFd::open(self.pid)? else {
            return Ok(None);
        };
        // Only now is the id bound to one process: what is read of it after this is of that one, or of none.
        match self.liveness() {
            Liveness::Alive => Ok(Some(opened)),
            Liveness::Gone => Ok(None),
            Liveness::Unknown => Err(io::Error::other("cannot tell whether it still runs")),
        }
    }
}

/// Returns the id of this boot; `None` where the machine does not tell.
pub(crate) fn boot() -> Option<&'static str> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    BOOT.get_or_init(|| {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned())
    })
    .as_deref()
}

/// One process held by a file descriptor (`pidfd`): it stays that process, however ids are used again.
#[derive(Debug)]
pub(crate) struct ProcessFd(OwnedFd);

impl ProcessFd {
    /// Gets hold of whichever process has this id now; `None` where there is none.
    pub(super) fn open(pid: i32) -> io::Result<Option<Self>> {
        // SAFETY: a system call on two integers.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        if fd < 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::ESRCH) => Ok(None),
                _ => Err(error),
            };
        }
        let fd = i32::try_from(fd).map_err(io::Error::other)?;
        // SAFETY: the kernel has just given this descriptor to us alone (close-on-exec, as all pidfds).
        Ok(Some(Self(unsafe { OwnedFd::from_raw_fd(fd) })))
    }

    /// Sends a signal; `false` where the process has gone.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<bool> {
        // SAFETY: the descriptor is open as long as `self`; no information is passed along.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                signal as i32,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        if sent == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ESRCH) => Ok(false),
            _ => Err(error),
        }
    }

    /// Waits until it has ended; `false` where the deadline came first.
    pub(crate) fn wait(&self, deadline: Instant) -> io::Result<bool> {
        wait_readable(&[self.as_fd()], Some(deadline)).map(|ready| ready[0])
    }
}

impl AsFd for ProcessFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Sleeps until one of the descriptors has something to read, or the deadline; says which have.
pub(crate) fn wait_readable(
    descriptors: &[BorrowedFd<'_>],
    deadline: Option<Instant>,
) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .map(|descriptor| PollFd::new(*descriptor, PollFlags::POLLIN))
        .collect();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match poll(&mut polled, timeout(left)) {
            Ok(0) if left.is_some_and(|left| !left.is_zero()) => {}
            Ok(_) => {
                let ready = |one: &PollFd<'_>| one.any().unwrap_or(false);
                return Ok(polled.iter().map(ready).collect());
            }
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn timeout(left: Option<Duration>) -> PollTimeout {
    let Some(left) = left else {
        return PollTimeout::NONE;
    };
    // Rounded up: with zero for the last part of a millisecond it would spin.
    let milliseconds = left.as_nanos().div_ceil(1_000_000);
    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Process) {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        (child, process)
    }

    #[test]
    fn a_process_is_alive_until_it_ends_and_a_zombie_has_ended() {
        let (mut child, process) = sleeper();
        assert_eq!(process.liveness(), Liveness::Alive);
        let held = process.open().unwrap().unwrap();
        assert!(!held.wait(Instant::now()).unwrap());
        assert!(held.signal(Signal::SIGKILL).unwrap());
        assert!(held.wait(Instant::now() + Duration::from_secs(10)).unwrap());
        assert_eq!(process.liveness(), Liveness::Gone);
        child.wait().unwrap();
        assert_eq!(process.liveness(), Liveness::Gone);
        assert!(process.open().unwrap().is_none());
        assert!(!held.signal(Signal::SIGKILL).unwrap());
    }

    #[test]
    fn another_start_or_another_boot_is_another_process() {
        let me = Process::me().unwrap();
        assert_eq!(me.liveness(), Liveness::Alive);
        let earlier = Process {
            started: me.started - 1,
            ..me.clone()
        };
        assert_eq!(earlier.liveness(), Liveness::Gone);
        assert!(earlier.open().unwrap().is_none());
        let boot = "another".to_owned();
        assert_eq!(Process { boot, ..me }.liveness(), Liveness::Gone);
    }
}
