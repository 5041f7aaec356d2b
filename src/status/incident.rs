//! Incidents: many deaths with one cause are one thing that happened, with one plan.
//!
//! What counts as one cause is a fact, never a resemblance alone: the same tmux server has gone (two projects are enough:
//! nothing else explains it), the machine was restarted (likewise), one commit of a harness was rolled out to projects
//! that died of it within minutes, or projects died alike within a minute (three of each: two may be chance). Each death
//! is of one incident, the first of these that holds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::death::{Death, common, end_of_all};
use super::facts::Loss;
use super::world::World;
use crate::events::{self, Event};
use crate::names::{CommitId, Name};
use crate::ui::{ago, count, cut};

/// How many deaths make an incident where the cause is beyond doubt.
const FEWEST_OF_A_FACT: usize = 2;
/// How many deaths make an incident where they could have come together by chance.
const FEWEST_ALIKE: usize = 3;
/// Over which time deaths that are alike count as one.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(60);
/// How many projects are rather named than described.
const MOST_NAMED: usize = 6;
/// How much of what happened a line tells beside the plan.
const LONGEST: usize = 120;
/// For how long a new commit is suspected of the deaths that follow.
const ROLLED_OUT: SignedDuration = SignedDuration::from_mins(10);

/// What many deaths have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cause {
    /// The machine was restarted.
    Reboot,
    /// The tmux server has gone.
    Server,
    /// A commit of the harness that was rolled out shortly before.
    Rollout,
    /// The same signature of the exit, within a minute.
    Signature,
}

/// Many deaths with one cause.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub(crate) struct Incident {
    /// What kind of cause.
    pub(crate) cause: Cause,
    /// When the first of them died, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// Who died of it.
    pub(crate) projects: Vec<Name>,
    /// What happened, for people.
    pub(crate) text: String,
    /// What to do about all of them.
    pub(crate) plan: String,
}

/// What the plan depends on beside the deaths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    pub(super) guardian: bool,
    pub(super) brake: bool,
    /// Whether all projects of the fleet were looked at.
    pub(super) is_whole: bool,
}

/// Finds the incidents among deaths; the audit trail is read only where it could tell something.
pub(super) fn among<'a>(
    world: &World<'_>,
    is_whole: bool,
    deaths: impl Iterator<Item = &'a Death>,
) -> Vec<Incident> {
    let deaths: Vec<&Death> = deaths.collect();
    let circumstances = Circumstances {
        guardian: world.guardian.is_some(),
        brake: world.brake.engaged == Some(true),
        is_whole,
    };
    let moves = |since: Timestamp| {
        let filter = events::Filter {
            since: Some(since),
            ..events::Filter::default()
        };
        // A trail that cannot be read is no evidence of anything.
        let trail = events::read(&world.fleet.runtime(""), &filter);
        trail.map_or_else(|_| Vec::new(), |trail| trail.events)
    };
    find(deaths, moves, circumstances)
}

/// Finds the incidents among deaths, in the order of their causes. `trail` returns the events since a moment.
pub(super) fn find(
    mut deaths: Vec<&Death>,
    trail: impl FnOnce(Timestamp) -> Vec<Event>,
    circumstances: Circumstances,
) -> Vec<Incident> {
    let all = deaths.clone();
    let mut incidents = Vec::new();
    for (loss, cause) in [
        (Loss::Machine, Cause::Reboot),
        (Loss::Server, Cause::Server),
    ] {
        let (lost, others) = deaths.into_iter().partition(|one| one.loss == Some(loss));
        deaths = others;
        incidents.extend(of_a_loss(cause, lost, circumstances));
    }
    deaths.retain(|one: &&Death| one.loss.is_none() && one.at.is_some());
    let mut rest = Vec::new();
    let of_commits = group(deaths, |one| {
        let commit = one.commit.clone()?;
        let is_wanted = one.wanted.as_ref().map(CommitId::as_str) == Some(&*commit);
        is_wanted.then(|| (one.harness.to_string(), commit))
    });
    let suspects: Vec<&Death> = of_commits.grouped.iter().flatten().copied().collect();
    let first = suspects.iter().filter_map(|one| one.at).min();
    let events = first.map_or_else(Vec::new, |first| trail(first - ROLLED_OUT));
    rest.extend(of_commits.others);
    for suspects in of_commits.grouped {
        let known: &[&Death] = if circumstances.is_whole { &all } else { &[] };
        let (incident, innocent) = of_a_rollout(suspects, &events, known);
        incidents.extend(incident);
        rest.extend(innocent);
    }
    let alike = group(rest, |one| {
        (!one.signature.is_empty()).then(|| one.signature.clone())
    });
    for alike in alike.grouped {
        incidents.extend(of_a_signature(alike, circumstances));
    }
    incidents
}

