//! The wave of sessions that are started together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

use crate::error::{failed, timed_out};
use crate::files::Lock;
use crate::fleet::{Fleet, UnitFiles};
use crate::names::Name;
use crate::sessions::{NewSession, NewWindow, Panes};
use crate::supervision::{
    self, LastExit, Phase, Process, State, StateWatch, Unit, Want, write_desired,
};

use super::environment::{self, Environment};
use super::plan::Outcome;
use super::unit::unit;

/// The tmux window of a project's harness. An agent cannot have this name: it is no name.
pub(crate) const WINDOW: &str = "[harness]";

/// How long sessions may take to say that they run: what an earlier life left may have to be ended first.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long a harness must live to count as started.
const SETTLING: Duration = Duration::from_millis(50);

/// The same, where tmux has complained already.
const AFTER_COMPLAINT: Duration = Duration::from_secs(3);

/// How many of those that ended at once are asked for their last words, and how many lines that have scrolled away.
const MOST_HEARD: usize = 8;
const SCREEN: usize = 50;

/// Why sessions are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The operator asked: in the environment of now, and earlier deaths are forgotten.
    Asked,
    /// They should run and do not: in the environment of the last start, and earlier deaths still count.
    BroughtBack,
}

/// Starts sessions in one call of tmux, and waits until each says how it went. Their locks are held by the caller.
pub(super) fn launch(
    fleet: &Fleet,
    names: &[Name],
    occasion: Occasion,
) -> anyhow::Result<Vec<Outcome>> {
    let (mut started, mut outcomes) = (Vec::new(), Vec::new());
    for name in names {
        match prepare_launch(fleet, name, occasion) {
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
    let said = last_words(fleet, &started);
    outcomes.extend(started.iter().map(|launch| Outcome {
        project: launch.name.clone(),
        result: launch.outcome(complaint.as_deref(), said.get(&launch.name)),
    }));
    Ok(outcomes)
}

/// Returns what those that ended at once said last: the line that tells of an error, else the last line. Of a few only,
/// since each is a call of tmux.
fn last_words(fleet: &Fleet, launches: &[Launch]) -> BTreeMap<Name, String> {
    let ended = launches
        .iter()
        .filter(|launch| launch.has_ended())
        .take(MOST_HEARD);
    let ended: Vec<&Launch> = ended.collect();
    if ended.is_empty() {
        return BTreeMap::new();
    }
    // What cannot be heard now can still be read with `fleet logs`.
    let Ok(tmux) = fleet.tmux() else {
        return BTreeMap::new();
    };
    let Ok(Panes::Running { panes, .. }) = tmux.panes() else {
        return BTreeMap::new();
    };
    let heard = ended.into_iter().filter_map(|launch| {
        let own = panes
            .iter()
            .find(|pane| pane.session == launch.name.as_str() && pane.name == WINDOW)?;
        let screen = tmux.capture(&own.pane, SCREEN).ok()?;
        // The tender's own line comes last.
        let said: Vec<&str> = screen
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.contains(" UTC] `"))
            .collect();
        let telling = said
            .iter()
            .find(|line| line.starts_with("error"))
            .or(said.last())?;
        Some((launch.name.clone(), (*telling).to_owned()))
    });
    heard.collect()
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
    let existing = tmux.panes()?.sessions();
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

/// Returns the environment for what a project runs: of now where the operator asks, else what the last `start` recorded.
pub(super) fn recorded(
    fleet: &Fleet,
    name: &Name,
    occasion: Occasion,
) -> anyhow::Result<Environment> {
    match occasion {
        Occasion::Asked => Ok(environment::record()),
        Occasion::BroughtBack => {
            let unit = Unit::read(&fleet.unit_files(name).unit)?;
            Ok(environment::kept(unit.environment))
        }
    }
}

/// A session that is about to be started.
struct Launch {
    name: Name,
    directory: PathBuf,
    unit: String,
    files: UnitFiles,
    before: Option<Process>,
}

fn prepare_launch(fleet: &Fleet, name: &Name, occasion: Occasion) -> anyhow::Result<Launch> {
    let project = fleet.registry.project(name)?;
    let files = fleet.unit_files(name);
    let unit = Unit {
        keeps_history: occasion == Occasion::BroughtBack,
        ..unit(fleet, project, recorded(fleet, name, occasion)?)?
    };
    unit.write(&files.unit)?;
    // What is brought back is wanted already, or it is not brought back: the operator's wish stays as it is.
    if occasion == Occasion::Asked {
        write_desired(&files.desired, Want::Up)?;
    }
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

    fn outcome(&self, complaint: Option<&str>, said: Option<&String>) -> anyhow::Result<String> {
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
            Phase::Waiting => Ok(format!(
                "started `{name}`, which has died and waits to come back"
            )),
            Phase::Running | Phase::Starting if state.restarts > 0 => Ok(format!(
                "started `{name}`, which has died and come back since"
            )),
            Phase::Running | Phase::Starting => Ok(format!("started `{name}`")),
            Phase::Finished => Ok(format!("started `{name}`, which has finished already")),
            Phase::Crashed | Phase::Parked | Phase::Lost | Phase::Down | Phase::Stopping => {
                let reason = state
                    .reason
                    .clone()
                    .or_else(|| state.last_exit.as_ref().map(LastExit::to_string));
                let reason = reason.unwrap_or_else(|| "nobody saw why".to_owned());
                let ended = failed(format!("`{name}` ended at once: {reason}"));
                let ended = match said {
                    Some(words) => ended.because(anyhow!("it said: {words}")),
                    None => ended,
                };
                Err(ended
                    .hint(format!("`fleet logs {name}` shows its last screen"))
                    .into())
            }
        }
    }
}
