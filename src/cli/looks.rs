//! Commands that look and change nothing.

use clap::{Args, ValueEnum};

use crate::names::Name;

use super::selector::{Registered, Selector};

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
    /// Show it until q or Ctrl-C, anew whenever it changes
    #[arg(long, short = 'w', conflicts_with_all = ["json", "check", "probe"])]
    pub(crate) watch: bool,
    /// Exit 5 unless all enabled projects are as they should
    #[arg(long)]
    pub(crate) check: bool,
    /// Do not look for changed files in the engines
    #[arg(long)]
    pub(crate) fast: bool,
    /// Run the `status` command of each harness that runs
    #[arg(long)]
    pub(crate) probe: bool,
}

/// `fleet why`.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The projects
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Print JSON: one object for one NAME, else an array
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fleet history`.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The projects; the default is all, and the fleet itself
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    /// Since then: `2h`, `3d`, `yesterday`, `2026-11-20T10:00`
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Only the newest so many: 100, or all with --since
    #[arg(long, short = 'l', value_name = "N", value_parser = super::number)]
    pub(crate) limit: Option<usize>,
    /// Print JSON: one array, oldest first
    #[arg(long)]
    pub(crate) json: bool,
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

/// `fleet doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Do what cannot harm work, and check again
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix: print what would be done, and do nothing
    #[arg(long, short = 'n', requires = "fix")]
    pub(crate) dry_run: bool,
    /// Show what is well, too
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fleet top`.
#[derive(Debug, Args)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) selector: Registered,
}

/// `fleet schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what; the default is fleet.toml
    #[arg(
        value_name = "WHAT",
        default_value = "registry",
        hide_default_value = true
    )]
    pub(crate) of: Schematic,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schematic {
    /// fleet.toml
    Registry,
    /// What `fleet status --json` prints
    Status,
}
