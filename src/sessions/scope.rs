//! Making sessions, and the server if there is none: in a scope of its own where there is one to be had.

use serde::{Deserialize, Serialize};

use super::answers::{complaint, is_ending, nobody_listens};
use super::tmux::{NewSession, Script, Tmux};
use super::{Panes, answers};
use crate::command::Answer;
use crate::systemd::Scope;

/// How a server was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Home {
    /// In a scope of its own.
    Scope {
        /// The scope's unit.
        unit: String,
        /// A process in it that the kernel kills for want of memory does not end the others.
        outlives_oom: bool,
    },
    /// As a child of a command, in whatever the command ran in.
    Direct {
        /// Why not in a scope.
        why: String,
        /// A scope was tried for, and not to be had.
        was_refused: bool,
    },
    /// It ran already when it was first met.
    Met,
}

/// What became of sessions that were asked for.
#[derive(Debug)]
pub(crate) struct Served {
    /// The server's process and its start, in seconds since the epoch, as it said itself.
    pub(crate) server: Option<(i32, i64)>,
    /// How it was started: by this very call, unless it was met.
    pub(crate) home: Home,
    /// Whether tmux made them all. Some may be there where it did not; whether their programs run is for others to say.
    pub(crate) made: anyhow::Result<()>,
}

/// How an attempt to start a server in a scope went.
enum Attempt {
    /// tmux was reached.
    Served(Served),
    /// No scope could be had, for this reason. No server runs.
    Refused(String),
}

impl Tmux {
    /// Makes sessions, in one call, and the server if there is none: in the scope, or without one for the reason given.
    /// A scope is asked for only where a server has to be started.
    ///
    /// Refused, all of them, where there is not room for all.
    pub(crate) fn new_sessions(
        &self,
        sessions: &[NewSession<'_>],
        scope: impl FnOnce() -> Result<Scope, String>,
    ) -> Served {
        let served = self.with_room_for(sessions.len(), || self.serve(sessions, scope));
        served.unwrap_or_else(|error| Served {
            server: None,
            home: Home::Met,
            made: Err(error),
        })
    }

    fn serve(
        &self,
        sessions: &[NewSession<'_>],
        scope: impl FnOnce() -> Result<Scope, String>,
    ) -> anyhow::Result<Served> {
        let script = Self::sessions_script(sessions)?;
        if self.socket().try_exists().unwrap_or(true) {
            let answer = self.have_run(&script)?;
            if !nobody_listens(&answer) {
                return Ok(Served::read(&answer, Home::Met));
            }
        }
        let (why, was_refused) = match scope() {
            Ok(scope) => match self.start_in(&scope, &script)? {
                Attempt::Served(served) => return Ok(served),
                Attempt::Refused(why) => (why, true),
            },
            Err(why) => (why, false),
        };
        let mut answer = self.start_and_run(&script, None)?;
        if is_ending(&answer) {
            // The server that was met has ended since, with its last session; the next one is our own.
            answer = self.start_and_run(&script, None)?;
        }
        Ok(Served::read(&answer, Home::Direct { why, was_refused }))
    }

    /// Starts the server in a scope. Who complains, systemd or tmux, shows in whether a server runs then.
    fn start_in(&self, scope: &Scope, script: &Script) -> anyhow::Result<Attempt> {
        let mut form = scope.first_form();
        let mut may_meet_an_ending_one = true;
        loop {
            let asked = self.start_and_run(script, Some((scope, &form)));
            let home = Home::Scope {
                unit: form.unit(),
                outlives_oom: form.outlives_oom,
            };
            match asked {
                Ok(answer) if answer.status.success() || self.runs() => {
                    return Ok(Attempt::Served(Served::read(&answer, home)));
                }
                Ok(answer) if may_meet_an_ending_one && is_ending(&answer) => {
                    may_meet_an_ending_one = false;
                }
                Ok(answer) => match form.without(&answer.stderr) {
                    Some(other) => form = other,
                    None => return Ok(Attempt::Refused(answers::first_words(&answer))),
                },
                Err(error) if self.runs() => return Err(error),
                Err(error) => return Ok(Attempt::Refused(format!("{error:#}"))),
            }
        }
    }

    fn runs(&self) -> bool {
        // One that does not answer runs as well: a second one must not be started.
        !matches!(self.panes(), Ok(Panes::NotRunning))
    }
}

impl Served {
    fn read(answer: &Answer, home: Home) -> Self {
        let said = answer.stdout.lines().next().and_then(|line| {
            let (pid, since) = line.split_once(' ')?;
            Some((pid.parse().ok()?, since.parse().ok()?))
        });
        let made = if answer.status.success() {
            Ok(())
        } else {
            Err(complaint(answer))
        };
        Self {
            server: said,
            home,
            made,
        }
    }
}
