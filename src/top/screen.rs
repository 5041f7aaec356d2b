//! The terminal while the screen is shown: taken over, and given back as it was whatever happens.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::write;

/// The other screen, an invisible cursor, and pasted text told from keys.
const TAKE: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l";
/// All of that taken back, and no colours left.
const GIVE_BACK: &[u8] = b"\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// The terminal that has been taken over; nothing while it has not.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
static HOOK: Once = Once::new();

struct Taken {
    terminal: OwnedFd,
    at_first: Termios,
}

fn taken() -> MutexGuard<'static, Option<Taken>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A terminal that is taken over until this is dropped, or the program panics.
pub(super) struct Screen {
    terminal: OwnedFd,
}

impl Screen {
    /// Takes a terminal over.
    pub(super) fn take(terminal: impl AsFd) -> anyhow::Result<Self> {
        // A panic ends the program at once where it is built to abort: only the hook comes before that.
        HOOK.call_once(|| {
            let others = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                others(panic);
            }));
        });
        let terminal = terminal.as_fd().try_clone_to_owned();
        let screen = Self {
            terminal: terminal.context("cannot hold the terminal")?,
        };
        screen.retake()?;
        Ok(screen)
    }

    /// Takes it over again: after [`Self::give_back`], and where somebody else may have changed it.
    pub(super) fn retake(&self) -> anyhow::Result<()> {
        let mut taken = taken();
        let at_first = match taken.take() {
            Some(taken) => taken.at_first,
            None => tcgetattr(&self.terminal).context("cannot read the terminal's settings")?,
        };
        let mut raw = at_first.clone();
        cfmakeraw(&mut raw);
        let terminal = self
            .terminal
            .try_clone()
            .context("cannot hold the terminal")?;
        tcsetattr(&terminal, SetArg::TCSANOW, &raw).context("cannot set the terminal up")?;
        send(terminal.as_fd(), TAKE).context("cannot write to the terminal")?;
        *taken = Some(Taken { terminal, at_first });
        Ok(())
    }

    /// Gives it back for a while, or for good.
    pub(super) fn give_back(&self) {
        give_back();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if let Some(Taken { terminal, at_first }) = taken().take() {
        // A terminal that has gone needs nothing any more.
        let _ = send(terminal.as_fd(), GIVE_BACK);
        let _ = tcsetattr(&terminal, SetArg::TCSANOW, &at_first);
    }
}

fn send(terminal: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(terminal, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::pty::openpty;
    use nix::sys::termios::LocalFlags;
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
        let screen = Screen::take(&pty.slave).unwrap();
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
    }
}
