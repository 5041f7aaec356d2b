//! The tender: one process's parent, from before its first life to after its last.

use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::sys::signal::Signal;

use super::children::{self, Change};
use super::end::{Last, Order};
use super::policy::{self, History, Next};
use super::process::{ProcessFd, wait_readable};
use super::procfs::Moment;
use super::signals::Signals;
use super::spawn::{self, Start};
use super::sweep::{Sweep, Swept};
use super::terminal::Terminal;
use super::unit::read_desired;
use super::{LastExit, Life, Phase, State, Unit, Want, When};
use crate::files::Lock;

/// How long a tender waits for whoever moves the harness's files.
const SPAWN_LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How long the command that makes a unit anew may take.
const REFRESH_PATIENCE: Duration = Duration::from_secs(30);
/// What stragglers of a dead life get between SIGTERM and SIGKILL.
const STRAGGLER_GRACE: Duration = Duration::from_secs(1);

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
}

/// What wakes a tender.
pub(super) enum Event {
    Ordered(Order),
    Died(LastExit),
}

impl Tender {
    /// Keeps the unit up until it is to end. Returns when nothing of it is left to do.
    pub(super) fn run(&mut self) {
        let ended = loop {
            if let ControlFlow::Break(ended) = self.live() {
                break ended;
            }
        };
        match ended {
            Ok(order) => self.stop(order),
            Err(last) => self.stay(last),
        }
    }

    /// One life, from what must be true before it to its last straggler's end.
    fn live(&mut self) -> ControlFlow<Result<Order, Last>> {
        if let Some(Event::Ordered(order)) = self.look(None) {
            return ControlFlow::Break(Ok(order));
        }
        let begun = match self.begin() {
            Ok(Some(begun)) => begun,
            Ok(None) => return ControlFlow::Break(Ok(Order::Down)),
            Err(error) => return ControlFlow::Break(Err(Last::parked(format!("{error:#}")))),
        };
        match self.wait(Some(&begun)) {
            Event::Ordered(order) => ControlFlow::Break(Ok(order)),
            Event::Died(exit) => self.after_death(exit),
        }
    }

    /// Spawns a life if it is wanted and everything is in place.
    fn begin(&mut self) -> anyhow::Result<Option<Begun>> {
        let lock = match &self.unit.spawn_lock {
            Some(path) => Some(Lock::take(path, SPAWN_LOCK_PATIENCE, || {})?),
            None => None,
        };
        self.refresh()?;
        if read_desired(&self.unit.desired)?.is_some_and(|desired| desired.want == Want::Down) {
            return Ok(None);
        }
        let environment = spawn::environment_of_life(&self.unit.environment, &self.life);
        let start = Start {
            command: &self.unit.start,
            directory: &self.unit.directory,
            environment: &environment,
        };
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
        self.enter(Phase::Running, None);
        // What the spawn needed is not needed while the life lasts, and a hundred tenders wait at once.
        drop(environment);
        release_memory();
        Ok(Some(begun))
    }

    /// Makes the unit anew where something that it was made from has changed.
    fn refresh(&mut self) -> anyhow::Result<()> {
        let Some(refresh) = &self.unit.refresh else {
            return Ok(());
        };
        if refresh.is_current() {
            return Ok(());
        }
        let environment = spawn::environment(&self.unit.environment);
        Start {
            command: &refresh.command,
            directory: &self.unit.directory,
            environment: &environment,
        }
        .aside()?
        .finish(Instant::now() + REFRESH_PATIENCE, &self.signals)?;
        let unit = Unit::read(&self.unit_file)?;
        // Where the tender writes and whom it obeys was settled when it began.
        self.unit = Unit {
            desired: self.unit.desired.clone(),
            state: self.unit.state.clone(),
            owner: self.unit.owner.clone(),
            ..unit
        };
        Ok(())
    }

