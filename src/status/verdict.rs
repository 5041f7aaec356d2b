//! The words for how a project is.

use std::fmt;

use serde::Serialize;

/// One word for how a project is; the worse ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It died too often, or could not be started; the operator has to look.
    Parked,
    /// Its harness died and is not started again.
    Crashed,
    /// Its directory is not there.
    Missing,
    /// It cannot be told.
    Unknown,
    /// Its harness runs, and last said that it is not well.
    Degraded,
    /// What an earlier life left is being ended, or the harness is being spawned.
    Starting,
    /// Its harness runs.
    Up,
    /// Its harness runs, started by somebody else than this fleet.
    #[serde(rename = "up (by hand)")]
    UpByHand,
    /// Its harness exited 0.
    Finished,
    /// It does not run, as asked.
    Down,
    /// It does not run and may not be started.
    Disabled,
}

impl Verdict {
    /// All of them, for suggestions and filters.
    pub(crate) const ALL: [Self; 11] = [
        Self::Up,
        Self::UpByHand,
        Self::Starting,
        Self::Down,
        Self::Finished,
        Self::Crashed,
        Self::Parked,
        Self::Disabled,
        Self::Degraded,
        Self::Missing,
        Self::Unknown,
    ];

    /// Returns the word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::UpByHand => "up (by hand)",
            Self::Starting => "starting",
            Self::Down => "down",
            Self::Finished => "finished",
            Self::Crashed => "crashed",
            Self::Parked => "parked",
            Self::Disabled => "disabled",
            Self::Degraded => "degraded",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
