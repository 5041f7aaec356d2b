//! One session that is started: what its tender is given, what it answers, and how that is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use crate::error::{failed, timed_out};
use crate::fleet::{Fleet, UnitFiles};
use crate::names::Name;
use crate::sessions::{NewSession, NewWindow, Panes, Recorder};
use crate::supervision::{
    self, LastExit, Phase, Process, State, Unit, Want, read_desired, write_desired,
};

use super::environment::{self, Environment};
use super::launch::{DEADLINE, Occasion, WINDOW};
use super::unit::unit;

/// How many of those that ended at once are asked for their last words, and how many lines that have scrolled away.
const MOST_HEARD: usize = 8;
const SCREEN: usize = 50;

/// A session that is about to be started, or was.
#[derive(Debug)]
pub(super) struct Launch {
    /// The project.
    pub(super) name: Name,
    /// What its tender writes.
    pub(super) files: UnitFiles,
    directory: PathBuf,
    unit: String,
    recorder: Option<Recorder>,
    before: Option<Process>,
    /// What tmux complained about when it was asked for this session and others: it may run all the same.
    pub(super) complaint: Option<String>,
}

impl Launch {
    /// Writes the unit that a session's tender reads.
    pub(super) fn prepare(fleet: &Fleet, name: &Name, occasion: Occasion) -> anyhow::Result<Self> {
        let project = fleet.registry.project(name)?;
        let files = fleet.unit_files(name);
        let unit = Unit {
            keeps_history: occasion == Occasion::BroughtBack,
            ..unit(fleet, project, recorded(fleet, name, occasion)?)?
        };
        unit.write(&files.unit)?;
        let text = files
            .unit
            .to_str()
            .with_context(|| format!("`{}` is not UTF-8", files.unit.display()))?
            .to_owned();
        let before = State::read(&files.state)?.map(|state| state.tender);
        Ok(Self {
            name: name.clone(),
            recorder: fleet
                .recording(project)
                .map(|recording| fleet.recorder(&recording))
                .transpose()?,
            directory: unit.directory,
            unit: text,
            files,
            before,
            complaint: None,
        })
    }

    /// Records that it should be up: last of all before its session, so that what is refused was never wished for.
    pub(super) fn wish(&self, occasion: Occasion) -> anyhow::Result<()> {
        let is_to_be_written = match occasion {
            Occasion::Asked => true,
            // It is wanted already, or it is not brought back; but of a restart that was cut off the rest is done now.
            Occasion::BroughtBack => {
                read_desired(&self.files.desired)?.is_some_and(|wish| wish.restart)
            }
        };
        if is_to_be_written {
            write_desired(&self.files.desired, Want::Up)?;
        }
        Ok(())
    }

    /// Returns the session to ask tmux for, given the tender's program.
    pub(super) fn session<'a>(&'a self, tender: &str) -> NewSession<'a> {
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
            recorder: self.recorder.as_ref(),
        }
    }

    fn answer(&self) -> anyhow::Result<Option<State>> {
        Ok(State::read(&self.files.state)?
            .filter(|state| state.answers_start(self.before.as_ref())))
    }

    /// Tells whether its tender has said that the process runs, or what became of it.
    pub(super) fn is_answered(&self) -> bool {
        // A state that cannot be read will not be readable later: it is an answer too.
        self.answer().map_or(true, |answer| answer.is_some())
    }

    /// Tells whether it has not lasted.
    pub(super) fn has_ended(&self) -> bool {
        let state = State::read(&self.files.state).ok().flatten();
        state.is_some_and(|state| match state.phase {
            Phase::Crashed | Phase::Parked | Phase::Finished | Phase::Waiting | Phase::Lost => true,
            Phase::Starting | Phase::Running | Phase::Stopping | Phase::Down => false,
        })
    }

    /// Says how it went; `said` is what it said last.
    pub(super) fn outcome(&self, said: Option<&String>) -> anyhow::Result<String> {
        let name = &self.name;
        let Some(state) = self.answer()? else {
            let fault = match &self.complaint {
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
            Phase::Waiting => Ok(waiting(name, &state)),
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

/// Says of what died at once when it comes back.
fn waiting(name: &Name, state: &State) -> String {
    let exit = state.last_exit.as_ref().map(LastExit::to_string);
    let exit = exit.map_or_else(String::new, |exit| format!(" with {exit}"));
    let due = state.due.as_ref().map_or_else(
        || "waits to come back".to_owned(),
        |due| format!("comes back at {}", due.at.strftime("%H:%M:%S UTC")),
    );
    format!("started `{name}`, which has died{exit} and {due}")
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

/// Returns what those that ended at once said last: the line that tells of an error, else the last line. Of a few only,
/// since each is a call of tmux.
pub(super) fn last_words(fleet: &Fleet, launches: &[Launch]) -> BTreeMap<Name, String> {
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
        let telling = supervision::telling(screen.lines())?;
        Some((launch.name.clone(), telling.to_owned()))
    });
    heard.collect()
}
