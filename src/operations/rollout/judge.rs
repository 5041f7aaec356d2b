//! Whether a project has stayed up, by what its tender says.

use crate::supervision::{Liveness, Phase, Process, State};
use crate::ui::seconds;

/// Which tender a project had, and how often that had started it again.
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
}

/// Returns why a project has not stayed up; `None` where it has, in the life that it was given, or without a death since
/// it was `seen`.
pub(super) fn trouble(
    state: Option<&State>,
    tender: Liveness,
    process: Liveness,
    seen: Option<&Seen>,
) -> Option<String> {
    let Some(state) = state else {
        return Some("nothing says that it runs".to_owned());
    };
    let same = seen.filter(|seen| seen.tender == state.tender);
    if state.restarts > same.map_or(0, |seen| seen.restarts) {
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
        Phase::Lost => Some(match state.lost_to() {
            Some(what) => format!("it was lost: {what}"),
            None => "its terminal went away".to_owned(),
        }),
    }
}

/// Says how a project's last life ended.
fn death(state: &State) -> String {
    let Some(exit) = &state.last_exit else {
        let reason = state.reason.as_deref();
        return reason.unwrap_or("it died, and nobody saw how").to_owned();
    };
    let word = match state.phase {
        Phase::Finished => "finished",
        Phase::Parked if exit.said.is_empty() => state.reason.as_deref().unwrap_or("parked"),
        _ => "died",
    };
    let ended = format!("{word}: {exit} after {}", seconds(exit.uptime));
    match exit.telling() {
        Some(line) => format!("{ended}: {line}"),
        None => ended,
    }
}

/// Tells whether what a project said last may still be on its way: it is read from the terminal beside the next life.
pub(super) fn may_say_more(state: Option<&State>) -> bool {
    state.is_some_and(|state| {
        let is_over = state.phase != Phase::Running || state.restarts > 0;
        let said = state.last_exit.as_ref().map(|exit| exit.said.is_empty());
        !is_over || said.unwrap_or(true)
    })
}
