//! `fleet adopt`: a repository that is there already is registered.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Registers a repository, or lists what could be.
pub(crate) fn adopt(_fleet: &mut Fleet, _wanted: &cli::Adopt, _ui: &Ui) -> anyhow::Result<Exit> {
    Err(failed("`fleet adopt` is not there yet").into())
}
