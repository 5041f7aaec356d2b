//! What a command did, told to the trail: one line for each project that it changed, or was refused or failed to change.

use std::time::Instant;

use crate::error::{Exit, exit_of, in_a_line};
use crate::events::Event;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::ui::Ui;

use super::{Change, Outcome};

/// A command that changes projects, from when it began.
#[derive(Debug)]
pub(crate) struct Command {
    verb: &'static str,
    began: Instant,
    why: Option<String>,
}

impl Command {
    /// Begins a command; `verb` is what the trail calls it.
    pub(crate) fn new(verb: &'static str) -> Self {
        Self {
            verb,
            began: Instant::now(),
            why: None,
        }
    }

    /// Adds the reason that the operator gave.
    pub(crate) fn because(self, why: Option<String>) -> Self {
        Self { why, ..self }
    }

    /// Writes down how it went with each project. Where there was nothing to do, nothing is written; where all of it
    /// failed, that is written of each of `names`.
    pub(crate) fn record(
        &self,
        fleet: &Fleet,
        names: &[Name],
        done: &anyhow::Result<Vec<Outcome>>,
        ui: &Ui,
    ) {
        let events: Vec<Event> = match done {
            Ok(outcomes) => outcomes
                .iter()
                .filter_map(|one| {
                    let error = one.result.as_ref().err();
                    self.event(fleet, &one.project, one.change.as_ref(), error)
                })
                .collect(),
            Err(error) => names
                .iter()
                .filter_map(|name| self.event(fleet, name, None, Some(error)))
                .collect(),
        };
        fleet.record(&events, ui);
    }

    /// The same, of a command for one project.
    pub(crate) fn record_one(
        &self,
        fleet: &Fleet,
        name: &Name,
        done: &anyhow::Result<Option<Change>>,
        ui: &Ui,
    ) {
        let change = done.as_ref().ok().and_then(Option::as_ref);
        let event = self.event(fleet, name, change, done.as_ref().err());
        fleet.record(event.as_slice(), ui);
    }

    /// The same, of a command that is about no project.
    pub(crate) fn record_none(
        &self,
        fleet: &Fleet,
        change: Option<&Change>,
        error: Option<&anyhow::Error>,
        ui: &Ui,
    ) {
        fleet.record(self.about(fleet, change, error).as_slice(), ui);
    }

    fn event(
        &self,
        fleet: &Fleet,
        project: &Name,
        change: Option<&Change>,
        error: Option<&anyhow::Error>,
    ) -> Option<Event> {
        Some(self.about(fleet, change, error)?.of(project.as_str()))
    }

    fn about(
        &self,
        fleet: &Fleet,
        change: Option<&Change>,
        error: Option<&anyhow::Error>,
    ) -> Option<Event> {
        if change.is_none() && error.is_none() {
            return None;
        }
        Some(Event {
            before: change.and_then(|change| change.before.clone()),
            after: change.and_then(|change| change.after.clone()),
            why: self.why.clone(),
            outcome: outcome(error),
            seconds: Some(self.began.elapsed().as_secs_f64()),
            ..fleet.asked(self.verb)
        })
    }
}

/// Says how something went: `done`, `refused: ...` or `failed: ...`.
pub(crate) fn outcome(error: Option<&anyhow::Error>) -> String {
    match error.map(|error| (exit_of(error), error)) {
        None => "done".to_owned(),
        Some((Exit::Refused, error)) => format!("refused: {}", in_a_line(error)),
        Some((_, error)) => format!("failed: {}", in_a_line(error)),
    }
}
