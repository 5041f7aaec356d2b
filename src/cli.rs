//! The command line of `fleet`: every verb and flag on one page. Types only.

mod exits;
mod looks;
mod pins;
mod projects;
mod selector;
mod shell;
mod supervision;
mod terminals;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::arguments;
use crate::error::Exit;
use crate::names::Name;

pub(crate) use looks::{Doctor, Get, History, List, Schema, Schematic, Status, Top, Why};
pub(crate) use pins::{Apply, Audit, Harness, Plan, Rollback, Update};
pub(crate) use projects::{Adopt, Create, Init, Remove};
pub(crate) use selector::{Change, Registered, Selector};
pub(crate) use shell::{Completions, Man};
pub(crate) use supervision::{Boot, Go, Service};
pub(crate) use terminals::{Address, Attach, Logs, Send};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Where the flags stand that all commands have.
const EVERYWHERE: &str = "Global options";

/// Run a fleet of projects in which coding agents work
///
/// Each project is a git repository with its harness pinned as a submodule, and
/// runs in a tmux session. A fleet is a directory with a `fleet.toml`: that of
/// `--fleet DIR`, else `$FLEET_DIR`, else the nearest one upwards from here.
#[derive(Debug, Parser)]
#[command(
    name = "fleet",
    version,
    styles = STYLES,
    verbatim_doc_comment
)]
pub(crate) struct Cli {
    /// Use the fleet in this directory
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "DIR",
        env = "FLEET_DIR",
        hide_env_values = true
    )]
    pub(crate) fleet: Option<PathBuf>,
    /// Say only what was asked for, and what went wrong
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
    /// How long to wait for another command's lock: `30s`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "TIME", default_value = "30s", value_parser = duration, hide_default_value = true)]
    pub(crate) wait: Duration,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new fleet: a repository, fleet.toml and an operator agent
    #[command(after_help = "Examples:\n  fleet init ~/fleet\n  fleet init --demo")]
    Init(Init),
    /// Make a new project, its harness pinned, and register it
    #[command(
        after_help = "Examples:\n  fleet create demo --ref v0.1.0\n  fleet create demo --label research --start"
    )]
    Create(Create),
    /// Register a project that exists already; nothing in it is changed
    #[command(
        after_help = "Examples:\n  fleet adopt ~/src/demo\n  fleet adopt --scan ~/src\n  fleet adopt ~/src/demo --name other --dry-run"
    )]
    Adopt(Adopt),
    /// Start projects: each runs in a tmux session of its own
    #[command(after_help = "Examples:\n  fleet start demo\n  fleet start --all")]
    Start(Change),
    /// Stop projects, with everything they started
    #[command(after_help = "Examples:\n  fleet stop demo\n  fleet stop --label research")]
    Stop(Change),
    /// Stop projects and start them again
    #[command(after_help = "Examples:\n  fleet restart demo\n  fleet restart --state crashed")]
    Restart(Change),
    /// Show what is true of every project, and why
    #[command(
        after_help = "Examples:\n  fleet status\n  fleet status demo --json\n  fleet status --check || echo look"
    )]
    Status(Status),
    /// Say why projects are as they are, fact by fact, and what is next
    ///
    /// Looks at everything that bears on a project, and says what was looked for
    /// and not found. What cannot be told is said to be so. Exits 0 whatever the
    /// answer is.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet why demo\n  fleet why --state crashed\n  fleet why demo --json"
    )]
    Why(Why),
    /// Move projects to another version of their harness
    ///
    /// Changes files, not processes: what runs uses the new version from its next
    /// start on. Without REF, a project goes to the version that fleet.toml names.
    ///
    /// With --canary or --wave it is a roll-out: each wave is moved and restarted,
    /// must stay up and be healthy, and goes back by itself where it is not.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet update demo v0.2.0\n  fleet update --all v0.2.0 --restart\n  fleet update --all v0.2.0 --canary 1 --wave 10 --soak 5m\n  fleet update demo"
    )]
    Update(Update),
    /// Move projects back to the version before their last update
    ///
    /// Reads it from each project's own history. It is an update, and can itself be
    /// rolled back.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet rollback demo\n  fleet rollback --harness runner --restart -m \"v2 leaks\""
    )]
    Rollback(Rollback),
    /// Add, list, fetch, move and try harnesses, and show their versions
    #[command(after_help = "Examples:\n  fleet harness list\n  fleet harness refs runner")]
    Harness {
        #[command(subcommand)]
        action: Harness,
    },
    /// Show what is not as fleet.toml and your wishes say, and the cure
    ///
    /// Changes nothing and asks no network. `fleet apply` does what it shows.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet plan\n  fleet plan --check || echo look\n  fleet plan --out today.plan"
    )]
    Plan(Plan),
    /// Do what `fleet plan` shows
    ///
    /// Starts nothing that nobody asked to be up, and makes no project. A plan that
    /// was written to a file is refused where the world has moved since.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet apply\n  fleet apply today.plan"
    )]
    Apply(Apply),
    /// Prove that nothing in the projects knows of the fleet
    #[command(after_help = "Examples:\n  fleet audit\n  fleet audit demo --json")]
    Audit(Audit),
    /// Show a project's terminal; leave it with Ctrl-b d
    #[command(after_help = "Examples:\n  fleet attach demo\n  fleet attach demo/builder")]
    Attach(Attach),
    /// Print what terminals show, or go on printing what they print
    #[command(
        after_help = "Examples:\n  fleet logs demo/builder --lines 200\n  fleet logs -f demo\n  fleet logs demo --last-crash"
    )]
    Logs(Logs),
    /// Type a text into a project's terminal, and Enter
    #[command(
        after_help = "Examples:\n  fleet send demo/builder \"please run the tests\"\n  fleet send --label research \"stop after this task\""
    )]
    Send(Send),
    /// List the registered projects; looks at fleet.toml only
    #[command(after_help = "Examples:\n  fleet list\n  fleet list --label research --json")]
    List(List),
    /// Print one project's record
    #[command(after_help = "Examples:\n  fleet get demo\n  fleet get demo --origin")]
    Get(Get),
    /// Check fleet.toml: every error at once, with its line
    #[command(after_help = "Examples:\n  fleet validate\n  fleet --fleet ~/fleet validate")]
    Validate,
    /// Show what was changed: when, what, by whom, and how it went
    ///
    /// Newest last, in the order in which it happened. Projects that have been
    /// removed are still known.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet history demo\n  fleet history --since yesterday\n  fleet history demo --since 2h --json"
    )]
    History(History),
    /// Allow projects to be started
    #[command(after_help = "Examples:\n  fleet enable demo\n  fleet enable --label research")]
    Enable(Change),
    /// Keep projects from being started or healed; what runs goes on
    #[command(after_help = "Examples:\n  fleet disable demo\n  fleet disable --all --dry-run")]
    Disable(Change),
    /// Take projects out of fleet.toml; their files only if you say so
    #[command(
        after_help = "Examples:\n  fleet remove demo --dry-run\n  fleet remove demo\n  fleet remove demo --delete-files"
    )]
    Remove(Remove),
    /// Have the machine run the guardian, from boot to shutdown
    ///
    /// The service is a systemd unit of yours that runs `fleet watch` for this fleet:
    /// after a reboot too, where you linger (`loginctl enable-linger`).
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet service install\n  fleet service status || echo look"
    )]
    Service {
        #[command(subcommand)]
        action: Service,
    },
    /// Bring back what was lost: after a reboot, or with the tmux server
    ///
    /// What was stopped, has finished or crashed, is parked or disabled stays as it
    /// is.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet boot\n  fleet boot --dry-run"
    )]
    Boot(Boot),
    /// Guard the fleet in the foreground: bring back what is lost
    ///
    /// Lost with its tender, its session or the tmux server. It sleeps until
    /// something happens. What dies with its tender alive needs no guardian.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet watch\n  fleet watch --quiet"
    )]
    Watch,
    /// Take the brake off, so that what it held comes back
    ///
    /// The brake goes on when more than half of three or more projects that are to
    /// run die within a minute: nothing comes back for a second time then. Find out
    /// why first: `fleet status` tells what they died of.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet go --dry-run\n  fleet go"
    )]
    Go(Go),
    /// Check everything that the fleet relies on
    ///
    /// Each check says what it saw, where, and what to type about it. --fix does what
    /// cannot harm work, says each thing that it did, and checks again. Outside of a
    /// fleet only the machine is checked.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet doctor\n  fleet doctor --fix --dry-run"
    )]
    Doctor(Doctor),
    /// Show the fleet live, and work on it with single keys
    #[command(after_help = "Examples:\n  fleet top\n  fleet top --label research")]
    Top(Top),
    /// Print the JSON schema of fleet.toml, for editors
    #[command(after_help = "Examples:\n  fleet schema\n  fleet schema > fleet.schema.json")]
    Schema(Schema),
    /// Print what makes a shell complete commands and live names
    #[command(after_help = "Examples:\n  fleet completions bash\n  fleet completions fish")]
    Completions(Completions),
    /// Show the manual, or write its pages into a directory
    #[command(
        after_help = "Examples:\n  fleet man\n  fleet man harness add\n  fleet man --dir ~/.local/share/man/man1"
    )]
    Man(Man),
    /// Writes a project's unit anew: what its tender asks before a life.
    #[command(name = "_unit", hide = true)]
    Unit { name: Name },
}

