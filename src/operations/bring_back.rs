//! What should run and does not: which of it comes back, when, and why. `boot` and the guardian both decide here.

use anyhow::Context as _;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::registry::{Project, Watch};
use crate::supervision::{
    self, Desired, LastExit, Liveness, Next, Phase, Policy, State, Want, When, after_loss, chance,
    read_desired,
};
use crate::ui::Ui;

use super::cause::Cause;
use super::launch::Occasion;
use super::plan::{Outcome, Plan};
use super::start;

/// What is known of a project.
#[derive(Debug)]
pub(super) struct Facts {
    enabled: bool,
    policy: Policy,
    desired: Result<Option<Desired>, String>,
    state: Result<Option<State>, String>,
    tender: Liveness,
}

/// What is done about a project.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// It runs, or is about to.
    Up,
    /// It is not wanted.
    Down(String),
    /// It is wanted and does not run, and yet is left to the operator.
    Leave(String),
    /// It is brought back now.
    Bring {
        because: String,
        /// It is the first death after health, which even the brake lets pass.
        is_first: bool,
    },
    /// It is brought back at this moment.
    Wait { because: String, until: When },
    /// It is given up.
    Park(String),
}

impl Decision {
    /// Says why it was lost, where it was.
    pub(super) fn because(&self) -> Option<&str> {
        match self {
            Self::Bring { because, .. } | Self::Wait { because, .. } => Some(because),
            Self::Up | Self::Down(_) | Self::Leave(_) | Self::Park(_) => None,
        }
    }
}

impl Facts {
    /// Reads what is known of a project now.
    pub(super) fn read(fleet: &Fleet, project: &Project) -> Self {
        let files = fleet.unit_files(&project.name);
        let (state, tender) = State::read_with_tender(&files.state);
        Self {
            enabled: project.enabled,
            policy: Policy {
                heal: project.watch == Watch::Heal,
                restart: project.restart.clone(),
            },
            desired: read_desired(&files.desired).map_err(|error| format!("{error:#}")),
            tender,
            state: state.map_err(|error| format!("{error:#}")),
        }
    }

    /// Returns what is wanted in the end, where that can be read.
    fn wish(&self) -> Option<Want> {
        let desired = self.desired.as_ref().ok()?.as_ref()?;
        Some(desired.in_the_end())
    }

    /// Returns the state, where there is one that can be read.
    pub(super) fn state(&self) -> Option<&State> {
        self.state.as_ref().ok().and_then(Option::as_ref)
    }

    /// Tells whether it is known to be without its tender, though it was not to end.
    pub(super) fn is_lost(&self) -> bool {
        self.tender == Liveness::Gone && self.state().is_some_and(State::is_lost)
    }

    /// Tells whether it is wanted and was lost, or is about to be: it is not known to have ended in any other way.
    pub(super) fn is_missed(&self) -> bool {
        self.wish() == Some(Want::Up) && self.state().is_some_and(State::is_lost)
    }

    /// Tells whether it runs, or will without anybody's doing, though it was asked to be down.
    pub(super) fn runs_unwanted(&self) -> bool {
        let is_due = self.state().is_some_and(|state| match state.phase {
            Phase::Starting | Phase::Running | Phase::Waiting => true,
            Phase::Stopping
            | Phase::Down
            | Phase::Finished
            | Phase::Crashed
            | Phase::Parked
            | Phase::Lost => false,
        });
        self.wish() == Some(Want::Down) && self.tender == Liveness::Alive && is_due
    }

    /// Tells whether it was ended because that was asked for.
    pub(super) fn was_stopped(&self) -> bool {
        self.wish() == Some(Want::Down)
            || self.state().is_some_and(|state| state.phase == Phase::Down)
    }

    /// Tells whether a life ended when it was lost: what waited for its next one had none.
    pub(super) fn had_a_life(&self) -> bool {
        self.state()
            .is_some_and(|state| state.phase != Phase::Waiting)
    }

    /// Tells whether it heals.
    pub(super) fn heals(&self) -> bool {
        self.policy.heal
    }

    /// Returns the wait after `failures` attempts in a row that have failed; `None`: enough of them.
    pub(super) fn patience(&self, failures: u32) -> Option<std::time::Duration> {
        let is_enough = failures > self.policy.restart.give_up_after;
        (!is_enough).then(|| supervision::wait(&self.policy, failures, chance()))
    }
}

/// Decides about a project.
///
/// With a cause it comes back whatever `watch` says: much was lost at once, or the operator asks. Without one it was
/// lost alone, which is a death: its policy decides.
pub(super) fn decide(facts: &Facts, cause: Option<Cause>, now: &When, chance: f64) -> Decision {
    let desired = match &facts.desired {
        Err(why) => return Decision::Leave(why.clone()),
        Ok(None) => return Decision::Down("was never asked to start".to_owned()),
        Ok(Some(desired)) => desired,
    };
    match desired.in_the_end() {
        Want::Down => return Decision::Down("is down as asked".to_owned()),
        Want::Up => {}
    }
    let state = match &facts.state {
        Err(why) => return Decision::Leave(why.clone()),
        // Nothing says that it ever ran: a copy of a fleet's files, or a start that was cut off.
        Ok(None) => return Decision::Leave("was asked to start, but never did".to_owned()),
        Ok(Some(state)) => state,
    };
    match facts.tender {
        Liveness::Unknown => {
            let pid = state.tender.pid;
            return Decision::Leave(format!(
                "cannot tell whether its tender, process {pid}, lives"
            ));
        }
        // Whoever restarts it has its lock, and who waits for that finds it up; or was cut off.
        Liveness::Alive
            if desired.restart && matches!(state.phase, Phase::Stopping | Phase::Down) =>
        {
            return Decision::Bring {
                because: "its restart was cut off".to_owned(),
                is_first: true,
            };
        }
        Liveness::Alive if state.is_lost() => return Decision::Up,
        Liveness::Alive | Liveness::Gone => {}
    }
    if !is_owed(desired, state, facts.tender)
        && let Some(end) = end(state)
    {
        return end;
    }
    if !facts.enabled {
        return Decision::Leave("it is disabled".to_owned());
    }
    if state.phase == Phase::Down {
        let what = if desired.restart { "restart" } else { "start" };
        return Decision::Bring {
            because: format!("its {what} was cut off"),
            is_first: true,
        };
    }
    match cause {
        Some(cause) => Decision::Bring {
            because: because(state, cause),
            is_first: false,
        },
        None => decide_alone(facts, state, now, chance),
    }
}

