//! The verdict: a pure function of facts, desired state and time.

mod lost;

use std::time::Duration;

use jiff::Timestamp;

use super::Verdict;
use super::facts::{Loss, ProcessFacts};
use crate::supervision::{Desired, LastExit, Liveness, Phase, State, Want};
use crate::ui::{clean, count, cut, seconds};
use lost::{judge_lost, judge_vanished};

/// How much of what a process said last fits beside the rest.
const SHORT: usize = 60;

/// A verdict with its age and cause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// The word.
    pub(crate) verdict: Verdict,
    /// Since when, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// What happens next, or what to type.
    pub(crate) next: Option<String>,
    /// When its next life begins by itself, where that has a time.
    pub(crate) due: Option<Timestamp>,
    /// What the run was lost with, where that is known and the run had no part in it.
    pub(crate) loss: Option<Loss>,
}

impl Judgement {
    fn new(verdict: Verdict, since: Option<Timestamp>) -> Self {
        Self {
            verdict,
            since,
            reason: None,
            next: None,
            due: None,
            loss: None,
        }
    }

    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Joins what there is to say, if anything.
    fn because_of<const N: usize>(mut self, reasons: [Option<String>; N]) -> Self {
        let said: Vec<String> = reasons.into_iter().flatten().collect();
        self.reason = (!said.is_empty()).then(|| said.join("; "));
        self
    }

