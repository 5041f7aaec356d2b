//! `fleet update`: other versions of harnesses.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::journal;
use crate::names::{Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Ready, Settled};
use crate::ui::Ui;

use super::launch::Occasion;
use super::plan::{self, Change, Locked, Outcome, Plan};
use super::prepare::preparation;
use super::recover;
use super::restart;
use super::start;
use super::step::Step;
use super::stop;
use super::targets::Targets;
use super::version::Chosen;

/// Which projects are to move, and where.
#[derive(Debug)]
pub(crate) struct Move {
    /// The projects.
    pub(crate) names: Vec<Name>,
    /// Where to.
    pub(crate) goal: Goal,
    /// Whether to restart what runs.
    pub(crate) restart: bool,
    /// Whether to commit on a branch that is not the registered one.
    pub(crate) here: bool,
    /// Whether to follow a tag that has moved.
    pub(crate) accept_moved_tag: bool,
}

/// Where projects are to move.
#[derive(Clone, Debug)]
pub(crate) enum Goal {
    /// To this version.
    Ref(Ref),
    /// Back to the version that fleet.toml names.
    Registered,
    /// Each to a commit of its own, which is written down under this ref; nothing is looked up or fetched for it.
    Pins(BTreeMap<Name, Chosen>),
}

/// Moves projects, or prints how. A project that cannot be moved stays as it was, and does not stop the others.
pub(crate) fn update(
    fleet: &mut Fleet,
    change: &Move,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names: ready,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, &change.names, dry_run, ui)?;
    let targets = Targets::fetch(fleet, &ready, ui);
    let fleet = &*fleet;
    let looked = in_parallel(&ready, |name| {
        look(fleet, change, &targets, name).with_context(|| format!("cannot update `{name}`"))
    });
    let (looked, refused) = plan::part(ready.into_iter().zip(looked));
    outcomes.extend(refused);
    if dry_run {
        plan::print(looked.iter().map(|looked| &looked.plan), ui);
        return Ok(outcomes);
    }
    ui.waiting("moving pins");
    let after_move = |step: &&Step| matches!(step, Step::Prepare { .. } | Step::Stop | Step::Start);
    let restarts: BTreeMap<Name, Vec<Step>> = looked
        .iter()
        .map(|looked| &looked.plan)
        .filter(|plan| plan.steps.contains(&Step::Start))
        .map(|plan| {
            let steps = plan.steps.iter().filter(after_move).cloned().collect();
            (plan.project.clone(), steps)
        })
        .collect();
    write_down(fleet, &looked)?;
    outcomes.extend(carry_out(fleet, change, &targets, looked, ui)?);
    let outcomes = restart_moved(fleet, &restarts, outcomes, ui)?;
    Ok(outcomes)
}

/// Restarts those whose plan says so and that were moved: now they run what is pinned.
fn restart_moved(
    fleet: &Fleet,
    restarts: &BTreeMap<Name, Vec<Step>>,
    outcomes: Vec<Outcome>,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let (mut plans, mut all, mut moves) = (Vec::new(), Vec::new(), BTreeMap::new());
    for outcome in outcomes {
        match (restarts.get(&outcome.project), outcome.result) {
            (Some(steps), Ok(done)) => {
                ui.status(done);
                plans.push(Plan::new(&outcome.project, steps.clone(), ""));
                moves.extend(outcome.change.map(|change| (outcome.project, change)));
            }
            (_, result) => all.push(Outcome { result, ..outcome }),
        }
    }
    for mut outcome in start::carry_out(fleet, plans, Occasion::Asked, ui)? {
        // That the pin was moved is what counts, however the restart went.
        if let Some(change) = moves.remove(&outcome.project) {
            outcome.change = Some(change);
        }
        all.push(outcome);
    }
    stop::stay_down(fleet, &all)?;
    all.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(all)
}

/// A plan, what its move was found ready from, and what it does to the pin.
struct Looked {
    plan: Plan,
    ready: Ready,
    pin: Option<Change>,
}

