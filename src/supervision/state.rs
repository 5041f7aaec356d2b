//! What a tender says: its state, as a file that anybody of its owner's may read.

use std::fmt;
use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::process::{Process, boot};
use super::record::{VERSION, read_record};
use super::{When, evidence};
use crate::error::Advise as _;
use crate::files::{self, write_json};

/// Why a unit was lost whose terminal was closed.
pub(super) const HUNG_UP: &str = "its terminal went away";

/// The facts of one unit. The tender alone writes them; each change replaces the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// [`super::VERSION`] of who wrote it.
    pub(crate) version: u32,
    /// The unit's name.
    pub(crate) name: String,
    /// The tender that wrote it.
    pub(crate) tender: Process,
    /// The terminal's server, whose end is no fault of the unit's; `None` where there is none, or it is not known.
    #[serde(default)]
    pub(crate) server: Option<Process>,
    /// The directory that it was written into; `None` where that is not known.
    #[serde(default)]
    pub(crate) place: Option<String>,
    /// Where it stands.
    pub(crate) phase: Phase,
    /// Since when it stands there.
    pub(crate) since: Timestamp,
    /// Why, where there is more to say than the phase and the last exit do.
    pub(crate) reason: Option<String>,
    /// The life that runs, or the last one.
    pub(crate) life: Option<Life>,
    /// How often the tender has started it again.
    pub(crate) restarts: u32,
    /// When lives ended by themselves, oldest first: at most as many as the policy counts.
    pub(crate) deaths: Vec<When>,
    /// How many deaths followed each other without health in between.
    #[serde(default)]
    pub(crate) streak: u32,
    /// When the next life is due, while it is waited for, or was when the unit was lost; `None` while nobody can tell,
    /// as under the brake.
    #[serde(default)]
    pub(crate) due: Option<When>,
    /// How the last life ended.
    pub(crate) last_exit: Option<LastExit>,
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// What an earlier life left behind is being ended, or the process is being spawned.
    Starting,
    /// Its process runs.
    Running,
    /// It died, and its next life is waited for.
    Waiting,
    /// It is being ended, because that was asked for.
    Stopping,
    /// It was ended, because that was asked for.
    Down,
    /// It exited 0, and that is the end of the work.
    Finished,
    /// It died, and is not started again.
    Crashed,
    /// It died too often, or could not be started.
    Parked,
    /// It was ended by no fault of its own: its terminal, or who it belonged to, has gone, or its tender was told to end.
    Lost,
}

/// One run of the process, from spawn to death.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// A random id of the tender's: what every process of its lives carries in its environment.
    ///
    /// It is on disk before the first of them is spawned, so that none is ever without a record.
    pub(crate) mark: String,
    /// The environment variable that carries it: one per nesting level.
    pub(crate) variable: String,
    /// The process; the tender itself until the first one is spawned.
    pub(crate) process: Process,
    /// When it was spawned.
    pub(crate) since: Timestamp,
    /// The harness's commit it was spawned from.
    pub(crate) commit: Option<String>,
    /// The version of the program that wrote its unit.
    pub(crate) runner: String,
}

/// How a life ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastExit {
    /// The exit status, where it exited.
    pub(crate) code: Option<i32>,
    /// The signal's number, where one killed it.
    pub(crate) signal: Option<i32>,
    /// When.
    pub(crate) at: Timestamp,
    /// Seconds it had lived.
    pub(crate) uptime: f64,
    /// How many processes of the life had to be killed by SIGKILL after it.
    pub(crate) killed: u32,
    /// The harness's commit it ran.
    #[serde(default)]
    pub(crate) commit: Option<String>,
    /// What the kernel says of memory that ran out, where it says so.
    #[serde(default)]
    pub(crate) oom: Option<String>,
    /// The last lines on its terminal.
    #[serde(default)]
    pub(crate) said: Vec<String>,
    /// What deaths of the same cause have in common.
    #[serde(default)]
    pub(crate) signature: String,
}

impl Phase {
    /// Returns its word, which is the same in files and for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Stopping => "stopping",
            Self::Down => "down",
            Self::Finished => "finished",
            Self::Crashed => "crashed",
            Self::Parked => "parked",
            Self::Lost => "lost",
        }
    }

    /// Returns whether a life runs or may follow, as long as nobody orders otherwise.
    pub(super) fn has_next_life(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Waiting => true,
            Self::Stopping
            | Self::Down
            | Self::Finished
            | Self::Crashed
            | Self::Parked
            | Self::Lost => false,
        }
    }
}

