//! `fleet rollback`: the pins before the last, by the projects' own histories.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Previous};
use crate::registry::Project;
use crate::ui::Ui;

use super::plan::{self, Outcome};
use super::recover;
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
    let mut locked = recover::lock_all(fleet, &wanted.names, dry_run, ui)?;
    ui.waiting("reading histories");
    let found = in_parallel(&locked.names, |name| find(fleet, name));
    let before: BTreeMap<Name, Previous> = take(&mut locked, found).into_iter().collect();
    let pin = |project: &Project| before.get(&project.name).map(|found| found.pin.clone());
    let targets = Targets::open(fleet, &locked.names, pin, ui);
    let chosen = in_parallel(&locked.names, |name| choose(fleet, &targets, name, &before));
    let pins: BTreeMap<Name, Chosen> = take(&mut locked, chosen).into_iter().collect();
    tell_of_hands(fleet, &pins, &before, ui);
    let change = Move {
        names: locked.names.clone(),
        goal: Goal::Pins(pins),
        restart: wanted.restart,
        here: wanted.here,
        accept_moved_tag: false,
    };
    move_locked(fleet, locked, &change, &targets, dry_run, ui)
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

fn find(fleet: &Fleet, name: &Name) -> anyhow::Result<Previous> {
    let project = present(fleet, name)?;
    pins::previous(&project.location, fleet.engine(project)?)
}

/// Names the version that a project goes back to: the newest tag that stood for it when it was first seen, else its id.
fn choose(
    fleet: &Fleet,
    targets: &Targets,
    name: &Name,
    before: &BTreeMap<Name, Previous>,
) -> anyhow::Result<Chosen> {
    let project = fleet.registry.project(name)?;
    let commit = before
        .get(name)
        .map(|found| found.pin.clone())
        .context("every project that goes back has a pin before")?;
    let mirror = targets.mirror(project)?;
    let reference = name_of(mirror.tag_of(&commit)?, &commit);
    let chosen = Chosen { reference, commit };
    version::refuse_bad_commit(fleet, &project.harness, mirror, &chosen)?;
    Ok(chosen)
}

fn name_of(tag: Option<String>, commit: &CommitId) -> Ref {
    tag.and_then(|tag| tag.parse().ok())
        .unwrap_or_else(|| Ref::of_commit(commit))
}

/// Says which pins were moved last by somebody else than an update, and in which commit: that is what goes back.
fn tell_of_hands(
    fleet: &Fleet,
    pins: &BTreeMap<Name, Chosen>,
    before: &BTreeMap<Name, Previous>,
    ui: &Ui,
) {
    for name in pins.keys() {
        let (Some(project), Some(found)) = (fleet.registry.projects.get(name), before.get(name))
        else {
            continue;
        };
        if project.commit.as_ref() != Some(&found.now) {
            ui.status(format!(
                "`{name}` was moved to {} by hand, in its commit {} ({}): that is what goes back",
                found.now.short(),
                found.moved_in.short(),
                found.subject
            ));
        }
    }
}
