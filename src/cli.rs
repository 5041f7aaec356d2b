//! The command line of `fleet`: every verb and flag on one page. Types only.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use crate::names::{Name, Ref};

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
        after_help = "Examples:\n  fleet update demo v0.2.0\n  fleet update --all v0.2.0 --restart\n  fleet update demo"
    )]
    Update(Update),
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
    /// Take projects out of fleet.toml; their files stay as they are
    #[command(after_help = "Examples:\n  fleet remove demo --dry-run\n  fleet remove demo")]
    Remove(Change),
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

/// `fleet service`.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Write, enable and start the service
    #[command(after_help = "Examples:\n  fleet service install --dry-run\n  fleet service install")]
    Install {
        /// Print the unit, and do nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
    /// Stop, disable and remove the service; the projects run on
    #[command(after_help = "Examples:\n  fleet service remove --dry-run\n  fleet service remove")]
    Remove {
        /// Print what would be done, and do nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
    /// Show whether the service runs, and what the tmux server outlives; exit 5 where something is wrong
    #[command(after_help = "Examples:\n  fleet service status\n  fleet service status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which projects.
#[derive(Debug, Args)]
pub(crate) struct Selector {
    /// All projects
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) registered: Registered,
    /// Projects whose verdict is this, such as `up`, `down` or `crashed`
    #[arg(long, value_name = "VERDICT")]
    pub(crate) state: Option<String>,
}

/// A change of some projects.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The projects
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

/// `fleet init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; the default is here, or `fleet-demo` with --demo
    pub(crate) directory: Option<PathBuf>,
    /// Add a demo project, start it, and show it: needs no network and no agent
    #[arg(long)]
    pub(crate) demo: bool,
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

/// `fleet create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The project's name
    pub(crate) name: Name,
    /// The harness's version: a tag, branch or commit; the default is the harness's `default_ref`
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<Ref>,
    /// The harness; the default is fleet.toml's `default_harness`
    #[arg(long, value_name = "HARNESS")]
    pub(crate) harness: Option<Name>,
    /// Where; the default is NAME in fleet.toml's `projects` directory
    #[arg(long, value_name = "PATH")]
    pub(crate) location: Option<PathBuf>,
    /// Give it a label; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    pub(crate) labels: Vec<String>,
    /// Start it afterwards
    #[arg(long)]
    pub(crate) start: bool,
    /// Make the project only; leave fleet.toml alone
    #[arg(long, conflicts_with_all = ["start", "labels"])]
    pub(crate) no_register: bool,
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

/// `fleet boot`.
#[derive(Debug, Args)]
pub(crate) struct Boot {
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n', conflicts_with = "json")]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fleet go`.
#[derive(Debug, Args)]
pub(crate) struct Go {
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

/// `fleet status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The projects; the default is all
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit 5 unless every enabled project is as it should be
    #[arg(long)]
    pub(crate) check: bool,
    /// Do not look for changed files in the engines
    #[arg(long)]
    pub(crate) fast: bool,
    /// Ask the harness of each project that runs whether it is healthy; runs the harness's `status` command
    #[arg(long)]
    pub(crate) probe: bool,
}

/// `fleet why`.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The project
    pub(crate) name: Name,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fleet update`.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The projects, and last the version: a tag, branch or commit
    #[arg(value_name = "NAME.. REF")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Restart what runs, so that the new version takes effect
    #[arg(long)]
    pub(crate) restart: bool,
    /// Commit on the branch that is checked out, though another one is registered
    #[arg(long)]
    pub(crate) here: bool,
    /// Follow a tag that has been moved since it was first seen
    #[arg(long)]
    pub(crate) accept_moved_tag: bool,
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

impl Selector {
    /// Tells whether it selects anything at all.
    pub(crate) fn is_given(&self) -> bool {
        let Registered { label, harness } = &self.registered;
        self.all || label.is_some() || harness.is_some() || self.state.is_some()
    }
}

/// A terminal: a project's, or one of its agents'.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// The project.
    pub(crate) project: Name,
    /// The agent: a window of the project's session.
    pub(crate) agent: Option<Name>,
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((project, agent)) => Ok(Self {
                project: project.parse()?,
                agent: Some(agent.parse()?),
            }),
            None => Ok(Self {
                project: text.parse()?,
                agent: None,
            }),
        }
    }
}

/// `fleet attach`.
#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// The project, or one of its agents
    #[arg(value_name = "NAME[/AGENT]")]
    pub(crate) address: Address,
}

/// `fleet logs`.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The projects, or single agents of theirs
    #[arg(value_name = "NAME[/AGENT]")]
    pub(crate) addresses: Vec<Address>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// How many lines that have scrolled away to print as well
    #[arg(long, short = 'l', default_value_t = 1000)]
    pub(crate) lines: usize,
}

/// `fleet history`.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The projects; the default is all, and the fleet itself
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    /// Only what was changed since then: `2h`, `3d`, `yesterday`, `2026-11-20` or `2026-11-20T10:00`
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// At most so many, the newest; the default is 100, or all with --since
    #[arg(long, short = 'l', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print JSON: one array, oldest first
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fleet send`.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The projects, or single agents of theirs, and last the text
    #[arg(
        value_name = "NAME[/AGENT].. TEXT",
        required = true,
        allow_hyphen_values = true
    )]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) selector: Selector,
}

/// `fleet list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) selector: Registered,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which projects, by what the registry says of them.
#[derive(Debug, Args)]
pub(crate) struct Registered {
    /// Projects with this label
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Option<String>,
    /// Projects that use this harness
    #[arg(long, value_name = "HARNESS")]
    pub(crate) harness: Option<Name>,
}

/// `fleet get`.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The project
    pub(crate) name: Name,
    /// Say where each value comes from
    #[arg(long)]
    pub(crate) origin: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "origin")]
    pub(crate) json: bool,
}

/// Reads a duration such as `500ms`, `10s` or `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    crate::names::duration(text)
        .ok_or_else(|| format!("`{text}` is not a duration such as `500ms`, `10s` or `2m`"))
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