    fn after_death(&mut self, mut exit: LastExit) -> ControlFlow<Result<Order, Last>> {
        self.terminal.take_back();
        let now = When::now();
        let history = History {
            deaths: &self.state.deaths,
            streak: self.state.streak,
        };
        let next = policy::decide(&self.unit.policy, history, &exit, &now, 0.0);
        let streak = history.streak_after(&self.unit.policy, exit.uptime) + 1;
        let swept = self.sweep_stragglers();
        exit.killed = swept.killed;
        let deaths = policy::recent(&self.unit.policy, &self.state.deaths, &now);
        self.state.deaths = deaths.cloned().chain([now.clone()]).collect();
        self.state.streak = streak;
        self.state.last_exit = Some(exit);
        if !swept.left.is_empty() {
            return ControlFlow::Break(Err(Last::not_ended(&swept)));
        }
        let last = match next {
            Next::Restart(_) => {
                self.state.restarts += 1;
                return ControlFlow::Continue(());
            }
            Next::Finished => Last::of(Phase::Finished),
            Next::Crashed => Last::of(Phase::Crashed),
            Next::Parked(reason) => Last::parked(reason),
        };
        ControlFlow::Break(Err(last))
    }

    /// Ends what a dead life left behind; at once where there is nothing.
    fn sweep_stragglers(&mut self) -> Swept {
        let sweep = Sweep::of(&self.life).by_tender(self.before_life, self.signals.hang_up());
        let has_none = !children::reap(|_| {}) && sweep.finds_nothing();
        if has_none {
            return Swept::default();
        }
        let swept = sweep.end(STRAGGLER_GRACE);
        children::reap(|_| {});
        swept
    }

    /// Sleeps until something is to be done.
    pub(super) fn wait(&mut self, life: Option<&Begun>) -> Event {
        loop {
            if let Some(event) = self.look(life) {
                return event;
            }
            let mut waited = vec![self.signals.heard()];
            waited.extend(self.owner.as_ref().map(|owner| owner.as_fd()));
            // Nothing can be done about a poll that fails; the look above decides in any case.
            let _ = wait_readable(&waited, None);
        }
    }

    /// Says what has happened since the last look, orders first, without waiting.
    fn look(&mut self, life: Option<&Begun>) -> Option<Event> {
        let mut order = None;
        let mut died = None;
        if self.owner_has_gone() {
            order = Some(Order::OwnerGone);
        }
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::SIGCHLD => died = self.attend(life).or(died),
                Signal::SIGUSR1 => order = order.or(self.is_unwanted().then_some(Order::Down)),
                Signal::SIGHUP => order = Some(Order::HungUp),
                other => order = order.or(Some(Order::Told(other))),
            }
        }
        if let (Some(_), Some(exit)) = (order, &died) {
            self.state.last_exit = Some(exit.clone());
        }
        order.map(Event::Ordered).or(died.map(Event::Died))
    }

    /// Learns what became of the children: the life's process, and orphans that came to the tender.
    fn attend(&mut self, life: Option<&Begun>) -> Option<LastExit> {
        let main = life.map(|begun| begun.pid);
        let mut died = None;
        let mut said = None;
        let mut is_frozen = self.is_frozen;
        let (terminal, its_life) = (&self.terminal, &self.life);
        children::reap(|change| match change {
            Change::Ended { pid, code, signal } if Some(pid) == main => {
                let mut exit = children::last_exit(its_life, code, signal);
                exit.uptime = life.map_or(exit.uptime, |begun| begun.at.elapsed().as_secs_f64());
                died = Some(exit);
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

    fn is_unwanted(&self) -> bool {
        // A wish that cannot be read is not a wish to end anything.
        read_desired(&self.unit.desired)
            .is_ok_and(|desired| desired.is_some_and(|desired| desired.want == Want::Down))
    }

    /// Records where the unit stands from now on.
    pub(super) fn enter(&mut self, phase: Phase, reason: Option<String>) {
        // A full disk must not end what runs, nor keep it from being ended; the next change tries again.
        let _ = self.record(phase, reason, self.life.clone());
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