/// Deaths that share something with enough others, and all others.
struct Grouped<'a> {
    grouped: Vec<Vec<&'a Death>>,
    others: Vec<&'a Death>,
}

/// Groups deaths by what they share, where enough share it.
fn group<'a, K: Ord>(deaths: Vec<&'a Death>, shared: impl Fn(&Death) -> Option<K>) -> Grouped<'a> {
    let mut groups: BTreeMap<Option<K>, Vec<&Death>> = BTreeMap::new();
    for death in deaths {
        groups.entry(shared(death)).or_default().push(death);
    }
    let mut others = groups.remove(&None).unwrap_or_default();
    let mut grouped = Vec::new();
    for group in groups.into_values() {
        if group.len() < FEWEST_ALIKE {
            others.extend(group);
        } else {
            grouped.push(group);
        }
    }
    Grouped { grouped, others }
}

fn of_a_loss(cause: Cause, lost: Vec<&Death>, circumstances: Circumstances) -> Option<Incident> {
    if lost.len() < FEWEST_OF_A_FACT {
        return None;
    }
    let what = match cause {
        Cause::Reboot => "the machine was restarted",
        Cause::Server | Cause::Rollout | Cause::Signature => "the tmux server has gone",
    };
    let plan = match (circumstances.guardian, circumstances.brake) {
        (true, false) => "the guardian brings them back",
        (true, true) => "`fleet go` lets the guardian bring them back",
        (false, false) => "`fleet boot` brings them back",
        (false, true) => "`fleet go`, then `fleet boot` brings them back",
    };
    let text = format!("{what}: {} ended with it", projects(&lost));
    Some(Incident::new(cause, &lost, text, plan))
}

/// Parts those that died of a commit that had just been rolled out to them from those that did not. `all` are the
/// deaths of the whole fleet, or none where they are not known.
fn of_a_rollout<'a>(
    suspects: Vec<&'a Death>,
    events: &[Event],
    all: &[&Death],
) -> (Option<Incident>, Vec<&'a Death>) {
    let (died_of_it, innocent): (Vec<_>, Vec<_>) = suspects
        .iter()
        .copied()
        .partition(|death| moved(death, events).is_some());
    let [first, ..] = died_of_it[..] else {
        return (None, innocent);
    };
    if died_of_it.len() < FEWEST_ALIKE {
        return (None, suspects);
    }
    let moves: Vec<&Event> = died_of_it
        .iter()
        .filter_map(|death| moved(death, events))
        .collect();
    let commit = first.commit.as_deref().unwrap_or_default();
    let short: String = commit.chars().take(8).collect();
    let version = match common(moves.iter().map(|event| ref_of(event.after.as_ref()))) {
        Some(Some(after)) if !after.starts_with(&short) => format!("{after} ({short})"),
        Some(_) | None => short,
    };
    let text = format!(
        "{} died of {} {version}, rolled out shortly before{}",
        projects(&died_of_it),
        first.harness,
        how(&died_of_it),
    );
    let them = selection(&died_of_it, all);
    let before = common(moves.iter().map(|event| ref_of(event.before.as_ref()))).flatten();
    let plan = match before {
        Some(before) => {
            format!("`fleet update {them} {before} --restart` takes them back")
        }
        None => format!("`fleet update {them} REF --restart` moves them to another version"),
    };
    let incident = Incident::new(Cause::Rollout, &died_of_it, text, &plan);
    (Some(incident), innocent)
}

/// Returns the ref of a pin as the trail tells it: `v0.1.0 0123abcd`.
fn ref_of(pin: Option<&String>) -> Option<&str> {
    pin?.split_whitespace().next()
}

