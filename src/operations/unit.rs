//! A project as a unit for its tender: what runs, where, in which environment, by which policy.

use std::path::Path;

use anyhow::Context as _;

use crate::error::{failed, refused};
use crate::fleet::Fleet;
use crate::harness::{Manifest, Mode};
use crate::names::{CommitId, Name};
use crate::pins::{self, Depth};
use crate::recording::Series;
use crate::registry::{Project, Watch};
use crate::sessions::{alternate_of_own, capture_of_own};
use crate::supervision::{self, Policy, Recorded, Refresh, Unit, VERSION, find_program, stamp};

use super::environment::{self, Environment};
use super::launch::WINDOW;

/// How many lines that have scrolled away are looked at for what a dead life said last.
const HEARD: usize = 50;

/// What a project's life is begun from: the manifest at the pinned commit, and where things are.
pub(super) struct Pinned {
    pub(super) commit: CommitId,
    pub(super) manifest: Manifest,
}

/// Reads the manifest at the commit that a project pins; from its own engine, since a mirror may be gone.
pub(super) fn pinned(fleet: &Fleet, project: &Project) -> anyhow::Result<Pinned> {
    let engine = fleet.engine(project)?;
    let facts = pins::read(&project.location, engine, Depth::Fast);
    let commit = facts.head.commit().cloned().ok_or_else(|| {
        let why = facts
            .trouble
            .clone()
            .unwrap_or_else(|| format!("its HEAD records no commit for `{engine}`"));
        failed(format!(
            "cannot tell which harness `{}` pins: {why}",
            project.name
        ))
    })?;
    let manifest = fleet.vendored_manifest(project, &commit)?;
    Ok(Pinned { commit, manifest })
}

/// Makes a project's unit from the registry, the manifest at its pin, and a recorded environment.
pub(super) fn unit(
    fleet: &Fleet,
    project: &Project,
    recorded: Environment,
) -> anyhow::Result<Unit> {
    let Pinned { commit, manifest } = pinned(fleet, project)?;
    match manifest.commands.mode {
        Mode::Foreground => {}
        Mode::Detached => {
            return Err(refused("a harness that detaches itself cannot be supervised yet").into());
        }
    }
    let places = fleet.places(project, &commit)?;
    let environment = environment::of_project(recorded, project)?;
    let command = |argv: &[String]| -> anyhow::Result<Vec<String>> {
        let mut argv = Manifest::expand(argv, &places);
        if let Some(first) = argv.first_mut() {
            *first = program(first, &project.location, environment.get("PATH"))?;
        }
        Ok(argv)
    };
    let files = fleet.unit_files(&project.name);
    let (start, stop) = (
        command(&manifest.commands.start)?,
        command(&manifest.commands.stop)?,
    );
    Ok(Unit {
        version: VERSION,
        name: project.name.to_string(),
        directory: places.project.clone(),
        claim: Some(places.project.clone()),
        start,
        stop,
        environment,
        policy: Policy {
            heal: project.watch == Watch::Heal,
            restart: project.restart.clone(),
        },
        stop_grace: project.stop_grace.as_secs_f64(),
        desired: files.desired,
        state: files.state,
        spawn_lock: Some(fleet.spawn_lock(&project.name)),
        owner: None,
        refresh: Some(refresh(fleet, project)?),
        commit: Some(commit.to_string()),
        runner: env!("CARGO_PKG_VERSION").to_owned(),
        again: format!("fleet start {}", project.name),
        keeps_history: false,
        capture: capture_of_own(HEARD)?,
        capture_alternate: alternate_of_own()?,
        crash: Some(fleet.crash_file(&project.name)),
        recorded: recorded_terminal(fleet, project)?,
        shared: Some(fleet.runtime("")),
    })
}

/// Says how a project's terminal is recorded, where it is to be; writes down what the recorders are told.
fn recorded_terminal(fleet: &Fleet, project: &Project) -> anyhow::Result<Option<Recorded>> {
    let Some(recording) = fleet.recording(project) else {
        return Ok(None);
    };
    recording.write()?;
    Ok(Some(Recorded {
        lock: Series::of(&recording.directory, WINDOW).lock(),
        again: fleet.recorder(&recording)?.call_of_own()?,
    }))
}

/// Says what a unit was made from: before a life, a change of it has the unit made anew.
fn refresh(fleet: &Fleet, project: &Project) -> anyhow::Result<Refresh> {
    let mut files = vec![
        fleet.registry.path.clone(),
        pins::head_file(&project.location, fleet.engine(project)?)?,
    ];
    files.extend(project.env_file.clone());
    let this = supervision::this_program()?;
    let text = |path: &Path| -> anyhow::Result<String> {
        Ok(path
            .to_str()
            .with_context(|| format!("`{}` is not UTF-8", path.display()))?
            .to_owned())
    };
    Ok(Refresh {
        watched: files
            .into_iter()
            .map(|file| {
                let stamp = stamp(&file);
                (file, stamp)
            })
            .collect(),
        command: vec![
            text(&this)?,
            "--fleet".to_owned(),
            text(&fleet.root)?,
            "_unit".to_owned(),
            project.name.to_string(),
        ],
    })
}

/// Writes a project's unit anew for its tender, with the environment that `start` recorded.
///
/// Fails where no life may begin: the project is disabled, or a command on it was interrupted.
pub(crate) fn renew_unit(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    let Some(project) = fleet.registry.projects.get(name) else {
        return Err(refused("it is not in fleet.toml any more").into());
    };
    if !project.enabled {
        return Err(refused("it is disabled").into());
    }
    // A journal of a command that works is fine: it moves files only while it holds the spawn lock.
    if fleet.journal(name).is_open() && !fleet.is_worked_on(name) {
        return Err(refused("a command on it was interrupted").into());
    }
    let files = fleet.unit_files(name);
    let recorded = environment::kept(Unit::read(&files.unit)?.environment);
    unit(fleet, project, recorded)?.write(&files.unit)
}

/// Finds a program as a shell would, and fails as tmux would not: silently.
pub(super) fn program(
    wanted: &str,
    directory: &Path,
    search: Option<&String>,
) -> anyhow::Result<String> {
    let found =
        find_program(wanted, search.map_or("", String::as_str), directory).ok_or_else(|| {
            failed(format!("cannot find the program `{wanted}`")).hint(format!(
                "install `{wanted}`, or put its directory on PATH and start again"
            ))
        })?;
    found
        .into_os_string()
        .into_string()
        .map_err(|path| failed(format!("`{}` is not UTF-8", path.display())).into())
}
