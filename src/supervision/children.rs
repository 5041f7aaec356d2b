//! What becomes of a tender's children: those it started, and orphans that came to it.

use std::io;
use std::process::Child;
use std::time::Instant;

use anyhow::Context as _;
use jiff::Timestamp;
use nix::libc;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgid};

use super::process::Process;
use super::terminal::Terminal;
use super::{LastExit, Life};

/// One thing that happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It ended, and is no zombie any more.
    Ended {
        pid: i32,
        code: Option<i32>,
        signal: Option<i32>,
    },
    /// A signal stopped it.
    Stopped { pid: i32, signal: i32 },
    /// It goes on after a stop.
    Continued { pid: i32 },
}

/// Learns all that has happened to children, without waiting; returns whether there are any left.
pub(super) fn reap(mut each: impl FnMut(Change)) -> bool {
    loop {
        match next_change(libc::P_ALL, 0) {
            Ok(Some(change)) => each(change),
            Ok(None) => return true,
            // There is nothing to wait for.
            Err(_) => return false,
        }
    }
}

/// Learns what happened to one child.
pub(super) fn reap_one(pid: i32, mut each: impl FnMut(Change)) {
    if let Ok(Some(change)) = next_change(libc::P_PID, pid.unsigned_abs()) {
        each(change);
    }
}

fn next_change(which: libc::idtype_t, id: libc::id_t) -> io::Result<Option<Change>> {
    // nix has this call too, but it loses the end of who is killed by a signal that it has no name for.
    // SAFETY: a siginfo of zeros is a valid one, and the kernel fills it.
    let (failed, found) = unsafe {
        let mut found: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG;
        (libc::waitid(which, id, &raw mut found, options), found)
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: these fields are there for a child's state, and zero where none changed.
    let (pid, status) = unsafe { (found.si_pid(), found.si_status()) };
    if pid == 0 {
        return Ok(None);
    }
    Ok(Some(match found.si_code {
        libc::CLD_EXITED => Change::Ended {
            pid,
            code: Some(status),
            signal: None,
        },
        libc::CLD_KILLED | libc::CLD_DUMPED => Change::Ended {
            pid,
            code: None,
            signal: Some(status),
        },
        libc::CLD_CONTINUED => Change::Continued { pid },
        _ => Change::Stopped {
            pid,
            signal: status,
        },
    }))
}

/// Names a child that was just started, and when. It is there, if only as a zombie: nobody has waited for it.
pub(super) fn identify(child: &Child) -> anyhow::Result<(Process, Instant)> {
    let pid = i32::try_from(child.id()).context("cannot read a process id")?;
    let process = Process::of(pid).context("cannot read the new process in `/proc`")?;
    Ok((process, Instant::now()))
}

/// Describes the end of a life's process, now.
pub(super) fn last_exit(life: &Life, code: Option<i32>, signal: Option<i32>) -> LastExit {
    let at = Timestamp::now();
    LastExit {
        code,
        signal,
        at,
        uptime: at.duration_since(life.since).as_secs_f64().max(0.0),
        killed: 0,
        commit: life.commit.clone(),
        oom: None,
        said: Vec::new(),
        signature: String::new(),
    }
}

/// Lets a stopped process go on, where it was stopped by a key or for want of the keyboard; returns what to say of it.
///
/// SIGSTOP is left alone: nobody sends it by accident.
pub(super) fn unstop(pid: i32, signal: i32, terminal: &Terminal) -> String {
    if signal == Signal::SIGSTOP as i32 {
        return format!("stopped by SIGSTOP; `kill -CONT {pid}` lets it go on");
    }
    let pid = Pid::from_raw(pid);
    let group = getpgid(Some(pid)).unwrap_or(pid);
    if signal != Signal::SIGTSTP as i32 {
        terminal.hand_to(group);
    }
    // It fails only where the group has gone, and that is another event.
    let _ = killpg(group, Signal::SIGCONT);
    "was stopped from its terminal, and continued".to_owned()
}
