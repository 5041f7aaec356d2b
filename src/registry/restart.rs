//! What a `restart` table may say.

use std::time::Duration;

use super::check::Check;
use crate::names::{Restart, RestartText};

/// The most deaths that may be answered: each is kept in the project's state for as long as `window`.
const MOST_DEATHS: u32 = 1000;

impl Check<'_> {
    /// Settles a project's `restart`, and refuses what contradicts itself.
    pub(super) fn restart(&mut self, project: &str, text: Option<&RestartText>) -> Restart {
        let Some(text) = text else {
            return Restart::DEFAULT;
        };
        let settled = text.over(&Restart::DEFAULT);
        let at = |key| ["projects", project, "restart", key];
        let full = |key| format!("`projects.{project}.restart.{key}`");
        if settled.backoff > settled.backoff_max {
            let (key, hint) = match (&text.backoff, &text.backoff_max) {
                (Some(_), Some(_)) => ("backoff", None),
                (Some(_), None) => ("backoff", Some("`backoff_max` is 5m where nobody says")),
                (None, _) => ("backoff_max", Some("`backoff` is 1s where nobody says")),
            };
            let message = format!("{}: `backoff` is longer than `backoff_max`", full(key));
            self.refuse(&at(key), message, hint.map(str::to_owned));
        }
        if settled.window == Duration::ZERO {
            let message = format!("{}: no death is within no time", full("window"));
            let hint = "`give_up_after` says how many are too many".to_owned();
            self.refuse(&at("window"), message, Some(hint));
        }
        if settled.give_up_after > MOST_DEATHS {
            let message = format!("{}: it must be 0 to {MOST_DEATHS}", full("give_up_after"));
            let hint = "a shorter `window` forgets earlier".to_owned();
            self.refuse(&at("give_up_after"), message, Some(hint));
        }
        settled
    }
}
