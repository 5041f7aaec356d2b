//! What follows a death. Pure: it is told everything, the time and the chance too.
//!
//! A death is counted once, by the tender that saw it. Where the tender itself was lost, the next one counts that as
//! one death ([`count_loss`]) when it begins; who decides whether and when there is a next one ([`after_loss`]) counts
//! nothing and writes nothing, so that it may ask as often as it likes.

use std::time::Duration;

use crate::names::{RestartOn, spelled};

use super::{LastExit, Phase, Policy, Process, State, When};

/// By how much of itself a wait may be shortened, so that what died together does not come back together.
const JITTER: f64 = 0.2;

/// What a loss has in common with others of its kind: nobody was left to see the exit.
const UNSEEN: &str = "its tender was killed";

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it again after this time; zero: at once.
    Restart(Duration),
    /// Leave it: it has done its work.
    Finished,
    /// Leave it: it died.
    Crashed,
    /// Give up, for this reason.
    Parked(String),
}

/// What happened before a death.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History<'a> {
    /// When earlier lives ended by themselves, oldest first.
    pub(crate) deaths: &'a [When],
    /// How many of them followed each other without health in between.
    pub(crate) streak: u32,
}

impl<'a> History<'a> {
    /// Returns what a state tells of.
    pub(crate) fn of(state: &'a State) -> Self {
        Self {
            deaths: &state.deaths,
            streak: state.streak,
        }
    }

    /// Returns the streak that a life of this length belongs to: health ends one.
    pub(crate) fn streak_after(&self, policy: &Policy, uptime: f64) -> u32 {
        if uptime >= policy.restart.healthy_after.as_secs_f64() {
            0
        } else {
            self.streak
        }
    }
}

/// Decides after a death at `now`. `chance` is a random number from 0 to 1.
///
/// What the dead life said has a part in the words of a reason, and none in the decision.
pub(crate) fn decide(
    policy: &Policy,
    history: History<'_>,
    exit: &LastExit,
    now: &When,
    chance: f64,
) -> Next {
    let is_success = exit.code == Some(0);
    match (policy.heal, is_success) {
        (false, true) => return Next::Finished,
        (false, false) => return Next::Crashed,
        (true, true) if policy.restart.on == RestartOn::Failure => return Next::Finished,
        (true, _) => {}
    }
    let deaths = 1 + recent(policy, history.deaths, now).count();
    if deaths > most(policy) {
        return Next::Parked(given_up(policy, deaths, exit));
    }
    let streak = history.streak_after(policy, exit.uptime);
    Next::Restart(wait(policy, streak, chance))
}

/// Decides about a unit whose tender has gone while the terminal's server lives: a death like any other, unless it only
/// waited for its next life: that one is due when it was due.
///
/// For whoever brings such a unit back, by starting it with [`super::Unit::keeps_history`]; the tender of that start
/// counts the death. `state` is what the lost tender wrote last: [`State::is_lost`] holds.
pub(crate) fn after_loss(policy: &Policy, state: &State, now: &When, chance: f64) -> Next {
    if let Some(due) = waited_until(state) {
        return Next::Restart(due.left_at(now));
    }
    // A harness whose terminal is taken away may well exit 0: its work is not done by that.
    let seen = exit_of_loss(state, now);
    let exit = LastExit {
        code: seen.code.filter(|code| *code != 0),
        ..seen
    };
    decide(policy, History::of(state), &exit, now, chance)
}

/// Returns when the next life was due of a unit whose tender was lost while nothing else was going on.
fn waited_until(state: &State) -> Option<&When> {
    state.due.as_ref().filter(|_| state.phase == Phase::Waiting)
}

/// Counts a death of `state`, at `now`, so that the next decision knows of it.
pub(super) fn count(policy: &Policy, state: &mut State, exit: LastExit, now: &When) {
    let history = History::of(state);
    let streak = history.streak_after(policy, exit.uptime).saturating_add(1);
    let deaths = recent(policy, history.deaths, now).cloned();
    let mut deaths: Vec<When> = deaths.chain([now.clone()]).collect();
    // More than the policy counts would only make the file longer.
    let superfluous = deaths.len().saturating_sub(most(policy).max(1));
    deaths.drain(..superfluous);
    state.deaths = deaths;
    state.streak = streak;
    state.last_exit = Some(exit);
}

