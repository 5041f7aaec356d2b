//! `fleet start`: sessions, many at once.

use std::collections::BTreeSet;

use anyhow::Context as _;

use crate::error::{Fault, failed, refused};
use crate::fleet::Fleet;
use crate::names::{CommitId, Name};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Facts, PinWord};
use crate::registry::Project;
use crate::supervision::{Liveness, Phase, State, Want, read_desired};
use crate::ui::Ui;

use super::before::Before;
use super::environment;
use super::launch::{self, Occasion};
use super::launched::recorded;
use super::plan::{self, Locked, Outcome, Plan};
use super::prepare::{self, preparation};
use super::step::Step;
use super::unit::{pinned, unit};
use super::{bad, recover, running, stop, stray};

/// Starts projects, or prints how. One that cannot be started does not stop the others.
pub(crate) fn start(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names: ready,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, names, dry_run, ui)?;
    outcomes.extend(start_locked(fleet, ready, dry_run, ui)?);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(outcomes)
}

/// Starts projects whose locks are held and of which nothing is half done, or prints how.
pub(super) fn start_locked(
    fleet: &Fleet,
    ready: Vec<Name>,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let (plans, mut outcomes) = look_at(fleet, &ready, |_| Ok(()), ui)?;
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    bad::warn_of_starting(fleet, &plans, ui);
    outcomes.extend(carry_out(fleet, plans, Occasion::Asked, ui)?);
    stop::stay_down(fleet, &outcomes)?;
    Ok(outcomes)
}

/// Tells whether a project whose lock is held should run, and is down only because a start or a restart was cut off
/// before its session was there. What cannot be read is not owed.
pub(super) fn is_owed(fleet: &Fleet, name: &Name) -> bool {
    let files = fleet.unit_files(name);
    let wish = read_desired(&files.desired).ok().flatten();
    let is_wanted = wish.is_some_and(|wish| wish.in_the_end() == Want::Up);
    is_wanted
        && State::read(&files.state).is_ok_and(|state| {
            state.is_none_or(|state| {
                state.phase == Phase::Down && state.tender_liveness() == Liveness::Gone
            })
        })
}

/// Returns the commit that a project's running life was started from; `None` where none runs.
pub(super) fn running_commit(fleet: &Fleet, name: &Name) -> Option<Option<CommitId>> {
    let state = State::read(&fleet.unit_files(name).state).ok().flatten()?;
    let runs = matches!(state.phase, Phase::Running | Phase::Starting)
        && state.tender_liveness() == Liveness::Alive;
    runs.then(|| state.life.and_then(|life| life.commit?.parse().ok()))
}

/// Tells whether a project runs, and was started from another commit than it pins now.
pub(crate) fn runs_another(fleet: &Fleet, name: &Name) -> bool {
    let Some((runs, project)) = running_commit(fleet, name).zip(fleet.registry.project(name).ok())
    else {
        return false;
    };
    let pinned = |engine| pins::read(&project.location, engine, Depth::Fast).head;
    let pinned = fleet.engine(project).map(pinned);
    pinned.is_ok_and(|head| head.commit() != runs.as_ref())
}

/// Fails where a project that is stopped now could not be started afterwards. Returns how its harness is prepared first, if
/// it is to be: that can be done while the project still runs.
pub(super) fn check(fleet: &Fleet, project: &Project) -> anyhow::Result<Option<Step>> {
    admit(fleet, project)?;
    let steps = engine_steps(fleet, project)?;
    if !steps.iter().any(|step| matches!(step, Step::Fill { .. })) {
        unit(fleet, project, environment::record())?;
    }
    let mut steps = steps.into_iter();
    Ok(steps.find(|step| matches!(step, Step::Prepare { .. })))
}

/// Refuses what the registry forbids, and what is not there.
fn admit(fleet: &Fleet, project: &Project) -> anyhow::Result<()> {
    let name = &project.name;
    if !project.enabled {
        let hint = format!("`fleet enable {name}` allows it");
        return Err(refused(format!("`{name}` is disabled")).hint(hint).into());
    }
    if !project.location.is_dir() {
        return Err(
            refused(format!("`{name}` is not at {}", project.location.display()))
                .hint(fleet.where_it_went(project))
                .into(),
        );
    }
    Ok(())
}

