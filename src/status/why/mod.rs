//! Why one project is as it is: the verdict, every fact with its source and age, what was looked for and not found, the
//! policy's arithmetic, and what happens next.

mod arithmetic;
mod evidence;
mod facts;
mod pin;
mod process;
mod render;
mod rollout;
mod sentence;
mod upstream;

use jiff::Timestamp;
use serde::Serialize;

use super::ProjectReport;
use super::incident::Incident;
use super::report::{Brake, SCHEMA};
use crate::events::Event;
use crate::fleet::Fleet;
use crate::names::Name;
use arithmetic::Arithmetic;
use evidence::Evidence;
use facts::{Absent, Fact};
use sentence::Next;

pub(crate) use render::sheet;

/// How many lines of the audit trail are worth showing.
const SHOWN: usize = 5;

/// Everything that is known of why a project is as it is: what `fleet why --json` prints. Fields may be added and never
/// change their meaning.
#[derive(Debug, Serialize)]
pub(crate) struct Why {
    /// The version of this format.
    pub(crate) schema: u32,
    /// The fleet's name.
    pub(crate) fleet: String,
    pub(crate) name: Name,
    /// When it was looked at.
    pub(crate) at: Timestamp,
    /// The verdict, its age and its cause in one sentence.
    pub(crate) sentence: String,
    /// What happens next, and what changes it.
    pub(crate) next: Next,
    /// The project as `fleet status --json` shows it.
    pub(crate) project: ProjectReport,
    /// What is known, and what cannot be told.
    pub(crate) facts: Vec<Fact>,
    /// The last lines on the terminal of the life that ended last.
    pub(crate) said: Vec<String>,
    /// What was looked for and not found.
    pub(crate) absent: Vec<Absent>,
    /// What the policy makes of the deaths so far.
    pub(crate) arithmetic: Arithmetic,
    /// The incident that its death is part of.
    pub(crate) incident: Option<Incident>,
    pub(crate) brake: Brake,
    /// The process that watches over the fleet; null where none does.
    pub(crate) guardian: Option<i32>,
    /// The last lines of the audit trail about it, oldest first.
    pub(crate) history: Vec<Event>,
}

/// Finds out why a project is as it is. Asks tmux once, and starts no other program; what cannot be read is said to be
/// unknown.
///
/// Fails where there is no such project, or where nothing at all can be read.
pub(crate) fn why(fleet: &Fleet, name: &Name) -> anyhow::Result<Why> {
    let project = fleet.registry.project(name)?;
    let evidence = Evidence::gather(fleet, project)?;
    let (facts, absent) = facts::of(&evidence);
    let said = evidence.last_exit().map(|exit| exit.said.clone());
    Ok(Why {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        name: name.clone(),
        at: evidence.world.now.at,
        sentence: sentence::sentence(name, &evidence.report, evidence.world.now.at),
        next: sentence::next(&evidence),
        arithmetic: Arithmetic::of(&evidence),
        said: said.unwrap_or_default(),
        facts,
        absent,
        incident: evidence.incident,
        brake: evidence.world.brake,
        guardian: evidence.world.guardian,
        history: latest(evidence.history.unwrap_or_default()),
        project: evidence.report,
    })
}

fn latest(mut events: Vec<Event>) -> Vec<Event> {
    events.drain(..events.len().saturating_sub(SHOWN));
    events
}
