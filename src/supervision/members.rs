//! The processes of a life while they are being ended: each told, held and waited for as itself.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::process::{ProcessFd, wait_readable};
use super::procfs;

/// What is left of any grace once the terminal has gone.
pub(super) const HANG_UP_GRACE: Duration = Duration::from_secs(1);
/// How many processes are held at a time: descriptors may be few.
const HELD_AT_ONCE: usize = 128;

/// One process of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Member {
    pub(super) pid: i32,
    /// Clock ticks since the boot.
    pub(super) started: u64,
}

impl Member {
    /// Gets hold of it, if it still is the one that was found.
    fn open(self) -> Option<ProcessFd> {
        let held = ProcessFd::open(self.pid).ok()??;
        let stat = procfs::stat(self.pid).ok()??;
        (stat.started == self.started && !stat.has_ended).then_some(held)
    }
}

/// Sends signals to each that is still there.
pub(super) fn tell(members: &[Member], signals: &[Signal]) {
    for held in members.iter().filter_map(|member| member.open()) {
        for signal in signals {
            // One that cannot be signalled shows in the next scan.
            let _ = held.signal(*signal);
        }
    }
}

/// How long to wait, and what makes it shorter.
pub(super) struct Patience<'a> {
    pub(super) deadline: Instant,
    /// Readable when no more than [`HANG_UP_GRACE`] is left.
    pub(super) hurry: Option<BorrowedFd<'a>>,
}

impl Patience<'_> {
    /// Waits until all have ended; `false` where the deadline came first.
    pub(super) fn wait_for(&mut self, members: &[Member]) -> bool {
        for some in members.chunks(HELD_AT_ONCE) {
            let mut held: Vec<ProcessFd> = some.iter().filter_map(|one| one.open()).collect();
            while !held.is_empty() {
                match self.wait_for_some(&mut held) {
                    Ok(true) => {}
                    Ok(false) | Err(_) => return false,
                }
            }
        }
        true
    }

    fn wait_for_some(&mut self, held: &mut Vec<ProcessFd>) -> io::Result<bool> {
        let mut descriptors: Vec<BorrowedFd<'_>> = held.iter().map(ProcessFd::as_fd).collect();
        descriptors.extend(self.hurry);
        let ready = wait_readable(&descriptors, Some(self.deadline))?;
        if !ready.contains(&true) {
            return Ok(false);
        }
        if self.hurry.is_some() && ready.last() == Some(&true) {
            self.hurry = None;
            self.deadline = self.deadline.min(Instant::now() + HANG_UP_GRACE);
        }
        let mut ended = ready.into_iter();
        held.retain(|_| !ended.next().unwrap_or(false));
        Ok(true)
    }
}
