//! What `--help` says of exit codes: those that a command can have, each with what it means.

use clap::Command;

use crate::error::Exit;

/// The exit codes of one command, and where the general meaning does not say it, what they mean of it.
pub(crate) type Exits = [(Exit, &'static str)];

/// Writes exit codes as `--help` shows them.
pub(crate) fn exit_codes(exits: &Exits) -> String {
    let lines = exits.iter().map(|(exit, own)| {
        let meaning = if own.is_empty() { exit.meaning() } else { own };
        format!("\n  {:<4} {meaning}", *exit as u8)
    });
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Adds to a command and all below it the exit codes that `of` knows of their names, such as `harness add`: to what
/// `--help` says, not to the short help.
pub(crate) fn with_exit_codes(
    command: Command,
    of: &dyn Fn(&str) -> Option<&'static Exits>,
) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |one| added(one, &name, of))
    })
}

fn added(mut command: Command, name: &str, of: &dyn Fn(&str) -> Option<&'static Exits>) -> Command {
    if let Some(exits) = of(name) {
        let codes = exit_codes(exits);
        let said = match command.get_after_help() {
            Some(examples) => format!("{examples}\n\n{codes}"),
            None => codes,
        };
        command = command.after_long_help(said);
    }
    with_exit_codes(command, &|below| of(&format!("{name} {below}")))
}
