//! Hearing what a dead life said last, from the terminal that showed it.

use std::time::{Duration, Instant};

use super::evidence;
use super::spawn::{self, Aside, Kept, Start};
use super::tend::{Tender, release_memory};
use super::{Crash, LastExit};
use crate::files::Lock;

/// How long a terminal may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The same, where the next life waits for it.
const GLANCE: Duration = Duration::from_millis(25);

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
    /// Runs a command that asks something of the terminal, if there is one.
    fn ask_terminal(&self, command: &[String]) -> Option<Aside> {
        if command.is_empty() {
            return None;
        }
        let environment = spawn::environment(&std::collections::BTreeMap::new());
        let start = Start {
            command,
            directory: &self.unit.directory,
            environment: &environment,
        };
        // What cannot be heard is not known, and nothing depends on it.
        start.aside(Kept::Output).ok()
    }

    /// Has the terminal recorded again where the recorder has gone.
    pub(super) fn record_again(&self) {
        let Some(recorded) = &self.unit.recorded else {
            return;
        };
        if !Lock::is_held(&recorded.lock) {
            // Nobody waits for it: its end is learned with that of other children.
            drop(self.ask_terminal(&recorded.again));
        }
    }

    /// Hears what stands on the alternate screen, which is about to go; soon, since the next life waits for it.
    pub(super) fn hear_alternate(&self) -> Option<Vec<String>> {
        let mut asked = self.ask_terminal(&self.unit.capture_alternate)?;
        asked.finish(Instant::now() + GLANCE, &self.signals).ok()?;
        let screen = evidence::screen(&asked.text(), &self.unit.name, None);
        Some(screen).filter(|screen| !screen.is_empty())
    }

    /// Keeps the screen of a crash. What cannot be kept stands in nobody's way.
    pub(super) fn keep_screen(&self, exit: &LastExit, screen: Vec<String>) {
        if let Some(path) = &self.unit.crash {
            let _ = Crash::new(&self.unit.name, exit.clone(), screen).write(path);
        }
    }

    /// Hears what the life that has just died said, before anything else is written there; returns all that stands there.
    pub(super) fn hear_now(&self, exit: &mut LastExit) -> Vec<String> {
        let Some(mut asked) = self.ask_terminal(&self.unit.capture) else {
            return Vec::new();
        };
        let ended = asked.finish(Instant::now() + PATIENCE, &self.signals);
        if ended.is_err() {
            return Vec::new();
        }
        let screen = evidence::screen(&asked.text(), &self.unit.name, None);
        exit.said = evidence::said(&screen);
        screen
    }

    /// Begins to hear what stands above a line of the tender's own, while the next life runs.
    pub(super) fn listen(&mut self, until: String) {
        self.listening = self
            .ask_terminal(&self.unit.capture)
            .map(|asked| Listening {
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
        let screen = evidence::screen(&text, &self.unit.name, Some(&listening.until));
        drop((text, listening));
        if let Some(exit) = self.state.last_exit.as_mut().filter(|_| !screen.is_empty()) {
            exit.said = evidence::said(&screen);
            exit.signature = evidence::signature(exit);
            let exit = exit.clone();
            self.keep_screen(&exit, screen);
            // As in `enter`.
            let _ = self.state.write(&self.unit.state);
        }
        release_memory();
    }
}
