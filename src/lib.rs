//! One person's fleet of projects in which coding agents work.
//!
//! The three programs of this package are thin: each calls one function of this library.
//! `docs/architecture.md` is the map of its folders.

use std::process::ExitCode;

mod agents;
mod arguments;
mod cli;
mod command;
mod commands;
mod completing;
mod doctor;
mod error;
mod events;
mod files;
mod fleet;
mod harness;
mod health;
mod journal;
mod names;
mod operations;
mod parallel;
mod pins;
mod recording;
#[cfg(test)]
mod reference;
mod registry;
mod rollout;
mod server;
mod sessions;
mod status;
mod supervision;
mod systemd;
mod top;
mod ui;

use cli::{Cli, Command};
use error::Exit;
use fleet::Fleet;
use ui::Ui;

/// Runs the `fleet` program with this process's arguments.
pub fn run() -> ExitCode {
    if completing::answer(cli::command, commands::offer) {
        return ExitCode::SUCCESS;
    }
    let cli: Cli = match arguments::command_line(cli::command()) {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    ui::trace_to_stderr("FLEET_LOG");
    let ui = Ui::new(cli.quiet);
    let exit = dispatch(&cli, &ui).unwrap_or_else(|error| ui.fail(&error));
    ui.close(exit).into()
}

/// Runs the `agents` program with this process's arguments.
pub fn run_agents() -> ExitCode {
    agents::run()
}

/// Runs a tender: the parent of one harness's or agent's process, given the path of its unit. Or, where the first
/// argument is `record`, a recorder of what a terminal prints.
pub fn tend() -> ExitCode {
    supervision::tend()
}

fn dispatch(cli: &Cli, ui: &Ui) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Schema(wanted) => commands::schema(wanted, ui)?,
        Command::Completions(wanted) => commands::completions(wanted, ui),
        Command::Man(wanted) => commands::man(wanted, agents::command(), ui)?,
        Command::Init(new) => return commands::init(new, cli.wait, ui),
        Command::Doctor(wanted) => {
            return doctor::doctor(cli.fleet.as_deref(), cli.wait, wanted, ui);
        }
        Command::Validate => commands::validate(&fleet::find(cli.fleet.as_deref())?, ui)?,
        Command::History(wanted) => {
            return commands::history(&fleet::find(cli.fleet.as_deref())?, wanted, ui);
        }
        command => {
            return in_fleet(
                Fleet::open(fleet::find(cli.fleet.as_deref())?, cli.wait)?,
                command,
                ui,
            );
        }
    }
    Ok(Exit::Done)
}

fn in_fleet(mut fleet: Fleet, command: &Command, ui: &Ui) -> anyhow::Result<Exit> {
    match command {
        Command::Create(new) => return commands::create(&mut fleet, new, ui),
        Command::Start(wanted) => return commands::start(&mut fleet, wanted, ui),
        Command::Stop(wanted) => return commands::stop(&mut fleet, wanted, ui),
        Command::Restart(wanted) => return commands::restart(&mut fleet, wanted, ui),
        Command::Adopt(wanted) => return commands::adopt(&mut fleet, wanted, ui),
        Command::Remove(wanted) => return commands::remove(&mut fleet, wanted, ui),
        Command::Enable(wanted) => return commands::enable(&mut fleet, wanted, ui),
        Command::Disable(wanted) => return commands::disable(&mut fleet, wanted, ui),
        Command::Update(change) => return commands::update(&mut fleet, change, ui),
        Command::Rollback(wanted) => return commands::rollback(&mut fleet, wanted, ui),
        Command::Harness { action } => return commands::harness(&mut fleet, action, ui),
        Command::Plan(wanted) => return commands::plan(&fleet, wanted, ui),
        Command::Apply(wanted) => return commands::apply(&mut fleet, wanted, ui),
        Command::Audit(wanted) => return commands::audit(&fleet, wanted, ui),
        Command::Status(wanted) => return commands::status(fleet, wanted, ui),
        Command::Why(wanted) => commands::why(&fleet, wanted, ui)?,
        Command::Attach(wanted) => commands::attach(&fleet, &wanted.address)?,
        Command::Logs(wanted) => return commands::logs(&fleet, wanted, ui),
        Command::Send(wanted) => return commands::send(&fleet, wanted, ui),
        Command::List(wanted) => commands::list(&fleet, wanted, ui)?,
        Command::Get(wanted) => {
            commands::get(&fleet, &wanted.name, wanted.origin, wanted.json, ui)?
        }
        Command::Service { action } => return commands::service(&fleet, action, ui),
        Command::Boot(wanted) => return commands::boot(&mut fleet, wanted, ui),
        Command::Watch => operations::watch(fleet, ui)?,
        Command::Go(wanted) => operations::go(&fleet, wanted.dry_run, ui)?,
        Command::Top(wanted) => return top::top(fleet, wanted, ui),
        Command::Unit { name } => operations::renew_unit(&fleet, name)?,
        Command::Init(_)
        | Command::Validate
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Doctor(_)
        | Command::History(_) => {}
    }
    Ok(Exit::Done)
}
