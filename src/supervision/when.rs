//! A moment that no setting of the clock moves.

use std::time::Duration;

use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::process::boot;

/// A moment: by the calendar for people, and by the time since the machine's boot for reckoning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct When {
    /// The calendar's time, which may be set back and forth.
    pub(crate) at: Timestamp,
    /// Seconds since the boot, sleep included (`CLOCK_BOOTTIME`).
    pub(crate) uptime: f64,
    /// The boot.
    pub(crate) boot: String,
}

impl When {
    /// Returns this moment.
    pub(crate) fn now() -> Self {
        let uptime = clock_gettime(ClockId::CLOCK_BOOTTIME)
            .map_or(0.0, |time| std::time::Duration::from(time).as_secs_f64());
        Self {
            at: Timestamp::now(),
            uptime,
            boot: boot().unwrap_or_default().to_owned(),
        }
    }

    /// Returns the moment so much later.
    pub(crate) fn after(&self, time: Duration) -> Self {
        Self {
            at: self.at.checked_add(time).unwrap_or(self.at),
            uptime: self.uptime + time.as_secs_f64(),
            boot: self.boot.clone(),
        }
    }

    /// Returns how long it is until then; none where it has come, or is of another boot.
    pub(crate) fn wait_from(&self, now: &Self) -> Duration {
        let left = if self.boot == now.boot {
            self.uptime - now.uptime
        } else {
            0.0
        };
        Duration::try_from_secs_f64(left).unwrap_or_default()
    }

    /// Returns how many seconds before `now` this was; never less than none.
    ///
    /// Only where a reboot lies between must the calendar do.
    pub(crate) fn age_at(&self, now: &Self) -> f64 {
        let age = if self.boot == now.boot {
            now.uptime - self.uptime
        } else {
            now.at.duration_since(self.at).as_secs_f64()
        };
        age.max(0.0)
    }
}