/// Plans to start projects that `may` does not refuse.
pub(super) fn look_at(
    fleet: &Fleet,
    names: &[Name],
    may: impl Fn(&Name) -> anyhow::Result<()> + Sync,
    ui: &Ui,
) -> anyhow::Result<(Vec<Plan>, Vec<Outcome>)> {
    let holders = fleet.holders(names)?;
    let counting = ui.counting("looking at projects", names.len());
    let looked = in_parallel(names, |name| {
        let _one = counting.on(name);
        may(name)?;
        let project = fleet.registry.project(name)?;
        look(fleet, project, holders.get(&project.location).copied())
    });
    Ok(plan::part(names.iter().cloned().zip(looked)))
}

/// Plans to start a project, or says why there is nothing to do. `holder` is who holds its directory.
///
/// Refuses what the registry forbids, what somebody else runs, and an engine that is not as it is pinned.
fn look(fleet: &Fleet, project: &Project, holder: Option<i32>) -> anyhow::Result<Plan> {
    let name = &project.name;
    admit(fleet, project)?;
    let mut steps = Vec::new();
    let state = State::read(&fleet.unit_files(name).state)?;
    let tender = state
        .as_ref()
        .map_or(Liveness::Gone, State::tender_liveness);
    let own = state
        .as_ref()
        .filter(|_| tender == Liveness::Alive)
        .map(|state| state.tender.pid);
    match (tender, state.as_ref().map(|state| state.phase)) {
        (Liveness::Unknown, _) => {
            return Err(failed(format!("cannot tell whether `{name}` runs"))
                .hint(format!("`fleet status {name}` shows what is known"))
                .into());
        }
        (Liveness::Alive, Some(Phase::Running | Phase::Starting))
            if state.as_ref().is_some_and(|state| !has_died(state)) =>
        {
            return Ok(Plan::nothing(name, format!("`{name}` is up already")));
        }
        // A tender that has seen the end keeps the last screen; a new session needs its place. One whose process is
        // dead though its state says otherwise could not write what became of it.
        (Liveness::Alive, _) => steps.push(Step::Stop),
        (Liveness::Gone, _) => {}
    }
    if let Some(holder) = holder.filter(|holder| Some(*holder) != own) {
        return Err(stray::held(fleet, name, holder, " already", "stop that run first").into());
    }
    let (prepare, others): (Vec<Step>, Vec<Step>) = engine_steps(fleet, project)?
        .into_iter()
        .partition(|step| matches!(step, Step::Prepare { .. }));
    steps.splice(0..0, prepare);
    steps.extend(others);
    steps.push(Step::Start);
    Ok(Plan::new(name, steps, format!("started `{name}`")))
}

/// Tells whether a life that a state calls running is over. Until the first spawn its process is the tender.
fn has_died(state: &State) -> bool {
    let process = state.life.as_ref().map(|life| life.process.liveness());
    process == Some(Liveness::Gone)
}

/// Refuses to run what is not pinned, and plans to make what is missing.
fn engine_steps(fleet: &Fleet, project: &Project) -> anyhow::Result<Vec<Step>> {
    let name = &project.name;
    let engine = fleet.engine(project)?;
    let facts = pins::read(&project.location, engine, Depth::Files);
    match pins::word(&facts, facts.head.commit().cloned().as_ref(), None) {
        PinWord::Missing => {
            let commit = facts
                .head
                .commit()
                .cloned()
                .with_context(|| format!("`{name}` pins no harness at `{engine}`"))?;
            let mut steps = Vec::from_iter(preparation_of_missing(fleet, project, &commit));
            steps.push(Step::Fill { commit });
            return Ok(steps);
        }
        PinWord::Moved => return Err(moved(project, engine, &facts).into()),
        PinWord::Dirty => return Err(dirty(project, engine).into()),
        PinWord::Unknown => return Err(unreadable(project, engine, &facts).into()),
        PinWord::Ok
        | PinWord::Behind
        | PinWord::Staged
        | PinWord::Skew
        | PinWord::Lost
        | PinWord::Interrupted => {}
    }
    let pinned = pinned(fleet, project)?;
    let prepare = preparation(&project.harness, &pinned.manifest, &pinned.commit)?;
    Ok(prepare.into_iter().collect())
}

/// Plans to prepare what a missing engine will be, as far as that is known before it is there.
fn preparation_of_missing(fleet: &Fleet, project: &Project, commit: &CommitId) -> Option<Step> {
    let mirror = fleet.known_mirror(&project.harness)?;
    let manifest = fleet.manifest(&mirror, &project.harness, commit).ok()?;
    preparation(&project.harness, &manifest, commit).ok()?
}

