//! Whether a project has stayed up, by what its tender says.

use crate::supervision::{Liveness, Phase, Process, State};
use crate::ui::seconds;

/// Which tender a project has, and how often that had started it again when its wave began to soak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) tender: Process,
    pub(super) restarts: u32,
}

impl Seen {
    /// Notes what a state says.
    pub(super) fn of(state: &State) -> Self {
        Self {
            tender: state.tender.clone(),
            restarts: state.restarts,
        }
    }

    /// Notes what a state says after a move: a tender that was not there before it has had to restart nothing.
    pub(super) fn after(before: Option<&Self>, state: &State) -> Self {
        let same = before.filter(|before| before.tender == state.tender);
        same.cloned().unwrap_or_else(|| Self {
            tender: state.tender.clone(),
            restarts: 0,
        })
    }
}

/// Returns why a project has not stayed up; `None` where it has, in the life that it was given, or without a death since
/// it was `seen`.
pub(super) fn trouble(
    state: Option<&State>,
    tender: Liveness,
    process: Liveness,
    seen: Option<&Seen>,
) -> Option<String> {
    let (Some(state), Some(seen)) = (state, seen) else {
        return Some("nothing says that it runs".to_owned());
    };
    if state.tender != seen.tender {
        return Some("it was lost, and brought back since".to_owned());
    }
    if state.restarts > seen.restarts {
        return Some(death(state));
    }
    match state.phase {
        Phase::Starting | Phase::Running if tender == Liveness::Gone => {
            Some("its tender was killed, and it ended with it".to_owned())
        }
        Phase::Running if process == Liveness::Gone => Some("its process has ended".to_owned()),
        Phase::Starting | Phase::Running => None,
        Phase::Waiting | Phase::Crashed | Phase::Parked | Phase::Finished => Some(death(state)),
        Phase::Stopping | Phase::Down => Some("it was ended".to_owned()),
        Phase::Lost => Some(loss(state)),
    }
}

/// Says what a project was lost to.
fn loss(state: &State) -> String {
    match state.lost_to() {
        Some(what) => format!("it was lost: {what}"),
        None => "its terminal went away".to_owned(),
    }
}

/// Says how a project's last life ended, where that was one at this commit and nobody asked for its end; or what it was
/// lost to.
pub(super) fn death_at(state: &State, commit: &str) -> Option<String> {
    if state.phase == Phase::Lost {
        return Some(loss(state));
    }
    let is_dead = match state.phase {
        Phase::Waiting | Phase::Crashed | Phase::Parked | Phase::Finished => true,
        Phase::Starting | Phase::Running => state.restarts > 0,
        Phase::Stopping | Phase::Down | Phase::Lost => false,
    };
    let exit = state.last_exit.as_ref();
    let is_its = exit.is_some_and(|exit| exit.commit.as_deref() == Some(commit));
    (is_dead && is_its).then(|| death(state))
}

/// Tells whether a tender may have more to say of an end: it has not seen it yet, or reads from the terminal, beside the
/// next life, what was said last.
pub(super) fn may_say_more(state: &State) -> bool {
    if state.tender_liveness() == Liveness::Gone {
        return false;
    }
    let said = state.last_exit.as_ref().map(|exit| &exit.said);
    let is_silent = said.is_none_or(Vec::is_empty);
    match state.phase {
        Phase::Running if state.restarts == 0 => !runs(state),
        Phase::Starting
        | Phase::Running
        | Phase::Waiting
        | Phase::Crashed
        | Phase::Parked
        | Phase::Finished => is_silent,
        // It is ended because its terminal has gone, say.
        Phase::Stopping => true,
        Phase::Down | Phase::Lost => false,
    }
}

fn runs(state: &State) -> bool {
    let life = state.life.as_ref();
    life.is_some_and(|life| life.process.liveness() != Liveness::Gone)
}

