//! The verdict: a pure function of facts, desired state and time.

use jiff::Timestamp;

use super::Verdict;
use crate::supervision::{Desired, LastExit, Liveness, Phase, State, Want};
use crate::ui::{count, seconds};

/// What was found out about a project's processes.
#[derive(Debug)]
pub(crate) struct ProcessFacts {
    /// Whether the project's directory is there.
    pub(crate) directory: bool,
    /// Whether the registry allows it to be started.
    pub(crate) enabled: bool,
    /// What the operator last asked for, if ever.
    pub(crate) desired: Option<Desired>,
    /// What its tender last wrote, if there ever was one; or why that cannot be read.
    pub(crate) state: Result<Option<State>, String>,
    /// Whether that tender lives.
    pub(crate) tender: Liveness,
    /// Whether the harness's process lives.
    pub(crate) process: Liveness,
    /// Who else claims the project's directory: the process of a run by hand, or of another fleet's tender.
    pub(crate) stranger: Option<i32>,
    /// Whether the fleet's tmux server answers; or why that cannot be told.
    pub(crate) server: Result<bool, String>,
    /// Whether the harness last said that it is well, in this life.
    pub(crate) healthy: Option<bool>,
    /// This boot, as processes name it.
    pub(crate) boot: String,
}

/// A verdict with its age and cause.
#[derive(Debug, PartialEq)]
pub(crate) struct Judgement {
    /// The word.
    pub(crate) verdict: Verdict,
    /// Since when, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// What happens next, or what to type.
    pub(crate) next: Option<String>,
}

impl Judgement {
    fn new(verdict: Verdict, since: Option<Timestamp>) -> Self {
        Self {
            verdict,
            since,
            reason: None,
            next: None,
        }
    }

    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
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
        return Judgement::new(Verdict::Missing, None).because("its directory is not there");
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
    match state.phase {
        Phase::Running if facts.process == Liveness::Gone => {
            Judgement::new(Verdict::Starting, None).because("its process has just ended")
        }
        Phase::Running if facts.healthy == Some(false) => Judgement::new(Verdict::Degraded, since)
            .because("its harness says that it is not well")
            .then(format!("`fleet logs {name}/harness` may show why")),
        Phase::Running => {
            let up = Judgement::new(Verdict::Up, since);
            let why: Vec<String> = [state.reason.clone(), restarts(state)]
                .into_iter()
                .flatten()
                .collect();
            if why.is_empty() {
                up
            } else {
                up.because(why.join("; "))
            }
        }
        Phase::Stopping => Judgement::new(Verdict::Up, since).because("is being stopped"),
        Phase::Starting => {
            let starting = Judgement::new(Verdict::Starting, since);
            match &state.reason {
                Some(reason) => starting.because(reason),
                None => starting,
            }
        }
        Phase::Waiting => judge_waiting(name, state),
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {
            judge_ended(name, state)
        }
    }
}

fn judge_untended(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    if let Some(desired) = &facts.desired
        && desired.want == Want::Down
        && facts.process == Liveness::Gone
    {
        return judge_stopped(state, desired);
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
            judge_ended(name, state)
        }
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {
            let cause = if state.tender.boot != facts.boot {
                "the machine was restarted while it ran".to_owned()
            } else {
                match &facts.server {
                    Ok(true) => "its session was killed".to_owned(),
                    Ok(false) => "its tmux server has gone".to_owned(),
                    Err(why) => format!("its tender was killed, and {why}"),
                }
            };
            let left = match facts.process {
                Liveness::Alive => "; its process is still there",
                Liveness::Gone | Liveness::Unknown => "",
            };
            Judgement::new(Verdict::Crashed, None)
                .because(format!("{cause}{left}"))
                .then(format!("`fleet start {name}` starts it again"))
        }
    }
}

/// Judges a run whose next life is waited for.
fn judge_waiting(name: &str, state: &State) -> Judgement {
    let waiting = judge_ended(name, state);
    let due = state
        .due
        .as_ref()
        .map(|due| format!("restart due at {}", due.at.strftime("%H:%M:%S UTC")));
    Judgement {
        verdict: Verdict::Crashed,
        next: due,
        ..waiting
    }
}

