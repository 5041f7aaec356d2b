//! Commands that keep projects running.

use clap::{Args, Subcommand};

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
    /// Show whether the service runs, and what outlives what
    #[command(after_help = "Examples:\n  fleet service status\n  fleet service status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
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
