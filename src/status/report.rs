//! The status as data: what `fleet status --json` prints. Fields may be added and never change their meaning.

use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::Verdict;
use super::death::Death;
use super::incident::Incident;
use super::rollout::RollOutReport;
use super::stray::Stray;
use crate::fleet::Use;
use crate::names::{CommitId, Name, Ref};
use crate::pins::PinWord;
use crate::registry::Watch;
use crate::supervision::Want;

/// The version of the format.
pub(super) const SCHEMA: u32 = 1;

/// What `fleet status --json` prints: the whole fleet. Times are RFC 3339 in UTC, durations seconds; null where nothing is
/// known. Fields may be added, and never change their meaning.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "fleet status --json")]
pub(crate) struct Report {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA))]
    pub(crate) schema: u32,
    /// The fleet's name.
    pub(crate) fleet: String,
    /// Its tmux server.
    pub(crate) server: Server,
    /// Its brake.
    pub(crate) brake: Brake,
    /// The process that watches over it; null where none does.
    pub(crate) guardian: Option<i32>,
    /// The roll-out that is not over; null where there is none.
    pub(crate) rollout: Option<RollOutReport>,
    /// Deaths of the projects below that have one cause.
    pub(crate) incidents: Vec<Incident>,
    /// Sessions on its tmux server that belong to no project of fleet.toml.
    pub(crate) strays: Vec<Stray>,
    /// The projects that were asked for, by name.
    pub(crate) projects: Vec<ProjectReport>,
}

/// The tmux server.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Server {
    /// Whether it answers; null where it cannot be told.
    pub(crate) alive: Option<bool>,
    /// Its process.
    pub(crate) pid: Option<i32>,
    /// When it was started.
    pub(crate) since: Option<Timestamp>,
    /// Why it cannot be told.
    pub(crate) reason: Option<String>,
}

/// The brake: while it is on, what died does not come back a second time.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Brake {
    /// Whether it is on; null where it cannot be told.
    pub(crate) engaged: Option<bool>,
    /// Since when.
    pub(crate) since: Option<Timestamp>,
    /// What happened; or why it cannot be told.
    pub(crate) reason: Option<String>,
    /// Whose deaths it was.
    pub(crate) projects: Vec<String>,
}

/// One project.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProjectReport {
    /// Its name in fleet.toml.
    pub(crate) name: Name,
    /// Where its repository should be: an absolute path.
    pub(crate) location: PathBuf,
    /// Whether fleet.toml allows it to be started.
    pub(crate) enabled: bool,
    /// Its labels in fleet.toml.
    pub(crate) labels: Vec<String>,
    /// Whether it is brought back when it dies.
    pub(crate) watch: Watch,
    /// What the operator last asked for; null where nobody ever did.
    pub(crate) desired: Option<Want>,
    /// How it is, in a word.
    pub(crate) verdict: Verdict,
    /// Since when it has been so.
    pub(crate) since: Option<Timestamp>,
    /// Why it is so, for people.
    pub(crate) reason: Option<String>,
    /// What happens next by itself, or what to type, for people.
    pub(crate) next: Option<String>,
    /// When its next life begins by itself; null where none is due.
    pub(crate) due: Option<Timestamp>,
    /// Its harness's process.
    pub(crate) process: ProcessReport,
    /// Its harness, and what that last said of itself.
    pub(crate) harness: HarnessReport,
    /// Which version of its harness it has.
    pub(crate) pin: PinReport,
    /// What incidents are made of, where it died.
    #[serde(skip)]
    pub(crate) death: Option<Death>,
}

/// The harness's process: of the life that runs, or of the last one.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ProcessReport {
    /// Null where none runs.
    pub(crate) pid: Option<i32>,
    /// When it was started; null where none runs.
    pub(crate) since: Option<Timestamp>,
    /// The exit status of the last life that ended.
    pub(crate) exit: Option<i32>,
    /// The signal that killed the last life that ended.
    pub(crate) signal: Option<i32>,
    /// How often it was started again since the operator last started it.
    pub(crate) restarts: u32,
}

/// The harness, and what it last said of itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HarnessReport {
    /// Its name in fleet.toml.
    pub(crate) name: Name,
    /// What its `status` command last answered in this life; null where nobody asked.
    pub(crate) healthy: Option<bool>,
    /// When it was asked.
    pub(crate) probed: Option<Timestamp>,
}

/// The five-way truth about a pin.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PinReport {
    /// How the five agree, in a word.
    pub(crate) word: PinWord,
    /// What fleet.toml asks for.
    #[serde(rename = "ref")]
    pub(crate) reference: Ref,
    /// The commit that the registry's ref stood for when it was set.
    pub(crate) wanted: Option<CommitId>,
    /// The gitlink in the project's HEAD.
    pub(crate) head: Option<CommitId>,
    /// The gitlink in the project's index.
    pub(crate) index: Option<CommitId>,
    /// The commit checked out in the engine.
    pub(crate) checkout: Option<CommitId>,
    /// Whether tracked files of the engine are changed; null where nobody looked.
    pub(crate) dirty: Option<bool>,
    /// The commit that the running life was started from.
    pub(crate) running: Option<CommitId>,
    /// The version of the programs that began that life.
    pub(crate) runner: Option<String>,
    /// The one of the harness's `bad_refs` that the project is at.
    pub(crate) bad: Option<Ref>,
    /// How it is.
    #[serde(skip)]
    pub(crate) bad_use: Use,
    /// Why something of it cannot be read.
    pub(crate) reason: Option<String>,
}

impl Report {
    /// Returns the JSON schema, made from the very types that are printed.
    pub(crate) fn json_schema() -> Value {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let generator = settings.into_generator();
        generator.into_root_schema_for::<Self>().to_value()
    }
}

impl ProjectReport {
    /// Returns what happens next by itself.
    pub(crate) fn due(&self) -> Option<&str> {
        self.next.as_deref().filter(|next| !next.contains('`'))
    }

    /// Returns what to type next.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.next.as_deref().filter(|next| next.contains('`'))
    }

    /// Tells whether the project is as it should be: as asked for, and at its pin, which is no bad one. Of one that is not
    /// enabled nothing is expected.
    pub(crate) fn is_well(&self) -> bool {
        let asked = match self.verdict {
            Verdict::Up | Verdict::UpByHand | Verdict::Finished | Verdict::Disabled => true,
            Verdict::Down => self.desired != Some(Want::Up),
            Verdict::Starting
            | Verdict::Crashed
            | Verdict::Parked
            | Verdict::Degraded
            | Verdict::Missing
            | Verdict::Unknown => false,
        };
        let pinned = self.pin.word == PinWord::Ok && self.pin.bad.is_none();
        !self.enabled || (asked && pinned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = include_str!("../../docs/status.schema.json");

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let committed: Value = serde_json::from_str(COMMITTED).unwrap();
        assert_eq!(
            committed,
            Report::json_schema(),
            "write it anew: fleet schema status > docs/status.schema.json"
        );
    }
}
