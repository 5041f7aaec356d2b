//! One person's fleet of projects in which coding agents work.
//!
//! The three programs of this package are thin: each calls one function of this library.
//! `docs/architecture.md` is the map of its folders.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;

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
use names::Name;
use operations::Outcome;
use registry::Project;
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
        Command::Init(new) => return init(cli, new, ui),
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
        Command::Create(new) => return create(&mut fleet, new, ui),
        Command::Start(wanted) => {
            return change(&mut fleet, "start", wanted, operations::start, ui);
        }
        Command::Stop(wanted) => {
            let names = commands::stoppable(&fleet, &wanted.names, &wanted.selector)?;
            if names.is_empty() {
                commands::say_none_is_chosen(&fleet, &wanted.selector.registered, ui);
            }
            return change_named(
                &mut fleet,
                "stop",
                &names,
                wanted.dry_run,
                operations::stop,
                ui,
            );
        }
        Command::Restart(wanted) => {
            return change(&mut fleet, "restart", wanted, operations::restart, ui);
        }
        Command::Adopt(wanted) => return commands::adopt(&mut fleet, wanted, ui),
        Command::Remove(wanted) => return commands::remove(&mut fleet, wanted, ui),
        Command::Enable(wanted) => {
            let enable = |fleet: &mut Fleet, names: &[Name], is_dry, ui: &Ui| {
                commands::set_enabled(fleet, names, true, is_dry, ui)
            };
            return change(&mut fleet, "enable", wanted, enable, ui);
        }
        Command::Disable(wanted) => {
            let disable = |fleet: &mut Fleet, names: &[Name], is_dry, ui: &Ui| {
                commands::set_enabled(fleet, names, false, is_dry, ui)
            };
            return change(&mut fleet, "disable", wanted, disable, ui);
        }
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
        Command::Service { action } => return service(&fleet, action, ui),
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

/// Carries out a change of the projects that are meant, and says how it went with each.
fn change(
    fleet: &mut Fleet,
    verb: &'static str,
    wanted: &cli::Change,
    carry_out: impl Fn(&mut Fleet, &[Name], bool, &Ui) -> anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let names = commands::chosen_names(fleet, &wanted.names, &wanted.selector)?;
    if names.is_empty() {
        commands::say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    change_named(fleet, verb, &names, wanted.dry_run, carry_out, ui)
}

/// The same, where it is known already which they are.
fn change_named(
    fleet: &mut Fleet,
    verb: &'static str,
    names: &[Name],
    is_dry: bool,
    carry_out: impl Fn(&mut Fleet, &[Name], bool, &Ui) -> anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let command = operations::Command::new(verb);
    let done = carry_out(fleet, names, is_dry, ui);
    commands::conclude(fleet, &command, names, is_dry, done, ui)
}

fn init(cli: &Cli, new: &cli::Init, ui: &Ui) -> anyhow::Result<Exit> {
    let default = if new.demo { "fleet-demo" } else { "." };
    let directory = new
        .directory
        .clone()
        .unwrap_or_else(|| PathBuf::from(default));
    let directory = commands::absolute(&directory)?;
    let initiation = operations::Initiation {
        directory: directory.clone(),
        demo: new.demo,
    };
    operations::init(&initiation, cli.wait, new.dry_run, ui)?;
    if new.demo && !new.dry_run {
        let fleet = Fleet::open(directory.clone(), cli.wait)?;
        let all: Vec<&Project> = fleet.registry.projects.values().collect();
        let report = status::collect(&fleet, &all, status::Depth::Files)?;
        ui.result(status::table(&report, &[], Timestamp::now()));
        ui.result(operations::after_demo(&directory));
    }
    Ok(Exit::Done)
}

fn create(fleet: &mut Fleet, new: &cli::Create, ui: &Ui) -> anyhow::Result<Exit> {
    let creation = operations::Creation {
        name: new.name.clone(),
        reference: new.reference.clone(),
        harness: new.harness.clone(),
        location: new
            .location
            .as_deref()
            .map(commands::absolute)
            .transpose()?,
        labels: new.labels.clone(),
        watch: registry::Watch::Off,
        register: !new.no_register,
        files: Vec::new(),
        start: new.start,
    };
    let command = operations::Command::new("create");
    let made = operations::create(fleet, &creation, new.dry_run, ui);
    if !new.dry_run {
        command.record_one(fleet, &new.name, &made, ui);
    }
    made?;
    if new.start && !new.dry_run {
        fleet.reload()?;
        let (command, names) = (operations::Command::new("start"), [new.name.clone()]);
        let started = operations::start(fleet, &names, false, ui);
        return commands::conclude(fleet, &command, &names, false, started, ui);
    }
    if !new.dry_run && !new.no_register {
        ui.hint(format!("`fleet start {}` starts it", new.name));
    }
    Ok(Exit::Done)
}

fn service(fleet: &Fleet, action: &cli::Service, ui: &Ui) -> anyhow::Result<Exit> {
    let json = match action {
        cli::Service::Install { dry_run } => {
            operations::install_service(fleet, *dry_run, ui)?;
            return Ok(Exit::Done);
        }
        cli::Service::Remove { dry_run } => {
            operations::remove_service(fleet, *dry_run, ui)?;
            return Ok(Exit::Done);
        }
        cli::Service::Status { json } => *json,
    };
    ui.waiting("asking systemd");
    let report = operations::service_report(fleet)?;
    if json {
        commands::print_json(&report, ui)?;
    } else {
        ui.result(report.table(Timestamp::now()));
        for hint in report.hints() {
            ui.hint(hint);
        }
    }
    Ok(if report.is_well() {
        Exit::Done
    } else {
        Exit::Found
    })
}
