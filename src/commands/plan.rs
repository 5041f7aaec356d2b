//! `fleet plan` and `fleet apply`: what would have to be done, and doing it.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Prints the plan.
pub(crate) fn plan(_fleet: &Fleet, _wanted: &cli::Plan, _ui: &Ui) -> anyhow::Result<Exit> {
    Err(failed("`fleet plan` is not there yet").into())
}

/// Carries a plan out.
pub(crate) fn apply(_fleet: &mut Fleet, _wanted: &cli::Apply, _ui: &Ui) -> anyhow::Result<Exit> {
    Err(failed("`fleet apply` is not there yet").into())
}
