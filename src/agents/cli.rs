//! The command line of `agents`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::completing::Shell;
use crate::names::Name;

/// Run the agents of one project, each in a tmux window
///
/// A project is a directory with an agents.toml, which lists its agents: any command-line programs. `agents` starts
/// them, starts them again when they end, shows how they are, and ends them with everything that they started.
#[derive(Debug, Parser)]
#[command(name = "agents", version, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Cli {
    /// The project [default: the nearest directory upwards with an agents.toml]
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
  agents restart builder             start one anew, with what agents.toml says now
  agents down                        end them all";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Start all agents
    ///
    /// Inside tmux, each agent gets a window of the current session; elsewhere they get a session of their own.
    Up(Up),
    /// End all agents, and every process that they started
    ///
    /// Asks them to end, and kills what has not ended within five seconds. Says so when nothing runs.
    #[command(after_help = "Examples:\n  agents down\n  agents --project ~/demo down")]
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
        #[arg(short = 'n', long, value_name = "LINES", default_value_t = 100)]
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
    /// Ends it if it runs, reads agents.toml and its prompt again, and starts it, even where it was given up on.
    #[command(
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
    /// Stay until the agents have ended: exit 0 when they were taken down or have finished, 1 when one crashed or was given up on
    #[arg(long)]
    pub(super) wait: bool,
    /// Take the environment from this file, and remove it: how `agents up` hands its own on.
    #[arg(long, hide = true, requires = "wait", value_name = "FILE")]
    pub(super) inherit: Option<PathBuf>,
    /// Leave an error for the `agents up` that waits for it.
    #[arg(long, hide = true, requires = "wait")]
    pub(super) detached: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_sentence_and_two_examples() {
        for command in super::Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no sentence");
            let after = command.get_after_help().map(ToString::to_string);
            let examples = after.map_or(0, |text| text.matches("\n  agents ").count());
            assert!(examples >= 2, "{name} has {examples} examples");
        }
    }
}
