//! What a check is.

use serde::Serialize;

use super::finding::Finding;
use super::ground::Ground;

/// What checks are shown together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Group {
    /// The machine and its programs.
    Machine,
    /// These programs.
    Installation,
    /// The tmux server, and what keeps it.
    Server,
    /// `fleet.toml` and `.fleet`.
    Files,
    /// What runs, and what should not.
    Processes,
    /// Harnesses in the caches.
    Mirrors,
    /// The projects.
    Projects,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub(super) const ALL: [Self; 7] = [
        Self::Machine,
        Self::Installation,
        Self::Server,
        Self::Files,
        Self::Processes,
        Self::Mirrors,
        Self::Projects,
    ];

    /// Returns its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Installation => "installation",
            Self::Server => "server",
            Self::Files => "files",
            Self::Processes => "processes",
            Self::Mirrors => "mirrors",
            Self::Projects => "projects",
        }
    }
}

/// What a check cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it is about the machine.
    Nothing,
    /// A fleet's directory.
    Fleet,
    /// A fleet.toml that is valid.
    Registry,
}

/// One check.
pub(super) struct Check {
    pub(super) group: Group,
    pub(super) name: &'static str,
    /// What is looked at, for docs/doctor.md.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/doctor.md is held to it"))]
    pub(super) about: &'static str,
    /// What `--fix` does, where it does something.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/doctor.md is held to it"))]
    pub(super) fixes: Option<&'static str>,
    pub(super) needs: Needs,
    pub(super) look: fn(&Ground) -> Vec<Finding>,
}

/// A check that `--fix` does nothing about.
pub(super) const fn check(
    (group, name): (Group, &'static str),
    needs: Needs,
    look: fn(&Ground) -> Vec<Finding>,
    about: &'static str,
) -> Check {
    Check {
        group,
        name,
        about,
        fixes: None,
        needs,
        look,
    }
}

impl Check {
    /// Says what `--fix` does.
    pub(super) const fn fixed(self, fixes: &'static str) -> Self {
        Self {
            fixes: Some(fixes),
            ..self
        }
    }
}
