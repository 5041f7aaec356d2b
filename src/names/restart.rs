//! When what has died comes back: the `restart` table of fleet.toml and agents.toml.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Time;

/// Which ends of a process are deaths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RestartOn {
    /// Exit 0 is the end of the work; everything else is a death.
    Failure,
    /// Every end is a death.
    Always,
}

impl fmt::Display for RestartOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failure => "failure",
            Self::Always => "always",
        })
    }
}

/// When what has died comes back, with every value settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restart {
    /// Which ends are deaths.
    pub(crate) on: RestartOn,
    /// The wait before the second restart in a row; the first one is at once.
    pub(crate) backoff: Duration,
    /// The longest wait.
    pub(crate) backoff_max: Duration,
    /// How many deaths within `window` are answered by a restart; one more is given up on.
    pub(crate) give_up_after: u32,
    /// Over which time deaths are counted.
    pub(crate) window: Duration,
    /// A life this long is health: the next death is answered at once again.
    pub(crate) healthy_after: Duration,
}

impl Restart {
    /// What holds where nobody says: ten restarts in an hour, the waits doubling from a second to five minutes.
    pub(crate) const DEFAULT: Self = Self {
        on: RestartOn::Failure,
        backoff: Duration::from_secs(1),
        backoff_max: Duration::from_secs(300),
        give_up_after: 10,
        window: Duration::from_secs(3600),
        healthy_after: Duration::from_secs(600),
    };
}

/// When what has died comes back, with `watch = "heal"`. Every key may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Restart")]
pub(crate) struct RestartText {
    /// `"failure"`: exit 0 is the end of the work. `"always"`: every exit is a death. Default: `"failure"` for a
    /// project, `"always"` for an agent.
    pub(crate) on: Option<RestartOn>,
    /// The wait before the second restart in a row; it doubles with each, and is shortened by up to a fifth at random. The
    /// first restart is at once. Default: `"1s"`.
    pub(crate) backoff: Option<Time>,
    /// The longest wait; not shorter than `backoff`. Default: `"5m"`.
    pub(crate) backoff_max: Option<Time>,
    /// How many deaths within `window` are answered by a restart, 0 to 1000; one more parks it. With 0 the first death
    /// does. Default: `10`.
    pub(crate) give_up_after: Option<u32>,
    /// Over which time deaths are counted, at least `"1ms"`. Default: `"1h"`.
    pub(crate) window: Option<Time>,
    /// A life this long is health: the next death is answered at once again. With `"0s"` there are no waits. Default:
    /// `"10m"`.
    pub(crate) healthy_after: Option<Time>,
}

impl RestartText {
    /// Settles what is not written by `default`.
    pub(crate) fn over(&self, default: &Restart) -> Restart {
        let time = |written: &Option<Time>, default: Duration| {
            written.as_ref().map_or(default, Time::duration)
        };
        Restart {
            on: self.on.unwrap_or(default.on),
            backoff: time(&self.backoff, default.backoff),
            backoff_max: time(&self.backoff_max, default.backoff_max),
            give_up_after: self.give_up_after.unwrap_or(default.give_up_after),
            window: time(&self.window, default.window),
            healthy_after: time(&self.healthy_after, default.healthy_after),
        }
    }
}
