//! `fleet rollback`: the pins before the last, by the projects' own histories.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Previous};
use crate::registry::Project;
use crate::ui::Ui;

use super::plan::{self, Outcome};
use super::recover;
use super::step::Step;
use super::targets::Targets;
use super::update::{Goal, Move, move_locked, present};
use super::version::{self, Chosen};

/// Which projects are to go back.
#[derive(Debug)]
pub(crate) struct Rollback {
    /// The projects.
    pub(crate) names: Vec<Name>,
    /// Whether to restart what runs.
    pub(crate) restart: bool,
    /// Whether to commit on a branch that is not the registered one.
    pub(crate) here: bool,
}

/// Moves projects back to what they pinned before their last move, or prints how: an update, which can itself be rolled
/// back. A project that has nothing to go back to, or must not, stays as it was.
pub(crate) fn rollback(
    fleet: &mut Fleet,
    wanted: &Rollback,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let (mut locked, settled) = recover::lock_and_settle(fleet, &wanted.names, dry_run, ui)?;
    let done = done_before(&settled);
    let counting = ui.counting("reading histories", locked.names.len());
    let found = in_parallel(&locked.names, |name| {
        let _one = counting.on(name);
        find(fleet, name, &done)
    });
    drop(counting);
    let found: BTreeMap<Name, Found> = take(&mut locked, found).into_iter().collect();
    let pin = |project: &Project| found.get(&project.name).map(|found| found.pin.clone());
    let targets = Targets::open(fleet, &locked.names, pin, ui);
    let mut known = BTreeMap::new();
    let choose = |name| choose(fleet, &targets, name, &found, &mut known);
    let chosen = locked.names.iter().map(choose).collect();
    let pins: BTreeMap<Name, Chosen> = take(&mut locked, chosen).into_iter().collect();
    tell_of_hands(fleet, &locked.names, &found, ui);
    let change = Move {
        names: locked.names.clone(),
        goal: Goal::Back(pins),
        restart: wanted.restart,
        here: wanted.here,
        accept_moved_tag: false,
    };
    move_locked(fleet, locked, &change, &targets, dry_run, ui)
}

/// Where a project goes back to.
struct Found {
    pin: CommitId,
    /// What its history says; `None` where it is there already.
    before: Option<Previous>,
}

/// Returns which projects went back with those whose rollback was interrupted, and to what.
fn done_before(settled: &[Step]) -> BTreeMap<Name, CommitId> {
    let together = settled.iter().filter_map(|step| match step {
        Step::Repin { together, .. } => Some(together.clone()),
        _ => None,
    });
    together.flatten().collect()
}

/// Keeps of the locked projects those with a result.
fn take<T>(locked: &mut plan::Locked, results: Vec<anyhow::Result<T>>) -> Vec<(Name, T)> {
    let names = std::mem::take(&mut locked.names);
    let named = names.into_iter().zip(results).map(|(name, result)| {
        let result = result
            .with_context(|| format!("cannot roll `{name}` back"))
            .map(|found| (name.clone(), found));
        (name, result)
    });
    let (found, refused) = plan::part(named);
    locked.outcomes.extend(refused);
    locked.names = found.iter().map(|(name, _)| name.clone()).collect();
    found
}

fn find(fleet: &Fleet, name: &Name, done: &BTreeMap<Name, CommitId>) -> anyhow::Result<Found> {
    let project = present(fleet, name)?;
    let engine = fleet.engine(project)?;
    let pinned = pins::read(&project.location, engine, Depth::Fast).head;
    if let Some(pin) = done.get(name).filter(|done| pinned.commit() == Some(*done)) {
        let (pin, before) = (pin.clone(), None);
        return Ok(Found { pin, before });
    }
    let before = pins::previous(&project.location, engine)?;
    Ok(Found {
        pin: before.pin.clone(),
        before: Some(before),
    })
}

/// Names the version that a project goes back to: the newest tag that stood for it when it was first seen, else its id.
fn choose(
    fleet: &Fleet,
    targets: &Targets,
    name: &Name,
    found: &BTreeMap<Name, Found>,
    known: &mut BTreeMap<(Name, CommitId), Chosen>,
) -> anyhow::Result<Chosen> {
    let project = fleet.registry.project(name)?;
    let commit = found
        .get(name)
        .map(|found| found.pin.clone())
        .context("every project that goes back has a pin before")?;
    // Most projects of a fleet go back to the same.
    let key = (project.harness.clone(), commit.clone());
    if let Some(chosen) = known.get(&key) {
        return Ok(chosen.clone());
    }
    let mirror = targets.mirror(project)?;
    let reference = name_of(&mirror.tags_at(&commit)?, &commit);
    let chosen = Chosen { reference, commit };
    version::refuse_bad(fleet, &project.harness, &chosen.reference, &chosen.commit)?;
    known.insert(key, chosen.clone());
    Ok(chosen)
}

fn name_of(tags: &[String], commit: &CommitId) -> Ref {
    let mut typed = tags.iter().filter_map(|tag| tag.parse().ok());
    typed.next().unwrap_or_else(|| Ref::of_commit(commit))
}

/// Says which pins were moved last by somebody else than an update, and in which commit: that is what goes back.
fn tell_of_hands(fleet: &Fleet, names: &[Name], found: &BTreeMap<Name, Found>, ui: &Ui) {
    for name in names {
        let project = fleet.registry.projects.get(name);
        let before = found.get(name).and_then(|found| found.before.as_ref());
        let (Some(project), Some(before)) = (project, before) else {
            continue;
        };
        if project.commit.as_ref() != Some(&before.now) {
            ui.status(format!(
                "`{name}` was moved to {} by hand, in its commit {} ({}): that is what goes back",
                before.now.short(),
                before.moved_in.short(),
                before.subject
            ));
        }
    }
}
