//! `agents up`: the same run in a tmux window of its own; returns when the agents are up.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

use super::changes::Changes;
use super::claim::{already_running, refuse_claimed};
use super::prepare::{self, OF_TERMINAL, utf8};
use super::project::{Project, Run};
use super::stage::{Show, Stage};
use super::{foreground, status};
use crate::error::{Exit, Fault, failed, timed_out};
use crate::files::{self, Durability, Lock, read_json, write_json};
use crate::names::Name;
use crate::supervision::{Liveness, Process, State, this_program};
use crate::ui::Ui;

/// The window of the run itself.
const WINDOW: &str = "agents";

/// How long the agents may take to be up: a sweep after an earlier run can take its grace.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the project's agents and waits until they are up.
pub(super) fn up(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    project.make_state()?;
    let _lock = Lock::take(&project.up_lock(), PATIENCE, || {
        ui.status("waiting for another `agents up` here");
    })?;
    refuse_second(project)?;
    let prepared = prepare::all(project)?;
    let before = tenders(project, prepared.iter().map(|prepared| &prepared.name))?;
    let stage = Stage::of(project)?;
    if stage.is_own() {
        stage.close()?;
    }
    files::remove_if_there(&project.error_file())?;
    write_environment(project)?;
    let changes = Changes::of([project.directory().to_owned(), project.states()])?;
    let panes = stage.open(&[Show {
        name: WINDOW,
        directory: &project.root,
        argv: command(project)?,
    }])?;
    // It becomes the run without ceasing to be this process.
    let run = panes
        .iter()
        .flatten()
        .find_map(|pane| Process::of(pane.pid));
    ui.waiting("waiting until the agents are up");
    wait_until_up(
        project,
        &changes,
        &before,
        &run.context("the run ended at once")?,
    )?;
    let exit = status::show(ui, project)?;
    ui.hint("look at them: `agents attach`; end them: `agents down`");
    Ok(exit)
}

/// Becomes the run itself, with the environment that `agents up` was given.
pub(super) fn inherit(project: &Project, file: &Path) -> anyhow::Result<Exit> {
    let given: BTreeMap<String, String> = read_json(file)?
        .with_context(|| format!("there is no environment in `{}`", file.display()))?;
    files::remove_if_there(file)?;
    let of_terminal = OF_TERMINAL
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let error = Command::new(this_program()?)
        .args(["up", "--wait", "--detached", "--project"])
        .arg(&project.root)
        .env_clear()
        .envs(given)
        .envs(of_terminal)
        .exec();
    Err(anyhow!(error).context("cannot run `agents`"))
}

/// Runs the agents in a window that nobody looks at: an error is left for the `agents up` that waits.
pub(super) fn detached(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    foreground::run(ui, project).inspect_err(|error| {
        let text = format!("{error:#}");
        // It is printed here too; nobody is left to tell that it could not be written down.
        let _ = files::replace(
            &project.error_file(),
            text.as_bytes(),
            0o600,
            Durability::Cached,
        );
    })
}

fn refuse_second(project: &Project) -> anyhow::Result<()> {
    let run = project.run()?;
    let alive = run.filter(|run| run.process.liveness() != Liveness::Gone);
    if let Some(run) = alive {
        return Err(already_running(Some(run.process.pid)));
    }
    refuse_claimed(&project.root)
}

fn command(project: &Project) -> anyhow::Result<Vec<String>> {
    let mut argv = vec![utf8(&this_program()?)?];
    argv.extend(["up", "--wait", "--project"].map(str::to_owned));
    argv.push(utf8(&project.root)?);
    argv.push("--inherit".to_owned());
    argv.push(utf8(&project.environment_file())?);
    Ok(argv)
}

/// tmux would hand on its server's environment: this process's goes through a file that only its owner can read.
fn write_environment(project: &Project) -> anyhow::Result<()> {
    let given: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !OF_TERMINAL.contains(&name.as_str()))
        .collect();
    write_json(&project.environment_file(), &given)
}

type Tenders = HashMap<Name, Process>;

/// Returns the tenders of earlier runs, whose states say nothing of this one.
fn tenders<'a>(
    project: &Project,
    names: impl Iterator<Item = &'a Name>,
) -> anyhow::Result<Tenders> {
    let mut found = HashMap::new();
    for name in names {
        if let Some(state) = State::read(&project.state(name))? {
            found.insert(name.clone(), state.tender);
        }
    }
    Ok(found)
}

fn wait_until_up(
    project: &Project,
    changes: &Changes,
    before: &Tenders,
    process: &Process,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let held = process.open()?;
    loop {
        // Before the files are read: what it wrote last must not be missed.
        let is_over = process.liveness() == Liveness::Gone;
        let run = project.run()?.filter(|run| run.process == *process);
        if let Some(run) = run
            && all_answer(project, &run, before)?
        {
            return Ok(());
        }
        if let Some(why) = files::read_if_there(&project.error_file())? {
            return Err(failed("cannot start the agents")
                .because(anyhow!(why))
                .into());
        }
        if is_over {
            return Err(failed("the run ended before its agents were up").into());
        }
        if Instant::now() >= deadline {
            return Err(not_in_time().into());
        }
        changes.wait(held.iter().map(|held| held.as_fd()), Some(deadline))?;
    }
}

fn not_in_time() -> Fault {
    timed_out(format!(
        "the agents are not up after {} s",
        PATIENCE.as_secs()
    ))
    .hint("look at what they wait for: `agents status`")
}

fn all_answer(project: &Project, run: &Run, before: &Tenders) -> anyhow::Result<bool> {
    for name in &run.agents {
        let state = State::read(&project.state(name))?;
        if !state.is_some_and(|state| state.answers_start(before.get(name))) {
            return Ok(false);
        }
    }
    Ok(true)
}
