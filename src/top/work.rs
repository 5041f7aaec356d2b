//! What is found out and carried out on threads, for one project or a few.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Zoned;

use crate::command::{self, hear_all_signals};
use crate::commands::told;
use crate::events;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::WINDOW;
use crate::pins::Kind;
use crate::registry::Project;
use crate::sessions::{Pane, Panes};
use crate::status;
use crate::supervision::this_program;
use crate::ui::{Sheet, list};

use super::errand::Outcome;
use super::model::{Happened, Lines};

/// A command may take as long as it takes: it ends by itself, and this only makes sure of it.
const DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many lines that have scrolled away are fetched of a terminal.
const SCROLLED: usize = 1000;

/// How many lines of the trail are fetched.
const EVENTS: usize = 300;

/// Runs this program with these words, to its end.
pub(super) fn run(root: &Path, line: String, words: &[String]) -> Outcome {
    let ran = own(root, words).and_then(|command| command::run(command, DEADLINE));
    let (code, said) = match ran {
        Ok(answer) => {
            let parts = [answer.stdout.trim_end(), answer.stderr.trim_end()];
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            (answer.status.code(), parts.collect::<Vec<_>>().join("\n"))
        }
        Err(error) => (None, format!("{error:#}")),
    };
    Outcome { line, code, said }
}

/// Shows a terminal in this one, until it is left.
pub(super) fn attach(root: &Path, name: &Name, agent: Option<String>) -> Outcome {
    let agent = agent.map_or_else(String::new, |agent| format!("/{agent}"));
    let address = format!("{name}{agent}");
    let line = format!("fleet attach {address}");
    let run = || {
        let mut command = own(root, &["attach".to_owned(), address])?;
        hear_all_signals(&mut command);
        let child = command.stderr(Stdio::piped()).spawn();
        let child = child.context("cannot run `fleet attach`")?;
        child.wait_with_output().context("cannot wait for it")
    };
    match run() {
        Ok(output) => Outcome {
            line,
            code: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        },
        Err(error) => Outcome {
            line,
            code: None,
            said: format!("{error:#}"),
        },
    }
}

/// This program, about the same fleet, and without colours. Where that is stands in the environment: the trail shall tell
/// the words that were shown.
fn own(root: &Path, words: &[String]) -> anyhow::Result<Command> {
    let mut command = Command::new(this_program()?);
    command
        .args(words)
        .env("FLEET_DIR", root)
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE");
    Ok(command)
}

/// Finds out why a project is as it is.
pub(super) fn why(fleet: &Fleet, name: &Name) -> Result<Sheet, String> {
    let why = status::why(fleet, name).map_err(|error| format!("{error:#}"))?;
    Ok(status::sheet(&why))
}

/// Returns what a terminal of a project shows, and which one that is: an agent's before the harness's own.
pub(super) fn lines(fleet: &Fleet, name: &Name, place: usize) -> (Lines, Option<PathBuf>) {
    let look = || -> anyhow::Result<(Lines, Option<PathBuf>)> {
        let tmux = fleet.tmux()?;
        let panes = own_panes(tmux.panes()?, name);
        let terminals = panes.iter().map(|pane| pane.name.clone()).collect();
        let place = place.min(panes.len().saturating_sub(1));
        let mut lines = Lines {
            terminals,
            place,
            ..Lines::default()
        };
        let Some(pane) = panes.get(place) else {
            let why = "it has no terminal: it does not run; `w` tells how it ended";
            lines.trouble = Some(why.to_owned());
            return Ok((lines, None));
        };
        let text = tmux.capture(&pane.pane, SCROLLED)?;
        lines.lines = text
            .trim_end()
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        // What the pane was made with still has its terminal for input.
        let terminal = std::fs::read_link(format!("/proc/{}/fd/0", pane.pid)).ok();
        Ok((lines, terminal))
    };
    look().unwrap_or_else(|error| {
        let trouble = Some(format!("{error:#}"));
        (
            Lines {
                trouble,
                ..Lines::default()
            },
            None,
        )
    })
}

fn own_panes(panes: Panes, name: &Name) -> Vec<Pane> {
    let all = match panes {
        Panes::NotRunning => Vec::new(),
        Panes::Running { panes, .. } => panes,
    };
    let own = all.into_iter().filter(|pane| pane.session == name.as_str());
    let (mut agents, harness): (Vec<Pane>, Vec<Pane>) = own.partition(|pane| pane.name != WINDOW);
    agents.extend(harness);
    agents
}

/// Returns the last lines of the trail about a project, oldest first.
pub(super) fn history(fleet: &Fleet, name: &Name) -> Result<Vec<Happened>, String> {
    let events = events::last_of(&fleet.runtime(""), name.as_str(), EVENTS);
    let events = events.map_err(|error| format!("{error:#}"))?;
    let now = Zoned::now();
    let happened = |event| {
        let [(at, _), _, (what, _), (details, mood), (who, _)] = told(event, &fleet.root, &now);
        Happened {
            at,
            what,
            details,
            who,
            mood,
        }
    };
    Ok(events.iter().map(happened).collect())
}

/// Returns the versions of the harness of these projects, and what there is to say of each.
pub(super) fn versions(fleet: &Fleet, names: &[Name]) -> Result<Vec<(String, String)>, String> {
    let projects = names
        .iter()
        .filter_map(|name| fleet.registry.projects.get(name));
    let projects: Vec<&Project> = projects.collect();
    let harnesses: BTreeSet<&Name> = projects.iter().map(|project| &project.harness).collect();
    let harnesses: Vec<&Name> = harnesses.into_iter().collect();
    let [harness] = harnesses[..] else {
        return Err(format!(
            "they have different harnesses: {}",
            list(harnesses)
        ));
    };
    let look = || -> anyhow::Result<Vec<(String, String)>> {
        let known = fleet.registry.harness(harness)?;
        let mirror = fleet.known_mirror(harness).with_context(|| {
            format!("nothing is known of `{harness}`: `fleet harness fetch {harness}` asks")
        })?;
        let mut newest = true;
        let versions = mirror.versions()?.all.into_iter().map(|version| {
            let mut notes = Vec::new();
            if version.kind == Kind::Branch {
                notes.push("branch".to_owned());
            } else if std::mem::take(&mut newest) {
                notes.push("newest".to_owned());
            }
            if known.default_ref.as_ref() == Some(&version.name) {
                notes.push("default".to_owned());
            }
            if known.bad_refs.contains(&version.name) {
                notes.push("bad".to_owned());
            }
            if version.is_gone {
                notes.push("gone upstream".to_owned());
            }
            let here = projects.iter().filter(|it| it.reference == version.name);
            let here: Vec<&Name> = here.map(|project| &project.name).collect();
            match here[..] {
                [] => {}
                _ if here.len() == projects.len() => notes.push("now".to_owned()),
                _ => notes.push(format!("now of {}", here.len())),
            }
            (version.name.to_string(), notes.join(", "))
        });
        Ok(versions.collect())
    };
    look().map_err(|error| format!("{error:#}"))
}
