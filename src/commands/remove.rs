//! `fleet remove`: projects leave the registry.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::operations::{self, Command};
use crate::ui::Ui;

use super::outcomes::conclude;
use super::select::{chosen_names, say_none_is_chosen};

/// Removes projects, and says how it went with each.
pub(crate) fn remove(fleet: &mut Fleet, wanted: &cli::Remove, ui: &Ui) -> anyhow::Result<Exit> {
    if wanted.delete_files {
        return Err(failed("`fleet remove --delete-files` is not there yet").into());
    }
    let command = Command::new("remove").because(wanted.message.clone());
    let names = chosen_names(fleet, &wanted.names, &wanted.selector)?;
    if names.is_empty() {
        say_none_is_chosen(fleet, ui);
    }
    let done = operations::remove(fleet, &names, wanted.dry_run, ui);
    conclude(fleet, &command, &names, wanted.dry_run, done, ui)
}
