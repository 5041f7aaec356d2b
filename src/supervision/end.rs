//! The end of a tender's work: taking the unit down, or staying with its last screen.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::children::{self, Change};
use super::members::HANG_UP_GRACE;
use super::process::{ProcessFd, wait_readable};
use super::spawn::{self, Kept, Start};
use super::state::HUNG_UP;
use super::sweep::{Sweep, Swept};
use super::tend::{Tender, Wake, release_memory};
use super::{Phase, State, When, evidence};

/// How much of the grace the unit's own stop command may use: the rest is for those who need a signal.
const SHARE_OF_STOP_COMMAND: f64 = 0.75;

/// Why a tender ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The operator wants the unit down.
    Down,
    /// Somebody sent this signal.
    Told(Signal),
    /// The terminal has gone, and with it the tmux server.
    HungUp,
    /// The process that this unit belongs to has gone.
    OwnerGone,
}

/// Where a unit stands after its last life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Last {
    phase: Phase,
    reason: Option<String>,
}

/// Why a unit has no next life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is to end.
    Ordered(Order),
    /// It has ended.
    Last(Last),
}

impl From<Order> for Ending {
    fn from(order: Order) -> Self {
        Self::Ordered(order)
    }
}

impl From<Last> for Ending {
    fn from(last: Last) -> Self {
        Self::Last(last)
    }
}

/// What cannot be begun is given up on.
impl From<anyhow::Error> for Ending {
    fn from(error: anyhow::Error) -> Self {
        Self::Last(Last::parked(format!("{error:#}")))
    }
}

impl Last {
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The life's own end says all.
    pub(super) fn of(phase: Phase) -> Self {
        Self {
            phase,
            reason: None,
        }
    }

    /// Given up, for a reason.
    pub(super) fn parked(reason: impl Into<String>) -> Self {
        Self {
            phase: Phase::Parked,
            reason: Some(reason.into()),
        }
    }

    /// Given up, because something of a life would not go.
    pub(super) fn not_ended(swept: &Swept) -> Self {
        let left: Vec<String> = swept.left.iter().map(ToString::to_string).collect();
        Self::parked(format!("cannot end what it started: {}", left.join(", ")))
    }
}

impl Tender {
    /// Ends the unit's tree, and records that it is down.
    pub(super) fn stop(&mut self, order: Order) {
        let was_running = self.state.phase == Phase::Running;
        self.look_back();
        self.enter(Phase::Stopping, None);
        let grace = Duration::try_from_secs_f64(self.unit.stop_grace).unwrap_or_default();
        let grace = match order {
            Order::Down | Order::Told(_) => {
                let deadline = Instant::now() + grace;
                if was_running && !self.unit.stop.is_empty() {
                    let share = grace.mul_f64(SHARE_OF_STOP_COMMAND);
                    if let Err(error) = self.ask_to_stop(Instant::now() + share) {
                        // Signals follow in any case; this says why they were needed.
                        let line = format!("cannot stop it by its own command: {error:#}");
                        self.terminal.say(&line);
                    }
                }
                deadline.saturating_duration_since(Instant::now())
            }
            Order::HungUp | Order::OwnerGone => grace.min(HANG_UP_GRACE),
        };
        let swept = Sweep::of(&self.life)
            .by_tender(self.before_life, self.signals.hang_up())
            .end(grace);
        children::reap(self.note_exit());
        if was_running && let Some(exit) = &mut self.state.last_exit {
            exit.killed = swept.killed;
            exit.signature = evidence::signature(exit);
        }
        self.terminal.take_back();
        self.say_that_it_was_ended();
        let last = self.after_stop(order, &swept);
        if last.phase == Phase::Lost {
            self.trail.lost(When::now());
        } else {
            self.state.due = None;
        }
        self.trail.ended(&self.unit.name, &last);
        self.enter(last.phase, last.reason);
    }

    /// Says in a log how the last life was ended: nobody sees it on the terminal, which goes with it.
    fn say_that_it_was_ended(&self) {
        if self.unit.recorded.is_some() {
            let clock = jiff::Timestamp::now().strftime("%H:%M:%S");
            let exit = self.state.last_exit.as_ref();
            let exit = exit.map_or_else(String::new, |exit| format!(": {exit}"));
            let line = format!("[{clock} UTC] `{}` was ended{exit}", self.unit.name);
            self.terminal.say_after_life(&line);
        }
    }