/// Judges a run that was stopped after its tender had gone, which could not write it down any more.
fn judge_stopped(state: &State, desired: &Desired) -> Judgement {
    if desired.restart {
        return Judgement::new(Verdict::Down, Some(desired.since))
            .because("its restart was interrupted")
            .then(format!("`fleet start {}` completes it", state.name));
    }
    match state.phase {
        Phase::Down => judge_ended(&state.name, state),
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
fn judge_ended(name: &str, state: &State) -> Judgement {
    let since = Some(state.since);
    let ended = state.last_exit.as_ref().map(exit_text);
    let why = [state.reason.clone(), ended]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ");
    let with = |verdict| {
        let judged = Judgement::new(verdict, since);
        if why.is_empty() {
            judged
        } else {
            judged.because(why.clone())
        }
    };
    let again = format!("`fleet start {name}` tries again");
    match state.phase {
        Phase::Finished => with(Verdict::Finished),
        Phase::Crashed | Phase::Lost => with(Verdict::Crashed).then(again),
        Phase::Parked => with(Verdict::Parked).then(again),
        Phase::Down | Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {
            let judged = Judgement::new(Verdict::Down, since);
            match state.last_exit.as_ref().filter(|exit| exit.killed > 0) {
                Some(exit) => judged.because(format!(
                    "{} had to be killed",
                    count(exit.killed as usize, "process")
                )),
                None => judged,
            }
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

/// Writes how a life ended: "exit status 7 after 0.1 s", "SIGKILL after 12 s".
fn exit_text(exit: &LastExit) -> String {
    format!("{exit} after {}", seconds(exit.uptime))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervision::{Life, Process, VERSION};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn state(phase: Phase) -> State {
        let process = Process {
            pid: 7,
            started: 1,
            boot: "this".to_owned(),
        };
        State {
            version: VERSION,
            name: "demo".to_owned(),
            tender: process.clone(),
            server: None,
            place: None,
            phase,
            since: at(100),
            reason: None,
            life: Some(Life {
                mark: "m".to_owned(),
                variable: "V".to_owned(),
                process,
                since: at(100),
                commit: None,
                runner: "0".to_owned(),
            }),
            restarts: 0,
            deaths: Vec::new(),
            streak: 0,
            due: None,
            last_exit: Some(LastExit {
                code: Some(7),
                signal: None,
                at: at(100),
                uptime: 0.12,
                killed: 0,
                commit: None,
                oom: None,
                said: Vec::new(),
                signature: String::new(),
            }),
        }
    }

    fn facts(state: Option<State>, tender: Liveness, process: Liveness) -> ProcessFacts {
        let desired = Some(Desired {
            version: VERSION,
            want: Want::Up,
            since: at(50),
            restart: false,
        });
        ProcessFacts {
            directory: true,
            enabled: true,
            desired,
            state: Ok(state),
            tender,
            process,
            stranger: None,
            server: Ok(true),
            healthy: None,
            boot: "this".to_owned(),
        }
    }

    #[track_caller]
    fn case(facts: &ProcessFacts, verdict: Verdict, reason: Option<&str>) {
        let judged = judge("demo", facts);
        assert_eq!(
            (judged.verdict, judged.reason.as_deref()),
            (verdict, reason)
        );
    }

    #[test]
    fn a_living_tender_is_believed() {
        use Liveness::{Alive, Gone};
        case(
            &facts(Some(state(Phase::Running)), Alive, Alive),
            Verdict::Up,
            None,
        );
        case(
            &facts(Some(state(Phase::Running)), Alive, Gone),
            Verdict::Starting,
            Some("its process has just ended"),
        );
        case(
            &facts(Some(state(Phase::Crashed)), Alive, Gone),
            Verdict::Crashed,
            Some("exit status 7 after 0.1 s"),
        );
        case(
            &facts(Some(state(Phase::Finished)), Alive, Gone),
            Verdict::Finished,
            Some("exit status 7 after 0.1 s"),
        );
    }

    #[test]
    fn a_tender_that_vanished_is_a_crash_with_its_cause() {
        use Liveness::Gone;
        let mut told = facts(Some(state(Phase::Running)), Gone, Gone);
        case(&told, Verdict::Crashed, Some("its session was killed"));
        told.server = Ok(false);
        case(&told, Verdict::Crashed, Some("its tmux server has gone"));
        told.boot = "another".to_owned();
        case(
            &told,
            Verdict::Crashed,
            Some("the machine was restarted while it ran"),
        );
    }

    #[test]
    fn what_was_stopped_is_down_though_nobody_was_left_to_write_it() {
        use Liveness::{Alive, Gone};
        let mut told = facts(Some(state(Phase::Crashed)), Gone, Gone);
        told.desired.as_mut().unwrap().want = Want::Down;
        case(&told, Verdict::Down, None);
        told.process = Alive;
        case(&told, Verdict::Crashed, Some("exit status 7 after 0.1 s"));
    }

    #[test]
    fn what_cannot_be_told_is_unknown() {
        let mut told = facts(
            Some(state(Phase::Running)),
            Liveness::Unknown,
            Liveness::Unknown,
        );
        case(
            &told,
            Verdict::Unknown,
            Some("cannot tell whether its tender, process 7, lives"),
        );
        told.state = Err("cannot read it".to_owned());
        case(&told, Verdict::Unknown, Some("cannot read it"));
    }

    #[test]
    fn who_is_not_ours_is_by_hand_and_who_may_not_is_disabled() {
        let mut told = facts(None, Liveness::Gone, Liveness::Gone);
        case(
            &told,
            Verdict::Down,
            Some("was asked to start, but never did"),
        );
        told.stranger = Some(99);
        case(&told, Verdict::UpByHand, Some("process 99 runs it"));
        told.stranger = None;
        told.enabled = false;
        case(&told, Verdict::Disabled, None);
        told.directory = false;
        case(&told, Verdict::Missing, Some("its directory is not there"));
    }
}
