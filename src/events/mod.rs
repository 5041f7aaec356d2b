//! The audit trail: `events.jsonl` in a fleet's runtime directory, one line per change.
//!
//! Commands, tenders and the guardian all append to it, each on its own: nobody waits for anybody. What is in it stays in
//! the order in which it was written, whatever the clock was set to meanwhile.

mod append;
mod generations;
mod plain;
mod read;
mod typed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::Operator;

pub(crate) use append::append;
pub(crate) use read::{Filter, Trail, last_of, read};
pub(crate) use typed::command_line;

/// The version of a line's format.
const VERSION: u32 = 1;

/// One change: who made it, to what, what was before and after, why, and how it went.
///
/// Of a line that a newer version wrote, what is missing or means something else is left empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The version of this line's format: 1.
    pub(crate) version: u32,
    /// When it was over.
    pub(crate) at: Timestamp,
    /// Who: `ada (fleet start demo)`, `tender`, `guardian`.
    #[serde(default)]
    pub(crate) who: String,
    /// Who operates the fleet, where a command was given and it is known; a tender and the guardian act by themselves.
    #[serde(default)]
    pub(crate) operator: Option<Operator>,
    /// The process that wrote it.
    #[serde(default)]
    pub(crate) pid: u32,
    /// The project, where it is about one.
    #[serde(default)]
    pub(crate) project: Option<String>,
    /// What: `start`, `stop`, `update`, `died`, `restarted`, `parked`, ...
    pub(crate) what: String,
    /// What was before: a phase, a pin, a value.
    #[serde(default)]
    pub(crate) before: Option<String>,
    /// What is after.
    #[serde(default)]
    pub(crate) after: Option<String>,
    /// Why: a cause, or what the operator gave as a reason.
    #[serde(default)]
    pub(crate) why: Option<String>,
    /// `done`, `refused: ...`, `failed: ...`.
    #[serde(default)]
    pub(crate) outcome: String,
    /// How long it took, in seconds: of a command, all of it.
    #[serde(default)]
    pub(crate) seconds: Option<f64>,
}

impl Event {
    /// Begins an event of now, by this process, that is done; the rest is filled in.
    pub(crate) fn new(who: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            at: Timestamp::now(),
            who: who.into(),
            operator: None,
            pid: std::process::id(),
            project: None,
            what: what.into(),
            before: None,
            after: None,
            why: None,
            outcome: "done".to_owned(),
            seconds: None,
        }
    }

    /// Says who made it: the operator's name and role, where they are known, in the place of the account.
    pub(crate) fn by(&self) -> String {
        let Some(operator) = &self.operator else {
            return self.who.clone();
        };
        match self.who.split_once(" (") {
            Some((_, command)) => format!("{operator} ({command}"),
            None => operator.to_string(),
        }
    }

    /// Says which project it is about.
    pub(crate) fn of(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }
}
