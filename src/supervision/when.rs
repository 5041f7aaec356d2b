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
            .map_or(0.0, |time| Duration::from(time).as_secs_f64());
        Self {
            at: Timestamp::now(),
            uptime,
            boot: boot().unwrap_or_default().to_owned(),
        }
    }

    /// Returns the moment that is this much later.
    pub(crate) fn after(&self, time: Duration) -> Self {
        Self {
            at: self.at.checked_add(time).unwrap_or(Timestamp::MAX),
            uptime: self.uptime + time.as_secs_f64(),
            boot: self.boot.clone(),
        }
    }

    /// Returns how long after `now` this is; none where it has passed.
    pub(crate) fn left_at(&self, now: &Self) -> Duration {
        let left = if self.boot == now.boot {
            self.uptime - now.uptime
        } else {
            self.at.duration_since(now.at).as_secs_f64()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_boot_the_calendar_does_not_count() {
        let now = When::now();
        let mut later = now.after(Duration::from_secs(10));
        assert_eq!(later.at.duration_since(now.at).as_secs(), 10);
        later.at = Timestamp::UNIX_EPOCH;
        assert!((now.age_at(&later) - 10.0).abs() < 1e-6);
        assert!(later.left_at(&now).abs_diff(Duration::from_secs(10)) < Duration::from_millis(1));
        assert_eq!(later.age_at(&now), 0.0);
        assert_eq!(now.left_at(&later), Duration::ZERO);
    }

    #[test]
    fn between_two_boots_only_the_calendar_counts() {
        let now = When::now();
        let mut later = now.after(Duration::from_secs(10));
        (later.uptime, later.boot) = (1.0, "another".to_owned());
        assert!((now.age_at(&later) - 10.0).abs() < 1e-6);
        assert!(later.left_at(&now).abs_diff(Duration::from_secs(10)) < Duration::from_millis(1));
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let never = When::now().after(Duration::MAX);
        assert_eq!(never.at, Timestamp::MAX);
        assert!(never.uptime > 1e18);
        // More than a clock can be waited for, and no panic.
        let _ = never.left_at(&When::now());
    }
}