fn look(fleet: &Fleet, change: &Move, targets: &Targets, name: &Name) -> anyhow::Result<Looked> {
    let project = fleet.registry.project(name)?;
    if !project.location.exists() {
        let place = project.location.display();
        return Err(refused(format!("there is nothing at {place}"))
            .hint(fleet.where_it_went(project))
            .into());
    }
    let Chosen { reference, commit } = targets.choose(fleet, change, project)?;
    let rescue = fleet.runtime("trash");
    let ready =
        pins::check(&fleet.pin_move(project, targets.mirror(project)?, change.here, &rescue)?)?;
    let facts = pins::read(&project.location, fleet.engine(project)?, Depth::Fast);
    let mut steps = Vec::new();
    let pinned = [&facts.head, &facts.index, &facts.checkout];
    if pinned.iter().any(|fact| fact.commit() != Some(&commit)) {
        steps.push(Step::Repin {
            from: ready.from.clone(),
            to: commit.clone(),
            reference: reference.clone(),
        });
    }
    if project.reference != reference || project.commit.as_ref() != Some(&commit) {
        steps.push(Step::Record {
            reference: reference.clone(),
            commit: commit.clone(),
        });
    }
    let running = start::running_commit(fleet, name);
    let runs_another = running.is_some_and(|running| running.as_ref() != Some(&commit));
    if change.restart && (runs_another || start::is_owed(fleet, name)) {
        restart::refuse_own(fleet, name)?;
        let manifest = fleet.manifest(targets.mirror(project)?, &project.harness, &commit)?;
        // What the new version needs is made while the old one still runs.
        steps.extend(preparation(fleet, project, &manifest, &commit)?);
        steps.extend([Step::Stop, Step::Start]);
    }
    let moves = steps.iter().any(|step| matches!(step, Step::Repin { .. }));
    let short = commit.short();
    let done = match (project.reference == reference, moves) {
        (true, false) => format!("`{name}` is at {reference} already"),
        // Moved by hand, or a branch has moved on: one name for both would say nothing.
        (true, true) => format!("`{name}`: {} -> {reference} ({short})", ready.from.short()),
        (false, _) => format!("`{name}`: {} -> {reference} ({short})", project.reference),
    };
    let pin = changes_files(&steps).then(|| Change {
        before: Some(format!("{} {}", project.reference, ready.from.short())),
        after: Some(format!("{reference} {short}")),
    });
    let plan = Plan::new(name, steps, done);
    Ok(Looked { plan, ready, pin })
}

/// Opens the journals of all projects that are to change: one sync for all costs less than one for each.
fn write_down(fleet: &Fleet, looked: &[Looked]) -> anyhow::Result<()> {
    let plans = looked.iter().map(|looked| &looked.plan);
    let (journals, steps): (Vec<_>, Vec<_>) = plans
        .filter(|plan| changes_files(&plan.steps))
        .map(|plan| (fleet.journal(&plan.project), &plan.steps))
        .unzip();
    journal::begin_all(&journals.iter().zip(steps).collect::<Vec<_>>())
}

/// Moves in parallel, then writes all pins into fleet.toml at once. A journal stays open until both are done.
fn carry_out(
    fleet: &Fleet,
    change: &Move,
    targets: &Targets,
    looked: Vec<Looked>,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let moved = in_parallel(&looked, |looked| move_one(fleet, change, targets, looked));
    let done: Vec<(Looked, anyhow::Result<()>)> = looked.into_iter().zip(moved).collect();
    let mut pins = Vec::new();
    for (looked, _) in done.iter().filter(|(_, moved)| moved.is_ok()) {
        let plan = &looked.plan;
        for step in &plan.steps {
            if let Step::Record { reference, commit } = step {
                pins.push((plan.project.clone(), reference.clone(), commit.clone()));
            }
        }
    }
    if change.accept_moved_tag
        && let Goal::Ref(reference) = &change.goal
    {
        targets.accept_moved(reference)?;
    }
    recover::record(fleet, &pins, ui).context(
        "the pins have moved, but fleet.toml does not say so yet; run the command again",
    )?;
    let finish = |(looked, moved): (Looked, anyhow::Result<()>)| {
        let Looked { plan, pin, .. } = looked;
        let change = pin.filter(|_| moved.is_ok());
        let result = moved
            .and_then(|()| fleet.journal(&plan.project).close())
            .map(|()| plan.done);
        Outcome::new(plan.project, result).changing(change)
    };
    Ok(done.into_iter().map(finish).collect())
}

fn changes_files(steps: &[Step]) -> bool {
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
        } = step
        else {
            continue;
        };
        let project = fleet.registry.project(&plan.project)?;
        let _spawning = fleet.hold_spawns(&project.name)?;
        let message = format!("Move {} to {reference}", fleet.engine(project)?);
        let rescue = fleet.runtime("trash");
        let wish = fleet.pin_move(project, targets.mirror(project)?, change.here, &rescue)?;
        if let Err(error) = pins::carry_out(&wish, ready, to, &message) {
            let settled = if pins::is_untouched(&error) {
                Ok(Settled::TakenBack)
            } else {
                pins::settle(&wish, from, to)
            };
            match settled {
                // What failed came after the commit, and is made up for.
                Ok(Settled::Completed) => continue,
                Ok(Settled::TakenBack) => journal.close()?,
                // The journal stays open: the next command, or this one again, finds it.
                Err(_) => {}
            }
            return Err(error.context(format!("`{}`: cannot {step}", plan.project)));
        }
    }
    Ok(())
}
