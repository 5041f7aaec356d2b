//! The second program: runs one project's agents from its `agents.toml`. It knows nothing of fleets.
//!
//! `agents up --wait` is the run: it opens a tmux window with a tender for each agent and sleeps until something happens.
//! The other commands read and write the files of its state directory and talk to tmux; all of them are data between
//! processes, so that any of these may be killed at any time.

mod background;
mod changes;
mod claim;
mod cli;
mod completions;
mod down;
mod foreground;
mod manifest;
mod prepare;
mod project;
mod restart;
mod runner;
mod seat;
mod stage;
mod status;
mod terminal;

pub(crate) use runner::PROTOCOL;

use std::process::ExitCode;

use self::cli::{Cli, Up, Verb};
use self::project::Project;
use crate::arguments;
use crate::completing;
use crate::error::Exit;
use crate::ui::Ui;

/// Runs the `agents` program.
pub(crate) fn run() -> ExitCode {
    if completing::answer(cli::command, completions::offer) {
        return ExitCode::SUCCESS;
    }
    let cli: Cli = match arguments::command_line(cli::command()) {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    let ui = Ui::new(false);
    let exit = carry_out(&ui, &cli).unwrap_or_else(|error| ui.fail(&error));
    ui.close(exit).into()
}

/// Returns the command line of the program.
pub(crate) fn command() -> clap::Command {
    cli::command()
}

fn carry_out(ui: &Ui, cli: &Cli) -> anyhow::Result<Exit> {
    let project = || Project::find(cli.project.as_deref());
    match &cli.verb {
        Verb::Up(up) => start(ui, &project()?, up),
        Verb::Down => down::down(ui, &project()?),
        Verb::Status { json: true } => status::show_json(ui, &project()?),
        Verb::Status { json: false } => status::show(ui, &project()?),
        Verb::Attach { name } => terminal::attach(&project()?, name.as_ref()),
        Verb::Logs { name, lines } => terminal::logs(ui, &project()?, name.as_ref(), *lines),
        Verb::Send { name, text } => terminal::send(ui, &project()?, name, text),
        Verb::Completions { shell } => {
            ui.result(completing::script(*shell, "agents").trim_end());
            Ok(Exit::Done)
        }
        Verb::Restart { name } => restart::restart(ui, &project()?, name),
    }
}

fn start(ui: &Ui, project: &Project, up: &Up) -> anyhow::Result<Exit> {
    match (up.wait, &up.inherit) {
        (false, _) => background::up(ui, project),
        (true, Some(file)) => background::inherit(project, file),
        (true, None) if up.detached => background::detached(ui, project),
        (true, None) => foreground::run(ui, project),
    }
}
