//! Why projects are without their tenders: one alone, the tmux server, or the machine.

use std::time::{Duration, Instant};

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
    /// The one that answers, if one does.
    answering: Option<Process>,
    /// The one that ran last, where that is on record and has certainly ended.
    ended: Option<Process>,
}

impl Server {
    /// Asks tmux. Fails where that does not answer: nobody knows then.
    pub(super) fn ask(fleet: &Fleet) -> anyhow::Result<Self> {
        let answering = match fleet.tmux()?.panes()? {
            Panes::NotRunning => None,
            Panes::Running { pid, .. } => Process::of(pid),
        };
        // Only words depend on it: a record that cannot be read is as good as none.
        let record = fleet.server_record().ok().flatten();
        Ok(Self {
            answering,
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
        if state.has_lost_server(self.answering.as_ref()) {
            Cause::Server
        } else {
            Cause::Alone
        }
    }

    /// Waits until tenders have ended whose server has gone: they end by themselves, with all that they started.
    pub(super) fn wait_for_ending(&self, states: &[&State]) {
        if self.answering.is_some() {
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
