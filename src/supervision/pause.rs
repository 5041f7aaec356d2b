//! The wait before a life that is not to begin at once: a back-off, and the brake.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::brake;
use super::end::Ending;
use super::tend::{Tender, release_memory};
use super::{Phase, When};

/// Why a life waits that is due.
const HELD: &str = "held by the brake";

impl Tender {
    /// Waits until the next life is due, and while the brake holds it. An order ends both waits.
    pub(super) fn pause(&mut self, wait: Duration, now: &When) -> Result<(), Ending> {
        let due = now.after(wait);
        self.state.due = Some(due.clone());
        self.enter(Phase::Waiting, None);
        // It is asked now too: those who died with this one may have died long ago once it is due.
        let _ = self.brake();
        release_memory();
        loop {
            let left = due.left_at(&When::now());
            if left.is_zero() {
                break;
            }
            self.idle_until(Instant::now().checked_add(left))?;
        }
        self.wait_for_brake()?;
        self.state.due = None;
        Ok(())
    }

    /// Waits while the brake is on. Who takes it off tells every tender that waits to look.
    fn wait_for_brake(&mut self) -> Result<(), Ending> {
        while let Some(why) = self.brake() {
            if self.state.reason.as_deref() != Some(HELD) {
                self.state.due = None;
                self.trail.held(&self.unit.name, &why);
                self.terminal.say(&self.line_held(&why));
                self.enter(Phase::Waiting, Some(HELD.to_owned()));
                release_memory();
            }
            self.idle_until(None)?;
        }
        Ok(())
    }

    /// What stands in the terminal while the brake holds the next life.
    fn line_held(&self, why: &str) -> String {
        let (clock, name) = (Timestamp::now().strftime("%H:%M:%S"), &self.unit.name);
        format!("[{clock} UTC] `{name}` is {HELD}: {why}; `fleet go` lets it go on")
    }

    /// Returns why the brake holds this unit's next life; `None` where nothing does.
    fn brake(&self) -> Option<String> {
        let shared = self.unit.shared.as_deref()?;
        // A brake that cannot be read does not hold: a full disk must not keep everything down.
        let engaged = brake::consider(shared).ok()??;
        Some(engaged.reason)
    }
}
