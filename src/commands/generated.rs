//! What is generated from the types: schemas, completions, manual pages.

use crate::cli::{Completions, Man, Schema, Schematic};
use crate::error::failed;
use crate::registry;
use crate::ui::Ui;

/// Prints a JSON schema.
pub(crate) fn schema(wanted: &Schema, ui: &Ui) -> anyhow::Result<()> {
    match wanted.of {
        Schematic::Registry => super::print_json(&registry::schema(), ui),
        Schematic::Status => Err(failed("the schema of `status` is not built yet").into()),
    }
}

/// Prints what a shell reads at its start.
pub(crate) fn completions(_wanted: &Completions, _ui: &Ui) -> anyhow::Result<()> {
    Err(failed("`fleet completions` is not built yet").into())
}

/// Shows the manual, or writes it.
pub(crate) fn man(_wanted: &Man, _ui: &Ui) -> anyhow::Result<()> {
    Err(failed("`fleet man` is not built yet").into())
}