/// Returns the update that brought a death's commit, if that was shortly before.
fn moved<'a>(death: &Death, events: &'a [Event]) -> Option<&'a Event> {
    let at = death.at?;
    events.iter().rev().find(|event| {
        let is_its = event.project.as_deref() == Some(death.project.as_str());
        let age = at.duration_since(event.at);
        is_its
            && event.what == "update"
            && event.outcome == "done"
            && age >= SignedDuration::ZERO
            && age <= ROLLED_OUT
    })
}

/// Finds those that died within a minute, among deaths with one signature.
fn of_a_signature(mut alike: Vec<&Death>, circumstances: Circumstances) -> Vec<Incident> {
    alike.sort_by_key(|death| death.at);
    let mut incidents = Vec::new();
    let mut rest = &alike[..];
    while let [first, ..] = rest {
        let is_close = |one: &&&Death| match (first.at, one.at) {
            (Some(first), Some(at)) => at.duration_since(first) <= AT_ONCE,
            (None, _) | (_, None) => false,
        };
        let (close, later) = rest.split_at(rest.iter().take_while(is_close).count().max(1));
        rest = later;
        if close.len() < FEWEST_ALIKE {
            continue;
        }
        let text = format!(
            "{} died alike within a minute{}",
            projects(close),
            how(close)
        );
        let plan = plan_for_alike(close, circumstances);
        incidents.push(Incident::new(Cause::Signature, close, text, &plan));
    }
    incidents
}

fn plan_for_alike(deaths: &[&Death], circumstances: Circumstances) -> String {
    let one = &deaths[0].project;
    if deaths.iter().any(|death| death.waits) && circumstances.brake {
        return format!("`fleet why {one}` says more of one; `fleet go` lets them go on");
    }
    if deaths.iter().all(|death| death.waits) {
        return format!("`fleet why {one}` says more of one; they are started again when due");
    }
    let mut verdicts: Vec<&str> = deaths.iter().map(|death| death.verdict.word()).collect();
    verdicts.sort_unstable();
    verdicts.dedup();
    let again: Vec<String> = verdicts
        .iter()
        .map(|verdict| format!("`fleet start --state {verdict}`"))
        .collect();
    let tries = if again.len() == 1 { "tries" } else { "try" };
    let again = again.join(" and ");
    format!("`fleet why {one}` says more of one; {again} {tries} again")
}

impl Incident {
    fn new(cause: Cause, deaths: &[&Death], text: String, plan: &str) -> Self {
        let mut projects: Vec<Name> = deaths.iter().map(|one| one.project.clone()).collect();
        projects.sort();
        Self {
            cause,
            since: deaths.iter().filter_map(|death| death.at).min(),
            projects,
            text,
            plan: plan.to_owned(),
        }
    }

    /// Says what happened and what to do, as one line.
    pub(crate) fn line(&self, now: Timestamp) -> String {
        let age = self.since.map_or_else(String::new, |since| {
            let age = std::time::Duration::try_from(now.duration_since(since));
            format!(", {} ago", ago(age.unwrap_or_default()))
        });
        format!("{}{age}; {}", cut(&self.text, LONGEST), self.plan)
    }
}

fn projects(deaths: &[&Death]) -> String {
    count(deaths.len(), "project")
}

/// Chooses these projects on a command line: by their names, or by what they and no others of `all` are.
fn selection(deaths: &[&Death], all: &[&Death]) -> String {
    let mut names: Vec<&str> = deaths.iter().map(|death| death.project.as_str()).collect();
    names.sort_unstable();
    let kind = |death: &Death| (death.harness.clone(), death.verdict);
    let shared = common(deaths.iter().map(|death| kind(death)));
    if let (Some((harness, verdict)), true) = (shared, names.len() > MOST_NAMED) {
        let alike = all
            .iter()
            .filter(|death| kind(death) == (harness.clone(), verdict));
        if alike.count() == names.len() {
            return format!("--harness {harness} --state {verdict}");
        }
    }
    names.join(" ")
}

/// Says how all of them ended, where that is the same.
fn how(deaths: &[&Death]) -> String {
    match end_of_all(deaths.iter().copied()) {
        Some(how) => format!(": {how}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
