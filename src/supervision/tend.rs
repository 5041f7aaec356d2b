//! The tender: one process's parent, from before its first life to after its last.

use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use nix::sys::signal::Signal;

use super::children::{self, Change};
use super::death::Between;
use super::end::{Ending, Order};
use super::listen::Listening;
use super::memory::{Counters, Counts};
use super::process::{ProcessFd, wait_readable};
use super::procfs::Moment;
use super::signals::{Heard, Signals};
use super::spawn::{self, Start};
use super::terminal::Terminal;
use super::trail::Trail;
use super::unit::read_desired;
use super::{LastExit, Life, Phase, State, Unit, Want};
use crate::files::Lock;

/// What a tender needs through all of its lives.
pub(super) struct Tender {
    pub(super) unit_file: PathBuf,
    pub(super) unit: Unit,
    pub(super) state: State,
    /// The mark and its variable; the rest is of the life that runs, or of the last one.
    pub(super) life: Life,
    pub(super) signals: Signals,
    pub(super) terminal: Terminal,
    pub(super) owner: Option<ProcessFd>,
    /// When the life began, or shortly before.
    pub(super) before_life: Option<Moment>,
    /// The life's process was stopped on purpose.
    pub(super) is_frozen: bool,
    /// Held while the tender lives, where the unit claims a directory.
    pub(super) claim: Option<Lock>,
    /// What is still to be told of the life before this one.
    pub(super) between: Option<Between>,
    /// The terminal is being asked what that one said.
    pub(super) listening: Option<Listening>,
    /// Where the kernel counts whom it kills for want of memory, and what it had counted when the life began.
    pub(super) counters: Counters,
    pub(super) counts: Counts,
    pub(super) trail: Trail,
}

/// What wakes a tender.
pub(super) enum Wake {
    Ordered(Order),
    Died(LastExit),
}

impl Tender {
    /// Keeps the unit up until it is to end. Returns when nothing of it is left to do.
    pub(super) fn run(&mut self) {
        let ended = loop {
            if let Err(ended) = self.live() {
                break ended;
            }
        };
        self.stop_listening();
        match ended {
            Ending::Ordered(order) => self.stop(order),
            Ending::Last(last) => self.stay(last),
        }
    }

    /// One life, from what must be true before it to its last straggler's end, and the wait before the next.
    fn live(&mut self) -> Result<(), Ending> {
        self.look_without_life()?;
        let begun = self.begin()?;
        match self.wait(Some(&begun)) {
            Wake::Ordered(order) => Err(order.into()),
            Wake::Died(exit) => self.after_death(exit),
        }
    }

    /// Spawns a life once everything is in place, if it is still wanted then.
    fn begin(&mut self) -> Result<Begun, Ending> {
        let lock = self.take_spawn_lock()?;
        self.refresh()?;
        // What is to be restarted is wanted: whoever restarts it ends this life as well, or was cut off.
        let wish = read_desired(&self.unit.desired)?;
        if wish.is_some_and(|wish| wish.in_the_end() == Want::Down) {
            return Err(Order::Down.into());
        }
        let environment = spawn::environment_of_life(&self.unit.environment, &self.life);
        let start = Start {
            command: &self.unit.start,
            directory: &self.unit.directory,
            environment: &environment,
        };
        self.say_that_it_begins();
        self.before_life = Moment::now();
        let (process, at) = children::identify(&start.in_foreground()?)?;
        let begun = Begun {
            pid: process.pid,
            at,
        };
        drop(lock);
        self.terminal.hand_to(nix::unistd::Pid::from_raw(begun.pid));
        self.life = Life {
            process,
            since: Timestamp::now(),
            commit: self.unit.commit.clone(),
            runner: self.unit.runner.clone(),
            ..self.life.clone()
        };
        self.tell_of_begin(begun.pid);
        // What the spawn needed is not needed while the life lasts, and a hundred tenders wait at once.
        drop(environment);
        release_memory();
        Ok(begun)
    }

    /// Says in a log that is read long afterwards which life begins here.
    fn say_that_it_begins(&self) {
        if self.unit.recorded.is_some() {
            let now = Timestamp::now();
            let (clock, day) = (now.strftime("%H:%M:%S"), now.strftime("%Y-%m-%d"));
            let commit = self.unit.commit.as_deref().unwrap_or("unknown");
            let (name, commit) = (&self.unit.name, commit.get(..12).unwrap_or(commit));
            let line = format!("[{clock} UTC] `{name}` begins on {day}, at commit {commit}");
            self.terminal.say(&line);
        }
    }

    /// Records the life that has just begun, and what could wait until then.
    fn tell_of_begin(&mut self, pid: i32) {
        self.look_back();
        self.counts = self.counters.now();
        if self.state.restarts > 0 {
            let restarts = self.state.restarts;
            self.trail.restarted(&self.unit.name, pid, restarts);
            self.record_again();
        }
        self.enter(Phase::Running, None);
        if let Some(between) = self.between.take()
            && between.alternate.is_none()
        {
            self.listen(between.line);
        }
    }

