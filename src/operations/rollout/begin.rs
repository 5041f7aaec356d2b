//! What a roll-out is to do: all projects are looked at before the first one moves.

use std::time::Duration;

use anyhow::Context as _;

use crate::error::refused;
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::names::{Name, spelled};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth};
use crate::registry::Project;
use crate::rollout::{BACK_OUT, Member, Pin, RESUME, RollOut, Wave};
use crate::supervision::Process;
use crate::ui::Ui;

use super::super::plan::{self, Locked, Outcome, Plan};
use super::super::record::Command;
use super::super::targets::Targets;
use super::super::update::{self, Goal, Move};
use super::super::{recover, start};
use super::carrier::{Carrier, Ended};
use super::waves::in_waves;

/// What the operator asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The projects.
    pub(crate) names: Vec<Name>,
    /// Where they are to move: looked up once, so that all waves go to the same commits.
    pub(crate) goal: Goal,
    /// Whether to follow a tag that has moved.
    pub(crate) accept_moved_tag: bool,
    /// How many go first; without it, none do.
    pub(crate) canaries: Option<usize>,
    /// How many are in each wave after them; without it, all are in one.
    pub(crate) most: Option<usize>,
    /// How long a wave must stay up.
    pub(crate) soak: Duration,
    /// What the operator gave as a reason.
    pub(crate) why: Option<String>,
}

/// Moves projects wave by wave, or prints the waves.
///
/// `say` is told of those that do not take part, refused or as wanted already, before the first one moves. `None` where
/// there is nothing else, or it was a dry run. Fails where it is cut off; then it is on disk how far it came. Refuses
/// while another one is not over, and where there should be canaries and nothing runs.
pub(crate) fn roll_out(
    fleet: &mut Fleet,
    wanted: &Wanted,
    dry_run: bool,
    say: impl FnOnce(Vec<Outcome>),
    ui: &Ui,
) -> anyhow::Result<Option<Ended>> {
    fleet.make_runtime()?;
    let lock = if dry_run { None } else { Some(lock(fleet)?) };
    if let Some(open) = RollOut::read(&fleet.runtime(""))? {
        return Err(not_over(&open));
    }
    let command = Command::new("update").because(wanted.why.clone());
    let planned = plan(fleet, wanted, dry_run, ui);
    let (rollout, plans, unmoved) = match planned {
        Ok((rollout, plans, unmoved)) => (rollout, plans, Ok(unmoved)),
        Err(error) if dry_run => return Err(error),
        Err(error) => {
            let none = Err(error);
            command.record(fleet, &wanted.names, &none, ui);
            return none.map(|_: Vec<Outcome>| None);
        }
    };
    if !dry_run {
        command.record(fleet, &wanted.names, &unmoved, ui);
    }
    say(unmoved?);
    if dry_run {
        for place in 0..rollout.waves.len() {
            print(&rollout, place, &plans, ui);
        }
    }
    match lock {
        Some(lock) if !rollout.waves.is_empty() => {
            Carrier::new(fleet, rollout, lock, ui)?.begin().map(Some)
        }
        Some(_) | None => Ok(None),
    }
}

/// Keeps other roll-outs out.
pub(super) fn lock(fleet: &Fleet) -> anyhow::Result<Lock> {
    if let Some(lock) = Lock::try_take(&fleet.runtime("locks").join(".rollout"))? {
        return Ok(lock);
    }
    Err(match RollOut::read(&fleet.runtime(""))? {
        Some(open) => not_over(&open),
        None => refused("another roll-out is about to begin")
            .hint("`fleet status` shows how it stands")
            .into(),
    })
}

fn not_over(open: &RollOut) -> anyhow::Error {
    let wave = open.wave_name(open.current());
    let target = &open.target;
    if open.is_under_way() {
        let pid = open.process.pid;
        return refused(format!(
            "a roll-out of {target} is under way: process {pid} is at {wave}"
        ))
        .hint("`fleet status` shows how it stands")
        .into();
    }
    refused(format!(
        "a roll-out of {target} was interrupted in {wave}, and is not over"
    ))
    .hint(format!("`{RESUME}` goes on with it"))
    .hint(format!("`{BACK_OUT}` takes it back"))
    .into()
}

