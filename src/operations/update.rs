//! `fleet update`: other versions of harnesses.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::journal;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Ready};
use crate::registry::Project;
use crate::ui::Ui;

use super::launch::Occasion;
use super::moving::{carry_out, changes_files, close_journals};
use super::plan::{self, Change, Locked, Outcome, Plan};
use super::prepare::before_moves;
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
    /// Each to a commit of its own, which is written down under this ref; nothing is looked up for it, and nothing fetched
    /// where the mirror has it.
    Pins(BTreeMap<Name, Chosen>),
    /// The same, all back together: what is cut off is known for a rollback.
    Back(BTreeMap<Name, Chosen>),
}

impl Goal {
    /// Returns the commit that a project is to be moved to; `None` where that is still to be found out.
    pub(super) fn commit_of(&self, project: &Project) -> Option<CommitId> {
        match self {
            Self::Ref(_) => None,
            Self::Registered => project.commit.clone(),
            Self::Pins(pins) | Self::Back(pins) => {
                pins.get(&project.name).map(|pin| pin.commit.clone())
            }
        }
    }
}

/// Moves projects, or prints how. A project that cannot be moved stays as it was, and does not stop the others.
pub(crate) fn update(
    fleet: &mut Fleet,
    change: &Move,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    update_due(fleet, change, |_, _| true, dry_run, ui)
}

/// The same for those projects that are due, by what is true once nobody else can change it.
pub(super) fn update_due(
    fleet: &mut Fleet,
    change: &Move,
    is_due: impl Fn(&Fleet, &Name) -> bool,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let mut locked = recover::lock_all(fleet, &change.names, dry_run, ui)?;
    locked.names.retain(|name| is_due(fleet, name));
    let wanted = |project: &Project| change.goal.commit_of(project);
    let targets = Targets::open(fleet, &locked.names, wanted, ui);
    move_locked(fleet, locked, change, &targets, dry_run, ui)
}

/// Moves projects that are locked, or prints how.
pub(super) fn move_locked(
    fleet: &Fleet,
    locked: Locked,
    change: &Move,
    targets: &Targets,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names: ready,
        mut outcomes,
        locks: _locks,
    } = locked;
    let counting = ui.counting("looking at projects", ready.len());
    let looked = in_parallel(&ready, |name| {
        let _one = counting.on(name);
        look(fleet, change, targets, name).with_context(|| format!("cannot update `{name}`"))
    });
    drop(counting);
    targets.warn_of_gone_tags(ui);
    let (looked, refused) = plan::part(ready.into_iter().zip(looked));
    outcomes.extend(refused);
    let (mut looked, unprepared) =
        before_moves(fleet, targets, looked, |one| &mut one.plan, dry_run, ui)?;
    outcomes.extend(unprepared);
    if dry_run {
        plan::print(looked.iter().map(|looked| &looked.plan), ui);
        return Ok(outcomes);
    }
    let after_move = |step: &&Step| matches!(step, Step::Stop | Step::Start);
    let restarts: BTreeMap<Name, Vec<Step>> = looked
        .iter()
        .map(|looked| &looked.plan)
        .filter(|plan| plan.starts())
        .map(|plan| {
            let steps = plan.steps.iter().filter(after_move).cloned().collect();
            (plan.project.clone(), steps)
        })
        .collect();
    if matches!(change.goal, Goal::Back(_)) {
        note_together(&mut looked);
    }
    write_down(fleet, &looked)?;
    outcomes.extend(carry_out(fleet, change, targets, looked, ui));
    restart_moved(fleet, change, &restarts, outcomes, ui)
}

