//! Commands about the versions that projects are pinned to.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::names::{HarnessUrl, Name, Ref};

use super::selector::{How, Registered, Selector};

/// `fleet update`.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The projects, and last the version: a tag, branch or commit
    #[arg(value_name = "NAME.. REF")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Restart what runs, so that it takes effect
    #[arg(long)]
    pub(crate) restart: bool,
    /// Commit on the current branch, though not registered
    #[arg(long)]
    pub(crate) here: bool,
    /// Follow a tag that is no more where it was
    #[arg(long)]
    pub(crate) accept_moved_tag: bool,
    /// Roll out: first so many, on only when healthy
    #[arg(long, value_name = "N", value_parser = super::some, conflicts_with = "here")]
    pub(crate) canary: Option<NonZeroUsize>,
    /// Roll out: then so many at a time
    #[arg(long, value_name = "N", value_parser = super::some, conflicts_with = "here")]
    pub(crate) wave: Option<NonZeroUsize>,
    /// Roll out: how long a wave must stay up; else `30s`
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    pub(crate) soak: Option<Duration>,
    /// Go on with an interrupted roll-out
    #[arg(long, conflicts_with_all = ["words", "all", "label", "harness", "state", "canary", "wave", "soak", "back_out"])]
    pub(crate) resume: bool,
    /// Take back all that it has moved
    #[arg(long, conflicts_with_all = ["words", "all", "label", "harness", "state", "canary", "wave", "soak"])]
    pub(crate) back_out: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// `fleet rollback`.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The projects
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Restart what runs, so that it takes effect
    #[arg(long)]
    pub(crate) restart: bool,
    /// Commit on the current branch, though not registered
    #[arg(long)]
    pub(crate) here: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// `fleet harness`.
#[derive(Debug, Subcommand)]
pub(crate) enum Harness {
    /// List the harnesses: where they come from, who uses them
    #[command(after_help = "Examples:\n  fleet harness list\n  fleet harness list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a harness to fleet.toml
    ///
    /// Copies it first, and reads its harness.toml: what cannot be used is not
    /// added.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet harness add runner https://example.org/runner.git\n  fleet harness add runner ~/src/runner --dry-run"
    )]
    Add {
        /// What fleet.toml is to call it
        name: Name,
        /// Where its repository is: a URL or a path
        #[arg(value_parser = HarnessUrl::typed)]
        url: HarnessUrl,
        /// Where it is mounted in projects; else `engine`
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
        /// What new projects get; else the newest tag
        #[arg(long, value_name = "REF")]
        default_ref: Option<Ref>,
        #[command(flatten)]
        how: How,
    },
    /// Say where a harness is now: in fleet.toml and in all its projects
    #[command(
        name = "set-url",
        after_help = "Examples:\n  fleet harness set-url runner https://example.org/runner.git\n  fleet harness set-url agents ~/src/agents --dry-run"
    )]
    SetUrl {
        /// The harness
        name: Name,
        /// Where its repository is now: a URL or a path
        #[arg(value_parser = HarnessUrl::typed)]
        url: HarnessUrl,
        #[command(flatten)]
        how: How,
    },
    /// Ask where harnesses come from for what is new
    #[command(after_help = "Examples:\n  fleet harness fetch\n  fleet harness fetch runner")]
    Fetch {
        /// The harnesses; the default is all
        names: Vec<Name>,
    },
    /// Show versions, which projects use them, and how far behind
    #[command(after_help = "Examples:\n  fleet harness refs\n  fleet harness refs runner --json")]
    Refs {
        /// The harnesses; the default is all
        names: Vec<Name>,
        /// Show every tag and branch, however many there are
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a version in a throw-away project
    ///
    /// It is prepared, started, asked whether it is healthy, stopped and removed.
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:\n  fleet harness probe runner v1.2.0\n  fleet harness probe runner main --soak 1m"
    )]
    Probe {
        /// The harness
        name: Name,
        /// The version: a tag, branch or commit
        #[arg(value_name = "REF")]
        reference: Ref,
        /// How long it must stay up, such as `30s`
        #[arg(long, value_name = "TIME", value_parser = super::duration, default_value = "2s")]
        soak: Duration,
    },
}

/// `fleet plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Write the plan to a file, for `fleet apply FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit 5 where something is to be done
    #[arg(long)]
    pub(crate) check: bool,
}

/// `fleet apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// A file of `fleet plan --out`; else what is to be done now
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// `fleet audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The projects; the default is all
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    #[command(flatten)]
    pub(crate) selector: Registered,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