/// Makes a new tender's state go on where `previous`, of a tender that has gone, ended.
///
/// Counts the loss of that tender as one death, unless it only waited, or the terminal's server went with it, or the
/// machine: that was no fault of the unit's. Counted once: the new state replaces the one that told of the loss.
pub(super) fn count_loss(policy: &Policy, state: &mut State, previous: &State, now: &When) {
    state.deaths = previous.deaths.clone();
    state.streak = previous.streak;
    state.restarts = previous.restarts.saturating_add(1);
    state.last_exit = previous.last_exit.clone();
    if previous.is_lost() && waited_until(previous).is_none() {
        let exit = exit_of_loss(previous, now);
        let is_fault = previous.tender.boot == state.tender.boot && previous.server == state.server;
        if is_fault {
            count(policy, state, exit, now);
        } else {
            state.last_exit = Some(exit);
        }
    }
}

/// Describes the end of what a tender had when it was lost.
fn exit_of_loss(state: &State, now: &When) -> LastExit {
    let seen = match state.phase {
        // What was lost while it waited had no life to lose: its last exit is counted already.
        Phase::Lost if state.due.is_none() => state.last_exit.clone(),
        Phase::Lost | Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => None,
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Parked => state.last_exit.clone(),
    };
    let life = state.life.as_ref();
    seen.unwrap_or_else(|| LastExit {
        code: None,
        signal: None,
        at: now.at,
        uptime: life
            .filter(|_| state.phase == Phase::Running)
            .map_or(0.0, |life| age(&life.process, now)),
        killed: 0,
        commit: life.and_then(|life| life.commit.clone()),
        oom: None,
        said: Vec::new(),
        signature: UNSEEN.to_owned(),
    })
}

/// Returns for how many seconds a process of this boot has been there: by the kernel's count, which no clock moves.
fn age(process: &Process, now: &When) -> f64 {
    if process.boot == now.boot {
        (now.uptime - process.since_boot()).max(0.0)
    } else {
        0.0
    }
}

/// Returns how many deaths within the window are answered by a restart.
fn most(policy: &Policy) -> usize {
    usize::try_from(policy.restart.give_up_after).unwrap_or(usize::MAX)
}

fn given_up(policy: &Policy, deaths: usize, exit: &LastExit) -> String {
    let window = spelled(policy.restart.window);
    let times = if deaths == 1 { "time" } else { "times" };
    let mut reason = format!("died {deaths} {times} within {window}, at last with {exit}");
    if let Some(line) = exit.telling() {
        reason += &format!(": `{line}`");
    }
    reason
}

/// Returns the wait after the death that follows `streak` others.
pub(crate) fn wait(policy: &Policy, streak: u32, chance: f64) -> Duration {
    let Some(doublings) = streak.checked_sub(1) else {
        return Duration::ZERO;
    };
    let restart = &policy.restart;
    let factor = 2_u32.saturating_pow(doublings);
    let full = restart
        .backoff
        .saturating_mul(factor)
        .min(restart.backoff_max);
    let share = 1.0 - JITTER * chance.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(full.as_secs_f64() * share).unwrap_or(full)
}

/// Returns those deaths that still count at `now`. What an earlier boot's calendar put into the future does not: it
/// would for as long as the calendar was ahead.
pub(crate) fn recent<'a>(
    policy: &Policy,
    deaths: &'a [When],
    now: &When,
) -> impl Iterator<Item = &'a When> {
    let window = policy.restart.window.as_secs_f64();
    deaths
        .iter()
        .filter(move |death| death.boot == now.boot || death.at <= now.at)
        .filter(move |death| death.age_at(now) <= window)
}

#[cfg(test)]
mod tests;
