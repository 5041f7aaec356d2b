//! Commands that make projects, take them over, and let them go.

use std::path::PathBuf;

use clap::Args;

use crate::names::{Name, Ref};

use super::selector::{How, Selector};

/// `fleet init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; the default is here, or `fleet-demo` with --demo
    pub(crate) directory: Option<PathBuf>,
    /// Add and start a demo: needs no network, no agent
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
    /// The version: a tag, branch or commit; else the newest
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<Ref>,
    /// The harness; else fleet.toml's `default_harness`
    #[arg(long, value_name = "HARNESS")]
    pub(crate) harness: Option<Name>,
    /// Where; else NAME in fleet.toml's `projects` directory
    #[arg(long, value_name = "PATH")]
    pub(crate) location: Option<PathBuf>,
    /// Give it a label; may be repeated
    #[arg(long = "label", value_name = "LABEL", value_parser = super::label)]
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

/// `fleet adopt`.
#[derive(Debug, Args)]
pub(crate) struct Adopt {
    /// The project's repository
    #[arg(required_unless_present = "scan")]
    pub(crate) path: Option<PathBuf>,
    /// Its name; the default is its directory's
    #[arg(long, value_name = "NAME", conflicts_with = "scan")]
    pub(crate) name: Option<Name>,
    /// List what could be adopted below this directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["path", "message", "dry_run", "labels"])]
    pub(crate) scan: Option<PathBuf>,
    /// Give it a label; may be repeated
    #[arg(long = "label", value_name = "LABEL", value_parser = super::label)]
    pub(crate) labels: Vec<String>,
    /// Print JSON
    #[arg(long, requires = "scan", conflicts_with = "path")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// `fleet remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The projects
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Move the files to the trash; not what is nowhere else
    #[arg(long)]
    pub(crate) delete_files: bool,
    /// With --delete-files: also what is nowhere else
    #[arg(long, requires = "delete_files")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) how: How,
}
