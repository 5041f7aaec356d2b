//! What is shown while something takes long: one line at the bottom of the terminal, which goes without a trace.
//!
//! The cursor waits at its beginning: what the terminal itself writes there (`^C`) and what is printed next take its place.

use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow};

use super::last_line::{clear, fitting, show, width};

/// What takes less is not worth a line: it would flicker.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often the line moves, so that one sees that something does.
const TICK: Duration = Duration::from_millis(120);

/// What moves.
const WHEEL: [char; 4] = ['|', '/', '-', '\\'];

/// The line. A thread draws it, and sleeps where there is nothing to draw.
#[derive(Debug, Default)]
pub(super) struct Progress {
    line: Mutex<Line>,
    changed: Condvar,
    drawn_by: OnceLock<()>,
}

/// What the line says, where it says something.
#[derive(Debug, Default)]
struct Line {
    text: Option<String>,
    count: Option<Count>,
    /// When it is drawn next.
    due: Option<Instant>,
    turn: usize,
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
    progress: Option<&'u Arc<Progress>>,
}

/// One of them: done when this is dropped.
pub(crate) struct OneOfMany<'c> {
    progress: Option<&'c Arc<Progress>>,
    number: usize,
}

impl Progress {
    /// Shows a text, from a moment on.
    pub(super) fn tell(self: &Arc<Self>, text: String) {
        self.change(|line| line.text = Some(text));
    }

    /// Shows how many of `all` are done, until the result is dropped; nothing where there is nobody to see it.
    pub(super) fn count(this: Option<&Arc<Self>>, what: impl Display, all: usize) -> Counting<'_> {
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

    /// Makes way for what is printed next. A count that goes on comes back below it; a text does not.
    pub(super) fn make_way(&self) {
        let mut line = self.lock();
        line.text = None;
        line.due = line.says_something().then(|| Instant::now() + TICK);
        clear();
    }

    /// Ends whatever is shown.
    pub(super) fn end(&self) {
        let mut line = self.lock();
        *line = Line::default();
        clear();
    }

    fn change(self: &Arc<Self>, how: impl FnOnce(&mut Line)) {
        let mut line = self.lock();
        how(&mut line);
        if line.due.is_none() && line.says_something() {
            line.due = Some(Instant::now() + PATIENCE);
            self.changed.notify_one();
        }
        drop(line);
        self.drawn_by.get_or_init(|| {
            let progress = Arc::clone(self);
            // Signals are for those who wait for them.
            let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
            // Where there is no thread left, nothing is shown.
            let _ = std::thread::Builder::new().spawn(move || progress.draw());
            if let Ok(before) = before {
                let _ = before.thread_set_mask();
            }
        });
    }

    fn draw(&self) {
        let mut line = self.lock();
        loop {
            let now = Instant::now();
            line = match line.due {
                None => self
                    .changed
                    .wait(line)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(due) if due > now => {
                    let woken = self.changed.wait_timeout(line, due - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    line.turn = (line.turn + 1) % WHEEL.len();
                    line.due = Some(now + TICK);
                    show(&line.laid_out(width()));
                    line
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counting<'_> {
    /// Begins one of them.
    pub(crate) fn on(&self, name: impl Display) -> OneOfMany<'_> {
        let mut number = 0;
        self.change(|count| {
            number = count.begun;
            count.begun += 1;
            count.under_way.push((number, name.to_string()));
        });
        OneOfMany {
            progress: self.progress,
            number,
        }
    }

    fn change(&self, how: impl FnOnce(&mut Count)) {
        change_count(self.progress, how);
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
        change_count(self.progress, |count| {
            count.done += 1;
            count.under_way.retain(|(number, _)| *number != self.number);
        });
    }
}

fn change_count(progress: Option<&Arc<Progress>>, how: impl FnOnce(&mut Count)) {
    let Some(progress) = progress else { return };
    progress.change(|line| {
        line.text = None;
        if let Some(count) = &mut line.count {
            how(count);
        }
    });
}

impl Line {
    fn says_something(&self) -> bool {
        self.text.is_some() || self.count.is_some()
    }

    /// Writes it for a terminal of this width, whose last column stays free.
    fn laid_out(&self, width: usize) -> String {
        let said = match (&self.text, &self.count) {
            (Some(text), _) => text.clone(),
            (None, Some(count)) => count.said(),
            (None, None) => String::new(),
        };
        format!(
            "{} {}",
            WHEEL[self.turn],
            fitting(&said, width.saturating_sub(3))
        )
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

    #[test]
    fn a_line_never_reaches_the_last_column() {
        let mut line = Line {
            text: Some("fetching a-harness".to_owned()),
            ..Line::default()
        };
        assert_eq!(line.laid_out(80), "| fetching a-harness");
        assert_eq!(line.laid_out(12), "| fetching…");
        assert_eq!(line.laid_out(3), "| …");
        line.text = Some("ab\u{1b}[31m\n漢字漢字".to_owned());
        assert_eq!(line.laid_out(80), "| ab [31m 漢字漢字");
        assert_eq!(line.laid_out(16), "| ab [31m 漢字…");
    }

    #[test]
    fn what_is_over_at_once_is_never_drawn() {
        let progress: Arc<Progress> = Arc::default();
        let before = Instant::now();
        progress.tell("a moment".to_owned());
        let due = progress.lock().due.expect("it is told");
        assert!(due >= before + PATIENCE);
        progress.tell("another one".to_owned());
        assert_eq!(
            progress.lock().due,
            Some(due),
            "the wait began with the first"
        );
        progress.make_way();
        assert_eq!(progress.lock().due, None);
    }

    #[test]
    fn a_count_names_what_is_slow() {
        let progress = Arc::default();
        let said = || Progress::lock(&progress).laid_out(80);
        let counting = Progress::count(Some(&progress), "looking over", 3);
        let slow = counting.on("slow");
        drop(counting.on("quick"));
        let other = counting.on("other");
        assert!(
            said().ends_with("looking over 1/3: slow, other"),
            "{}",
            said()
        );
        progress.tell("waiting for a lock".to_owned());
        assert!(said().ends_with("waiting for a lock"), "{}", said());
        drop(slow);
        assert!(said().ends_with("looking over 2/3: other"), "{}", said());
        drop(other);
        drop(counting);
        assert!(!progress.lock().says_something());
    }
}
