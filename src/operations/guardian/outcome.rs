//! What has come of what was done: said, recorded, and tried again where it failed.

use std::time::{Duration, Instant};

use crate::error::hints;
use crate::events::{self, Event};
use crate::names::Name;
use crate::ui::seconds;

use super::super::bring_back::Facts;
use super::super::plan::Outcome;
use super::super::record;
use super::Guardian;

/// Who the audit trail says it was.
pub(super) const WHO: &str = "guardian";

/// The shortest wait after an attempt that has failed: an attempt costs something.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

impl Guardian<'_> {
    /// Something about a project is not as it must be: that is for the operator to change.
    pub(super) fn has_refused(&mut self, refused: Outcome) {
        let name = refused.project;
        self.close(&name);
        if let Err(error) = refused.result {
            let hints: String = hints(&error)
                .iter()
                .map(|hint| format!("; {hint}"))
                .collect();
            self.say_once(&name, format!("left `{name}`: {error:#}{hints}"));
        }
    }

    /// A project was brought back, or an attempt was made.
    pub(super) fn has_tried(&mut self, tried: Outcome) {
        let name = tried.project;
        let because = self.wards.get(&name).map(|ward| ward.because.clone());
        let because = because.unwrap_or_default();
        self.record(vec![Event {
            why: Some(because.clone()),
            outcome: record::outcome(tried.result.as_ref().err()),
            ..Event::new(WHO, "brought back").of(name.as_str())
        }]);
        if let (Ok(_), Some(ward)) = (&tried.result, self.wards.get_mut(&name)) {
            ward.begin_anew();
        }
        // It may run all the same, or have been given up by its new tender: only what is still lost is tried again.
        self.look_at(&name);
        match tried.result {
            Ok(done) => self.ui.status(format!("{done}: {because}")),
            Err(error) if self.is_still_lost(&name) => self.has_failed(&name, &error),
            Err(error) => self.ui.warn(format!("`{name}`: {error:#}")),
        }
    }

    fn is_still_lost(&self, name: &Name) -> bool {
        let project = self.fleet.registry.projects.get(name);
        project.is_some_and(|project| Facts::read(&self.fleet, project).is_lost())
    }

    /// An attempt has failed: another one follows later, until there have been enough.
    pub(super) fn has_failed(&mut self, name: &Name, error: &anyhow::Error) {
        let (Some(project), Some(ward)) = (
            self.fleet.registry.projects.get(name),
            self.wards.get_mut(name),
        ) else {
            return;
        };
        ward.failures = ward.failures.saturating_add(1);
        let what = format!("cannot bring `{name}` back: {error:#}");
        match Facts::read(&self.fleet, project).patience(ward.failures) {
            Some(wait) => {
                let wait = wait.max(SHORTEST_WAIT);
                ward.due = Some(Instant::now() + wait);
                let seconds = seconds(wait.as_secs_f64());
                self.ui.warn(format!("{what}; trying again in {seconds}"));
            }
            None => {
                ward.failures = 0;
                ward.close();
                self.ui.warn(format!(
                    "{what}; given up: `fleet start {name}` tries again"
                ));
            }
        }
    }

    /// Says something of a project, unless that is what was said of it last.
    pub(super) fn say_once(&mut self, name: &Name, text: String) {
        let Some(ward) = self.wards.get_mut(name) else {
            return;
        };
        if ward.said.as_ref() != Some(&text) {
            self.ui.status(&text);
            ward.said = Some(text);
        }
    }

    /// Appends to the audit trail, which must not stand in the way of what it records.
    pub(super) fn record(&mut self, events: Vec<Event>) {
        match events::append(&self.fleet.runtime(""), &events) {
            Ok(()) => {
                self.trouble.remove("events");
            }
            Err(error) => self.complain("events", format!("cannot record this: {error:#}")),
        }
    }

    /// Says what goes wrong, once.
    pub(super) fn complain(&mut self, about: &'static str, text: String) {
        if self.trouble.get(about) != Some(&text) {
            self.ui.warn(&text);
            self.trouble.insert(about, text);
        }
    }
}
