//! `agents down`.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::claim;
use super::manifest::Manifest;
use super::prepare::GRACE;
use super::project::{Project, Run};
use crate::error::{Exit, timed_out};
use crate::names::Name;
use crate::supervision::{Liveness, State, Want, end_life, write_desired};
use crate::ui::{Ui, list};

/// How long a run may take to end: its agents' grace, what is killed after it, and the closing of windows.
const PATIENCE: Duration = Duration::from_secs(25);

/// Ends the project's run and everything that it started; nothing to do where there is none.
pub(super) fn down(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    let run = project.run()?;
    let ended = match &run {
        Some(run) => end_run(ui, project, run)?,
        None => false,
    };
    let names = names(project, run);
    let mut swept = 0;
    for name in &names {
        swept += sweep(ui, project, name)?;
    }
    match (ended, swept) {
        (false, 0) => {
            claim::refuse_foreign(&project.root)?;
            ui.status("nothing runs here");
        }
        (false, _) => ui.result("ended what an earlier run had left"),
        (true, _) => ui.result(format!("took down {}", list(&names))),
    }
    Ok(Exit::Done)
}

/// Returns whether there was a run to end.
fn end_run(ui: &Ui, project: &Project, run: &Run) -> anyhow::Result<bool> {
    let Some(held) = run.process.open()? else {
        return Ok(false);
    };
    for name in &run.agents {
        write_desired(&project.desired(name), Want::Down)?;
    }
    held.signal(Signal::SIGTERM)?;
    ui.waiting(format!("waiting for {} to end", list(&run.agents)));
    let has_ended = held.wait(Instant::now() + PATIENCE)?;
    ui.end_progress();
    if !has_ended {
        return Err(timed_out(format!(
            "the run (pid {}) has not ended within {} s",
            run.process.pid,
            PATIENCE.as_secs()
        ))
        .hint("look at what it waits for: `agents status`")
        .into());
    }
    for name in &run.agents {
        tell_killed(ui, project, name, run)?;
    }
    Ok(true)
}

fn tell_killed(ui: &Ui, project: &Project, name: &Name, run: &Run) -> anyhow::Result<()> {
    let state = State::read(&project.state(name))?;
    let exit = state.and_then(|state| state.last_exit);
    if let Some(exit) = exit.filter(|exit| exit.at >= run.since && exit.killed > 0) {
        let many = match exit.killed {
            1 => "1 process".to_owned(),
            killed => format!("{killed} processes"),
        };
        ui.warn(format!("`{name}` did not end by itself: killed {many}"));
    }
    Ok(())
}

/// The agents that the run had; what agents.toml lists where nobody ran it yet.
fn names(project: &Project, run: Option<Run>) -> Vec<Name> {
    let listed = || {
        // A manifest that cannot be read keeps nobody from ending what runs.
        let manifest = Manifest::load(&project.root).ok()?;
        Some(
            manifest
                .agents
                .into_iter()
                .map(|agent| agent.name)
                .collect(),
        )
    };
    run.map(|run| run.agents)
        .or_else(listed)
        .unwrap_or_default()
}

/// Ends what a killed run left of an agent; returns how many processes that were.
fn sweep(ui: &Ui, project: &Project, name: &Name) -> anyhow::Result<u32> {
    let Some(state) = State::read(&project.state(name))? else {
        return Ok(0);
    };
    // A tender that has lost its run ends its own agent: it only has to be waited for.
    if let Some(held) = state.tender.open()? {
        write_desired(&project.desired(name), Want::Down)?;
        held.signal(Signal::SIGUSR1)?;
        held.wait(Instant::now() + PATIENCE)?;
    }
    let Some(life) = state.life else { return Ok(0) };
    if state.tender.liveness() == Liveness::Unknown {
        ui.warn(format!("cannot tell whether `{name}` has ended"));
        return Ok(0);
    }
    let swept = end_life(&life, Duration::from_secs_f64(GRACE));
    if !swept.left.is_empty() {
        ui.warn(format!("`{name}`: {} cannot be ended", list(&swept.left)));
    }
    Ok(swept.ended)
}
