//! What a tender tells of its unit beyond its state: the fleet's audit trail, and the deaths that the brake counts.

use std::path::Path;

use super::end::Last;
use super::{LastExit, Phase, When, deaths};
use crate::events::{self, Event};

/// Who writes, in the trail.
const WHO: &str = "tender";

/// News that is told once the state says the same, and once nobody waits for the next life.
#[derive(Debug, Default)]
pub(super) struct Trail {
    events: Vec<Event>,
    deaths: Vec<When>,
}

impl Trail {
    /// Takes note of a life that ended by itself, and of what follows.
    pub(super) fn died(&mut self, unit: &str, exit: &LastExit, now: &When, next: String) {
        self.deaths.push(now.clone());
        self.events.push(Event {
            before: Some(format!("up for {:.1} s", exit.uptime)),
            after: Some(next),
            why: Some(why(exit)),
            ..Event::new(WHO, "died").of(unit)
        });
    }

    /// Takes note of a life after the first.
    pub(super) fn restarted(&mut self, unit: &str, pid: i32, restarts: u32) {
        self.events.push(Event {
            after: Some(format!("process {pid}")),
            why: Some(format!("restart {restarts}")),
            ..Event::new(WHO, "restarted").of(unit)
        });
    }

    /// Takes note of the end of all lives, where that is more than a death.
    pub(super) fn ended(&mut self, unit: &str, last: &Last) {
        let what = match last.phase() {
            Phase::Finished => "finished",
            Phase::Parked => "parked",
            Phase::Lost => "lost",
            // The death says it, or who asked for it.
            Phase::Crashed | Phase::Down => return,
            Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => return,
        };
        self.events.push(Event {
            why: last.reason().map(str::to_owned),
            ..Event::new(WHO, what).of(unit)
        });
    }

    /// Takes note of a unit that was lost with its terminal: for the brake, a death as well.
    pub(super) fn lost(&mut self, now: When) {
        self.deaths.push(now);
    }

    /// Takes note of a life that the brake holds.
    pub(super) fn held(&mut self, unit: &str, why: &str) {
        self.events.push(Event {
            why: Some(why.to_owned()),
            ..Event::new(WHO, "held").of(unit)
        });
    }

    /// Tells it all. Without a directory that is shared with others there is nobody to tell.
    pub(super) fn tell(&mut self, shared: Option<&Path>, unit: &str) {
        let (events, deaths) = (
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.deaths),
        );
        let Some(shared) = shared else { return };
        for death in &deaths {
            // A death that cannot be counted is still one that is answered.
            let _ = deaths::record_death(shared, unit, death);
        }
        if !events.is_empty() {
            // The trail must not stand in the way of what it records; the state says the same.
            let _ = events::append(shared, &events);
        }
    }
}

fn why(exit: &LastExit) -> String {
    match &exit.oom {
        Some(oom) => format!("{exit}; {oom}"),
        None => exit.to_string(),
    }
}
