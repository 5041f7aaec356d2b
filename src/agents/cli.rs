//! The command line of `agents`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::arguments::{self, Exits};
use crate::completing::Shell;
use crate::error::Exit::{self, Done, Failed, Refused, TimedOut, Usage};
use crate::names::Name;

/// Run the agents of one project, each in a tmux window
///
/// A project is a directory with an agents.toml, which lists its agents: any
/// command-line programs. `agents` starts them, starts them again when they end,
/// shows how they are, and ends them with everything that they started.
#[derive(Debug, Parser)]
#[command(name = "agents", version, verbatim_doc_comment, after_help = EXAMPLES)]
pub(super) struct Cli {
    /// The project; else the nearest upwards with an agents.toml
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) project: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

const EXAMPLES: &str = "Examples:
  agents up                          start all agents of this project
  agents status                      what runs, since when, and why not
  agents attach builder              look at one; detach with Ctrl-b d
  agents send builder \"run the tests\" type a line into its terminal
  agents restart builder             start it anew, as agents.toml says now
  agents down                        end them all";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Start all agents
    ///
    /// Inside tmux, each agent gets a window of the current session; elsewhere they
    /// get a session of their own.
    #[command(verbatim_doc_comment)]
    Up(Up),
    /// End all agents, and every process that they started
    ///
    /// Asks them to end, and kills what has not ended within five seconds. Says so
    /// when nothing runs.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  agents down\n  agents --project ~/demo down"
    )]
    Down,
    /// Show how the agents are
    ///
    /// Exits 0 when each agent runs or has finished its work, and 1 otherwise.
    #[command(after_help = "Examples:\n  agents status\n  agents status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an agent's terminal in this one
    ///
    /// Detach with Ctrl-b d; the agent goes on.
    #[command(after_help = "Examples:\n  agents attach\n  agents attach builder")]
    Attach {
        /// The agent [default: the only one]
        name: Option<Name>,
    },
    /// Print the last lines of an agent's terminal
    #[command(after_help = "Examples:\n  agents logs builder\n  agents logs builder --lines 20")]
    Logs {
        /// The agent [default: the only one]
        name: Option<Name>,
        /// How many lines
        #[arg(short = 'n', long, value_name = "LINES", default_value = "100", value_parser = number)]
        lines: usize,
    },
    /// Type a text into an agent's terminal, and Enter
    #[command(
        after_help = "Examples:\n  agents send builder \"please run the tests\"\n  agents send builder /clear"
    )]
    Send {
        /// The agent
        name: Name,
        /// What to type
        text: String,
    },
    /// Print what makes a shell complete commands and agents
    #[command(
        after_help = "Examples:\n  agents completions bash\n  agents completions fish > ~/.config/fish/completions/agents.fish"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Start one agent anew
    ///
    /// Ends it if it runs, reads agents.toml and its prompt again, and starts it,
    /// even where it was given up on.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  agents restart builder\n  agents --project ~/demo restart builder"
    )]
    Restart {
        /// The agent
        name: Name,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  agents up            in the background; returns when all agents are up
  agents up --wait     in the foreground; Ctrl-C takes all of them down")]
pub(super) struct Up {
    /// Stay until the agents have ended
    #[arg(long)]
    pub(super) wait: bool,
    /// Take the environment from this file, and remove it: how `agents up` hands its own on.
    #[arg(long, hide = true, requires = "wait", value_name = "FILE")]
    pub(super) inherit: Option<PathBuf>,
    /// Leave an error for the `agents up` that waits for it.
    #[arg(long, hide = true, requires = "wait")]
    pub(super) detached: bool,
}

/// Every command, with what it can exit with.
const EXITS: &[(&str, &Exits)] = &[
    (
        "completions",
        &[
            (Done, "it is printed"),
            (Failed, "it cannot be printed"),
            (Usage, INVALID),
        ],
    ),
    (
        "up",
        &[
            (
                Done,
                "all are up; --wait: they were taken down or have finished",
            ),
            (
                Failed,
                "one is not up; --wait: one crashed or was given up on",
            ),
            (Usage, INVALID),
            (Refused, "they run already"),
            (TimedOut, "they are not up in time"),
        ],
    ),
    (
        "down",
        &[
            (Done, "nothing runs"),
            (Failed, ""),
            (Usage, INVALID),
            (TimedOut, "they have not ended in time"),
        ],
    ),
    (
        "status",
        &[
            (Done, "each agent runs or has finished its work"),
            (Failed, "one does not"),
            (Usage, INVALID),
        ],
    ),
    ("attach", LOOK),
    ("logs", LOOK),
    ("send", LOOK),
    (
        "restart",
        &[
            (Done, "it runs"),
            (Failed, "it does not"),
            (Usage, INVALID),
            (Refused, "the harness is for another version of `agents`"),
            (TimedOut, "it has not been started in time"),
        ],
    ),
];

const LOOK: &Exits = &[(Done, ""), (Failed, "nothing runs there"), (Usage, INVALID)];

const INVALID: &str = "the command line or agents.toml is not valid";

/// Returns the whole command line, with the exit codes of each command in what `--help` says.
pub(super) fn command() -> clap::Command {
    let of = |command: &str| {
        let found = EXITS.iter().find(|(name, _)| *name == command);
        found.map(|(_, exits)| *exits)
    };
    let all: Vec<(Exit, &str)> = [Done, Failed, Usage, Refused, TimedOut]
        .map(|exit| (exit, if exit == Usage { INVALID } else { "" }))
        .to_vec();
    let program = arguments::with_exit_codes(Cli::command(), &of);
    program.after_long_help(format!("{EXAMPLES}\n\n{}", arguments::exit_codes(&all)))
}

/// Reads a number.
fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("`{}` is not a number", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_a_terminal_of_80_columns_and_knows_the_exit_codes() {
        let mut program = command();
        program.build();
        let mut commands: Vec<_> = program.get_subcommands_mut().collect();
        for command in &mut commands {
            let name = command.get_name().to_owned();
            let long = command.render_long_help().to_string();
            assert!(name == "help" || long.contains("Exit codes:"), "{name}");
            let wide = long.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{name}");
        }
        let long = program.render_long_help().to_string();
        let wide = long.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None);
    }

    #[test]
    fn every_command_has_a_sentence_and_two_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no sentence");
            let after = command.get_after_help().map(ToString::to_string);
            let examples = after.map_or(0, |text| text.matches("\n  agents ").count());
            assert!(examples >= 2, "{name} has {examples} examples");
        }
    }
}
