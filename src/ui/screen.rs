//! A terminal that is drawn on again and again.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use anyhow::Context as _;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::guard::{Guard, Manner};
use super::terminal::{Size, size};
use super::text::width;
use crate::error::usage;

/// A terminal that knows these shows all between them at once.
const BEGIN: &str = "\x1b[?2026h\x1b[H";
const END: &str = "\x1b[?2026l";
/// Clears what stands after the cursor: in its line, and in all lines.
const REST: &str = "\x1b[K";
const BELOW: &str = "\r\n\x1b[J";

/// What is heard while the screen is shown.
const SIGNALS: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

/// The screen, for as long as it is shown.
pub(crate) struct Screen {
    guard: Guard,
    signals: SignalFd,
    has_keys: bool,
    is_plain: bool,
    /// What stands on it; empty where that is not known.
    shown: String,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is to be drawn again: it has another size, or was away.
    Redraw,
    /// To leave it: `q` or Ctrl-C.
    Leave,
    /// That this process ends.
    End(Signal),
}

impl Screen {
    /// Takes the terminal. Fails where stdout is none.
    pub(crate) fn enter() -> anyhow::Result<Self> {
        if size().is_none() {
            return Err(usage("stdout is not a terminal that could be drawn on")
                .hint("leave `--watch` out, and it is printed once")
                .into());
        }
        let heard: SigSet = SIGNALS.into_iter().collect();
        heard.thread_block().context("cannot block signals")?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&heard, flags).context("cannot read signals")?;
        let stdin = io::stdin();
        let has_keys = stdin.is_terminal();
        Ok(Self {
            guard: Guard::take(io::stdout(), has_keys.then_some(stdin), Manner::Shown)?,
            signals,
            has_keys,
            is_plain: AutoStream::choice(&io::stdout()) == ColorChoice::Never,
            shown: String::new(),
        })
    }

    /// Returns the size of the terminal at this moment.
    pub(crate) fn size(&self) -> Size {
        let usual = Size {
            columns: 80,
            lines: 24,
        };
        size().unwrap_or(usual)
    }

    /// Shows these lines, which must fit. Where they stand there already nothing is written.
    pub(crate) fn show(&mut self, lines: &[String]) -> anyhow::Result<()> {
        let Size {
            columns,
            lines: height,
        } = self.size();
        let below = if lines.len() < height { BELOW } else { "" };
        let lines = lines.iter().map(|line| {
            let plain = strip_str(line).to_string();
            // In a full line the cursor stands on the last letter, which must stay.
            let rest = match width(&plain) < columns {
                true => REST,
                false => "",
            };
            if self.is_plain {
                plain + rest
            } else {
                format!("{line}{rest}")
            }
        });
        let text = lines.collect::<Vec<_>>().join("\r\n") + below;
        if text != self.shown {
            write(&format!("{BEGIN}{text}{END}"))?;
            self.shown = text;
        }
        Ok(())
    }

    /// Can be read when [`Self::heard`] has something to say.
    pub(crate) fn descriptors<'a>(&'a self, keys: &'a io::Stdin) -> Vec<BorrowedFd<'a>> {
        let mut descriptors = vec![self.signals.as_fd()];
        descriptors.extend(self.has_keys.then(|| keys.as_fd()));
        descriptors
    }

    /// Returns what was heard, without waiting.
    pub(crate) fn heard(&mut self) -> anyhow::Result<Option<Heard>> {
        let mut heard = None;
        while let Ok(Some(information)) = self.signals.read_signal() {
            let number = i32::try_from(information.ssi_signo).unwrap_or_default();
            heard = match Signal::try_from(number) {
                Ok(Signal::SIGINT) => return Ok(Some(Heard::Leave)),
                Ok(Signal::SIGTSTP) => {
                    self.guard.suspend()?;
                    Some(Heard::Redraw)
                }
                Ok(Signal::SIGWINCH) => Some(Heard::Redraw),
                Ok(signal) => return Ok(Some(Heard::End(signal))),
                Err(_) => None,
            };
        }
        if self.has_keys && self.is_key_pressed() && self.reads_leave() {
            return Ok(Some(Heard::Leave));
        }
        if heard == Some(Heard::Redraw) {
            self.shown.clear();
        }
        Ok(heard)
    }

    fn is_key_pressed(&self) -> bool {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let stdin = io::stdin();
        let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Reads what was typed; a keyboard that has gone is not asked again.
    fn reads_leave(&mut self) -> bool {
        let mut keys = [0; 64];
        let read = io::stdin().lock().read(&mut keys).unwrap_or(0);
        self.has_keys = read > 0;
        keys[..read].iter().any(|key| matches!(key, b'q' | b'Q'))
    }

    /// Gives the terminal back and ends this process by a signal, as if it had never been heard.
    pub(crate) fn end_by(self, signal: Signal) -> anyhow::Result<()> {
        drop(self);
        raise(signal).with_context(|| format!("cannot end by {signal}"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.guard.give_back();
        let heard: SigSet = SIGNALS.into_iter().collect();
        // Nobody is left to hear of it, and the program is about to end.
        let _ = heard.thread_unblock();
    }
}

/// Writes all at once: half a screen is not shown. (Rust's stdout would write up to the last line's end first.)
fn write(text: &str) -> anyhow::Result<()> {
    let terminal = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    terminal
        .and_then(|mut terminal| terminal.write_all(text.as_bytes()))
        .context("cannot write to the terminal")
}
