//! `agents attach`, `logs` and `send`: an agent's terminal.

use super::project::{Project, Run};
use super::stage::Stage;
use crate::error::{Advise as _, Exit, failed, usage};
use crate::files;
use crate::names::Name;
use crate::names::nearest;
use crate::sessions::Pane;
use crate::supervision::{Liveness, State};
use crate::ui::{Ui, list};

/// Shows an agent's terminal in this one.
pub(super) fn attach(project: &Project, name: Option<&Name>) -> anyhow::Result<Exit> {
    let run = running(project)?;
    // With several agents and no name, any window is a place to look around from.
    let name = match name {
        Some(name) => known(&run, name)?,
        None => run.agents.first().ok_or_else(nothing_runs)?,
    };
    let (stage, pane) = pane(project, &run, name)?;
    Err(stage.attach(&pane)).hint(|| format!("`agents logs {name}` prints what it shows"))
}

/// Prints the last lines of an agent's terminal; those it had when its run ended, where it has.
pub(super) fn logs(
    ui: &Ui,
    project: &Project,
    name: Option<&Name>,
    lines: usize,
) -> anyhow::Result<Exit> {
    let Some(run) = project.run()? else {
        return Err(nothing_runs().into());
    };
    let name = match name {
        Some(name) => known(&run, name)?,
        None => only(&run)?,
    };
    let live = if run.process.liveness() == Liveness::Gone {
        None
    } else {
        pane(project, &run, name).ok()
    };
    let screen = match live {
        Some((stage, pane)) => stage.capture(&pane, lines)?,
        None => files::read_if_there(&project.screen(name))?
            .ok_or_else(|| failed(format!("`{name}` has left no terminal to look at")))?,
    };
    let all: Vec<&str> = screen.trim_end().lines().collect();
    ui.result(all[all.len().saturating_sub(lines)..].join("\n"));
    Ok(Exit::Done)
}

/// Types a text into an agent's terminal.
pub(super) fn send(ui: &Ui, project: &Project, name: &Name, text: &str) -> anyhow::Result<Exit> {
    let run = running(project)?;
    let (stage, pane) = pane(project, &run, known(&run, name)?)?;
    stage.send_text(&pane, text)?;
    ui.status(format!("sent to `{name}`"));
    Ok(Exit::Done)
}

/// Returns the run that lasts, or says that none does.
pub(super) fn running(project: &Project) -> anyhow::Result<Run> {
    let run = project.run()?;
    let alive = run.filter(|run| run.process.liveness() != Liveness::Gone);
    Ok(alive.ok_or_else(nothing_runs)?)
}

fn nothing_runs() -> crate::error::Fault {
    failed("nothing runs here").hint("start the agents: `agents up`")
}

/// Returns the agent of this name, or says which there are.
pub(super) fn known<'a>(run: &'a Run, name: &Name) -> anyhow::Result<&'a Name> {
    if let Some(found) = run.agents.iter().find(|agent| *agent == name) {
        return Ok(found);
    }
    let fault = usage(format!("no agent `{name}` runs here"));
    Err(
        match nearest(name.as_str(), run.agents.iter().map(Name::as_str)) {
            Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
            None => fault.hint(format!("there are {}", list(&run.agents))),
        }
        .into(),
    )
}

fn only(run: &Run) -> anyhow::Result<&Name> {
    match &run.agents[..] {
        [only] => Ok(only),
        several => Err(usage("several agents run here: which one?")
            .hint(format!("name one of {}", list(several)))
            .into()),
    }
}

fn pane(project: &Project, run: &Run, name: &Name) -> anyhow::Result<(Stage, Pane)> {
    let stage = Stage::of_run(run);
    let state = State::read(&project.state(name))?;
    let pane = match state {
        Some(state) => stage.pane_of(state.tender.pid)?,
        None => None,
    };
    let pane = pane.ok_or_else(|| {
        failed(format!("`{name}` has no window")).hint("look at it: `agents status`")
    })?;
    Ok((stage, pane))
}