/// Tells whether a start or a restart was cut off before its session was there: the wish is newer than the end.
fn is_owed(desired: &Desired, state: &State, tender: Liveness) -> bool {
    let is_newer = desired.restart || desired.since > state.since;
    state.phase == Phase::Down && tender == Liveness::Gone && is_newer
}

/// Decides about what has an end that only its operator changes; `None` where it was lost.
fn end(state: &State) -> Option<Decision> {
    let word = match state.phase {
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping | Phase::Lost => {
            return None;
        }
        Phase::Down => return Some(Decision::Down("has been stopped".to_owned())),
        Phase::Finished => "it has finished",
        Phase::Crashed => "it has crashed",
        Phase::Parked => "it is parked",
    };
    let exit = state.last_exit.as_ref().map(LastExit::to_string);
    Some(Decision::Leave(match state.reason.clone().or(exit) {
        Some(why) => format!("{word}: {why}"),
        None => word.to_owned(),
    }))
}

fn decide_alone(facts: &Facts, state: &State, now: &When, chance: f64) -> Decision {
    let because = because(state, Cause::Alone);
    if !facts.policy.heal {
        return Decision::Leave(format!("{because}, and it does not heal"));
    }
    // What was lost while it waited had no life to lose: it goes on waiting.
    if let (Phase::Waiting, Some(due)) = (state.phase, &state.due) {
        return if due.left_at(now).is_zero() {
            Decision::Bring {
                because,
                is_first: false,
            }
        } else {
            Decision::Wait {
                because,
                until: due.clone(),
            }
        };
    }
    match after_loss(&facts.policy, state, now, chance) {
        Next::Restart(wait) if wait.is_zero() => Decision::Bring {
            because,
            is_first: true,
        },
        Next::Restart(wait) => Decision::Wait {
            because,
            until: now.after(wait),
        },
        Next::Parked(reason) => Decision::Park(reason),
        // Nobody saw how it ended, so that neither can be said; the operator decides.
        Next::Finished | Next::Crashed => Decision::Leave(because),
    }
}

fn because(state: &State, cause: Cause) -> String {
    match (cause, state.phase) {
        (Cause::Reboot, _) => "the machine was restarted while it ran".to_owned(),
        (Cause::Server, _) => "its tmux server has gone".to_owned(),
        (Cause::Alone, Phase::Lost) => {
            let known = state.lost_to().unwrap_or("its session was killed");
            known.to_owned()
        }
        (
            Cause::Alone,
            Phase::Starting
            | Phase::Running
            | Phase::Waiting
            | Phase::Stopping
            | Phase::Down
            | Phase::Finished
            | Phase::Crashed
            | Phase::Parked,
        ) => "its tender was killed".to_owned(),
    }
}

/// What bringing some back has come to.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Those that were not tried, each with the reason: something about them is not as it must be.
    pub(super) refused: Vec<Outcome>,
    /// Those that were tried.
    pub(super) tried: Vec<Outcome>,
}

/// Plans to bring back projects whose locks are held: what `start` asks of them must be true of them too.
pub(super) fn look(
    fleet: &Fleet,
    names: &[Name],
    ui: &Ui,
) -> anyhow::Result<(Vec<Plan>, Vec<Outcome>)> {
    start::look_at(fleet, names, |name| refuse_interrupted(fleet, name), ui)
}

fn refuse_interrupted(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    if !fleet.journal(name).is_open() {
        return Ok(());
    }
    Err(refused(format!("a command on `{name}` was interrupted"))
        .hint(format!(
            "`fleet start {name}` completes it or takes it back, and starts it"
        ))
        .into())
}

/// Brings back projects whose locks are held.
pub(super) fn bring_back(fleet: &Fleet, names: &[Name], ui: &Ui) -> anyhow::Result<Brought> {
    let (plans, refused) = look(fleet, names, ui)?;
    let mut tried = start::carry_out(fleet, plans, Occasion::BroughtBack, ui)
        .context("cannot bring projects back")?;
    for outcome in &mut tried {
        if let Ok(done) = &mut outcome.result {
            *done = brought_back(fleet, &outcome.project);
        }
    }
    Ok(Brought { refused, tried })
}

/// Says what has become of a project that was brought back.
fn brought_back(fleet: &Fleet, name: &Name) -> String {
    let state = State::read(&fleet.unit_files(name).state).ok().flatten();
    let since = match state.map(|state| state.phase) {
        Some(Phase::Waiting) => ", which has died and waits to come back",
        Some(Phase::Finished) => ", which has finished already",
        Some(Phase::Crashed | Phase::Parked | Phase::Lost) => ", which has ended already",
        Some(Phase::Starting | Phase::Running | Phase::Stopping | Phase::Down) | None => "",
    };
    format!("brought back `{name}`{since}")
}

#[cfg(test)]
mod tests;
