//! Which processes are a sandbox's, asked of the system and of nobody else.

use std::fs;
use std::io::Read as _;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// A process that carried a sandbox's path when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Its arguments, joined by spaces.
    pub(crate) command: String,
    root: PathBuf,
}

impl Process {
    /// Kills it, if it is still one of the sandbox's.
    pub(crate) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Sends it a signal, if it is still one of the sandbox's.
    pub(crate) fn signal(&self, signal: Signal) {
        if belongs(self.pid, &self.root) {
            let _ = signal::kill(Pid::from_raw(self.pid), signal); // It may have ended just now.
        }
    }

    /// Whether nothing of it is left but perhaps a zombie: for a moment before that it has no environment any more, and
    /// still is to the system.
    pub(crate) fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest);
        after_name.is_none_or(|rest| rest.starts_with(['Z', 'X']))
    }

    /// Whether it still runs: a zombie does not.
    pub(crate) fn is_alive(&self) -> bool {
        belongs(self.pid, &self.root)
    }
}

/// Every process whose environment names `root` or whose working directory is below it. Zombies have neither: they run
/// nothing and hold nothing.
pub(super) fn of(root: &Path) -> Vec<Process> {
    fs::read_dir("/proc")
        .expect("the tests run on Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&pid| belongs(pid, root))
        .map(|pid| Process {
            pid,
            command: command(pid),
            root: root.to_owned(),
        })
        .collect()
}

/// Waits until a child has ended, without asking again and again: most commands take a few milliseconds.
pub(super) fn ends_within(child: &Child, patience: Duration) -> bool {
    // SAFETY: a system call without pointers; the descriptor it returns is nobody else's.
    let held = unsafe {
        let held = libc::syscall(libc::SYS_pidfd_open, child.id(), 0);
        assert!(held >= 0, "{}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(i32::try_from(held).expect("a descriptor"))
    };
    let mut held = [PollFd::new(held.as_fd(), PollFlags::POLLIN)];
    let patience = PollTimeout::try_from(patience).expect("less than a month");
    poll(&mut held, patience).expect("no signal is caught here") > 0
}

fn belongs(pid: i32, root: &Path) -> bool {
    let directory = fs::read_link(format!("/proc/{pid}/cwd"));
    if directory.is_ok_and(|directory| directory.starts_with(root)) {
        return true;
    }
    let mut home = b"HOME=".to_vec();
    home.extend_from_slice(root.join("home").as_os_str().as_bytes());
    environment(pid)
        .split(|&byte| byte == 0)
        .any(|variable| variable == home)
}

/// A process's environment, by one read: one that ends, or executes another program, between two shows only a part.
pub(crate) fn environment(pid: i32) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 16];
    let file = fs::File::open(format!("/proc/{pid}/environ"));
    let length = file.and_then(|mut file| file.read(&mut bytes));
    bytes.truncate(length.unwrap_or(0));
    bytes
}

fn command(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes)
        .replace('\0', " ")
        .trim_end()
        .to_owned()
}
