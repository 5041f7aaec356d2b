//! What a tender does after a life has ended by itself.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::chance::chance;
use super::children;
use super::end::{Ending, Last};
use super::policy::{self, History, Next};
use super::sweep::{Sweep, Swept};
use super::tend::Tender;
use super::{LastExit, Phase, When, evidence, memory};

/// What stragglers of a dead life get between SIGTERM and SIGKILL.
const STRAGGLER_GRACE: Duration = Duration::from_secs(1);

/// What is still to be told of a life whose next one began at once: what takes time is done beside that.
#[derive(Debug)]
pub(super) struct Between {
    /// The tender's line between the two lives.
    pub(super) line: String,
    pid: i32,
    when: When,
    is_told: bool,
    /// What stood on its alternate screen, where it showed that: nothing more will be heard of it.
    pub(super) alternate: Option<Vec<String>>,
}

impl Tender {
    /// Ends what the life left, records its end, and says whether there is a next one; it may begin at once then.
    pub(super) fn after_death(&mut self, mut exit: LastExit) -> Result<(), Ending> {
        self.stop_listening();
        self.between = None;
        let now = When::now();
        let swept = self.sweep_stragglers();
        exit.killed = swept.killed;
        exit.signature = evidence::signature(&exit);
        let chance = chance();
        let decide = |tender: &Self, exit: &LastExit| {
            let history = History::of(&tender.state);
            policy::decide(&tender.unit.policy, history, exit, &now, chance)
        };
        let next = decide(self, &exit);
        if next == Next::Restart(Duration::ZERO) && swept.left.is_empty() {
            self.go_on(exit, &now);
            return Ok(());
        }
        // There is time now to look for everything that tells why.
        let screen = self.hear_now(&mut exit);
        exit.oom = self.out_of_memory(&exit, self.life.process.pid);
        exit.signature = evidence::signature(&exit);
        let next = if swept.left.is_empty() {
            decide(self, &exit)
        } else {
            return Err(self.give_up(exit, &now, Last::not_ended(&swept)));
        };
        if next != Next::Finished {
            self.keep_screen(&exit, screen);
        }
        let last = match next {
            Next::Restart(wait) => return self.go_on_after(wait, exit, &now),
            Next::Finished => Last::of(Phase::Finished),
            Next::Crashed => Last::of(Phase::Crashed),
            Next::Parked(reason) => Last::parked(reason),
        };
        Err(self.give_up(exit, &now, last))
    }

    /// Lets the next life begin: what takes time is done beside it.
    fn go_on(&mut self, mut exit: LastExit, now: &When) {
        let alternate = self.hear_alternate();
        if let Some(screen) = &alternate {
            exit.said = evidence::said(screen);
        }
        self.terminal.take_back();
        let line = self.line_between(&exit, now, "at once");
        self.terminal.say_after_life(&line);
        self.between = Some(Between {
            line,
            pid: self.life.process.pid,
            when: now.clone(),
            is_told: false,
            alternate,
        });
        policy::count(&self.unit.policy, &mut self.state, exit, now);
        self.state.restarts = self.state.restarts.saturating_add(1);
    }

    /// Completes what is told of the life before, once that costs no time that matters.
    pub(super) fn look_back(&mut self) {
        let Some(mut between) = self.between.take_if(|between| !between.is_told) else {
            return;
        };
        if let Some(mut exit) = self.state.last_exit.take() {
            exit.oom = self.out_of_memory(&exit, between.pid);
            exit.signature = evidence::signature(&exit);
            self.keep_screen(&exit, between.alternate.clone().unwrap_or_default());
            let next = "restarts at once".to_owned();
            self.trail.died(&self.unit.name, &exit, &between.when, next);
            self.state.last_exit = Some(exit);
        }
        between.is_told = true;
        self.between = Some(between);
    }

    fn out_of_memory(&self, exit: &LastExit, pid: i32) -> Option<String> {
        let is_killed = exit.signal == Some(Signal::SIGKILL as i32);
        is_killed
            .then(|| memory::evidence(self.counts, self.counters.now(), pid))
            .flatten()
    }

    /// Lets the next life begin after a wait.
    fn go_on_after(&mut self, wait: Duration, exit: LastExit, now: &When) -> Result<(), Ending> {
        self.terminal.take_back();
        let when = format!("in {:.1} s", wait.as_secs_f64());
        self.terminal
            .say_after_life(&self.line_between(&exit, now, &when));
        self.trail
            .died(&self.unit.name, &exit, now, format!("restarts {when}"));
        policy::count(&self.unit.policy, &mut self.state, exit, now);
        self.pause(wait, now)?;
        self.state.restarts = self.state.restarts.saturating_add(1);
        Ok(())
    }

    fn give_up(&mut self, exit: LastExit, now: &When, last: Last) -> Ending {
        if last.phase() != Phase::Finished {
            let is_parked = last.phase() == Phase::Parked;
            let next = if is_parked { "is parked" } else { "stays down" };
            self.trail
                .died(&self.unit.name, &exit, now, next.to_owned());
        }
        policy::count(&self.unit.policy, &mut self.state, exit, now);
        last.into()
    }

    /// What stands in the terminal between two lives: it also tells what the dead one said from what the next one says.
    fn line_between(&self, exit: &LastExit, now: &When, when: &str) -> String {
        let clock = now.at.strftime("%H:%M:%S");
        let (name, lived) = (&self.unit.name, exit.uptime);
        format!(
            "[{clock} UTC] `{name}` ended with {exit} after {lived:.1} s; starting again {when}"
        )
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
}
