//! The brake: when most of a fleet dies at once, nothing comes back for a second time until the operator says so.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::When;

/// Why the brake is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Engaged {
    /// Since when.
    pub(crate) since: When,
    /// What happened, for people: `12 of 20 projects died within a minute`.
    pub(crate) reason: String,
    /// Whose deaths it was.
    pub(crate) projects: Vec<String>,
}

/// Returns why the brake is on; `None` where it is off. `shared` is the fleet's runtime directory.
pub(crate) fn engaged(_shared: &Path) -> anyhow::Result<Option<Engaged>> {
    Ok(None)
}

/// Puts the brake on if more than half of at least three projects have died within the last minute; returns why it is
/// on, whoever put it there.
pub(crate) fn consider(_shared: &Path) -> anyhow::Result<Option<Engaged>> {
    Ok(None)
}

/// Takes the brake off: deaths before this moment count no more. Returns what it was on for.
pub(crate) fn release(_shared: &Path) -> anyhow::Result<Option<Engaged>> {
    Ok(None)
}

/// Appends a death to those that are counted. For whoever saw it: a unit's tender, or else the guardian.
pub(crate) fn record_death(_shared: &Path, _name: &str, _when: &When) -> anyhow::Result<()> {
    Ok(())
}
