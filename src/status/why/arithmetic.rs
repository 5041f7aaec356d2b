//! What the policy makes of the deaths so far.

use std::time::Duration;

use serde::Serialize;

use super::evidence::Evidence;
use crate::names::{RestartOn, spelled};
use crate::supervision::{History, Phase, Policy, State, When, recent, wait};
use crate::ui::count;

/// What the policy makes of the deaths so far. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Arithmetic {
    /// Whether what dies comes back by itself.
    pub(crate) heals: bool,
    /// How many deaths count now.
    pub(crate) deaths: usize,
    /// How many deaths are answered by a restart.
    pub(crate) give_up_after: u32,
    /// Over which time deaths count.
    pub(crate) window: f64,
    /// How many deaths followed each other without health in between.
    pub(crate) streak: u32,
    /// A life this long ends a row of deaths.
    pub(crate) healthy_after: f64,
    /// What the next death will be answered with: `restarted`, `parked` or `left`; null where it is down for good, and a
    /// start forgets what was counted.
    pub(crate) answer: Option<Answer>,
    /// The shortest and the longest wait before the life after that; null where there is none.
    pub(crate) wait: Option<[f64; 2]>,
    /// The same for people.
    pub(crate) text: Vec<String>,
}

/// What a death is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    Restarted,
    Parked,
    Left,
}

impl Arithmetic {
    pub(super) fn of(evidence: &Evidence<'_>) -> Self {
        reckon(&evidence.policy, evidence.state(), &evidence.world.now)
    }
}

/// Reckons what a death at `now` would be answered with.
fn reckon(policy: &Policy, state: Option<&State>, now: &When) -> Arithmetic {
    let restart = &policy.restart;
    let history = History {
        deaths: state.map_or(&[], |state| &state.deaths),
        streak: state.map_or(0, |state| state.streak),
    };
    let deaths = recent(policy, history.deaths, now).count();
    let streak = history.streak_after(policy, uptime(state, now));
    let most = usize::try_from(restart.give_up_after).unwrap_or(usize::MAX);
    let answer = is_at_work(state).then_some(if !policy.heal {
        Answer::Left
    } else if deaths < most {
        Answer::Restarted
    } else {
        Answer::Parked
    });
    let waits = [1.0, 0.0].map(|chance| wait(policy, streak, chance));
    let mut arithmetic = Arithmetic {
        heals: policy.heal,
        deaths,
        give_up_after: restart.give_up_after,
        window: restart.window.as_secs_f64(),
        streak,
        healthy_after: restart.healthy_after.as_secs_f64(),
        answer,
        wait: (answer == Some(Answer::Restarted)).then(|| waits.map(|wait| wait.as_secs_f64())),
        text: Vec::new(),
    };
    arithmetic.text = text(policy, &arithmetic, waits);
    arithmetic
}

/// Tells whether a life runs, or another one comes without a start by the operator.
fn is_at_work(state: Option<&State>) -> bool {
    state.is_some_and(|state| match state.phase {
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping | Phase::Lost => true,
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Parked => false,
    })
}

/// Returns how long the life that runs has lasted, in seconds; none where none runs.
fn uptime(state: Option<&State>, now: &When) -> f64 {
    let running = state.filter(|state| state.phase == Phase::Running);
    let began = running.and_then(|state| state.life.as_ref());
    began.map_or(0.0, |life| {
        let age = now.at.duration_since(life.since).as_secs_f64();
        age.max(0.0)
    })
}

fn text(policy: &Policy, sum: &Arithmetic, waits: [Duration; 2]) -> Vec<String> {
    let restart = &policy.restart;
    let window = spelled(restart.window);
    if !policy.heal {
        let line = "watch = off: a death is final, until the next `fleet start`";
        return vec![line.to_owned()];
    }
    let most = restart.give_up_after;
    // Who was given up on died once more than is written down.
    let is_given_up = sum.answer.is_none() && sum.deaths >= most.max(1) as usize;
    let so_far = if is_given_up {
        format!("more deaths within {window} than the {most} that a restart answers")
    } else {
        let deaths = count(sum.deaths, "death");
        format!("{deaths} within {window}, of {most} that a restart answers")
    };
    let [shortest, longest] = waits.map(spelled);
    let next = match sum.answer {
        None => "a start by the operator begins with no death counted".to_owned(),
        Some(Answer::Parked | Answer::Left) => "the next death parks it".to_owned(),
        Some(Answer::Restarted) if waits[1].is_zero() => {
            "the next death is answered at once".to_owned()
        }
        Some(Answer::Restarted) => format!(
            "the next death is number {} in a row: the life after it waits {shortest} to {longest}",
            sum.streak.saturating_add(1),
        ),
    };
    let healthy = spelled(restart.healthy_after);
    let last = ordinal(restart.give_up_after.saturating_add(1));
    let on = match restart.on {
        RestartOn::Failure => "exit 0 is no death, but the end of the work",
        RestartOn::Always => "exit 0 is a death as well",
    };
    vec![
        so_far,
        next,
        format!("a life of {healthy} ends the row; the {last} death within {window} parks it"),
        on.to_owned(),
    ]
}

/// Spells a place in a row: `1st`, `11th`, `22nd`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, 1) | (1, 21..) => "st",
        (2, 2) | (2, 22..) => "nd",
        (3, 3) | (3, 23..) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests;
