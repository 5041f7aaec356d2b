//! `fleet doctor`: every prerequisite and every invariant, each with its evidence and its remedy.

use crate::cli::Doctor;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Checks the fleet and what it relies on; with `fix`, does what is safe.
pub(crate) fn doctor(_fleet: &mut Fleet, _wanted: &Doctor, _ui: &Ui) -> anyhow::Result<Exit> {
    Err(failed("`fleet doctor` is not built yet").into())
}
