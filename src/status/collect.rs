//! Collects the facts: one call of tmux, one read of the locks, and git's files of all projects in parallel.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::judge::{ProcessFacts, judge};
use super::probe::last_answer;
use super::report::{HarnessReport, PinReport, ProcessReport, SCHEMA, Server};
use super::{ProjectReport, Report};
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::journal;
use crate::names::{CommitId, Name};
use crate::parallel::in_parallel;
use crate::pins::{self, PinWord};
use crate::registry::Project;
use crate::sessions::Panes;
use crate::supervision::{self, Desired, Liveness, State, read_desired};

pub(crate) use crate::pins::Depth;

/// What all projects share, read once.
struct Common<'a> {
    fleet: &'a Fleet,
    depth: Depth,
    server: Result<bool, String>,
    holders: HashMap<PathBuf, i32>,
    interrupted: Vec<Name>,
    boot: String,
}

/// Collects the status of these projects. What cannot be read is unknown; it fails only where nothing can be.
pub(crate) fn collect(
    fleet: &Fleet,
    projects: &[&Project],
    depth: Depth,
) -> anyhow::Result<Report> {
    let (server, answers) = ask_server(fleet);
    let locations: Vec<PathBuf> = projects
        .iter()
        .map(|project| project.location.clone())
        .collect();
    let common = Common {
        fleet,
        depth,
        server: answers,
        holders: supervision::holders(locations.iter().map(PathBuf::as_path))?,
        interrupted: interrupted(fleet)?,
        boot: supervision::boot().unwrap_or_default().to_owned(),
    };
    let reports = in_parallel(projects, |project| report(&common, project));
    Ok(Report {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        server,
        projects: reports,
    })
}

/// Returns the projects whose operation was interrupted: a journal is there, and no command that works on it.
fn interrupted(fleet: &Fleet) -> anyhow::Result<Vec<Name>> {
    let mut open = journal::open_in(&fleet.runtime("journal"))?;
    open.retain(|name| {
        let lock = Lock::try_take(&fleet.command_lock(name));
        // A lock that cannot be looked at is no proof of a working command.
        !matches!(lock, Ok(None))
    });
    Ok(open)
}

/// Asks the tmux server once: as it is shown, and whether it answers.
fn ask_server(fleet: &Fleet) -> (Server, Result<bool, String>) {
    let panes = fleet.tmux().and_then(|tmux| tmux.panes());
    let panes = panes.map_err(|error| format!("tmux does not answer: {error:#}"));
    let answers = match &panes {
        Ok(Panes::NotRunning) => Ok(false),
        Ok(Panes::Running { .. }) => Ok(true),
        Err(why) => Err(why.clone()),
    };
    let (pid, since) = match panes {
        Ok(Panes::Running { pid, since, .. }) => (Some(pid), Timestamp::from_second(since).ok()),
        Ok(Panes::NotRunning) | Err(_) => (None, None),
    };
    let server = Server {
        alive: answers.as_ref().ok().copied(),
        pid,
        since,
        reason: answers.as_ref().err().cloned(),
    };
    (server, answers)
}

fn report(common: &Common<'_>, project: &Project) -> ProjectReport {
    let files = common.fleet.unit_files(&project.name);
    let state = State::read(&files.state).map_err(|error| format!("{error:#}"));
    let desired = desired(common.fleet, &project.name);
    let known = state.as_ref().ok().and_then(Option::as_ref);
    let life = known.and_then(|state| state.life.as_ref());
    let tender = known.map_or(Liveness::Gone, State::tender_liveness);
    let process = life.map_or(Liveness::Gone, |life| life.process.liveness());
    let said = known.and_then(|state| last_answer(common.fleet, &project.name, state));
    let own = known
        .filter(|_| tender == Liveness::Alive)
        .map(|state| state.tender.pid);
    let facts = ProcessFacts {
        directory: project.location.is_dir(),
        enabled: project.enabled,
        tender,
        process,
        stranger: common
            .holders
            .get(&project.location)
            .copied()
            .filter(|holder| Some(*holder) != own),
        server: common.server.clone(),
        healthy: said.as_ref().map(|said| said.healthy),
        boot: common.boot.clone(),
        desired,
        state,
    };
    let judged = judge(project.name.as_str(), &facts);
    let known = facts.state.as_ref().ok().and_then(Option::as_ref);
    ProjectReport {
        name: project.name.clone(),
        location: project.location.clone(),
        enabled: project.enabled,
        labels: project.labels.clone(),
        watch: project.watch,
        desired: facts.desired.map(|desired| desired.in_the_end()),
        verdict: judged.verdict,
        since: judged.since,
        reason: judged.reason,
        next: judged.next,
        process: process_report(known, process),
        harness: HarnessReport {
            name: project.harness.clone(),
            healthy: said.as_ref().map(|said| said.healthy),
            probed: said.map(|said| said.at),
        },
        pin: pin_report(
            common,
            project,
            known.filter(|_| process == Liveness::Alive),
        ),
    }
}

/// Returns what the operator last asked for. A restart counts as such only where nobody is at it.
fn desired(fleet: &Fleet, name: &Name) -> Option<Desired> {
    let desired = read_desired(&fleet.unit_files(name).desired)
        .ok()
        .flatten()?;
    let is_cut_off =
        desired.restart && !matches!(Lock::try_take(&fleet.command_lock(name)), Ok(None));
    Some(Desired {
        restart: is_cut_off,
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

fn pin_report(common: &Common<'_>, project: &Project, running: Option<&State>) -> PinReport {
    let life = running.and_then(|state| state.life.as_ref());
    let older_runner = life
        .map(|life| life.runner.clone())
        .filter(|runner| runner != env!("CARGO_PKG_VERSION"));
    let running = life.and_then(|life| life.commit.as_ref()?.parse::<CommitId>().ok());
    let engine = common.fleet.engine(project).unwrap_or("engine");
    let mut facts = pins::read(&project.location, engine, common.depth);
    // Only where something is out of order is it worth asking whether the commit is anywhere at all.
    if let Some(pinned) = facts
        .head
        .commit()
        .filter(|pinned| facts.checkout.commit() != Some(*pinned))
    {
        // Without a mirror nobody knows what the harness has: a deleted cache loses no commit.
        let mirror = common.fleet.known_mirror(&project.harness);
        facts.lost = mirror
            .is_some_and(|mirror| pins::is_lost(&project.location, engine, pinned, Some(&mirror)));
    }
    let word = if common.interrupted.contains(&project.name) {
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
