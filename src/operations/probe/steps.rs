//! What a probe says as it goes, a line for each step: also kept, for the log of one that fails.

use std::fmt::Display;
use std::time::Instant;

use crate::error::interrupted;
use crate::supervision::Interrupt;
use crate::ui::{Ui, seconds};

/// The steps of a probe.
pub(super) struct Steps<'a> {
    ui: &'a Ui,
    interrupt: &'a Interrupt,
    lines: Vec<String>,
}

impl<'a> Steps<'a> {
    /// Begins without any.
    pub(super) fn new(ui: &'a Ui, interrupt: &'a Interrupt) -> Self {
        Self {
            ui,
            interrupt,
            lines: Vec::new(),
        }
    }

    /// Carries a step out, and says how it went and how long it took; `text` says what came of it. Fails after a step
    /// during which the command was told to end.
    pub(super) fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<T>,
        text: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        let done = match work() {
            Ok(done) => done,
            // Why is told at the end of the command, with what to do: here it would be told twice.
            Err(error) => {
                self.ui.result(line("failed", name, "", began));
                self.lines
                    .push(line("failed", name, &error.to_string(), began));
                return Err(error);
            }
        };
        self.say(line("ok", name, &text(&done), began));
        if self.interrupt.has_come() {
            return Err(interrupted("interrupted").into());
        }
        Ok(done)
    }

    /// The same for a step that is carried out even then.
    pub(super) fn last_step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<T>,
        text: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        let done = work();
        let (word, text) = match &done {
            Ok(done) => ("ok", text(done)),
            Err(error) => ("failed", error.to_string()),
        };
        self.say(line(word, name, &text, began));
        done
    }

    /// Says something else.
    pub(super) fn say(&mut self, line: impl Display) {
        let line = line.to_string();
        self.ui.result(&line);
        self.lines.push(line);
    }

    /// Returns all that was said.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

fn line(word: &str, name: &str, text: &str, began: Instant) -> String {
    let took = seconds(began.elapsed().as_secs_f64());
    match text {
        "" => format!("{word:<6}  {name} ({took})"),
        text => format!("{word:<6}  {name:<7}  {text} ({took})"),
    }
}