/// Restarts those whose plan says so and that were moved: now they run what is pinned.
fn restart_moved(
    fleet: &Fleet,
    change: &Move,
    restarts: &BTreeMap<Name, Vec<Step>>,
    outcomes: Vec<Outcome>,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let (mut plans, mut all, mut moves) = (Vec::new(), Vec::new(), BTreeMap::new());
    let is_alone = outcomes.len() == 1;
    for outcome in outcomes {
        match (restarts.get(&outcome.project), outcome.result) {
            (Some(steps), Ok(done)) => {
                // Of several a table tells.
                if is_alone {
                    ui.status(done);
                }
                plans.push(Plan::new(&outcome.project, steps.clone(), ""));
                moves.extend(outcome.change.map(|change| (outcome.project, change)));
            }
            (_, result) => all.push(Outcome { result, ..outcome }),
        }
    }
    let moved: Vec<Name> = plans.iter().map(|plan| plan.project.clone()).collect();
    let restarted = start::carry_out(fleet, plans, Occasion::Asked, ui)?;
    close_journals(fleet, change, &moved)?;
    for mut outcome in restarted {
        // That the pin was moved is what counts, however the restart went.
        if let Some(change) = moves.remove(&outcome.project) {
            outcome.change = Some(change);
        }
        outcome.is_restarted = outcome.result.is_ok();
        all.push(outcome);
    }
    stop::stay_down(fleet, &all)?;
    all.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(all)
}

/// A plan, what its move was found ready from, and what it does to the pin.
pub(super) struct Looked {
    pub(super) plan: Plan,
    pub(super) ready: Ready,
    pub(super) pin: Option<Change>,
}

/// Finds out how a project is to move, or why it cannot. Its lock is held by the caller.
pub(super) fn look(
    fleet: &Fleet,
    change: &Move,
    targets: &Targets,
    name: &Name,
) -> anyhow::Result<Looked> {
    let project = present(fleet, name)?;
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
            together: BTreeMap::new(),
            stood: (ready.stood != ready.from).then(|| ready.stood.clone()),
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
        steps.extend([Step::Stop, Step::Start]);
    }
    let moves = steps.iter().any(|step| matches!(step, Step::Repin { .. }));
    let to = match reference.shown() {
        shown if commit.short() == shown => shown.to_owned(),
        shown => format!("{shown} ({})", commit.short()),
    };
    let done = match (project.reference == reference, moves) {
        (true, false) => match targets.stands_for_another(&project.harness, &reference, &commit) {
            None => format!("`{name}` is at {} already", reference.shown()),
            Some(other) => format!(
                "`{name}` is at {} already, as fleet.toml says; but {} stands for {}",
                commit.short(),
                reference.shown(),
                other.short()
            ),
        },
        // Moved by hand, or a branch has moved on: one name for both would say nothing.
        (true, true) => format!("`{name}`: {} -> {to}", ready.from.short()),
        (false, _) => format!("`{name}`: {} -> {to}", project.reference.shown()),
    };
    let pin = changes_files(&steps).then(|| Change {
        before: Some(version(&project.reference, &ready.from)),
        after: Some(version(&reference, &commit)),
    });
    let plan = Plan::new(name, steps, done);
    Ok(Looked { plan, ready, pin })
}

/// Returns a project that is there.
pub(super) fn present<'a>(fleet: &'a Fleet, name: &Name) -> anyhow::Result<&'a Project> {
    let project = fleet.registry.project(name)?;
    if project.location.exists() {
        return Ok(project);
    }
    let place = project.location.display();
    Err(refused(format!("there is nothing at {place}"))
        .hint(fleet.where_it_went(project))
        .into())
}

/// Names a version for the trail: the ref, and the commit where that is another word.
fn version(reference: &Ref, commit: &CommitId) -> String {
    match (reference.shown(), commit.short()) {
        (shown, short) if shown == short => short.to_owned(),
        (shown, short) => format!("{shown} {short}"),
    }
}

/// Notes in every plan of a rollback which projects go back, and to what.
fn note_together(looked: &mut [Looked]) {
    let pin = |step: &Step| match step {
        Step::Repin { to, .. } => Some(to.clone()),
        _ => None,
    };
    let all: BTreeMap<Name, CommitId> = looked
        .iter()
        .filter_map(|one| {
            let to = one.plan.steps.iter().find_map(pin)?;
            Some((one.plan.project.clone(), to))
        })
        .collect();
    for step in looked.iter_mut().flat_map(|one| &mut one.plan.steps) {
        if let Step::Repin { together, .. } = step {
            together.clone_from(&all);
        }
    }
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
