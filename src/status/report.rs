//! The status as data: what `fleet status --json` prints. Fields may be added and never change their meaning.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

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

/// The whole fleet.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version of this format.
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

/// The tmux server. `alive` is null where it cannot be told.
#[derive(Debug, Serialize)]
pub(crate) struct Server {
    pub(crate) alive: Option<bool>,
    pub(crate) pid: Option<i32>,
    pub(crate) since: Option<Timestamp>,
    /// Why it cannot be told.
    pub(crate) reason: Option<String>,
}

/// The brake: while it is on, what died does not come back a second time. `engaged` is null where it cannot be told.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Brake {
    pub(crate) engaged: Option<bool>,
    pub(crate) since: Option<Timestamp>,
    /// What happened; or why it cannot be told.
    pub(crate) reason: Option<String>,
    /// Whose deaths it was.
    pub(crate) projects: Vec<String>,
}

/// One project.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectReport {
    pub(crate) name: Name,
    pub(crate) location: PathBuf,
    pub(crate) enabled: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) watch: Watch,
    pub(crate) desired: Option<Want>,
    pub(crate) verdict: Verdict,
    pub(crate) since: Option<Timestamp>,
    pub(crate) reason: Option<String>,
    pub(crate) next: Option<String>,
    pub(crate) process: ProcessReport,
    pub(crate) harness: HarnessReport,
    pub(crate) pin: PinReport,
    /// What incidents are made of, where it died.
    #[serde(skip)]
    pub(crate) death: Option<Death>,
}

/// The harness's process: of the life that runs, or of the last one.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ProcessReport {
    /// Null where none runs.
    pub(crate) pid: Option<i32>,
    pub(crate) since: Option<Timestamp>,
    /// The exit status of the last life that ended.
    pub(crate) exit: Option<i32>,
    /// The signal that killed the last life that ended.
    pub(crate) signal: Option<i32>,
    pub(crate) restarts: u32,
}

/// The harness, and what it last said of itself.
#[derive(Debug, Serialize)]
pub(crate) struct HarnessReport {
    pub(crate) name: Name,
    pub(crate) healthy: Option<bool>,
    pub(crate) probed: Option<Timestamp>,
}

/// The five-way truth about a pin.
#[derive(Debug, Serialize)]
pub(crate) struct PinReport {
    pub(crate) word: PinWord,
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

impl ProjectReport {
    /// Returns what happens next by itself.
    pub(crate) fn due(&self) -> Option<&str> {
        self.next.as_deref().filter(|next| !next.contains('`'))
    }

    /// Returns what to type next.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.next.as_deref().filter(|next| next.contains('`'))
    }

    /// Tells whether the project is as it should be: as asked for, and at its pin, which is no bad one.
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
        asked && (pinned || !self.enabled)
    }
}
