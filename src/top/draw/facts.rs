//! The facts of one project, a line each: what it is about, and what it says.

use crate::names::CommitId;
use crate::registry::Watch;
use crate::status::{ProjectReport, between, mood, pin_mood, restart_in};
use crate::supervision::Want;
use crate::ui::{Mood, ago, count};

use super::super::text::plain;
use super::Pen;

/// One fact.
pub(super) struct Fact {
    pub(super) about: &'static str,
    pub(super) says: String,
    pub(super) mood: Mood,
}

/// Returns the facts of a project, what matters most first.
pub(super) fn facts(project: &ProjectReport, pen: Pen) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |about, says: String, mood| {
        if !says.is_empty() {
            let says = plain(&says);
            facts.push(Fact { about, says, mood });
        }
    };
    add("state", state(project, pen), mood(project.verdict));
    add(
        "reason",
        project.reason.clone().unwrap_or_default(),
        Mood::Plain,
    );
    let next = match project.due {
        Some(due) => restart_in(between(pen.now, due)),
        None => project.next.clone().unwrap_or_default(),
    };
    add("next", next, Mood::Plain);
    add("process", process(project, pen), Mood::Plain);
    let pin = &project.pin;
    let bad = pin.bad.as_ref();
    let bad = bad.map_or_else(String::new, |bad| format!(", which is bad: {bad}"));
    let why = pin.reason.as_ref();
    let why = why.map_or_else(String::new, |why| format!("; {why}"));
    let says = format!("{}, {}{bad}{why}", pin.word, pin.reference);
    let feels = match &pin.bad {
        Some(_) => Mood::Odd,
        None => pin_mood(pin.word),
    };
    add("pin", says, feels);
    add("commits", commits(project), Mood::Plain);
    add("harness", harness(project, pen), Mood::Plain);
    add("place", project.location.display().to_string(), Mood::Plain);
    add("labels", project.labels.join(", "), Mood::Plain);
    add("policy", policy(project), Mood::Plain);
    facts
}

fn state(project: &ProjectReport, pen: Pen) -> String {
    let age = project.since.map_or_else(String::new, |since| {
        format!(" for {}", ago(between(since, pen.now)))
    });
    let wanted = match project.desired {
        Some(Want::Up) => ", wanted up",
        Some(Want::Down) => ", wanted down",
        None => ", never started",
    };
    format!("{}{age}{wanted}", project.verdict)
}

fn process(project: &ProjectReport, pen: Pen) -> String {
    let process = &project.process;
    let pid = process.pid.map(|pid| {
        let age = process.since.map_or_else(String::new, |since| {
            format!(" for {}", ago(between(since, pen.now)))
        });
        format!("{pid}{age}")
    });
    let exit = process.exit.map(|code| format!("last exit status {code}"));
    let signal = process
        .signal
        .map(|signal| format!("last end by signal {signal}"));
    let restarts = usize::try_from(process.restarts).unwrap_or_default();
    let restarts = (restarts > 0).then(|| count(restarts, "restart"));
    let parts = [pid, restarts, exit, signal];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Says where the pin is, in all five places: those that agree together.
fn commits(project: &ProjectReport) -> String {
    let pin = &project.pin;
    let places = [
        ("wanted", &pin.wanted),
        ("HEAD", &pin.head),
        ("index", &pin.index),
        ("checkout", &pin.checkout),
        ("running", &pin.running),
    ];
    let mut known: Vec<(&CommitId, Vec<&str>)> = Vec::new();
    let mut none = Vec::new();
    for (place, commit) in places {
        match commit {
            None => none.push(place),
            Some(commit) => match known.iter_mut().find(|(known, _)| *known == commit) {
                Some((_, places)) => places.push(place),
                None => known.push((commit, vec![place])),
            },
        }
    }
    let known = known
        .iter()
        .map(|(commit, places)| format!("{} {}", commit.short(), places.join(", ")));
    let none = (!none.is_empty()).then(|| format!("none {}", none.join(", ")));
    let dirty = (pin.dirty == Some(true)).then(|| "the checkout has changed files".to_owned());
    known
        .chain(none)
        .chain(dirty)
        .collect::<Vec<_>>()
        .join("; ")
}

fn harness(project: &ProjectReport, pen: Pen) -> String {
    let harness = &project.harness;
    let said = match harness.healthy {
        Some(true) => ", said that it is well",
        Some(false) => ", said that it is not well",
        None => "",
    };
    let age = harness.probed.map_or_else(String::new, |at| {
        format!(" {} ago", ago(between(at, pen.now)))
    });
    format!("{}{said}{age}", harness.name)
}

fn policy(project: &ProjectReport) -> String {
    let heals = match project.watch {
        Watch::Heal => "brought back when it dies",
        Watch::Off => "not brought back when it dies",
    };
    let enabled = if project.enabled { "" } else { ", disabled" };
    format!("{heals}{enabled}")
}
