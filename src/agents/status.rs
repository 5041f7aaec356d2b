//! `agents status`.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::manifest::Manifest;
use super::project::{Project, Run};
use super::seat::{self, reason};
use crate::error::Exit;
use crate::names::Name;
use crate::supervision::{Liveness, Phase, State, When};
use crate::ui::{Mood, Table, Ui, ago};

/// The JSON of `agents status --json`. Fields may be added; none changes its meaning.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    project: String,
    up: bool,
    /// The `agents up --wait`.
    pid: Option<i32>,
    agents: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: Name,
    state: &'static str,
    since: Option<Timestamp>,
    pid: Option<i32>,
    restarts: u32,
    exit: Option<i32>,
    signal: Option<i32>,
    reason: Option<String>,
    /// When its next life is due.
    due: Option<Timestamp>,
}

/// Prints a table.
pub(super) fn show(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    let report = look(project)?;
    let mut table = Table::new(["agent", "state", "for", "pid", "restarts", "reason"]);
    for line in &report.agents {
        table.moody_row(row(line));
    }
    ui.result(table);
    if !report.up {
        ui.hint("nothing runs here; start the agents: `agents up`");
    }
    Ok(exit(&report))
}

/// Prints JSON.
pub(super) fn show_json(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    let report = look(project)?;
    ui.result(serde_json::to_string_pretty(&report)?);
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    let is_healthy = |line: &Line| matches!(line.state, "running" | "finished");
    if report.agents.iter().all(is_healthy) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

fn row(line: &Line) -> [(String, Mood); 6] {
    let mood = match line.state {
        "running" | "finished" => Mood::Good,
        "crashed" | "parked" => Mood::Bad,
        "unknown" => Mood::Odd,
        _ => Mood::Plain,
    };
    let plain = |text: String| (text, Mood::Plain);
    let age = line.since.map(|since| {
        let seconds = Timestamp::now().duration_since(since).as_secs();
        ago(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    });
    let restarts = Some(line.restarts).filter(|restarts| *restarts > 0);
    [
        plain(line.name.to_string()),
        (line.state.to_owned(), mood),
        plain(age.unwrap_or_default()),
        plain(line.pid.map_or_else(String::new, |pid| pid.to_string())),
        plain(restarts.map_or_else(String::new, |restarts| restarts.to_string())),
        plain(line.reason.clone().unwrap_or_default()),
    ]
}

fn look(project: &Project) -> anyhow::Result<Report> {
    let run = project.run()?;
    let liveness = run.as_ref().map(|run| run.process.liveness());
    let up = run.filter(|_| liveness != Some(Liveness::Gone));
    let names = match &up {
        Some(run) => run.agents.clone(),
        None => listed(project)?,
    };
    let agents = names
        .into_iter()
        .map(|name| line(project, name, up.as_ref()))
        .collect();
    Ok(Report {
        schema: 1,
        project: project.root.display().to_string(),
        up: up.is_some(),
        pid: up.map(|run| run.process.pid),
        agents,
    })
}

fn listed(project: &Project) -> anyhow::Result<Vec<Name>> {
    let agents = Manifest::load(&project.root)?.agents;
    Ok(agents.into_iter().map(|agent| agent.name).collect())
}

fn line(project: &Project, name: Name, run: Option<&Run>) -> Line {
    let mut line = Line {
        name,
        state: "down",
        since: None,
        pid: None,
        restarts: 0,
        exit: None,
        signal: None,
        reason: None,
        due: None,
    };
    match State::read(&project.state(&line.name)) {
        Ok(None) if run.is_none() => {}
        Ok(None) => line.state = "starting",
        Ok(Some(state)) => describe(&mut line, &state, run),
        Err(error) => {
            line.state = "unknown";
            line.reason = Some(format!("{error:#}"));
        }
    }
    line
}

fn describe(line: &mut Line, state: &State, run: Option<&Run>) {
    let (word, why) = word(state, run);
    line.state = word;
    line.since = Some(state.since);
    line.restarts = state.restarts;
    line.exit = state.last_exit.as_ref().and_then(|exit| exit.code);
    line.signal = state.last_exit.as_ref().and_then(|exit| exit.signal);
    line.pid = state
        .life
        .as_ref()
        .filter(|_| word == "running" || word == "stopping")
        .map(|life| life.process.pid);
    line.due = state
        .due
        .as_ref()
        .filter(|_| word == "waiting")
        .map(|due| due.at);
    let tells = word != "running" && word != "down" && word != "finished";
    let exit = reason(state).filter(|_| tells);
    let died = match seat::due(state, &When::now()).filter(|_| word == "waiting") {
        Some(due) => Some(format!("{due} after {}", exit.unwrap_or_default())),
        None => exit,
    };
    line.reason = why
        .map(str::to_owned)
        .or_else(|| state.reason.clone())
        .or(died);
}

/// Returns the word for how an agent is, and why, where its state does not say: nothing is running because a file says so.
fn word(state: &State, run: Option<&Run>) -> (&'static str, Option<&'static str>) {
    let said = state.phase.word();
    match state.phase {
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {
            let is_of_this_run = run.is_none_or(|run| state.since >= run.since);
            return if is_of_this_run {
                (said, None)
            } else {
                ("starting", None)
            };
        }
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => {}
    }
    let of_life = state.life.as_ref().map(|life| life.process.liveness());
    match (state.tender.liveness(), of_life) {
        (Liveness::Alive, _) => (said, None),
        (Liveness::Unknown, _) => ("unknown", Some("it cannot be told whether it still runs")),
        (Liveness::Gone, Some(Liveness::Alive | Liveness::Unknown)) => (
            "unknown",
            Some("its tender was killed, its process lives on"),
        ),
        (Liveness::Gone, Some(Liveness::Gone) | None) => {
            ("down", Some("its tender was killed, and it with it"))
        }
    }
}
