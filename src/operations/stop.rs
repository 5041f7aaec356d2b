//! `fleet stop`: sessions, ended with everything they started.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Fault, failed};
use crate::fleet::{Fleet, UnitFiles};
use crate::names::Name;
use crate::registry::{Project, STOP_GRACE};
use crate::sessions::{Panes, of_environment};
use crate::supervision::{
    Afterwards, Liveness, Phase, State, Stop, Stopped, Want, end_trees, read_desired, write_desired,
};
use crate::ui::{Ui, count};

use super::before::Before;
use super::plan::{self, Locked, Outcome, Plan, lock_all};
use super::step::Step;
use super::stray;

/// How long the programs of a window may take once they are told that it closes.
const AFTER_HANG_UP: Duration = Duration::from_secs(3);

/// Stops projects, or prints how. Returns when nothing of them is alive.
pub(crate) fn stop(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = lock_all(fleet, names, ui)?;
    outcomes.extend(stop_locked(fleet, &names, Afterwards::Down, dry_run, ui)?);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(outcomes)
}

/// Stops projects whose locks are held, or prints how. What is not registered, and yet runs, is one as well.
pub(super) fn stop_locked(
    fleet: &Fleet,
    ready: &[Name],
    afterwards: Afterwards,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    // Without tmux's answer, what has a tender is stopped all the same.
    let sessions = fleet
        .tmux()
        .and_then(|tmux| tmux.panes())
        .map(Panes::sessions);
    let holders = fleet.holders(ready)?;
    let looked = ready
        .iter()
        .map(|name| look(fleet, name, &sessions, &holders));
    let (plans, mut outcomes) = plan::part(ready.iter().cloned().zip(looked));
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    let before = Before::of(fleet, &plans);
    let mut ended = before.note(fleet, carry_out(fleet, plans, afterwards, ui));
    // Where only a wish was written, nothing has changed that anybody could see.
    for outcome in ended.iter_mut().filter(|one| one.result.is_ok()) {
        outcome
            .change
            .take_if(|change| change.before == change.after);
    }
    for outcome in ended.iter().filter(|one| one.result.is_ok()) {
        if !fleet.registry.projects.contains_key(&outcome.project) {
            stray::forget(fleet, &outcome.project)?;
        }
    }
    outcomes.extend(ended);
    Ok(outcomes)
}

fn look(
    fleet: &Fleet,
    name: &Name,
    sessions: &anyhow::Result<BTreeSet<String>>,
    holders: &HashMap<PathBuf, i32>,
) -> anyhow::Result<Plan> {
    let files = fleet.unit_files(name);
    let state = State::read(&files.state)?;
    // A wish that cannot be read is written anew.
    let wish = read_desired(&files.desired).ok().flatten();
    let wanted_down = wish.is_some_and(|desired| desired.in_the_end() == Want::Down);
    let tended = state
        .as_ref()
        .is_some_and(|state| state.tender_liveness() != Liveness::Gone);
    // A tender that was killed may have left processes: only a state that says so is proof that none are there.
    let unproven = state.is_some_and(|state| !matches!(state.phase, Phase::Down));
    let has_session = match sessions {
        Ok(sessions) => sessions.contains(name.as_str()),
        Err(_) if tended || unproven => true,
        Err(error) => {
            let what = format!("cannot tell whether `{name}` runs");
            return Err(anyhow::Error::from(Fault::copy_of(error)).context(what));
        }
    };
    if tended || unproven || has_session {
        let done = format!("stopped `{name}`");
        return Ok(Plan::new(name, vec![Step::Stop], done));
    }
    let project = fleet.registry.projects.get(name);
    if let Some(holder) = project.and_then(|project| holders.get(&project.location)) {
        let hint = "stop that run where it was started";
        return Err(stray::held(fleet, name, *holder, "", hint).into());
    }
    let done = format!("`{name}` is down already");
    // Nothing runs; the wish may be left to change.
    let steps = if wanted_down {
        Vec::new()
    } else {
        vec![Step::Stop]
    };
    Ok(Plan::new(name, steps, done))
}

/// Carries out plans to stop. Whoever stops the session it runs in does so last: nothing could come after.
fn carry_out(fleet: &Fleet, plans: Vec<Plan>, afterwards: Afterwards, ui: &Ui) -> Vec<Outcome> {
    let (idle, busy): (Vec<Plan>, Vec<Plan>) =
        plans.into_iter().partition(|plan| plan.steps.is_empty());
    let (ours, others): (Vec<Plan>, Vec<Plan>) = busy
        .into_iter()
        .partition(|plan| runs_us(fleet, &plan.project));
    let mut outcomes: Vec<Outcome> = idle
        .into_iter()
        .map(|plan| Outcome::new(plan.project, Ok(plan.done)))
        .collect();
    outcomes.extend(end(fleet, others, afterwards, ui));
    for plan in &ours {
        ui.warn(format!(
            "`{}` is where this command runs: it ends with it",
            plan.project
        ));
        // Afterwards there may be nobody left to write it.
        let mut begun = fleet.asked("stop").of(plan.project.as_str());
        begun.outcome = "begun, and ends this command".to_owned();
        fleet.record(&[begun], ui);
    }
    outcomes.extend(end(fleet, ours, afterwards, ui));
    outcomes
}

