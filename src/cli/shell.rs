//! What is generated from the command line, for shells and readers.

use std::path::PathBuf;

use clap::Args;

use crate::completing::Shell;

/// `fleet completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// `fleet man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Of which command, such as `harness add` or `agents up`
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(crate) page: Vec<String>,
    /// Write one page for each command into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
