//! `fleet harness`: where harnesses come from, and their versions.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::operations;
use crate::ui::Ui;

/// Carries out one of the verbs about harnesses.
pub(crate) fn harness(fleet: &mut Fleet, wanted: &cli::Harness, ui: &Ui) -> anyhow::Result<Exit> {
    match wanted {
        cli::Harness::Probe {
            name,
            reference,
            soak,
        } => {
            let trial = operations::Trial {
                harness: name,
                reference,
                soak: *soak,
            };
            operations::probe(fleet, &trial, ui)?;
            Ok(Exit::Done)
        }
        cli::Harness::List { .. }
        | cli::Harness::Add { .. }
        | cli::Harness::SetUrl { .. }
        | cli::Harness::Fetch { .. }
        | cli::Harness::Refs { .. } => Err(failed("`fleet harness` is not there yet").into()),
    }
}