/// Looks at all projects. Returns the roll-out, the plans of its members, and what was refused or needs nothing.
fn plan(
    fleet: &mut Fleet,
    wanted: &Wanted,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<(RollOut, Vec<Plan>, Vec<Outcome>)> {
    let Locked {
        names: ready,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, &wanted.names, dry_run, ui)?;
    let commit = |project: &Project| wanted.goal.commit_of(project);
    let targets = Targets::open(fleet, &ready, commit, ui);
    let movement = Move {
        names: ready.clone(),
        goal: wanted.goal.clone(),
        restart: true,
        here: false,
        accept_moved_tag: wanted.accept_moved_tag,
    };
    let fleet = &*fleet;
    let counting = ui.counting("looking at projects", ready.len());
    let looked = in_parallel(&ready, |name| {
        let _one = counting.on(name);
        look(fleet, &movement, &targets, name).with_context(|| format!("cannot update `{name}`"))
    });
    drop(counting);
    targets.warn_of_gone_tags(ui);
    let (looked, unfit) = plan::part(ready.into_iter().zip(looked));
    outcomes.extend(unfit);
    let (mut members, mut plans) = (Vec::new(), Vec::new());
    for (member, plan) in looked {
        if plan.steps.is_empty() {
            outcomes.push(Outcome::new(plan.project, Ok(plan.done)));
        } else {
            members.push(member);
            plans.push(plan);
        }
    }
    if wanted.canaries.is_some() && !members.is_empty() && !members.iter().any(|one| one.ran) {
        return Err(no_canary(fleet, &members[0]));
    }
    let waves = in_waves(members, |member| member.ran, wanted.canaries, wanted.most);
    if let (Goal::Ref(reference), true, false) = (&wanted.goal, wanted.accept_moved_tag, dry_run) {
        for member in waves.iter().flatten() {
            targets.accept_moved(fleet.registry.project(&member.name)?, reference)?;
        }
    }
    let me = Process::me().context("cannot tell which process this is")?;
    let rollout = RollOut {
        why: wanted.why.clone(),
        ..RollOut::new(me, target(&wanted.goal), wanted.soak, waves)
    };
    Ok((rollout, plans, outcomes))
}

fn target(goal: &Goal) -> String {
    match goal {
        Goal::Ref(reference) => reference.to_string(),
        Goal::Registered | Goal::Pins(_) | Goal::Back(_) => "the registered versions".to_owned(),
    }
}

fn look(
    fleet: &Fleet,
    movement: &Move,
    targets: &Targets,
    name: &Name,
) -> anyhow::Result<(Member, Plan)> {
    let plan = update::look(fleet, movement, targets, name)?.plan;
    let project = fleet.registry.project(name)?;
    let chosen = targets.choose(fleet, movement, project)?;
    let facts = pins::read(&project.location, fleet.engine(project)?, Depth::Fast);
    let pinned = facts.head.commit().cloned();
    let pinned = pinned.with_context(|| format!("cannot tell what `{name}` pins"))?;
    fleet
        .manifest(targets.mirror(project)?, &project.harness, &pinned)
        .map_err(|error| {
            refused("what it pins now could not be gone back to")
                .because(error)
                .hint(format!("`fleet update {name} REF` moves it by itself"))
        })?;
    let member = Member {
        name: name.clone(),
        location: project.location.clone(),
        from: Pin {
            reference: project.reference.clone(),
            commit: pinned,
        },
        registered: project.commit.clone(),
        to: Pin {
            reference: chosen.reference,
            commit: chosen.commit,
        },
        ran: start::running_commit(fleet, name).is_some(),
        wish: None,
        own: None,
        left_out: None,
        failure: None,
    };
    Ok((member, plan))
}

fn no_canary(fleet: &Fleet, first: &Member) -> anyhow::Error {
    let Member { name, to, .. } = first;
    let fault = refused("no project that is to move runs, so none can be a canary")
        .hint(format!("`fleet start {name}` starts one"));
    let Ok(project) = fleet.registry.project(name) else {
        return fault.into();
    };
    let (harness, version) = (&project.harness, &to.reference);
    fault
        .hint(format!(
            "`fleet harness probe {harness} {version}` tries the version in a throw-away project"
        ))
        .into()
}

/// Prints a wave instead of carrying it out.
fn print(rollout: &RollOut, place: usize, plans: &[Plan], ui: &Ui) {
    let wave: &Wave = &rollout.waves[place];
    let name = rollout.wave_name(place);
    let runs = wave.members.iter().any(|member| member.ran);
    ui.result(if runs {
        format!(
            "{name}, which must then stay up for {}:",
            spelled(rollout.soak())
        )
    } else {
        format!("{name}, of which nothing runs:")
    });
    let is_member = |plan: &&Plan| wave.members.iter().any(|one| one.name == plan.project);
    plan::print(plans.iter().filter(is_member), ui);
}

/// Fails where there is nothing to go on with.
pub(super) fn open(fleet: &Fleet) -> anyhow::Result<RollOut> {
    let none = || {
        refused("no roll-out was interrupted")
            .hint("`fleet update NAME.. REF --canary 1` begins one")
    };
    RollOut::read(&fleet.runtime(""))?.ok_or_else(|| none().into())
}
