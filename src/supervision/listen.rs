//! Hearing what a dead life said last, from the terminal that showed it.

use std::time::{Duration, Instant};

use super::LastExit;
use super::evidence;
use super::spawn::{self, Aside, Kept, Start};
use super::tend::{Tender, release_memory};

/// How long a terminal may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A look at the terminal that is under way beside the next life.
pub(super) struct Listening {
    asked: Aside,
    /// The line that the tender wrote after the dead life's last.
    until: String,
    pub(super) deadline: Instant,
}

impl Listening {
    pub(super) fn pid(&self) -> i32 {
        self.asked.pid()
    }
}

impl Tender {
    fn ask_terminal(&self, kept: Kept) -> Option<Aside> {
        if self.unit.capture.is_empty() {
            return None;
        }
        let environment = spawn::environment(&std::collections::BTreeMap::new());
        let start = Start {
            command: &self.unit.capture,
            directory: &self.unit.directory,
            environment: &environment,
        };
        // What cannot be heard is not known, and nothing depends on it.
        start.aside(kept).ok()
    }

    /// Hears what the life that has just died said, before anything else is written there.
    pub(super) fn hear_now(&self, exit: &mut LastExit) {
        let Some(mut asked) = self.ask_terminal(Kept::Output) else {
            return;
        };
        if asked
            .finish(Instant::now() + PATIENCE, &self.signals)
            .is_ok()
        {
            exit.said = evidence::said(&asked.text(), &self.unit.name, None);
        }
    }

    /// Begins to hear what stands above a line of the tender's own, while the next life runs.
    pub(super) fn listen(&mut self, until: String) {
        self.listening = self.ask_terminal(Kept::Output).map(|asked| Listening {
            asked,
            until,
            deadline: Instant::now() + PATIENCE,
        });
    }

    /// Gives up hearing, because there is no time left for it.
    pub(super) fn stop_listening(&mut self) {
        if let Some(mut listening) = self.listening.take() {
            listening.asked.end();
        }
    }

    /// Takes note of what was heard, once all of it is there.
    pub(super) fn note_heard(&mut self, is_whole: bool) {
        let Some(mut listening) = self.listening.take() else {
            return;
        };
        if !is_whole {
            return;
        }
        let text = listening.asked.text();
        let said = evidence::said(&text, &self.unit.name, Some(&listening.until));
        drop((text, listening));
        if let Some(exit) = self.state.last_exit.as_mut().filter(|_| !said.is_empty()) {
            exit.said = said;
            exit.signature = evidence::signature(exit);
            // As in `enter`.
            let _ = self.state.write(&self.unit.state);
        }
        release_memory();
    }
}
