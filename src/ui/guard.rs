//! A terminal that is taken over to be drawn on, and given back as it was whatever happens.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anyhow::Context as _;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::termios::{LocalFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::Pid;

/// How a terminal is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It is shown only: keys are read as they are pressed, and Ctrl-C and Ctrl-Z stay signals.
    Shown,
    /// Every key is the program's, and pasted text is told from keys.
    Used,
}

impl Manner {
    /// The other screen, without a cursor; and what is shown has no lines that go on in the next one.
    fn take(self) -> &'static [u8] {
        match self {
            Self::Shown => b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J",
            Self::Used => b"\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l",
        }
    }

    /// All of that taken back, and no colours left.
    fn give_back(self) -> &'static [u8] {
        match self {
            Self::Shown => b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l",
            Self::Used => b"\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l",
        }
    }

    fn set(self, keys: &mut Termios) {
        match self {
            Self::Shown => keys.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO),
            Self::Used => cfmakeraw(keys),
        }
    }
}

/// The terminal that has been taken over; nothing while it has not.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
static HOOK: Once = Once::new();

struct Taken {
    screen: File,
    /// How the keyboard was at first; nothing where there is none.
    keys: Option<(OwnedFd, Termios)>,
    manner: Manner,
}

fn taken() -> MutexGuard<'static, Option<Taken>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A terminal that is taken over until this is dropped, or the program panics.
pub(crate) struct Guard {
    screen: OwnedFd,
    keys: Option<OwnedFd>,
    manner: Manner,
}

impl Guard {
    /// Takes a terminal over: what is drawn on, and the keyboard where there is one.
    pub(crate) fn take(
        screen: impl AsFd,
        keys: Option<impl AsFd>,
        manner: Manner,
    ) -> anyhow::Result<Self> {
        // A panic ends the program at once where it is built to abort: only the hook comes before that.
        HOOK.call_once(|| {
            let others = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                others(panic);
            }));
        });
        let held = "cannot hold the terminal";
        let keys = keys.map(|keys| keys.as_fd().try_clone_to_owned());
        let guard = Self {
            screen: screen.as_fd().try_clone_to_owned().context(held)?,
            keys: keys.transpose().context(held)?,
            manner,
        };
        guard.retake()?;
        Ok(guard)
    }

    /// Takes it over again: after [`Self::give_back`], and where somebody else may have changed it.
    pub(crate) fn retake(&self) -> anyhow::Result<()> {
        let held = "cannot hold the terminal";
        let mut taken = taken();
        let before = taken.take().and_then(|taken| taken.keys);
        let keys = match (before, &self.keys) {
            (Some(before), _) => Some(before),
            (None, Some(keys)) => {
                let at_first = tcgetattr(keys).context("cannot read the terminal's settings")?;
                Some((keys.try_clone().context(held)?, at_first))
            }
            (None, None) => None,
        };
        if let Some((keys, at_first)) = &keys {
            let mut set = at_first.clone();
            self.manner.set(&mut set);
            tcsetattr(keys, SetArg::TCSANOW, &set).context("cannot set the terminal up")?;
        }
        let mut screen = File::from(self.screen.try_clone().context(held)?);
        let shown = screen.write_all(self.manner.take());
        *taken = Some(Taken {
            screen,
            keys,
            manner: self.manner,
        });
        shown.context("cannot write to the terminal")
    }

    /// Gives it back for a while, or for good.
    pub(crate) fn give_back(&self) {
        give_back();
    }

    /// Gives it back and stops, as any program does at Ctrl-Z, until it is continued; then takes it over again. SIGTSTP
    /// must be blocked. Where no shell could continue it, the kernel does not stop it.
    pub(crate) fn suspend(&self) -> anyhow::Result<()> {
        self.give_back();
        let stop: SigSet = [Signal::SIGTSTP].into_iter().collect();
        stop.thread_unblock().context("cannot unblock a signal")?;
        // All that was started with it stops too: a shell waits for the whole of it.
        kill(Pid::from_raw(0), Signal::SIGTSTP).context("cannot stop")?;
        stop.thread_block().context("cannot block a signal")?;
        self.retake()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Does nothing where that was done.
fn give_back() {
    let Some(mut taken) = taken().take() else {
        return;
    };
    // A terminal that has gone needs nothing any more.
    let _ = taken.screen.write_all(taken.manner.give_back());
    if let Some((keys, at_first)) = &taken.keys {
        let _ = tcsetattr(keys, SetArg::TCSANOW, at_first);
    }
}

#[cfg(test)]
mod tests {
    use nix::pty::openpty;
    use nix::unistd::read;

    use super::*;

    fn is_raw(terminal: impl AsFd) -> bool {
        !tcgetattr(terminal)
            .unwrap()
            .local_flags
            .contains(LocalFlags::ICANON)
    }

    fn seen(master: impl AsFd) -> String {
        let mut buffer = [0; 1024];
        let length = read(master, &mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// One test, because a process has one terminal.
    #[test]
    fn a_terminal_is_given_back_when_the_screen_ends_and_before_a_panic_is_told() {
        let pty = openpty(None, None).unwrap();
        assert!(!is_raw(&pty.slave));
        let screen = Guard::take(&pty.slave, Some(&pty.slave), Manner::Used).unwrap();
        assert!(is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?1049h"));

        screen.give_back();
        assert!(!is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?25h\x1b[?1049l"));
        screen.retake().unwrap();
        screen.retake().unwrap();
        assert!(is_raw(&pty.slave));
        drop(seen(&pty.master));

        // On another thread too: nothing of this one is unwound, and still the terminal is given back.
        let panicked = std::thread::spawn(|| panic!("on purpose")).join();
        assert!(panicked.is_err());
        assert!(!is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?25h\x1b[?1049l"));

        screen.retake().unwrap();
        drop(seen(&pty.master));
        drop(screen);
        assert!(!is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?1049l"));

        let screen = Guard::take(&pty.slave, Some(&pty.slave), Manner::Shown).unwrap();
        assert!(is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?7l"));
        drop(screen);
        assert!(!is_raw(&pty.slave));
        assert!(seen(&pty.master).contains("\x1b[?7h"));
    }
}