fn moved(project: &Project, engine: &str, facts: &Facts) -> Fault {
    let (name, at) = (&project.name, project.location.display());
    let cure = if facts.index == facts.checkout {
        format!("`git -C {at} commit` pins where it is, which is staged")
    } else {
        format!("`git -C {at} submodule update {engine}` puts it there")
    };
    refused(format!(
        "the engine of `{name}` is not at the commit that `{name}` pins"
    ))
    .hint(cure)
}

fn dirty(project: &Project, engine: &str) -> Fault {
    let at = project.location.display();
    refused(format!(
        "the engine of `{}` has changed files",
        project.name
    ))
    .hint(format!(
        "`git -C {at}/{engine} status` shows them; commit, stash or revert them"
    ))
}

fn unreadable(project: &Project, engine: &str, facts: &Facts) -> Fault {
    let why = facts
        .trouble
        .as_deref()
        .unwrap_or("something of it cannot be read");
    let cure = pins::cure(&project.location, engine);
    let more = || {
        format!(
            "`git -C {} status` may say more",
            project.location.display()
        )
    };
    refused(format!("cannot tell what `{}` pins: {why}", project.name))
        .hint(cure.unwrap_or_else(more))
}

/// Carries out plans to start: what each needs first, then all sessions together.
pub(super) fn carry_out(
    fleet: &Fleet,
    plans: Vec<Plan>,
    occasion: Occasion,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let before = Before::of(fleet, &plans);
    let starting: Vec<Name> = plans
        .iter()
        .filter(|plan| plan.starts())
        .map(|plan| plan.project.clone())
        .collect();
    // What may not start is not stopped for it either, nor what cannot be prepared for.
    let (_, mut outcomes, _) = running::admit(fleet, &starting)?;
    let refused: BTreeSet<Name> = outcomes.iter().map(|one| one.project.clone()).collect();
    let mut plans = plans;
    plans.retain(|plan| !refused.contains(&plan.project));
    let (plans, unprepared) = prepare::carry_out(fleet, plans, |plan| plan, occasion, ui)?;
    outcomes.extend(unprepared);
    let mut ready = Vec::new();
    for plan in plans {
        let Plan {
            project,
            steps,
            done,
        } = plan;
        let starts = steps.contains(&Step::Start);
        match before_start(fleet, &project, &steps, occasion, ui) {
            Err(error) => outcomes.push(Outcome::new(project, Err(error))),
            Ok(()) if starts => ready.push(project),
            Ok(()) => outcomes.push(Outcome::new(project, Ok(done))),
        }
    }
    if !ready.is_empty() {
        outcomes.extend(launch::launch(fleet, &ready, occasion, ui)?);
    }
    Ok(before.note(fleet, outcomes))
}

fn filled(fleet: &Fleet, project: &Project, commit: &CommitId, ui: &Ui) -> anyhow::Result<()> {
    ui.waiting(format!("filling the engine of `{}`", project.name));
    fill(fleet, project, commit)
}

fn before_start(
    fleet: &Fleet,
    name: &Name,
    steps: &[Step],
    occasion: Occasion,
    ui: &Ui,
) -> anyhow::Result<()> {
    let project = fleet.registry.project(name)?;
    for step in steps {
        match step {
            Step::Stop => stop::stop_before_start(fleet, project, ui),
            Step::Fill { commit } => filled(fleet, project, commit, ui).and_then(|()| {
                let environment = recorded(fleet, name, occasion)?;
                prepare::of_filled(fleet, project, environment, ui)
            }),
            Step::Build { .. }
            | Step::Place { .. }
            | Step::Register { .. }
            | Step::Unregister
            | Step::Relocate { .. }
            | Step::Discard { .. }
            | Step::Repin { .. }
            | Step::SetUrl { .. }
            | Step::Point { .. }
            | Step::Record { .. }
            | Step::Prepare { .. }
            | Step::Start => Ok(()),
        }
        .with_context(|| format!("cannot {step}"))?;
    }
    Ok(())
}

fn fill(fleet: &Fleet, project: &Project, commit: &CommitId) -> anyhow::Result<()> {
    let mirror = fleet.mirror(&project.harness)?;
    let _spawning = fleet.hold_spawns(&project.name)?;
    let url = fleet.harness_url(&project.harness)?;
    let engine = fleet.engine(project)?;
    pins::fill(&project.location, engine, &mirror, &url, commit)
}
