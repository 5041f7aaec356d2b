//! Commands about a project's terminals.

use clap::Args;

use crate::names::Name;

use super::selector::Selector;

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
    /// How many older lines as well: 1000, or 10 with -f
    #[arg(long, short = 'l', value_name = "N", value_parser = super::number)]
    pub(crate) lines: Option<usize>,
    /// Go on printing what comes, until Ctrl-C
    #[arg(long, short = 'f')]
    pub(crate) follow: bool,
    /// Print what stood on the screen when it last crashed
    #[arg(long, conflicts_with_all = ["follow", "kept", "color", "lines"])]
    pub(crate) last_crash: bool,
    /// Print what `log = true` keeps on disk instead
    #[arg(long, conflicts_with = "follow")]
    pub(crate) kept: bool,
    /// Leave the colours in
    #[arg(long, alias = "colour")]
    pub(crate) color: bool,
}

/// `fleet send`.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Projects or agents, and last the text
    #[arg(
        value_name = "NAME[/AGENT].. TEXT",
        required = true,
        allow_hyphen_values = true
    )]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) selector: Selector,
}
