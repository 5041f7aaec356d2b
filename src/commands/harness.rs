//! `fleet harness`: where harnesses come from, and their versions.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Carries out one of the verbs about harnesses.
pub(crate) fn harness(
    _fleet: &mut Fleet,
    _wanted: &cli::Harness,
    _ui: &Ui,
) -> anyhow::Result<Exit> {
    Err(failed("`fleet harness` is not there yet").into())
}
