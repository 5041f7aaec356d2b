//! Waiting until a status may be another one: on the files that it is made of, and on the processes that it is about.

mod held;
mod places;

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::fleet::Fleet;
use crate::sessions::raise_file_limit;
use crate::supervision::wait_readable;
use held::Held;
use places::Places;

/// Changes that follow each other so closely are one.
const QUIET: Duration = Duration::from_millis(5);
/// But the first of them is not kept back for longer than this.
const LONGEST: Duration = Duration::from_millis(50);
/// Whoever waits is busy for a third of the time, however much goes on, where a look is short ...
const REST: u32 = 2;
/// ... but sees what has changed after this time at the latest.
const LONGEST_REST: Duration = Duration::from_millis(300);

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something has changed that a status is made of: collect it again.
    Changed,
    /// The moment has come that was waited for.
    Due,
    /// One of the other descriptors can be read.
    Other,
}

/// Waits for changes of a fleet, whichever projects it gets. Sleeps: there is no timer but the one that is asked for.
///
/// What changed before is not told, so begin to wait before the first look. Three things change unseen until something
/// else does: files of a harness, who runs a project by hand, and what sessions the tmux server has.
pub(crate) struct Watching {
    /// With the registry as it was last valid.
    fleet: Fleet,
    places: Places,
    held: Held,
    /// The first and the last change that nobody was told of yet.
    untold: Option<(Instant, Instant)>,
    /// When the last wait ended.
    ended: Instant,
    registry_changed: bool,
    places_changed: bool,
}

impl Watching {
    /// Begins to watch. May raise this process's limit of open files: it takes one for each project that runs.
    pub(crate) fn new(fleet: &Fleet) -> anyhow::Result<Self> {
        // Without it what runs may not all be held, which a wait can do without.
        let _ = raise_file_limit();
        let fleet = Fleet::open(fleet.root.clone(), fleet.patience)?;
        Ok(Self {
            places: Places::of(&fleet)?,
            held: Held::of(&fleet),
            fleet,
            untold: None,
            ended: Instant::now(),
            registry_changed: false,
            places_changed: false,
        })
    }

    /// Tells whether fleet.toml was among what the last wait found changed: open the fleet again, then.
    pub(crate) fn registry_changed(&self) -> bool {
        self.registry_changed
    }

    /// Tells whether the last wait found anything changed beside what tenders and commands write of single projects: pins
    /// may be others, then.
    pub(crate) fn places_changed(&self) -> bool {
        self.places_changed
    }

    /// Tells how many places could not be watched because the machine allows no more; their changes go unseen.
    pub(crate) fn unwatched(&self) -> usize {
        self.places.unwatched
    }

    /// Sleeps until something changes, a moment comes, or one of the `others` can be read (which is told at once).
    /// Changes come folded: those that follow each other closely, and those that come while the last are looked at.
    pub(crate) fn wait(
        &mut self,
        until: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> anyhow::Result<Woken> {
        let woken = self.sleep(until, others);
        self.ended = Instant::now();
        woken
    }

    fn sleep(
        &mut self,
        until: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> anyhow::Result<Woken> {
        self.registry_changed = false;
        self.places_changed = false;
        let rest = (self.ended.elapsed() * REST).min(LONGEST_REST);
        let not_before = Instant::now() + rest;
        loop {
            let ripe = self
                .untold
                .map(|(first, last)| not_before.max((last + QUIET).min(first + LONGEST)));
            if ripe.is_some_and(|ripe| ripe <= Instant::now()) {
                self.untold = None;
                self.registry_changed = self.catch_up()?;
                return Ok(Woken::Changed);
            }
            let (inotify, processes) = (self.places.descriptor(), self.held.descriptors());
            let waited: Vec<BorrowedFd<'_>> = [inotify]
                .into_iter()
                .chain(others.iter().copied())
                .chain(processes)
                .collect();
            let ready =
                wait_readable(&waited, ripe.or(until)).context("cannot wait for a change")?;
            let (own, processes) = ready.split_at(1 + others.len());
            let has_ended = self.held.note_ended(processes);
            let has_changed = own[0] && self.places.read()?;
            if has_ended || has_changed {
                let now = Instant::now();
                let first = self.untold.map_or(now, |(first, _)| first);
                self.untold = Some((first, now));
            }
            if own[1..].contains(&true) {
                return Ok(Woken::Other);
            }
            if self.untold.is_none() && until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Woken::Due);
            }
        }
    }

    /// Watches what is there now; returns whether fleet.toml has changed. A fleet.toml that is not valid changes nothing.
    fn catch_up(&mut self) -> anyhow::Result<bool> {
        let news = self.places.take_news();
        if news.registry {
            let _ = self.fleet.reload();
        }
        self.places_changed = news.anything;
        if news.anything {
            self.places.renew(&self.fleet)?;
            self.held = Held::of(&self.fleet);
        } else {
            self.held.renew(&self.fleet, &news.projects);
        }
        Ok(news.registry)
    }
}

#[cfg(test)]
mod tests;
