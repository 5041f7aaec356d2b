//! Being told to end (Ctrl-C, SIGTERM, a closed terminal) while something is under way that must be ended first.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::process::wait_readable;

/// What tells a command to end.
const HEARD: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The signal that has come, or 0; and where the handler writes, for who sleeps.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
static WRITER: AtomicI32 = AtomicI32::new(-1);

/// While one of these is held, such a signal does not end the process: whoever does the work is told, ends it, and lets
/// go. The process ends of the signal once the last one is dropped.
///
/// Where the program has blocked these signals, because it waits for them itself, they are left to it: only told here.
pub(crate) struct Interrupt {
    pipe: &'static (io::PipeReader, io::PipeWriter),
    /// Readable while a blocked one is pending; never read from here.
    blocked: SignalFd,
}

/// How many hold on, and what the signals did before.
struct Held {
    holders: usize,
    before: Vec<(Signal, SigAction)>,
}

fn held() -> MutexGuard<'static, Held> {
    static HELD: Mutex<Held> = Mutex::new(Held {
        holders: 0,
        before: Vec::new(),
    });
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interrupt {
    /// Begins to hold on.
    pub(crate) fn hold() -> anyhow::Result<Self> {
        let context = "cannot prepare for being interrupted";
        static PIPE: OnceLock<(io::PipeReader, io::PipeWriter)> = OnceLock::new();
        let heard: SigSet = HEARD.into_iter().collect();
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let blocked = SignalFd::with_flags(&heard, flags).context(context)?;
        let mut held = held();
        let pipe = match PIPE.get() {
            Some(pipe) => pipe,
            None => {
                let made = io::pipe().context(context)?;
                PIPE.get_or_init(|| made)
            }
        };
        WRITER.store(pipe.1.as_raw_fd(), Ordering::SeqCst);
        held.holders += 1;
        let interrupt = Self { pipe, blocked };
        if held.holders == 1 {
            for signal in HEARD {
                let before = catch(signal).context(context)?;
                held.before.extend(before.map(|before| (signal, before)));
            }
        }
        Ok(interrupt)
    }

    /// Returns what is readable once a signal has come, and stays so.
    pub(crate) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.pipe.0.as_fd(), self.blocked.as_fd()]
    }

    /// Tells whether a signal has come.
    pub(crate) fn has_come(&self) -> bool {
        self.comes_within(Duration::ZERO)
    }

    /// Waits for a signal; `false` where none came so soon.
    pub(crate) fn comes_within(&self, patience: Duration) -> bool {
        // What cannot be asked has not come.
        wait_readable(&self.descriptors(), Some(Instant::now() + patience))
            .is_ok_and(|ready| ready.contains(&true))
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let mut held = held();
        held.holders -= 1;
        if held.holders > 0 {
            return;
        }
        for (signal, before) in held.before.drain(..) {
            // SAFETY: it is what was there before.
            let _ = unsafe { sigaction(signal, &before) };
        }
        let caught = CAUGHT.swap(0, Ordering::SeqCst);
        if let Ok(signal) = Signal::try_from(caught) {
            // As if nobody had held on: whoever runs this program sees what it ended of.
            let _ = raise(signal);
        }
    }
}

/// Has a signal caught; `None` where it is ignored, as by `nohup`, and stays so.
fn catch(signal: Signal) -> nix::Result<Option<SigAction>> {
    let action = SigAction::new(
        SigHandler::Handler(caught),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handler makes one system call and touches atomics only.
    let before = unsafe { sigaction(signal, &action) }?;
    if matches!(before.handler(), SigHandler::SigIgn) {
        // SAFETY: it is what was there before.
        unsafe { sigaction(signal, &before) }?;
        return Ok(None);
    }
    Ok(Some(before))
}

extern "C" fn caught(signal: libc::c_int) {
    if CAUGHT.swap(signal, Ordering::SeqCst) != 0 {
        // The pipe tells of it already, and must not fill up.
        return;
    }
    // SAFETY: a system call that may be made in a handler; the descriptor is never closed. What it leaves in errno is
    // put back, since the handler may have come between a call and who asks why it failed.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(WRITER.load(Ordering::SeqCst), c"x".as_ptr().cast(), 1);
        *libc::__errno_location() = errno;
    }
}
