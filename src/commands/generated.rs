//! What is generated from the types: schemas, completions, manual pages.

use crate::cli::{Completions, Man, Schema, Schematic};
use crate::error::failed;
use crate::registry;
use crate::status::Report;
use crate::ui::Ui;

/// Prints a JSON schema.
pub(crate) fn schema(wanted: &Schema, ui: &Ui) -> anyhow::Result<()> {
    match wanted.of {
        Schematic::Registry => super::print_json(&registry::schema(), ui),
        Schematic::Status => super::print_json(&Report::json_schema(), ui),
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
