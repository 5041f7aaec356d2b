//! Collects the facts: one call of tmux, one read of the locks, and git's files of all projects in parallel.

use std::collections::HashMap;

use super::death::Death;
use super::facts::ProcessFacts;
use super::incident;
use super::judge::{Judgement, judge};
use super::report::{HarnessReport, PinReport, ProcessReport, SCHEMA};
use super::rollout::RollOutReport;
use super::world::World;
use super::{ProjectReport, Report, Verdict};
use crate::fleet::{Fleet, Use};
use crate::health::{Answer, last_answer};
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Facts, PinWord};
use crate::registry::Project;
use crate::supervision::{Desired, Liveness, State, read_desired};

pub(crate) use crate::pins::Depth;

/// The version of the programs that are installed.
pub(super) const INSTALLED: &str = env!("CARGO_PKG_VERSION");

/// Collects the status of these projects. What cannot be read is unknown; it fails only where nothing can be.
pub(crate) fn collect(
    fleet: &Fleet,
    projects: &[&Project],
    depth: Depth,
) -> anyhow::Result<Report> {
    collect_again(fleet, projects, depth, &mut Pins::default())
}

/// What git's files said of pins.
#[derive(Debug, Default)]
pub(crate) struct Pins(HashMap<Name, Facts>);

impl Pins {
    /// Forgets all: what is collected next reads git's files again.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// The same, for who collects again and again: git's files are read only of projects whose pins are not known yet. When
/// they may have changed is for the caller to say.
pub(crate) fn collect_again(
    fleet: &Fleet,
    projects: &[&Project],
    depth: Depth,
    known: &mut Pins,
) -> anyhow::Result<Report> {
    let (world, pins) = World::look(fleet, projects, &[], || {
        in_parallel(projects, |project| match known.0.get(&project.name) {
            Some(pin) => pin.clone(),
            None => read_pin(fleet, project, depth),
        })
    })?;
    let projects_and_pins: Vec<_> = projects.iter().zip(&pins).collect();
    let reports = in_parallel(&projects_and_pins, |(project, pin)| {
        report(&world, project, &look(&world, project), (*pin).clone())
    });
    let names = projects.iter().map(|project| project.name.clone());
    known.0 = names.zip(pins).collect();
    let incidents = incident::among(
        &world,
        projects.len() == fleet.registry.projects.len(),
        reports.iter().filter_map(|report| report.death.as_ref()),
    );
    Ok(Report {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        server: world.server_report(),
        strays: world.strays(),
        brake: world.brake,
        guardian: world.guardian,
        rollout: RollOutReport::of(fleet, &world.now),
        incidents,
        projects: reports,
    })
}

/// Returns the verdict on each of these projects; nothing of git is read for it.
pub(crate) fn verdicts(fleet: &Fleet, projects: &[&Project]) -> anyhow::Result<Vec<Verdict>> {
    let (world, ()) = World::look(fleet, projects, &[], || ())?;
    Ok(in_parallel(projects, |project| {
        look(&world, project).judged.verdict
    }))
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
    let (state, tender) = State::read_with_tender(&files.state);
    let state = state.map_err(|error| format!("{error:#}"));
    let known = state.as_ref().ok().and_then(Option::as_ref);
    let life = known.and_then(|state| state.life.as_ref());
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

/// Reads the facts of a project's pin.
pub(super) fn read_pin(fleet: &Fleet, project: &Project, depth: Depth) -> Facts {
    pins::read(&project.location, engine(fleet, project), depth)
}

fn engine<'a>(fleet: &'a Fleet, project: &Project) -> &'a str {
    fleet.engine(project).unwrap_or("engine")
}

/// Reports a project that was looked at, and whose pin was read.
pub(super) fn report(
    world: &World<'_>,
    project: &Project,
    look: &Look,
    pin: Facts,
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
        due: judged.due,
        process: process_report(state, facts.process),
        harness: HarnessReport {
            name: project.harness.clone(),
            healthy: said.as_ref().map(|said| said.healthy),
            probed: said.as_ref().map(|said| said.at),
        },
        pin: pin_report(world, project, running, pin),
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
    mut facts: Facts,
) -> PinReport {
    let life = running.and_then(|state| state.life.as_ref());
    let running = life.and_then(|life| life.commit.as_ref()?.parse::<CommitId>().ok());
    let runner = life.map(|life| life.runner.clone());
    facts.interrupted = world.interrupted.contains(&project.name);
    facts.lost = is_lost(world, project, engine(world.fleet, project), &facts);
    let is_older = runner.as_deref().is_some_and(|runner| runner != INSTALLED);
    let word = match pins::word(&facts, project.commit.as_ref(), running.as_ref()) {
        PinWord::Ok if is_older => PinWord::Skew,
        word => word,
    };
    let pinned = [project.commit.as_ref(), facts.head.commit()];
    let (bad, bad_use) = bad_version(world, project, &pinned, running.as_ref());
    let older = runner
        .as_ref()
        .filter(|_| is_older && word == PinWord::Skew)
        .map(|runner| format!("started by version {runner}, and {INSTALLED} is installed"));
    PinReport {
        word,
        reference: project.reference.clone(),
        wanted: project.commit.clone(),
        head: facts.head.commit().cloned(),
        index: facts.index.commit().cloned(),
        checkout: facts.checkout.commit().cloned(),
        dirty: facts.dirty,
        bad,
        bad_use,
        running,
        runner,
        reason: facts.trouble.or(older),
    }
}

/// Tells whether the recorded commit is nowhere. Only where something is out of order is that worth asking.
fn is_lost(world: &World<'_>, project: &Project, engine: &str, facts: &Facts) -> bool {
    let pinned = facts.head.commit();
    let missing = pinned.filter(|pinned| facts.checkout.commit() != Some(*pinned));
    missing.is_some_and(|pinned| {
        // Without a mirror nobody knows what the harness has: a deleted cache loses no commit.
        let mirror = world.fleet.known_mirror(&project.harness);
        mirror.is_some_and(|mirror| pins::is_lost(&project.location, engine, pinned, Some(&mirror)))
    })
}

/// Returns the bad version that a project is at, and how: what is pinned counts before what runs.
fn bad_version(
    world: &World<'_>,
    project: &Project,
    pinned: &[Option<&CommitId>],
    running: Option<&CommitId>,
) -> (Option<Ref>, Use) {
    let among = |commits: &[Option<&CommitId>]| {
        let bad = &world.bad;
        bad.among(&project.harness, &project.reference, commits)
    };
    match among(pinned) {
        Some(bad) => (Some(bad.clone()), Use::Pinned),
        None => (among(&[running]).cloned(), Use::Runs),
    }
}
