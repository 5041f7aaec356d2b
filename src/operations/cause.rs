//! Why projects are without their tenders: one alone, the tmux server, or the machine.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::fleet::Fleet;
use crate::sessions::Panes;
use crate::supervision::{Liveness, State, boot};

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

/// The sentence for all that were lost by it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reboot => "the machine was restarted",
            Self::Server => "the tmux server has gone",
            Self::Alone => "tenders or sessions were killed",
        })
    }
}

/// The tmux server of the moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    /// Since when it runs; `None`: none does.
    since: Option<Timestamp>,
}

impl Server {
    /// Asks tmux. Fails where that does not answer: nobody knows then.
    pub(super) fn ask(fleet: &Fleet) -> anyhow::Result<Self> {
        let since = match fleet.tmux()?.panes()? {
            Panes::NotRunning => None,
            // A time that is none would be of no calendar's: then any life began after it.
            Panes::Running { since, .. } => Some(Timestamp::from_second(since).unwrap_or_default()),
        };
        Ok(Self { since })
    }

    /// Says what took the tender of a project that is lost.
    pub(super) fn cause(self, state: &State) -> Cause {
        if boot().is_some_and(|boot| boot != state.tender.boot) {
            return Cause::Reboot;
        }
        let began = state.life.as_ref().map_or(state.since, |life| life.since);
        match self.since {
            Some(since) if since <= began => Cause::Alone,
            // There is none, or one that is younger than the life.
            Some(_) | None => Cause::Server,
        }
    }

    /// Waits until tenders have ended whose server has gone: they end by themselves, with all that they started.
    pub(super) fn wait_for_ending(self, states: &[&State]) {
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
