//! Collects the facts: one call of tmux, one read of the locks, and git's files of all projects in parallel.

use super::death::Death;
use super::facts::ProcessFacts;
use super::incident;
use super::judge::{Judgement, judge};
use super::report::{HarnessReport, PinReport, ProcessReport, SCHEMA};
use super::rollout::RollOutReport;
use super::world::World;
use super::{ProjectReport, Report};
use crate::fleet::Fleet;
use crate::health::{Answer, last_answer};
use crate::names::{CommitId, Name};
use crate::parallel::in_parallel;
use crate::pins::{self, PinWord};
use crate::registry::Project;
use crate::supervision::{Desired, Liveness, State, read_desired};

pub(crate) use crate::pins::Depth;

/// Collects the status of these projects. What cannot be read is unknown; it fails only where nothing can be.
pub(crate) fn collect(
    fleet: &Fleet,
    projects: &[&Project],
    depth: Depth,
) -> anyhow::Result<Report> {
    let world = World::look(fleet, projects, &[])?;
    let reports = in_parallel(projects, |project| {
        report(&world, project, &look(&world, project), depth)
    });
    let incidents = incident::among(
        &world,
        projects.len() == fleet.registry.projects.len(),
        reports.iter().filter_map(|report| report.death.as_ref()),
    );
    Ok(Report {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        server: world.server_report(),
        brake: world.brake,
        guardian: world.guardian,
        rollout: RollOutReport::of(fleet, &world.now),
        incidents,
        projects: reports,
    })
}

/// What was found out about a project's processes, and what it means.
pub(super) struct Look {
    pub(super) facts: ProcessFacts,
    /// What its harness last said of itself in this life.
    pub(super) said: Option<Answer>,
    pub(super) judged: Judgement,
}

/// Looks at a project's processes, and at nothing else of it.
pub(super) fn look(world: &World<'_>, project: &Project) -> Look {
    let files = world.fleet.unit_files(&project.name);
    let state = State::read(&files.state).map_err(|error| format!("{error:#}"));
    let known = state.as_ref().ok().and_then(Option::as_ref);
    let life = known.and_then(|state| state.life.as_ref());
    let tender = known.map_or(Liveness::Gone, State::tender_liveness);
    let said = known.and_then(|state| last_answer(world.fleet, &project.name, state));
    let own = known
        .filter(|_| tender == Liveness::Alive)
        .map(|state| state.tender.pid);
    let holder = world.holders.get(&project.location).copied();
    let facts = ProcessFacts {
        now: world.now.clone(),
        directory: project.location.is_dir(),
        enabled: project.enabled,
        heals: project.watch == crate::registry::Watch::Heal,
        tender,
        process: life.map_or(Liveness::Gone, |life| life.process.liveness()),
        stranger: holder.filter(|holder| Some(*holder) != own),
        terminal: world.terminal(&project.name, known),
        healthy: said.as_ref().map(|said| said.healthy),
        brake: world.brake.engaged == Some(true),
        guardian: world.guardian.is_some(),
        desired: desired(world.fleet, &project.name),
        state,
    };
    let judged = judge(project.name.as_str(), &facts);
    Look {
        facts,
        said,
        judged,
    }
}

/// Reports a project that was looked at; its pin is looked at now.
pub(super) fn report(
    world: &World<'_>,
    project: &Project,
    look: &Look,
    depth: Depth,
) -> ProjectReport {
    let Look {
        facts,
        said,
        judged,
    } = look;
    let state = facts.known();
    let running = state.filter(|_| facts.process == Liveness::Alive);
    ProjectReport {
        name: project.name.clone(),
        location: project.location.clone(),
        enabled: project.enabled,
        labels: project.labels.clone(),
        watch: project.watch,
        desired: facts.desired.as_ref().map(Desired::in_the_end),
        verdict: judged.verdict,
        since: judged.since,
        reason: judged.reason.clone(),
        next: judged.next.clone(),
        process: process_report(state, facts.process),
        harness: HarnessReport {
            name: project.harness.clone(),
            healthy: said.as_ref().map(|said| said.healthy),
            probed: said.as_ref().map(|said| said.at),
        },
        pin: pin_report(world, project, running, depth),
        death: Death::of(project, judged, state),
    }
}

/// Returns what the operator last asked for. A restart counts as such only where nobody is at it.
fn desired(fleet: &Fleet, name: &Name) -> Option<Desired> {
    let desired = read_desired(&fleet.unit_files(name).desired)
        .ok()
        .flatten()?;
    Some(Desired {
        restart: desired.restart && !fleet.is_worked_on(name),
        ..desired
    })
}

fn process_report(state: Option<&State>, process: Liveness) -> ProcessReport {
    let Some(state) = state else {
        return ProcessReport::default();
    };
    let life = state.life.as_ref().filter(|_| process == Liveness::Alive);
    ProcessReport {
        pid: life.map(|life| life.process.pid),
        since: life.map(|life| life.since),
        exit: state.last_exit.as_ref().and_then(|exit| exit.code),
        signal: state.last_exit.as_ref().and_then(|exit| exit.signal),
        restarts: state.restarts,
    }
}

fn pin_report(
    world: &World<'_>,
    project: &Project,
    running: Option<&State>,
    depth: Depth,
) -> PinReport {
    let life = running.and_then(|state| state.life.as_ref());
    let older_runner = life
        .map(|life| life.runner.clone())
        .filter(|runner| runner != env!("CARGO_PKG_VERSION"));
    let running = life.and_then(|life| life.commit.as_ref()?.parse::<CommitId>().ok());
    let engine = world.fleet.engine(project).unwrap_or("engine");
    let mut facts = pins::read(&project.location, engine, depth);
    // Only where something is out of order is it worth asking whether the commit is anywhere at all.
    if let Some(pinned) = facts
        .head
        .commit()
        .filter(|pinned| facts.checkout.commit() != Some(*pinned))
    {
        // Without a mirror nobody knows what the harness has: a deleted cache loses no commit.
        let mirror = world.fleet.known_mirror(&project.harness);
        facts.lost = mirror
            .is_some_and(|mirror| pins::is_lost(&project.location, engine, pinned, Some(&mirror)));
    }
    let word = if world.interrupted.contains(&project.name) {
        PinWord::Interrupted
    } else {
        pins::word(&facts, project.commit.as_ref(), running.as_ref())
    };
    let (word, older) = match (word, older_runner) {
        (PinWord::Ok, Some(runner)) => {
            let installed = env!("CARGO_PKG_VERSION");
            (
                PinWord::Skew,
                Some(format!(
                    "started by version {runner}, and {installed} is installed"
                )),
            )
        }
        (word, _) => (word, None),
    };
    PinReport {
        word,
        reference: project.reference.clone(),
        wanted: project.commit.clone(),
        head: facts.head.commit().cloned(),
        index: facts.index.commit().cloned(),
        checkout: facts.checkout.commit().cloned(),
        dirty: facts.dirty,
        running,
        reason: facts.trouble.clone().or(older),
    }
}