/// Asks all of them first, then waits for each: together they take as long as the slowest.
fn end(fleet: &Fleet, plans: Vec<Plan>, afterwards: Afterwards, ui: &Ui) -> Vec<Outcome> {
    let files: Vec<UnitFiles> = plans
        .iter()
        .map(|plan| fleet.unit_files(&plan.project))
        .collect();
    let asked: Vec<anyhow::Result<Stop<'_>>> = plans
        .iter()
        .zip(&files)
        .map(|(plan, files)| {
            let project = fleet.registry.projects.get(&plan.project);
            let grace = project.map_or(STOP_GRACE, |project| project.stop_grace);
            Stop::ask(&files.desired, &files.state, grace, afterwards)
        })
        .collect();
    let counting = ui.counting("stopping", plans.len());
    let ended: Vec<anyhow::Result<Stopped>> = plans
        .iter()
        .zip(asked)
        .map(|(plan, stop)| {
            let _one = counting.on(&plan.project);
            stop?.wait()
        })
        .collect();
    drop(counting);
    // What could not be told to stop is left as it is, its session too: nothing of it is to end by a closing terminal.
    let told = plans.iter().zip(&ended).filter(|(_, ended)| ended.is_ok());
    let sessions = kill_sessions(fleet, told.map(|(plan, _)| plan));
    plans
        .into_iter()
        .zip(ended)
        .map(|(plan, ended)| {
            let result = ended
                .and_then(|stopped| tell(&plan, &stopped))
                .and_then(|told| match &sessions {
                    Ok(()) => Ok(told),
                    Err(error) => Err(failed(format!(
                        "nothing of `{}` runs any more, but its session may be left: {error:#}",
                        plan.project
                    ))
                    .into()),
                });
            Outcome::new(plan.project, result)
        })
        .collect()
}

/// Ends one project whose lock is held, to start it again; its session goes too.
pub(super) fn stop_before_start(fleet: &Fleet, project: &Project, ui: &Ui) -> anyhow::Result<()> {
    let plan = Plan::new(&project.name, vec![Step::Stop], "");
    end(fleet, vec![plan], Afterwards::Start, ui)
        .into_iter()
        .try_for_each(|outcome| outcome.result.map(drop))
}

/// Withdraws the wish to start what was stopped for that and could not be started: nobody has been cut off.
pub(super) fn stay_down(fleet: &Fleet, outcomes: &[Outcome]) -> anyhow::Result<()> {
    for outcome in outcomes.iter().filter(|outcome| outcome.result.is_err()) {
        let desired = fleet.unit_files(&outcome.project).desired;
        let wish = read_desired(&desired).ok().flatten();
        if wish.is_some_and(|wish| wish.restart) {
            write_desired(&desired, Want::Down)?;
        }
    }
    Ok(())
}

/// Ends what is left of the sessions: windows that somebody has opened beside the harness's, and tenders whose files
/// have been deleted, each with all that it runs.
fn kill_sessions<'a>(
    fleet: &Fleet,
    plans: impl IntoIterator<Item = &'a Plan>,
) -> anyhow::Result<()> {
    let tmux = fleet.tmux()?;
    let Panes::Running { panes, .. } = tmux.panes()? else {
        return Ok(());
    };
    for plan in plans {
        let own: Vec<i32> = panes
            .iter()
            .filter(|pane| pane.session == plan.project.as_str())
            .map(|pane| pane.pid)
            .collect();
        if own.is_empty() {
            continue;
        }
        let left = end_trees(&own, AFTER_HANG_UP);
        tmux.kill_session(plan.project.as_str())?;
        let left: Vec<String> = left.iter().map(i32::to_string).collect();
        let left = left.join(", ");
        anyhow::ensure!(left.is_empty(), "processes {left} of its windows live on");
    }
    Ok(())
}

fn tell(plan: &Plan, stopped: &Stopped) -> anyhow::Result<String> {
    if !stopped.left.is_empty() {
        let left: Vec<String> = stopped.left.iter().map(i32::to_string).collect();
        return Err(failed(format!(
            "cannot end every process of `{}`: {} live on",
            plan.project,
            left.join(", ")
        ))
        .hint(format!("`ps -fp {}` shows them", left.join(",")))
        .into());
    }
    let mut told = plan.done.clone();
    if stopped.killed > 0 {
        told.push_str(&format!(
            "; {} had to be killed",
            count(stopped.killed as usize, "process")
        ));
    }
    Ok(told)
}

/// Tells whether this very process ends with a project: it belongs to its life, or runs in its session.
pub(super) fn runs_us(fleet: &Fleet, name: &Name) -> bool {
    belongs_to_life(fleet, name) || is_in_session(fleet, name)
}

fn is_in_session(fleet: &Fleet, name: &Name) -> bool {
    let (Some((here, _)), Ok(pane)) = (of_environment(), std::env::var("TMUX_PANE")) else {
        return false;
    };
    let own = fleet
        .tmux()
        .ok()
        .filter(|tmux| tmux.socket() == here.socket());
    let Some(Ok(Panes::Running { panes, .. })) = own.map(|tmux| tmux.panes()) else {
        return false;
    };
    panes
        .iter()
        .any(|one| one.pane == pane && one.session == name.as_str())
}

fn belongs_to_life(fleet: &Fleet, name: &Name) -> bool {
    let state = State::read(&fleet.unit_files(name).state).ok().flatten();
    let life = state.and_then(|state| state.life);
    life.is_some_and(|life| std::env::var(&life.variable).is_ok_and(|mark| mark == life.mark))
}