/// Returns the whole command line, with the exit codes of each command in what `--help` says.
pub(crate) fn command() -> clap::Command {
    let all = Exit::ALL.map(|exit| (exit, ""));
    let program = arguments::with_exit_codes(Cli::command(), &exits::of);
    program.after_help(arguments::exit_codes(&all))
}

/// Reads a duration such as `500ms`, `10s` or `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    crate::names::duration(text)
        .ok_or_else(|| format!("`{text}` is not a duration such as `500ms`, `10s` or `2m`"))
}

/// Reads a number from 1 on.
fn some(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| format!("`{}` is not a number from 1 on", text.escape_debug()))
}

/// Reads a number.
fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("`{}` is not a number", text.escape_debug()))
}

/// Reads a label.
fn label(text: &str) -> Result<String, String> {
    crate::names::label(text)
}

/// Reads a reason: a line of text.
fn reason(text: &str) -> Result<String, String> {
    crate::names::reason(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &clap::Command) {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} has no sentence");
        let after = command.get_after_help().map(ToString::to_string);
        let examples = after.map_or(0, |text| text.matches("\n  fleet ").count());
        assert!(examples >= 2, "{name} has {examples} examples");
        let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
        shown.for_each(check);
    }

    fn lines_too_long(command: &mut clap::Command, into: &mut Vec<String>) {
        let helps = [command.render_help(), command.render_long_help()];
        for line in helps.iter().flat_map(|help| {
            let lines = help.to_string();
            lines.lines().map(str::to_owned).collect::<Vec<_>>()
        }) {
            let is_example = line.starts_with("  fleet ");
            if line.chars().count() > 80 && !is_example && !line.starts_with("Usage:") {
                into.push(format!("{}: {line}", command.get_name()));
            }
        }
        for one in command.get_subcommands_mut() {
            lines_too_long(one, into);
        }
    }

    /// Nobody wraps it: a terminal would cut it in the middle of a word.
    #[test]
    fn help_fits_a_terminal_of_80_columns() {
        let mut cli = command();
        cli.build();
        let mut long = Vec::new();
        lines_too_long(&mut cli, &mut long);
        assert!(long.is_empty(), "{}", long.join("\n"));
    }

    /// Returns the names of all commands that do something: `start`, `harness add`.
    fn names(command: &clap::Command, above: &str, into: &mut Vec<String>) {
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let name = format!("{above}{}", one.get_name());
            if one.has_subcommands() {
                names(one, &format!("{name} "), into);
            } else {
                into.push(name);
            }
        }
    }

    #[test]
    fn the_exit_codes_of_every_command_are_known_and_of_no_other() {
        let mut commands = Vec::new();
        names(&Cli::command(), "", &mut commands);
        let known: Vec<&str> = exits::EXITS.iter().map(|(name, _)| *name).collect();
        let (mut missing, mut unknown) = (commands.clone(), known.clone());
        missing.retain(|name| !known.contains(&name.as_str()));
        unknown.retain(|name| !commands.contains(&(*name).to_owned()));
        assert!(missing.is_empty(), "add to `cli/exits.rs`: {missing:?}");
        assert!(unknown.is_empty(), "not commands: {unknown:?}");
        for (name, exits) in exits::EXITS {
            let codes: Vec<u8> = exits.iter().map(|(exit, _)| *exit as u8).collect();
            assert!(
                codes.is_sorted() && codes.starts_with(&[0, 1, 2]),
                "{name}: {codes:?}"
            );
        }
    }

    /// They are part of the interface: scripts rely on them.
    #[test]
    fn exit_codes_have_the_meanings_that_they_always_had() {
        let codes = Exit::ALL.map(|exit| exit as u8);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 130]);
        let mut start = command();
        let start = start.find_subcommand_mut("start").expect("there is one");
        let short = start.render_help().to_string();
        assert!(!short.contains("Exit codes"), "{short}");
        let long = start.render_long_help().to_string();
        let end = "\
Examples:
  fleet start demo
  fleet start --all

Exit codes:
  0    done
  1    failed
  2    the command line or fleet.toml is not valid
  3    refused, to protect work or by policy
  4    of several projects, some were done and some were not
  6    timed out, a lock included
  130  interrupted";
        assert!(long.trim_end().ends_with(end), "{long}");
    }

    #[test]
    fn every_command_has_a_sentence_and_two_examples() {
        let cli = Cli::command();
        let shown = cli.get_subcommands().filter(|one| !one.is_hide_set());
        shown.for_each(check);
    }
}
