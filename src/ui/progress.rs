//! What is shown while something takes long: one line at the bottom of the terminal, which goes without a trace.
//!
//! indicatif draws it. Here is what it says, from when on, and until when.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nix::sys::signal::{SigSet, SigmaskHow};

use super::last_line::{LastLine, columns};
use super::text::{clean, cut};

/// What takes less is not worth a line: it would flicker.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often the line moves, so that one sees that something does.
const TICK: Duration = Duration::from_millis(120);

/// What moves. The last one is for what is over, which is not shown.
const WHEEL: &str = "|/-\\ ";

/// How often a second it is drawn at most.
const RATE: u8 = 20;

/// The line.
#[derive(Debug, Default)]
pub(super) struct Progress {
    line: Mutex<Line>,
}

/// What the line says, where it says something.
#[derive(Debug, Default)]
struct Line {
    text: Option<String>,
    count: Option<Count>,
    /// What shows it; only while it says something.
    bar: Option<ProgressBar>,
}

/// Many things that are done.
#[derive(Debug)]
struct Count {
    what: String,
    done: usize,
    all: usize,
    /// The names of those that are being done, the slowest first.
    under_way: Vec<(usize, String)>,
    begun: usize,
}

/// Many things that are being done: what is shown ends with this.
pub(crate) struct Counting<'u> {
    progress: Option<&'u Progress>,
}

/// One of them: done when this is dropped.
pub(crate) struct OneOfMany<'c> {
    progress: Option<&'c Progress>,
    number: usize,
}

impl Progress {
    /// Shows a text, from a moment on.
    pub(super) fn tell(&self, text: String) {
        self.change(|line| line.text = Some(text));
    }

    /// Shows how many of `all` are done, until the result is dropped; nothing where there is nobody to see it.
    pub(super) fn count(this: Option<&Self>, what: impl Display, all: usize) -> Counting<'_> {
        if let Some(progress) = this {
            progress.change(|line| {
                line.text = None;
                line.count = Some(Count {
                    what: what.to_string(),
                    done: 0,
                    all,
                    under_way: Vec::new(),
                    begun: 0,
                });
            });
        }
        Counting { progress: this }
    }

    /// Makes way for what is printed. A count that goes on comes back below it; a text does not.
    pub(super) fn make_way<T>(&self, print: impl FnOnce() -> T) -> T {
        self.change(|line| line.text = None);
        let bar = self.lock().bar.clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Ends whatever is shown.
    pub(super) fn end(&self) {
        self.change(|line| (line.text, line.count) = (None, None));
    }

    fn change(&self, how: impl FnOnce(&mut Line)) {
        let mut line = self.lock();
        how(&mut line);
        match line.said() {
            Some(said) => line.bar.get_or_insert_with(begin).set_message(said),
            None => {
                if let Some(bar) = line.bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }

    fn change_count(this: Option<&Self>, how: impl FnOnce(&mut Count)) {
        let Some(progress) = this else { return };
        progress.change(|line| {
            line.text = None;
            if let Some(count) = &mut line.count {
                how(count);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a line that is shown from a moment on.
fn begin() -> ProgressBar {
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(LastLine::after(PATIENCE)), RATE);
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::with_draw_target(None, target).with_style(style.tick_chars(WHEEL));
    // The thread that moves it hears no signals: they are for those who wait for them.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let moved = bar.downgrade();
    let wheel = move || {
        while let Some(bar) = moved.upgrade().filter(|bar| !bar.is_finished()) {
            bar.tick();
            drop(bar);
            std::thread::park_timeout(TICK);
        }
    };
    // Where the machine has no thread left, it does not move. (indicatif's own wheel would panic there.)
    let _ = std::thread::Builder::new().spawn(wheel);
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
    bar
}

impl Counting<'_> {
    /// Begins one of them.
    pub(crate) fn on(&self, name: impl Display) -> OneOfMany<'_> {
        let mut number = 0;
        Progress::change_count(self.progress, |count| {
            number = count.begun;
            count.begun += 1;
            count.under_way.push((number, name.to_string()));
        });
        OneOfMany {
            progress: self.progress,
            number,
        }
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        if let Some(progress) = self.progress {
            progress.end();
        }
    }
}

impl Drop for OneOfMany<'_> {
    fn drop(&mut self) {
        Progress::change_count(self.progress, |count| {
            count.done += 1;
            count.under_way.retain(|(number, _)| *number != self.number);
        });
    }
}

impl Line {
    /// Returns what it says, cut where the terminal is too narrow for it.
    fn said(&self) -> Option<String> {
        let said = match (&self.text, &self.count) {
            (Some(text), _) => clean(text).into_owned(),
            (None, Some(count)) => clean(&count.said()).into_owned(),
            (None, None) => return None,
        };
        Some(cut(&said, columns().saturating_sub(2)).into_owned())
    }
}

impl Count {
    fn said(&self) -> String {
        let names: Vec<&str> = self.under_way.iter().map(|(_, name)| &**name).collect();
        let colon = if names.is_empty() { "" } else { ": " };
        format!(
            "{} {}/{}{colon}{}",
            self.what,
            self.done,
            self.all,
            names.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(progress: &Progress) -> Option<String> {
        let line = progress.lock();
        line.bar
            .as_ref()
            .map(|bar| format!("{}, {}", bar.message(), line.said().unwrap_or_default()))
    }

    #[test]
    fn a_count_names_what_is_slow() {
        let progress = Progress::default();
        let says = |wanted: &str| {
            assert_eq!(said(&progress), Some(format!("{wanted}, {wanted}")));
        };
        let counting = Progress::count(Some(&progress), "looking over", 3);
        let slow = counting.on("slow");
        drop(counting.on("quick"));
        let other = counting.on("other");
        says("looking over 1/3: slow, other");
        progress.tell("waiting for\na lock".to_owned());
        says("waiting for a lock");
        drop(slow);
        says("looking over 2/3: other");
        drop(other);
        drop(counting);
        assert_eq!(said(&progress), None);
    }

    #[test]
    fn a_text_goes_when_something_is_printed_and_a_count_stays() {
        let progress = Progress::default();
        progress.tell("a moment".to_owned());
        progress.make_way(|| ());
        assert_eq!(said(&progress), None);
        let counting = Progress::count(Some(&progress), "looking over", 3);
        progress.make_way(|| ());
        assert!(said(&progress).is_some());
        drop(counting);
    }
}