    /// Runs the unit's own stop command, and buries the life's process meanwhile: who asked waits for that.
    fn ask_to_stop(&mut self, deadline: Instant) -> anyhow::Result<()> {
        let environment = spawn::environment_of_life(&self.unit.environment, &self.life);
        let mut asked = Start {
            command: &self.unit.stop,
            directory: &self.unit.directory,
            environment: &environment,
        }
        .aside(Kept::Errors)?;
        let process = ProcessFd::open(self.life.process.pid)?;
        if let Some(process) = &process {
            let waited = [asked.as_fd(), self.signals.hang_up(), process.as_fd()];
            if wait_readable(&waited, Some(deadline))?[2] {
                children::reap_one(self.life.process.pid, self.note_exit());
            }
        }
        asked.finish(deadline, &self.signals)?;
        // A command that only passes the wish on leaves the process to end in its own time.
        if let Some(process) = &process {
            wait_readable(&[self.signals.hang_up(), process.as_fd()], Some(deadline))?;
        }
        Ok(())
    }

    /// Returns what to do with what is learned of children: the exit of the life's process is recorded.
    fn note_exit(&mut self) -> impl FnMut(Change) {
        let (life, last_exit) = (&self.life, &mut self.state.last_exit);
        move |change| match change {
            Change::Ended { pid, code, signal } if pid == life.process.pid => {
                *last_exit = Some(children::last_exit(life, code, signal));
            }
            Change::Ended { .. } | Change::Stopped { .. } | Change::Continued { .. } => {}
        }
    }

    fn after_stop(&self, order: Order, swept: &Swept) -> Last {
        if !swept.left.is_empty() {
            return Last::not_ended(swept);
        }
        // Who is told to end twice has been stopped, whichever of the two came first.
        let order = match order {
            Order::Told(_) if self.is_unwanted() => Order::Down,
            order => order,
        };
        let (phase, reason) = match (order, &self.unit.owner) {
            (Order::Down, _) if swept.killed == 0 => (Phase::Down, None),
            (Order::Down, _) => {
                let many = swept.killed;
                (
                    Phase::Down,
                    Some(format!("{many} of its processes had to be killed")),
                )
            }
            // So ends everything at a shutdown, and nobody has asked for it to stay down after that.
            (Order::Told(signal), _) => {
                let reason = format!("its tender was told to end by {signal}");
                (Phase::Lost, Some(reason))
            }
            (Order::HungUp, _) => (Phase::Lost, Some(HUNG_UP.to_owned())),
            (Order::OwnerGone, Some(owner)) => {
                let reason = format!("the process {} that it belonged to has gone", owner.pid);
                (Phase::Lost, Some(reason))
            }
            (Order::OwnerGone, None) => (Phase::Lost, None),
        };
        Last { phase, reason }
    }

    /// Stays after the last life, with its last screen, until it is to end.
    pub(super) fn stay(&mut self, last: Last) {
        self.terminal.take_back();
        self.look_back();
        self.trail.ended(&self.unit.name, &last);
        self.enter(last.phase, last.reason);
        self.terminal.say_after_life(&self.last_line());
        // Only the last screen is left, and that is no reason to keep others from running here.
        if Sweep::of(&self.life).finds_nothing() {
            self.claim = None;
        }
        release_memory();
        loop {
            match self.wait(None) {
                Wake::Ordered(Order::Down) => return self.stop(Order::Down),
                Wake::Ordered(Order::Told(_) | Order::HungUp | Order::OwnerGone) => return,
                Wake::Died(_) => {}
            }
        }
    }

    /// What, when, and what to type.
    fn last_line(&self) -> String {
        let State {
            name,
            phase,
            since,
            reason,
            last_exit,
            ..
        } = &self.state;
        let what = match (phase, reason, last_exit) {
            (_, Some(reason), _) => format!("is parked: {reason}"),
            (Phase::Finished, None, _) => "has finished".to_owned(),
            (_, None, Some(exit)) => format!("ended with {exit}"),
            (_, None, None) => "ended".to_owned(),
        };
        let when = since.strftime("%H:%M:%S");
        let again = &self.unit.again;
        format!("[{when} UTC] `{name}` {what}; to start it again: {again}")
    }
}
