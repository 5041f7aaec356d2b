//! Which projects a command is about.

use clap::Args;

use crate::names::Name;

/// Which projects.
#[derive(Debug, Args)]
pub(crate) struct Selector {
    /// All projects
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) registered: Registered,
    /// Projects in this state: `up`, `down`, `crashed`..
    #[arg(long, value_name = "VERDICT")]
    pub(crate) state: Option<String>,
}

impl Selector {
    /// Tells whether it selects anything at all.
    pub(crate) fn is_given(&self) -> bool {
        let Registered { label, harness } = &self.registered;
        self.all || label.is_some() || harness.is_some() || self.state.is_some()
    }
}

/// Which projects, by what the registry says of them.
#[derive(Debug, Args)]
pub(crate) struct Registered {
    /// Projects with this label
    #[arg(long, value_name = "LABEL", value_parser = super::label)]
    pub(crate) label: Option<String>,
    /// Projects that use this harness
    #[arg(long, value_name = "HARNESS")]
    pub(crate) harness: Option<Name>,
}

/// How a change is to be made.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Why, for `fleet history`
    #[arg(long, short, value_name = "REASON", value_parser = super::reason)]
    pub(crate) message: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
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
