//! From a project to a running session: its unit, and the wave of sessions that are started together.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::error::{failed, refused, timed_out};
use crate::files::Lock;
use crate::fleet::{Fleet, UnitFiles};
use crate::harness::{MANIFEST_FILE, Manifest, Mode};
use crate::names::{CommitId, Name};
use crate::pins::{self, Depth};
use crate::registry::{Project, Watch};
use crate::sessions::{NewSession, NewWindow, Panes};
use crate::supervision::{
    self, LastExit, Phase, Policy, Process, Refresh, State, StateWatch, Unit, VERSION, Want,
    find_program, stamp, write_desired,
};

use super::environment::{self, Environment};
use super::plan::Outcome;
use super::stop::sessions;

/// The tmux window of a project's harness. An agent cannot have this name: it is no name.
pub(crate) const WINDOW: &str = "[harness]";

/// How long sessions may take to say that they run: what an earlier life left may have to be ended first.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long a harness must live to count as started.
const SETTLING: Duration = Duration::from_millis(50);

/// The same, where tmux has complained already.
const AFTER_COMPLAINT: Duration = Duration::from_secs(3);

/// How many deaths an hour are answered by a restart.
const RESTARTS: u32 = 5;
const WINDOW_OF_DEATHS: f64 = 3600.0;

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
    let bytes =
        pins::file_at(&project.location, engine, &commit, MANIFEST_FILE)?.ok_or_else(|| {
            refused(format!(
                "the harness of `{}` has no `{MANIFEST_FILE}` at {}",
                project.name,
                commit.short()
            ))
            .hint(format!(
                "`fleet update {} REF` moves it to a version that has one",
                project.name
            ))
        })?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("`{engine}/{MANIFEST_FILE}` is not UTF-8"))?;
    let manifest = Manifest::parse(&text)
        .with_context(|| format!("cannot use the harness of `{}`", project.name))?;
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
            heal_success: false,
            restarts: RESTARTS,
            window: WINDOW_OF_DEATHS,
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
    })
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
    let project = fleet.registry.project(name)?;
    if !project.enabled {
        return Err(refused("it is disabled").into());
    }
    // A journal of a command that works is fine: it moves files only while it holds the spawn lock.
    let interrupted =
        fleet.journal(name).is_open() && Lock::try_take(&fleet.command_lock(name))?.is_some();
    if interrupted {
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

/// Starts sessions in one call of tmux, and waits until each says how it went. Their locks are held by the caller.
pub(super) fn launch(fleet: &Fleet, names: &[Name]) -> anyhow::Result<Vec<Outcome>> {
    let recorded = environment::record();
    let (mut started, mut outcomes) = (Vec::new(), Vec::new());
    for name in names {
        match prepare_launch(fleet, name, recorded.clone()) {
            Ok(launch) => started.push(launch),
            Err(error) => outcomes.push(Outcome {
                project: name.clone(),
                result: Err(error),
            }),
        }
    }
    if started.is_empty() {
        return Ok(outcomes);
    }
    let mut watch = StateWatch::new(&fleet.runtime("state"))?;
    let complaint = open_sessions(fleet, &started)?;
    let patience = if complaint.is_some() {
        AFTER_COMPLAINT
    } else {
        DEADLINE
    };
    let mut waiting: Vec<&Launch> = started.iter().collect();
    waiting.retain(|launch| !launch.is_answered());
    if !waiting.is_empty() {
        watch.wait_until(Instant::now() + patience, |changed| {
            waiting.retain(|launch| launch.files.state != changed || !launch.is_answered());
            waiting.is_empty()
        })?;
    }
    // What ends at once, for want of a program or by a mistake in a file, has not been started.
    let settled = Instant::now() + SETTLING;
    watch.wait_until(settled, |_| started.iter().all(Launch::has_ended))?;
    outcomes.extend(started.iter().map(|launch| Outcome {
        project: launch.name.clone(),
        result: launch.outcome(complaint.as_deref()),
    }));
    Ok(outcomes)
}

/// Asks tmux for the sessions, in one call; returns what tmux complained about. Some of them may run all the same.
fn open_sessions(fleet: &Fleet, launches: &[Launch]) -> anyhow::Result<Option<String>> {
    let tmux = fleet.tmux()?;
    let tender = supervision::tender_program()?;
    // Two commands that find no server must not start two.
    let _server = Lock::take(
        &fleet.runtime("locks").join(".server"),
        fleet.patience,
        || (),
    )?;
    fleet.record_server(&tmux)?;
    let existing = sessions(&tmux)?;
    for launch in launches
        .iter()
        .filter(|launch| existing.contains(launch.name.as_str()))
    {
        tmux.kill_session(launch.name.as_str())?;
    }
    let sessions: Vec<NewSession<'_>> = launches
        .iter()
        .map(|launch| launch.session(&tender))
        .collect();
    let asked = match tmux.new_sessions(&sessions) {
        // A server that was about to end with its last session cannot take new ones: the next one can.
        Err(_) if tmux.panes().is_ok_and(|panes| panes == Panes::NotRunning) => {
            tmux.new_sessions(&sessions)
        }
        asked => asked,
    };
    Ok(asked.err().map(|error| format!("{error:#}")))
}

/// A session that is about to be started.
struct Launch {
    name: Name,
    directory: PathBuf,
    unit: String,
    files: UnitFiles,
    before: Option<Process>,
}

fn prepare_launch(fleet: &Fleet, name: &Name, recorded: Environment) -> anyhow::Result<Launch> {
    let project = fleet.registry.project(name)?;
    let files = fleet.unit_files(name);
    let unit = unit(fleet, project, recorded)?;
    unit.write(&files.unit)?;
    write_desired(&files.desired, Want::Up)?;
    let text = files
        .unit
        .to_str()
        .with_context(|| format!("`{}` is not UTF-8", files.unit.display()))?
        .to_owned();
    let before = State::read(&files.state)?.map(|state| state.tender);
    Ok(Launch {
        name: name.clone(),
        directory: unit.directory,
        unit: text,
        files,
        before,
    })
}

impl Launch {
    fn session<'a>(&'a self, tender: &str) -> NewSession<'a> {
        let argv = vec![tender.to_owned(), self.unit.clone()];
        let window = NewWindow {
            name: WINDOW,
            directory: &self.directory,
            environment: Vec::new(),
            argv,
        };
        NewSession {
            name: self.name.as_str(),
            window,
        }
    }

    fn answer(&self) -> anyhow::Result<Option<State>> {
        Ok(State::read(&self.files.state)?
            .filter(|state| state.answers_start(self.before.as_ref())))
    }

    fn is_answered(&self) -> bool {
        // A state that cannot be read will not be readable later: it is an answer too.
        self.answer().map_or(true, |answer| answer.is_some())
    }

    fn has_ended(&self) -> bool {
        let state = State::read(&self.files.state).ok().flatten();
        state.is_some_and(|state| {
            matches!(
                state.phase,
                Phase::Crashed | Phase::Parked | Phase::Finished
            )
        })
    }

    fn outcome(&self, complaint: Option<&str>) -> anyhow::Result<String> {
        let name = &self.name;
        let Some(state) = self.answer()? else {
            let fault = match complaint {
                Some(complaint) => failed(format!("cannot start `{name}`: {complaint}")),
                None => timed_out(format!(
                    "`{name}` has not said within {} s that it runs",
                    DEADLINE.as_secs()
                )),
            };
            return Err(fault
                .hint(format!(
                    "`fleet status {name}` and `fleet logs {name}` show where it stands"
                ))
                .into());
        };
        match state.phase {
            Phase::Running | Phase::Starting if state.restarts > 0 => Ok(format!(
                "started `{name}`, which has died and come back since"
            )),
            Phase::Running | Phase::Starting => Ok(format!("started `{name}`")),
            Phase::Finished => Ok(format!("started `{name}`, which has finished already")),
            Phase::Crashed | Phase::Parked | Phase::Down | Phase::Stopping => {
                let reason = state
                    .reason
                    .clone()
                    .or_else(|| state.last_exit.as_ref().map(LastExit::to_string));
                let reason = reason.unwrap_or_else(|| "nobody saw why".to_owned());
                Err(failed(format!("`{name}` ended at once: {reason}"))
                    .hint(format!("`fleet logs {name}` shows its last screen"))
                    .into())
            }
        }
    }
}