impl State {
    /// Says of a unit that its tender begins with it, and nothing else.
    pub(crate) fn new(name: &str, tender: Process) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            tender,
            server: None,
            place: None,
            phase: Phase::Starting,
            since: Timestamp::now(),
            reason: None,
            life: None,
            restarts: 0,
            deaths: Vec::new(),
            streak: 0,
            due: None,
            last_exit: None,
        }
    }

    /// Reads a state; `None` where there is none, or only a copy of one: what it says is of other processes.
    ///
    /// Fails where it is not whole, or of another version.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let read = read_record(path, "state").hint(|| {
            format!(
                "a newer version may have written it; `rm {}` forgets what it says",
                path.display()
            )
        });
        let Some(state): Option<Self> = read? else {
            return Ok(None);
        };
        // Another boot may number file systems anew, and nothing of an earlier boot can be alive.
        let is_recent = boot().is_some_and(|boot| boot == state.tender.boot);
        Ok(Some(state).filter(|state| !is_recent || state.is_of(path)))
    }

    /// Says whether this was written to `path`, wherever that was then.
    fn is_of(&self, path: &Path) -> bool {
        self.place.is_none() || self.place == place(path)
    }

    /// Replaces the state's file. For the tender only, and for who takes its place once it has gone.
    ///
    /// Fails where another directory is there now: what is written in it is not this tender's to replace.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if !self.is_of(path) {
            bail!("`{}` is in another directory than before", path.display());
        }
        write_json(path, self)
    }

    /// Returns whether this answers a start: it comes from another tender than the one before, and says how it went.
    pub(crate) fn answers_start(&self, before: Option<&Process>) -> bool {
        let is_answer = match self.phase {
            Phase::Starting => false,
            Phase::Running
            | Phase::Waiting
            | Phase::Lost
            | Phase::Stopping
            | Phase::Down
            | Phase::Finished
            | Phase::Crashed
            | Phase::Parked => true,
        };
        is_answer && before != Some(&self.tender)
    }

    /// Returns whether it ended otherwise than its tender or its operator decided, given that the tender has gone.
    ///
    /// Such a unit is brought back where it is wanted up; every other phase is final.
    pub(crate) fn is_lost(&self) -> bool {
        match self.phase {
            Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping | Phase::Lost => {
                true
            }
            Phase::Down | Phase::Finished | Phase::Crashed | Phase::Parked => false,
        }
    }

    /// Says what took a unit that was lost, where its tender knew more than that its terminal went away.
    pub(crate) fn lost_to(&self) -> Option<&str> {
        self.reason.as_deref().filter(|&reason| reason != HUNG_UP)
    }

    /// Returns whether something of the last life may still be there: its end was not recorded, or failed.
    pub(super) fn may_have_left_something(&self) -> bool {
        match self.phase {
            Phase::Starting | Phase::Running | Phase::Stopping | Phase::Parked => true,
            Phase::Waiting | Phase::Down | Phase::Finished | Phase::Crashed | Phase::Lost => false,
        }
    }
}

impl LastExit {
    /// Returns the line that says most about it, if it said anything.
    pub(crate) fn telling(&self) -> Option<&str> {
        evidence::telling(self.said.iter().map(String::as_str))
    }

    /// Returns whether it ended by its own doing: by an exit, or by abort(), before which a process says why.
    pub(crate) fn is_of_its_own(&self) -> bool {
        self.code.is_some() || self.signal == Some(Signal::SIGABRT as i32)
    }
}

#[cfg(test)]
impl LastExit {
    /// An end of now, with nothing to say of it.
    pub(crate) fn for_tests(code: Option<i32>, signal: Option<i32>, uptime: f64) -> Self {
        Self {
            code,
            signal,
            at: Timestamp::now(),
            uptime,
            killed: 0,
            commit: None,
            oom: None,
            said: Vec::new(),
            signature: String::new(),
        }
    }
}

/// The exit as people say it: `exit status 3`, `SIGKILL`.
impl fmt::Display for LastExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(number)) => match Signal::try_from(number) {
                Ok(signal) => f.write_str(signal.as_str()),
                Err(_) => write!(f, "signal {number}"),
            },
            (None, None) => f.write_str("an unknown exit"),
        }
    }
}

/// Tells the directory of a state's file from any other.
pub(super) fn place(path: &Path) -> Option<String> {
    files::identity(path.parent()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            phase: Phase::Running,
            ..State::new("demo", Process::me().unwrap())
        }
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.json");
        assert_eq!(State::read(&path).unwrap(), None);
        state().write(&path).unwrap();
        assert_eq!(State::read(&path).unwrap().unwrap().name, "demo");
    }

    #[track_caller]
    fn case(text: &str, because: &str) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.json");
        std::fs::write(&path, text).unwrap();
        let error = format!("{:#}", State::read(&path).unwrap_err());
        assert!(error.contains(because), "{error}");
    }

    #[test]
    fn a_state_that_is_torn_or_foreign_is_an_error() {
        case("{\"version\": 1, \"na", "EOF");
        case("", "EOF");
        case("{\"version\": 1}", "missing field `name`");
        case("{\"version\": 99}", "version 99");
    }

    #[test]
    fn only_another_tender_answers_a_start() {
        let state = state();
        assert!(state.answers_start(None));
        assert!(!state.answers_start(Some(&state.tender)));
        let starting = State {
            phase: Phase::Starting,
            ..state
        };
        assert!(!starting.answers_start(None));
    }
}
