//! The command line of `fleet`: every verb and flag on one page. Types only.

mod looks;
mod pins;
mod projects;
mod selector;
mod supervision;
mod terminals;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::names::Name;

pub(crate) use looks::{Get, History, List, Status, Why};
pub(crate) use pins::{Apply, Audit, Harness, Plan, Rollback, Update};
pub(crate) use projects::{Adopt, Create, Init, Remove};
pub(crate) use selector::{Change, Registered, Selector};
pub(crate) use supervision::{Boot, Go, Service};
pub(crate) use terminals::{Address, Attach, Logs, Send};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed
  2    the command line or fleet.toml is not valid
  3    refused, to protect work or by policy
  4    of several projects, some were done and some were not
  5    a check found something
  6    timed out
  130  interrupted";

/// Run a fleet of projects in which coding agents work
///
/// Each project is a git repository with its harness pinned as a submodule, and runs in a tmux session. A fleet is a
/// directory with a `fleet.toml`: `--fleet DIR`, else `$FLEET_DIR`, else the nearest one upwards from here.
#[derive(Debug, Parser)]
#[command(name = "fleet", version, styles = STYLES, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Use the fleet in this directory
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "FLEET_DIR",
        hide_env_values = true
    )]
    pub(crate) fleet: Option<PathBuf>,
    /// Say only what was asked for, and what went wrong
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Wait this long for another command's lock, such as `30s`
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = duration, hide_default_value = true)]
    pub(crate) wait: Duration,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new fleet: a repository with fleet.toml, engine/, agents.toml and prompts/
    #[command(after_help = "Examples:\n  fleet init ~/fleet\n  fleet init --demo")]
    Init(Init),
    /// Make a new project, its harness pinned at engine/, and register it
    #[command(
        after_help = "Examples:\n  fleet create demo --ref v0.1.0\n  fleet create demo --label research --start"
    )]
    Create(Create),
    /// Register a repository that has its harness as a submodule already; changes nothing in it
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
    /// Say why a project is as it is: every fact with its source, and what happens next
    ///
    /// Looks at everything that bears on one project, and says what was looked for and not found. What cannot be told is
    /// said to be so. Exits 0 whatever the answer is.
    #[command(after_help = "Examples:\n  fleet why demo\n  fleet why demo --json")]
    Why(Why),
    /// Move projects to another version of their harness
    ///
    /// Changes files, not processes: the next life of a project uses the new version. Without REF, a project goes back
    /// to the version that fleet.toml names.
    #[command(
        after_help = "Examples:\n  fleet update demo v0.2.0\n  fleet update --all v0.2.0 --restart\n  fleet update --all v0.2.0 --canary 1 --wave 10 --soak 5m\n  fleet update demo"
    )]
    Update(Update),
    /// Move projects back to the version they had before their last update
    #[command(
        after_help = "Examples:\n  fleet rollback demo\n  fleet rollback --harness runner --restart -m \"v2 leaks\""
    )]
    Rollback(Rollback),
    /// Where harnesses come from, and their versions
    #[command(after_help = "Examples:\n  fleet harness list\n  fleet harness refs runner")]
    Harness {
        #[command(subcommand)]
        action: Harness,
    },
    /// Show what would have to be done for the world to be as fleet.toml and your wishes say
    #[command(
        after_help = "Examples:\n  fleet plan\n  fleet plan --check || echo look\n  fleet plan --out today.plan"
    )]
    Plan(Plan),
    /// Do what `fleet plan` shows
    #[command(after_help = "Examples:\n  fleet apply\n  fleet apply today.plan")]
    Apply(Apply),
    /// Prove that nothing in the projects knows of the fleet; exit 5 where something does
    #[command(after_help = "Examples:\n  fleet audit\n  fleet audit demo --json")]
    Audit(Audit),
    /// Show a project's terminal; leave it with Ctrl-b d
    #[command(after_help = "Examples:\n  fleet attach demo\n  fleet attach demo/builder")]
    Attach(Attach),
    /// Print what a project's terminal shows
    #[command(after_help = "Examples:\n  fleet logs demo\n  fleet logs demo/builder --lines 200")]
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
    /// Show what was changed: when, by whom, from what to what, and how it went
    ///
    /// Newest last, in the order in which it happened. Projects that have been removed are still known.
    #[command(
        after_help = "Examples:\n  fleet history demo\n  fleet history --since yesterday\n  fleet history demo --since 2h --json"
    )]
    History(History),
    /// Allow projects to be started
    #[command(after_help = "Examples:\n  fleet enable demo\n  fleet enable --label research")]
    Enable(Change),
    /// Keep projects from being started or healed; what runs goes on
    #[command(after_help = "Examples:\n  fleet disable demo\n  fleet disable --all --dry-run")]
    Disable(Change),
    /// Take projects out of fleet.toml; their files stay as they are, unless --delete-files is given
    #[command(
        after_help = "Examples:\n  fleet remove demo --dry-run\n  fleet remove demo\n  fleet remove demo --delete-files"
    )]
    Remove(Remove),
    /// Have the machine run the guardian, which brings back what should run
    ///
    /// The service is a systemd unit of yours that runs `fleet watch` for this fleet: after a reboot too, where you linger
    /// (`loginctl enable-linger`).
    #[command(
        after_help = "Examples:\n  fleet service install\n  fleet service status || echo look"
    )]
    Service {
        #[command(subcommand)]
        action: Service,
    },
    /// Bring back what should run and does not: after a reboot, or when the tmux server has gone
    ///
    /// What was stopped, has finished or crashed, is parked or disabled stays as it is.
    #[command(after_help = "Examples:\n  fleet boot\n  fleet boot --dry-run")]
    Boot(Boot),
    /// Guard the fleet in the foreground: bring back at once what is lost with its tender, its session or tmux
    ///
    /// It sleeps until something happens. What dies with its tender alive needs no guardian.
    #[command(after_help = "Examples:\n  fleet watch\n  fleet watch --quiet")]
    Watch,
    /// Take the brake off, so that what it held comes back
    ///
    /// The brake goes on when more than half of three or more projects that are to run die within a minute: nothing comes back
    /// for a second time then. Find out why first: `fleet status` tells what they died of.
    #[command(after_help = "Examples:\n  fleet go --dry-run\n  fleet go")]
    Go(Go),
    /// Print the JSON schema of fleet.toml, for editors
    #[command(after_help = "Examples:\n  fleet schema\n  fleet schema > fleet.schema.json")]
    Schema,
    /// Writes a project's unit anew: what its tender asks before a life.
    #[command(name = "_unit", hide = true)]
    Unit { name: Name },
}

/// Reads a duration such as `500ms`, `10s` or `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    crate::names::duration(text)
        .ok_or_else(|| format!("`{text}` is not a duration such as `500ms`, `10s` or `2m`"))
}

/// Reads a reason: a line of text.
fn reason(text: &str) -> Result<String, String> {
    crate::names::reason(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

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

    #[test]
    fn every_command_has_a_sentence_and_two_examples() {
        let cli = Cli::command();
        let shown = cli.get_subcommands().filter(|one| !one.is_hide_set());
        shown.for_each(check);
    }
}