/// Says how a project's last life ended.
fn death(state: &State) -> String {
    let Some(exit) = &state.last_exit else {
        let reason = state.reason.as_deref();
        return reason.unwrap_or("it died, and nobody saw how").to_owned();
    };
    let word = match state.phase {
        Phase::Finished => "finished",
        Phase::Starting
        | Phase::Running
        | Phase::Waiting
        | Phase::Stopping
        | Phase::Down
        | Phase::Crashed
        | Phase::Parked
        | Phase::Lost => "died",
    };
    let ended = format!("{word}: {exit} after {}", seconds(exit.uptime));
    match exit.telling() {
        Some(line) => format!("{ended}: {line}"),
        None => ended,
    }
}

#[cfg(test)]
mod tests {
    use crate::supervision::LastExit;

    use super::*;

    fn state(phase: Phase) -> State {
        State {
            phase,
            ..State::new("demo", Process::me().unwrap())
        }
    }

    fn exit() -> LastExit {
        LastExit {
            commit: Some("abc".to_owned()),
            said: vec!["error: no such table".to_owned()],
            ..LastExit::for_tests(Some(7), None, 0.2)
        }
    }

    fn first_life() -> Option<Seen> {
        Some(Seen::after(None, &state(Phase::Running)))
    }

    #[track_caller]
    fn case(state: &State, seen: Option<Seen>, expected: Option<&str>) {
        let alive = Liveness::Alive;
        let found = trouble(Some(state), alive, alive, seen.as_ref());
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn what_runs_in_its_first_life_is_well() {
        case(&state(Phase::Running), first_life(), None);
        case(&state(Phase::Starting), first_life(), None);
    }

    #[test]
    fn a_life_that_follows_a_death_is_not_well_though_it_runs() {
        let died = State {
            restarts: 1,
            last_exit: Some(exit()),
            ..state(Phase::Running)
        };
        let said = "died: exit status 7 after 0.2 s: error: no such table";
        // Also where it has died before anybody looked.
        case(&died, Some(Seen::after(None, &died)), Some(said));
        assert_eq!(death_at(&died, "abc").as_deref(), Some(said));
        assert_eq!(death_at(&died, "another"), None);
    }

    #[test]
    fn deaths_before_the_wave_do_not_count() {
        let old = State {
            restarts: 3,
            last_exit: Some(exit()),
            ..state(Phase::Running)
        };
        let before = Seen::of(&old);
        case(&old, Some(Seen::after(Some(&before), &old)), None);
    }

    #[test]
    fn another_tender_is_another_life() {
        let mut other = state(Phase::Running);
        other.tender.started += 1;
        case(
            &other,
            first_life(),
            Some("it was lost, and brought back since"),
        );
        // Of a move that has restarted it, the old tender says nothing.
        let before = Seen::of(&state(Phase::Running));
        case(&other, Some(Seen::after(Some(&before), &other)), None);
    }

    #[test]
    fn what_is_gone_is_not_well() {
        let running = state(Phase::Running);
        let found =
            |tender, process| trouble(Some(&running), tender, process, first_life().as_ref());
        let gone = found(Liveness::Gone, Liveness::Gone).unwrap();
        assert!(gone.contains("tender was killed"));
        let ended = found(Liveness::Alive, Liveness::Gone);
        assert_eq!(ended.unwrap(), "its process has ended");
        // What cannot be told is held against nobody.
        assert_eq!(found(Liveness::Unknown, Liveness::Unknown), None);
        assert!(trouble(None, Liveness::Gone, Liveness::Gone, None).is_some());
        for phase in [
            Phase::Waiting,
            Phase::Crashed,
            Phase::Parked,
            Phase::Finished,
            Phase::Down,
            Phase::Lost,
        ] {
            let alive = Liveness::Alive;
            let seen = first_life();
            assert!(trouble(Some(&state(phase)), alive, alive, seen.as_ref()).is_some());
        }
    }
}
