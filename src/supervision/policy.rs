//! What follows a death. Pure: it is told everything, the time and the chance too.

use std::time::Duration;

use crate::names::RestartOn;

use super::{LastExit, Policy, State, When};

/// By how much of itself a wait may be shortened, so that what died together does not come back together.
const JITTER: f64 = 0.2;

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

impl History<'_> {
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
    if deaths > usize::try_from(policy.restart.give_up_after).unwrap_or(usize::MAX) {
        return Next::Parked(format!(
            "died {deaths} times within {} s, at last with {exit}",
            policy.restart.window.as_secs()
        ));
    }
    let streak = history.streak_after(policy, exit.uptime);
    Next::Restart(wait(policy, streak, chance))
}

/// Decides about a unit whose tender has gone while the terminal's server lives: a death like any other.
///
/// For whoever brings such a unit back, by starting it with [`super::Unit::keeps_history`]. `state` is what the lost
/// tender wrote last: [`State::is_lost`] holds.
pub(crate) fn after_loss(policy: &Policy, state: &State, now: &When, chance: f64) -> Next {
    let exit = LastExit {
        code: None,
        signal: None,
        at: now.at,
        uptime: 0.0,
        killed: 0,
        commit: None,
        oom: None,
        said: Vec::new(),
        signature: String::new(),
    };
    let history = History {
        deaths: &state.deaths,
        streak: state.streak,
    };
    decide(policy, history, &exit, now, chance)
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
    full.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// Returns those deaths that still count at `now`.
pub(crate) fn recent<'a>(
    policy: &Policy,
    deaths: &'a [When],
    now: &When,
) -> impl Iterator<Item = &'a When> {
    let window = policy.restart.window.as_secs_f64();
    deaths
        .iter()
        .filter(move |death| death.age_at(now) <= window)
}