    fn then(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

/// Judges a project named `name`.
pub(super) fn judge(name: &str, facts: &ProcessFacts) -> Judgement {
    let judged = judge_run(name, facts);
    if !facts.directory && judged.verdict != Verdict::Unknown {
        return Judgement::new(Verdict::Missing, None)
            .because(match facts.process {
                Liveness::Alive => "its directory is not there, though it runs: it was moved",
                Liveness::Gone | Liveness::Unknown => "its directory is not there",
            })
            .then(format!("`fleet why {name}` looks where it may be now"));
    }
    let idle = match judged.verdict {
        Verdict::Down | Verdict::Finished | Verdict::Crashed | Verdict::Parked => true,
        Verdict::Up
        | Verdict::UpByHand
        | Verdict::Starting
        | Verdict::Disabled
        | Verdict::Degraded
        | Verdict::Missing
        | Verdict::Unknown => false,
    };
    if let (true, Some(pid)) = (idle, facts.stranger) {
        return Judgement::new(Verdict::UpByHand, None).because(format!("process {pid} runs it"));
    }
    if judged.verdict == Verdict::Down && !facts.enabled {
        return Judgement::new(Verdict::Disabled, judged.since)
            .then(format!("`fleet enable {name}` allows it to start"));
    }
    judged
}

fn judge_run(name: &str, facts: &ProcessFacts) -> Judgement {
    let state = match &facts.state {
        Err(why) => return Judgement::new(Verdict::Unknown, None).because(why),
        Ok(None) => return judge_never_run(facts),
        Ok(Some(state)) => state,
    };
    match facts.tender {
        Liveness::Unknown => Judgement::new(Verdict::Unknown, None).because(format!(
            "cannot tell whether its tender, process {}, lives",
            state.tender.pid
        )),
        Liveness::Alive => judge_tended(name, state, facts),
        Liveness::Gone => judge_untended(name, state, facts),
    }
}

fn judge_never_run(facts: &ProcessFacts) -> Judgement {
    match &facts.desired {
        Some(Desired {
            want: Want::Up,
            since,
            ..
        }) => {
            Judgement::new(Verdict::Down, Some(*since)).because("was asked to start, but never did")
        }
        Some(Desired {
            want: Want::Down,
            since,
            ..
        }) => Judgement::new(Verdict::Down, Some(*since)),
        None => Judgement::new(Verdict::Down, None),
    }
}

fn judge_tended(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    let since = Some(state.since);
    let restart = facts.desired.as_ref().filter(|desired| desired.restart);
    // Its tender has seen it to the end, and is about to go.
    if let (Phase::Down, Some(desired)) = (state.phase, restart) {
        return judge_stopped(state, desired, facts);
    }
    match state.phase {
        Phase::Running if facts.process == Liveness::Gone => {
            Judgement::new(Verdict::Starting, None).because("its process has just ended")
        }
        Phase::Running if facts.healthy == Some(false) => Judgement::new(Verdict::Degraded, since)
            .because("its harness says that it is not well")
            .then(format!("`fleet logs {name}/harness` may show why")),
        Phase::Running => {
            Judgement::new(Verdict::Up, since).because_of([state.reason.clone(), restarts(state)])
        }
        Phase::Stopping => Judgement::new(Verdict::Up, since).because("is being stopped"),
        Phase::Starting => {
            Judgement::new(Verdict::Starting, since).because_of([state.reason.clone()])
        }
        Phase::Waiting => judge_waiting(state, facts),
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {
            judge_ended(name, state, facts)
        }
    }
}

fn judge_untended(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    if let Some(desired) = &facts.desired
        && desired.want == Want::Down
        && facts.process == Liveness::Gone
    {
        return judge_stopped(state, desired, facts);
    }
    match state.phase {
        Phase::Down
            if facts
                .desired
                .as_ref()
                .is_some_and(|desired| desired.since > state.since) =>
        {
            judge_never_run(facts).then(format!("`fleet start {name}` starts it"))
        }
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {
            judge_ended(name, state, facts)
        }
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {
            judge_vanished(name, state, facts)
        }
    }
}

/// Judges a run whose next life is waited for.
fn judge_waiting(state: &State, facts: &ProcessFacts) -> Judgement {
    let exit = state.last_exit.as_ref();
    let waiting = Judgement::new(Verdict::Crashed, Some(state.since))
        .because_of([state.reason.clone(), exit.map(end_text)]);
    if facts.brake {
        return waiting.then("`fleet go` lets it go on");
    }
    match &state.due {
        Some(due) => {
            let left = due.left_at(&facts.now);
            Judgement {
                due: facts.now.after(left).at.into(),
                ..waiting.then(restart_in(left))
            }
        }
        None => waiting,
    }
}

/// Says when the next life begins.
pub(crate) fn restart_in(left: Duration) -> String {
    match left.as_secs_f64() {
        left if left < 0.05 => "restart is due now".to_owned(),
        left => format!("restart due in {}", seconds(left)),
    }
}

/// Judges a run that was stopped after its tender had gone, which could not write it down any more.
fn judge_stopped(state: &State, desired: &Desired, facts: &ProcessFacts) -> Judgement {
    if desired.restart {
        return Judgement::new(Verdict::Down, Some(desired.since))
            .because("its restart was interrupted")
            .then(format!("`fleet start {}` completes it", state.name));
    }
    match state.phase {
        Phase::Down => judge_ended(&state.name, state, facts),
        Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {
            Judgement::new(Verdict::Down, Some(desired.since))
        }
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {
            Judgement::new(Verdict::Down, Some(desired.since))
                .because("its tender was killed while it ran")
        }
    }
}

/// Judges a run that its tender has seen to the end.
fn judge_ended(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    let exit = state.last_exit.as_ref();
    let with = |verdict, exit: Option<String>| {
        Judgement::new(verdict, Some(state.since)).because_of([state.reason.clone(), exit])
    };
    let again = format!("`fleet start {name}` tries again");
    match state.phase {
        Phase::Finished => with(Verdict::Finished, exit.map(exit_text)),
        Phase::Crashed => with(Verdict::Crashed, exit.map(end_text)).then(again),
        Phase::Parked => {
            let untold = exit.filter(|exit| !tells_of(state.reason.as_deref(), exit));
            let oom = exit.and_then(|exit| exit.oom.clone());
            with(Verdict::Parked, untold.map(end_text).or(oom)).then(again)
        }
        Phase::Lost => judge_lost(name, state, facts),
        Phase::Down | Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {
            let killed = exit.filter(|exit| exit.killed > 0).map(|exit| {
                let many = count(exit.killed as usize, "process");
                format!("{many} had to be killed")
            });
            // What the tender says of a stop that was asked for is the number of those killed, too.
            let is_asked = facts
                .desired
                .as_ref()
                .is_none_or(|it| it.want == Want::Down);
            let told = state.reason.clone().filter(|_| !is_asked);
            Judgement::new(Verdict::Down, Some(state.since)).because_of([told, killed])
        }
    }
}

fn restarts(state: &State) -> Option<String> {
    let times = match state.restarts {
        0 => return None,
        1 => "restarted once".to_owned(),
        more => format!("restarted {more} times"),
    };
    Some(match &state.last_exit {
        Some(exit) => format!("{times}; last: {}", exit_text(exit)),
        None => times,
    })
}

/// Writes how a life ended: "exit status 7 after 0.1 s", "SIGKILL after 12 s, out of memory".
pub(super) fn exit_text(exit: &LastExit) -> String {
    let ended = format!("{exit} after {}", seconds(exit.uptime));
    match &exit.oom {
        Some(oom) => format!("{ended}; {oom}"),
        None => ended,
    }
}

/// Writes how a life ended, and what it said of that: "exit status 7 after 0.1 s: no such table". Who was killed has said
/// nothing of it.
fn end_text(exit: &LastExit) -> String {
    let said = said_of_it(exit).map_or_else(String::new, |line| format!(": {line}"));
    exit_text(exit) + &said
}

/// Returns what a life said of its end, cut so that something else fits beside it.
pub(super) fn said_of_it(exit: &LastExit) -> Option<String> {
    let line = exit.telling().filter(|_| exit.is_of_its_own())?;
    let line = ["error: ", "Error: "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    Some(cut(&clean(line), SHORT).into_owned())
}

/// Returns whether a reason says how a life ended.
pub(super) fn tells_of(reason: Option<&str>, exit: &LastExit) -> bool {
    reason.is_some_and(|reason| reason.contains(&exit.to_string()))
}

#[cfg(test)]
mod tests;
