//! One step of a plan: its text is the dry run, the progress and the error; its JSON is the journal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::names::{CommitId, Name, Ref};

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Make a repository, complete but for its name, beside where it is to be.
    Build {
        beside: PathBuf,
        harness: Name,
        reference: Ref,
        commit: CommitId,
    },
    /// Give it its name.
    Place { beside: PathBuf, location: PathBuf },
    /// Add it to fleet.toml.
    Register { entry: Entry },
    /// Correct where fleet.toml says that it is.
    Relocate { location: PathBuf },
    /// Move it to the fleet's trash, as it is.
    Discard { location: PathBuf, trash: PathBuf },
    /// Take it out of fleet.toml.
    Unregister,
    /// Make a missing engine from the mirror.
    Fill { commit: CommitId },
    /// Move the engine, and commit that.
    Repin {
        from: CommitId,
        to: CommitId,
        reference: Ref,
        /// What was checked out before, where that is not what is pinned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stood: Option<CommitId>,
        /// Of a rollback: all projects that went back together, and to which pins. Rolled back twice, a project is where
        /// it was; whoever runs the command again after a kill must know what is done.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        together: BTreeMap<Name, CommitId>,
    },
    /// Say in `.gitmodules` that the harness is from somewhere else, and commit that.
    SetUrl { from: String, to: String },
    /// Have git's configuration of the project and of the harness name a place.
    Point { to: String },
    /// Write the pin into fleet.toml.
    Record { reference: Ref, commit: CommitId },
    /// Run the harness's `prepare`, once for each of its commits.
    Prepare { commit: CommitId },
    /// End the session, with everything it started.
    Stop,
    /// Start the session.
    Start,
}

/// What `create` and `adopt` write into fleet.toml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The harness.
    pub(crate) harness: Name,
    /// Its version.
    pub(crate) reference: Ref,
    /// What that stood for.
    pub(crate) commit: CommitId,
    /// Where it is, absolute.
    pub(crate) location: PathBuf,
    /// The labels.
    pub(crate) labels: Vec<String>,
    /// Whether it comes back when it dies.
    pub(crate) heal: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build {
                harness,
                reference,
                commit,
                ..
            } => {
                write!(
                    f,
                    "make a repository with {harness} {reference} ({}) and commit it",
                    commit.short()
                )
            }
            Self::Place { location, .. } => write!(f, "put it at {}", location.display()),
            Self::Register { .. } => f.write_str("register it in fleet.toml"),
            Self::Relocate { location } => {
                write!(
                    f,
                    "write into fleet.toml that it is at {}",
                    location.display()
                )
            }
            Self::Discard { location, trash } => {
                write!(f, "move {} to {}", location.display(), trash.display())
            }
            Self::Unregister => f.write_str("take it out of fleet.toml"),
            Self::Fill { commit } => write!(f, "fill the missing engine with {}", commit.short()),
            Self::Repin {
                from,
                to,
                reference,
                ..
            } => {
                if from == to {
                    return write!(f, "check out {}, which is pinned", to.short());
                }
                write!(
                    f,
                    "move the pin from {} to {} ({}) and commit that",
                    from.short(),
                    to.short(),
                    reference.shown()
                )
            }
            Self::SetUrl { from, to } => {
                write!(
                    f,
                    "change the harness's url from {from} to {to} in .gitmodules and commit that"
                )
            }
            Self::Point { to } => {
                write!(
                    f,
                    "name {to} in git's configuration of the project and of the harness"
                )
            }
            Self::Record { reference, .. } => write!(f, "write {reference} into fleet.toml"),
            Self::Prepare { commit } => write!(f, "prepare the harness at {}", commit.short()),
            Self::Stop => f.write_str("stop it"),
            Self::Start => f.write_str("start it"),
        }
    }
}
