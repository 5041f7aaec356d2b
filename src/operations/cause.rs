//! Why projects are without their tenders: one alone, the tmux server, or the machine.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use crate::files;
use crate::fleet::Fleet;
use crate::sessions::Panes;
use crate::supervision::{Liveness, Process, State, boot};

/// How long the tenders of a server that has gone may take to end with all that they started.
pub(super) const ENDING: Duration = Duration::from_millis(2500);

/// How something came to be without its tender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The machine was restarted.
    Reboot,
    /// The tmux server has gone, and all that was in it.
    Server,
    /// It alone was lost: its tender was killed, or its session.
    Alone,
}

/// The tmux server of the moment.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// Since when it runs; `None`: none does.
    since: Option<Timestamp>,
    /// The one that ran last, where that is on record and has certainly ended.
    ended: Option<Process>,
}

/// What is needed of the record of the server that the last start used.
#[derive(Deserialize)]
struct Record {
    process: Process,
}

impl Server {
    /// Asks tmux. Fails where that does not answer: nobody knows then.
    pub(super) fn ask(fleet: &Fleet) -> anyhow::Result<Self> {
        let since = match fleet.tmux()?.panes()? {
            Panes::NotRunning => None,
            // A time that is none would be of no calendar's: then any life began after it.
            Panes::Running { since, .. } => Some(Timestamp::from_second(since).unwrap_or_default()),
        };
        let record = files::read_if_there(&fleet.runtime("server.json"));
        // Only words depend on it: a record that cannot be read is as good as none.
        let record = record
            .ok()
            .flatten()
            .and_then(|text| serde_json::from_str::<Record>(&text).ok());
        Ok(Self {
            since,
            ended: record
                .map(|record| record.process)
                .filter(|process| process.liveness() == Liveness::Gone),
        })
    }

    /// Says what has happened to all that were lost by a cause.
    pub(super) fn sentence(&self, cause: Cause) -> String {
        match (cause, &self.ended) {
            (Cause::Reboot, _) => "the machine was restarted".to_owned(),
            (Cause::Server, Some(ended)) => {
                format!("the tmux server, process {}, has gone", ended.pid)
            }
            (Cause::Server, None) => "the tmux server has gone".to_owned(),
            (Cause::Alone, _) => "tenders or sessions were killed".to_owned(),
        }
    }

    /// Says what took the tender of a project that is lost.
    pub(super) fn cause(&self, state: &State) -> Cause {
        if boot().is_some_and(|boot| boot != state.tender.boot) {
            return Cause::Reboot;
        }
        // By time alone it cannot always be told: tmux knows its start in whole seconds.
        let server = state.server.as_ref().map(Process::liveness);
        if server == Some(Liveness::Gone) {
            return Cause::Server;
        }
        let began = state.life.as_ref().map_or(state.since, |life| life.since);
        match self.since {
            Some(since) if since <= began => Cause::Alone,
            // There is none, or one that is younger than the life.
            Some(_) | None => Cause::Server,
        }
    }

    /// Waits until tenders have ended whose server has gone: they end by themselves, with all that they started.
    pub(super) fn wait_for_ending(&self, states: &[&State]) {
        if self.since.is_some() {
            return;
        }
        let deadline = Instant::now() + ENDING;
        for state in states {
            // One that cannot be reached or waited for shows in the next look.
            if state.tender_liveness() == Liveness::Alive
                && let Ok(Some(tender)) = state.tender.open()
            {
                let _ = tender.wait(deadline);
            }
        }
    }
}
