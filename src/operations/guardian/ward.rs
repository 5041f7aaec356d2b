//! What the guardian keeps of each project between two looks.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::names::Restart;
use crate::supervision::{Policy, Process, ProcessFd, chance, wait};

use super::super::cause::Cause;

/// One project.
#[derive(Debug, Default)]
pub(super) struct Ward {
    /// Its tender, while that lives.
    pub(super) held: Option<Held>,
    /// It may have been lost: somebody must look.
    pub(super) is_open: bool,
    /// It comes back whatever `watch` says, for this cause.
    pub(super) cause: Option<Cause>,
    /// Not before this moment; `None`: at once.
    pub(super) due: Option<Instant>,
    /// The brake holds it.
    pub(super) is_braked: bool,
    /// A command has its lock, and a thread waits for that.
    pub(super) is_locked: bool,
    /// How many attempts in a row have failed.
    pub(super) failures: u32,
    /// Its loss has been counted as a death.
    pub(super) is_counted: bool,
    /// Why it was lost, as far as that is known.
    pub(super) because: String,
    /// What was last said of it while it is not brought back.
    pub(super) said: Option<String>,
}

/// A tender that lives, and the server that it lives in.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) tender: Process,
    pub(super) descriptor: ProcessFd,
    /// `None`: it is not known, or has gone before its tender.
    pub(super) server: Option<Rc<HeldServer>>,
}

/// A tmux server, held once for all tenders in it: descriptors may be few.
#[derive(Debug)]
pub(super) struct HeldServer {
    pub(super) process: Process,
    pub(super) descriptor: ProcessFd,
}

impl Held {
    /// Gets hold of a tender; `None` where it has gone. `known` is the server that was held last.
    ///
    /// Fails where that cannot be told, or not one more process can be held.
    pub(super) fn of(tender: &Process, known: Option<&Rc<HeldServer>>) -> io::Result<Option<Self>> {
        let Some(descriptor) = tender.open()? else {
            return Ok(None);
        };
        let process = tender.terminal_server();
        let server = match (process, known) {
            (None, _) => None,
            (Some(process), Some(known)) if known.process == process => Some(Rc::clone(known)),
            (Some(process), _) => process.open()?.map(|descriptor| {
                Rc::new(HeldServer {
                    process,
                    descriptor,
                })
            }),
        };
        Ok(Some(Self {
            tender: tender.clone(),
            descriptor,
            server,
        }))
    }

    /// Tells whether it lives in this server.
    pub(super) fn is_in(&self, server: &HeldServer) -> bool {
        let own = self.server.as_ref();
        own.is_some_and(|own| own.process == server.process)
    }
}

impl Ward {
    /// Says when to look at it again without having been told to; `None`: never.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let waits = self.is_open && !self.is_locked && !self.is_braked;
        waits.then(|| self.due.unwrap_or_else(Instant::now))
    }

    /// Tells whether it is to be looked at now.
    pub(super) fn is_due(&self) -> bool {
        self.next_due().is_some_and(|due| due <= Instant::now())
    }

    /// It was brought back: whatever is lost after this is another loss, for a cause of its own.
    pub(super) fn begin_anew(&mut self) {
        self.close();
        self.failures = 0;
        self.is_counted = false;
        self.said = None;
    }

    /// Nothing is to be done about it until something changes.
    pub(super) fn close(&mut self) {
        self.is_open = false;
        self.cause = None;
        self.due = None;
        self.is_braked = false;
    }
}

/// How often the server has gone lately: one that goes again and again is not brought back as fast as it goes.
#[derive(Debug, Default)]
pub(super) struct Losses {
    streak: u32,
    last: Option<Instant>,
}

impl Losses {
    /// Counts a loss, and says how long to wait before all that was in the server comes back.
    pub(super) fn count(&mut self) -> Duration {
        let policy = Policy {
            heal: true,
            restart: Restart::DEFAULT,
        };
        let is_recent = |last: &Instant| last.elapsed() < policy.restart.healthy_after;
        self.streak = match self.last.filter(is_recent) {
            Some(_) => self.streak.saturating_add(1),
            None => 0,
        };
        self.last = Some(Instant::now());
        wait(&policy, self.streak, chance())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_goes_again_and_again_is_waited_for() {
        let mut losses = Losses::default();
        assert_eq!(losses.count(), Duration::ZERO);
        let waits: Vec<Duration> = (0..3).map(|_| losses.count()).collect();
        let at_most = [1, 2, 4].map(Duration::from_secs);
        for (wait, most) in waits.iter().zip(at_most) {
            assert!(*wait <= most && *wait * 2 > most, "{waits:?}");
        }
    }

    #[test]
    fn what_is_lost_again_waits_and_is_counted_again() {
        let mut ward = Ward {
            is_open: true,
            cause: Some(Cause::Server),
            due: Some(Instant::now()),
            is_counted: true,
            ..Ward::default()
        };
        ward.begin_anew();
        assert_eq!((ward.cause, ward.due, ward.is_counted), (None, None, false));
    }

    #[test]
    fn what_is_locked_or_braked_wakes_nobody() {
        let now = Instant::now();
        let mut ward = Ward {
            is_open: true,
            due: Some(now),
            ..Ward::default()
        };
        assert!(ward.is_due() && ward.next_due() == Some(now));
        ward.is_braked = true;
        assert!(!ward.is_due() && ward.next_due().is_none());
        ward.close();
        assert!(!ward.is_due() && ward.next_due().is_none());
    }
}