    /// Sleeps until something is to be done.
    pub(super) fn wait(&mut self, life: Option<&Begun>) -> Wake {
        loop {
            if let Some(event) = self.look(life) {
                return event;
            }
            let deadline = self.listening.as_ref().map(|listening| listening.deadline);
            self.sleep_until(deadline);
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.stop_listening();
            }
        }
    }

    /// Sleeps until a signal is heard, the owner has gone, or the deadline has come.
    fn sleep_until(&self, deadline: Option<Instant>) {
        let mut waited = vec![self.signals.heard()];
        waited.extend(self.owner.as_ref().map(|owner| owner.as_fd()));
        // Nothing can be done about a poll that fails; who sleeps looks afterwards in any case.
        let _ = wait_readable(&waited, deadline);
    }

    /// Sleeps without a life; an order fails.
    pub(super) fn idle_until(&mut self, deadline: Option<Instant>) -> Result<(), Ending> {
        self.sleep_until(deadline);
        self.look_without_life()
    }

    /// Fails with an order that has come; learns what became of orphans.
    pub(super) fn look_without_life(&mut self) -> Result<(), Ending> {
        match self.look(None) {
            Some(Wake::Ordered(order)) => Err(order.into()),
            Some(Wake::Died(_)) | None => Ok(()),
        }
    }

    /// Says which order has come, and leaves what became of children to be learned later.
    pub(super) fn look_for_order(&mut self) -> Option<Order> {
        let mut order = self.owner_has_gone().then_some(Order::OwnerGone);
        while let Some(heard) = self.signals.next_order() {
            order = self.order(order, heard);
        }
        order
    }

    /// Says what has happened since the last look, orders first, without waiting.
    fn look(&mut self, life: Option<&Begun>) -> Option<Wake> {
        let mut order = self.owner_has_gone().then_some(Order::OwnerGone);
        let mut died = None;
        while let Some(heard) = self.signals.next() {
            if heard.signal == Signal::SIGCHLD {
                died = self.attend(life).or(died);
            } else {
                order = self.order(order, heard);
            }
        }
        if let (Some(_), Some(exit)) = (order, &died) {
            self.state.last_exit = Some(exit.clone());
        }
        order.map(Wake::Ordered).or(died.map(Wake::Died))
    }

    /// Returns what is ordered, given what was before and what was heard since.
    fn order(&self, before: Option<Order>, heard: Heard) -> Option<Order> {
        match heard.signal {
            Signal::SIGHUP => Some(Order::HungUp),
            Signal::SIGUSR1 => before.or_else(|| self.is_unwanted().then_some(Order::Down)),
            // A key that was meant for a life that has just ended; only after the last one nothing else can be meant.
            _ if heard.is_typed && self.state.phase.has_next_life() => before,
            other => before.or(Some(Order::Told(other))),
        }
    }

    /// Learns what became of the children: the life's process, and orphans that came to the tender.
    fn attend(&mut self, life: Option<&Begun>) -> Option<LastExit> {
        let main = life.map(|begun| begun.pid);
        let mut died = None;
        let mut said = None;
        let mut heard = None;
        let mut is_frozen = self.is_frozen;
        let listening = self.listening.as_ref().map(Listening::pid);
        let (terminal, its_life) = (&self.terminal, &self.life);
        children::reap(|change| match change {
            Change::Ended { pid, code, signal } if Some(pid) == main => {
                let mut exit = children::last_exit(its_life, code, signal);
                exit.uptime = life.map_or(exit.uptime, |begun| begun.at.elapsed().as_secs_f64());
                died = Some(exit);
            }
            Change::Ended { pid, code, .. } if Some(pid) == listening => {
                heard = Some(code == Some(0));
            }
            Change::Stopped { pid, signal } if Some(pid) == main => {
                is_frozen = signal == Signal::SIGSTOP as i32;
                said = Some(Some(children::unstop(pid, signal, terminal)));
            }
            Change::Continued { pid } if Some(pid) == main && is_frozen => {
                is_frozen = false;
                said = Some(None);
            }
            Change::Ended { .. } | Change::Stopped { .. } | Change::Continued { .. } => {}
        });
        self.is_frozen = is_frozen;
        if let Some(is_whole) = heard {
            self.note_heard(is_whole);
        }
        if let (None, Some(reason)) = (&died, said)
            && reason != self.state.reason
        {
            self.state.reason = reason;
            // As in `enter`.
            let _ = self.state.write(&self.unit.state);
        }
        died
    }

    fn owner_has_gone(&self) -> bool {
        let now = Instant::now();
        self.owner
            .as_ref()
            .is_some_and(|owner| owner.wait(now).unwrap_or(false))
    }

    pub(super) fn is_unwanted(&self) -> bool {
        // A wish that cannot be read is not a wish to end anything.
        read_desired(&self.unit.desired)
            .is_ok_and(|desired| desired.is_some_and(|desired| desired.want == Want::Down))
    }

    /// Records where the unit stands from now on.
    pub(super) fn enter(&mut self, phase: Phase, reason: Option<String>) {
        // A full disk must not end what runs, nor keep it from being ended; the next change tries again.
        let _ = self.record(phase, reason, self.life.clone());
        self.trail
            .tell(self.unit.shared.as_deref(), &self.unit.name);
    }

    /// Records where the unit stands, with a life that may be an earlier tender's.
    pub(super) fn record(
        &mut self,
        phase: Phase,
        reason: Option<String>,
        life: Life,
    ) -> anyhow::Result<()> {
        self.state.phase = phase;
        self.state.reason = reason;
        self.state.since = Timestamp::now();
        self.state.life = Some(life);
        self.state.write(&self.unit.state)
    }
}

/// The life that runs: its process, and when it was spawned by the clock that is never set.
pub(super) struct Begun {
    pid: i32,
    at: Instant,
}

/// Gives memory that is not needed while nothing happens back: a hundred tenders wait at once.
pub(super) fn release_memory() {
    // SAFETY: it has no preconditions.
    #[cfg(target_env = "gnu")]
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
