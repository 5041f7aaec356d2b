//! Moves that were planned, carried out: files and commits of all projects, then the registry, then the journals.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::error::Fault;
use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Settled};
use crate::ui::Ui;

use super::plan::Outcome;
use super::recover;
use super::step::Step;
use super::targets::Targets;
use super::update::{Goal, Looked, Move};

/// Moves in parallel, then writes all pins into fleet.toml at once. A journal stays open until both are done.
pub(super) fn carry_out(
    fleet: &Fleet,
    change: &Move,
    targets: &Targets,
    looked: Vec<Looked>,
    ui: &Ui,
) -> Vec<Outcome> {
    let counting = ui.counting("moving pins", looked.len());
    let moved = in_parallel(&looked, |looked| {
        let _one = counting.on(&looked.plan.project);
        move_one(fleet, change, targets, looked)
    });
    drop(counting);
    let done: Vec<(Looked, anyhow::Result<()>)> = looked.into_iter().zip(moved).collect();
    let recorded = recover::record(fleet, &pins_of(&done), ui)
        .context("the pin has moved, but fleet.toml does not say so yet; run the command again");
    if recorded.is_ok() {
        follow_tags(fleet, change, targets, &done, ui);
    }
    let finish = |(looked, moved): (Looked, anyhow::Result<()>)| {
        let Looked { plan, pin, .. } = looked;
        let stays_open = keeps_journal(change, &plan.steps);
        let change = pin.filter(|_| moved.is_ok());
        let end = || match &recorded {
            // Without its journal, nobody would know that this is not whole.
            Err(error) if changes_files(&plan.steps) => Err(Fault::copy_of(error).into()),
            Err(_) | Ok(()) if stays_open => Ok(()),
            Err(_) | Ok(()) => fleet.journal(&plan.project).close(),
        };
        let result = moved.and_then(|()| end()).map(|()| plan.done.clone());
        Outcome::new(plan.project, result).changing(change)
    };
    done.into_iter().map(finish).collect()
}

/// Tells whether a journal is closed by [`close_journals`] only: a rollback that is cut off before it has restarted what
/// it moved would otherwise look as if it had never been.
fn keeps_journal(change: &Move, steps: &[Step]) -> bool {
    matches!(change.goal, Goal::Back(_)) && steps.contains(&Step::Start)
}

/// Closes the journals of a rollback that has restarted what it was to.
pub(super) fn close_journals(
    fleet: &Fleet,
    change: &Move,
    restarted: &[Name],
) -> anyhow::Result<()> {
    if !matches!(change.goal, Goal::Back(_)) {
        return Ok(());
    }
    restarted
        .iter()
        .try_for_each(|name| fleet.journal(name).close())
}

/// Returns what is to be written into fleet.toml of those that were moved.
fn pins_of(done: &[(Looked, anyhow::Result<()>)]) -> Vec<(Name, Ref, CommitId)> {
    let moved = done.iter().filter(|(_, moved)| moved.is_ok());
    let steps = moved.flat_map(|(looked, _)| {
        let of_project = |step| (&looked.plan.project, step);
        looked.plan.steps.iter().map(of_project)
    });
    steps
        .filter_map(|(project, step)| match step {
            Step::Record { reference, commit } => {
                Some((project.clone(), reference.clone(), commit.clone()))
            }
            _ => None,
        })
        .collect()
}

/// Has the mirrors take a tag that was followed for what it is now. Where that fails, the next command asks once more.
fn follow_tags(
    fleet: &Fleet,
    change: &Move,
    targets: &Targets,
    done: &[(Looked, anyhow::Result<()>)],
    ui: &Ui,
) {
    let Goal::Ref(reference) = &change.goal else {
        return;
    };
    if !change.accept_moved_tag {
        return;
    }
    let moved = done.iter().filter(|(_, moved)| moved.is_ok());
    let projects =
        moved.filter_map(|(looked, _)| fleet.registry.projects.get(&looked.plan.project));
    let harnesses: BTreeMap<_, _> = projects
        .map(|project| (&project.harness, project))
        .collect();
    for project in harnesses.into_values() {
        if let Err(error) = targets.accept_moved(project, reference) {
            ui.warn(format!("{error:#}"));
        }
    }
}

/// Tells whether some step writes into a project or the registry.
pub(super) fn changes_files(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| matches!(step, Step::Repin { .. } | Step::Record { .. }))
}

fn move_one(
    fleet: &Fleet,
    change: &Move,
    targets: &Targets,
    looked: &Looked,
) -> anyhow::Result<()> {
    let Looked { plan, ready, .. } = looked;
    if !changes_files(&plan.steps) {
        return Ok(());
    }
    let journal = fleet.journal(&plan.project);
    for step in &plan.steps {
        let Step::Repin {
            from,
            to,
            reference,
            ..
        } = step
        else {
            continue;
        };
        let project = fleet.registry.project(&plan.project)?;
        let _spawning = fleet.hold_spawns(&project.name)?;
        let message = format!("Move {} to {}", fleet.engine(project)?, reference.shown());
        let rescue = fleet.runtime("trash");
        let wish = fleet.pin_move(project, targets.mirror(project)?, change.here, &rescue)?;
        if let Err(error) = pins::carry_out(&wish, ready, to, &message) {
            let settled = if pins::is_untouched(&error) {
                Ok(Settled::TakenBack)
            } else {
                pins::settle(&wish, from, to, &ready.stood)
            };
            match settled {
                // What failed came after the commit, and is made up for.
                Ok(Settled::Completed) => continue,
                Ok(Settled::TakenBack | Settled::Overtaken) => journal.close()?,
                // The journal stays open: the next command, or this one again, finds it.
                Err(_) => {}
            }
            return Err(error.context(format!("`{}`: cannot {step}", plan.project)));
        }
    }
    Ok(())
}
