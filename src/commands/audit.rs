//! `fleet audit`: nothing in a project knows of the fleet.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Looks for traces of the fleet in projects.
pub(crate) fn audit(_fleet: &Fleet, _wanted: &cli::Audit, _ui: &Ui) -> anyhow::Result<Exit> {
    Err(failed("`fleet audit` is not there yet").into())
}
