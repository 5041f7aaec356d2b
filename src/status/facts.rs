//! What was found out about a project's processes: what the verdict is a function of.

use crate::supervision::{Desired, Liveness, State, When};

/// What was found out about a project's processes.
#[derive(Debug)]
pub(crate) struct ProcessFacts {
    /// When they were found out.
    pub(crate) now: When,
    /// Whether the project's directory is there.
    pub(crate) directory: bool,
    /// Whether the registry allows it to be started.
    pub(crate) enabled: bool,
    /// Whether the registry wants it brought back when it dies.
    pub(crate) heals: bool,
    /// What the operator last asked for, if ever.
    pub(crate) desired: Option<Desired>,
    /// What its tender last wrote, if there ever was one; or why that cannot be read.
    pub(crate) state: Result<Option<State>, String>,
    /// Whether that tender lives.
    pub(crate) tender: Liveness,
    /// Whether the harness's process lives.
    pub(crate) process: Liveness,
    /// Who else claims the project's directory: the process of a run by hand, or of another fleet's tender.
    pub(crate) stranger: Option<i32>,
    /// What is known of the terminal that its tender had.
    pub(crate) terminal: Terminal,
    /// Whether the harness last said that it is well, in this life.
    pub(crate) healthy: Option<bool>,
    /// Whether the brake is on; what cannot be told counts as off.
    pub(crate) brake: bool,
    /// Whether a guardian watches over the fleet.
    pub(crate) guardian: bool,
}

/// What is known of the terminal that a tender had: a session of the fleet's tmux server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// The server lives, and has a session of the project's name.
    There,
    /// The server lives, and has no such session.
    SessionGone,
    /// No server answers, or only one that is younger than the tender.
    ServerGone,
    /// It cannot be told, and why.
    Unknown(String),
}

/// What a run was lost with, by no fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
    /// The machine was restarted.
    Machine,
    /// The tmux server has gone.
    Server,
    /// The server lives, and the session was closed.
    Session,
    /// The tender has gone, and wrote nothing of an end.
    Tender,
}

impl ProcessFacts {
    /// Returns what the tender last wrote, where there is something and it can be read.
    pub(crate) fn known(&self) -> Option<&State> {
        self.state.as_ref().ok().and_then(Option::as_ref)
    }
}
