//! `fleet remove`: projects leave the registry.

use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{self, Command, Deletion};
use crate::ui::Ui;

use super::outcomes::conclude;
use super::select::{chosen_names, say_none_is_chosen};

/// Removes projects, and says how it went with each.
pub(crate) fn remove(fleet: &mut Fleet, wanted: &cli::Remove, ui: &Ui) -> anyhow::Result<Exit> {
    let deletion = match (wanted.delete_files, wanted.force) {
        (false, _) => Deletion::None,
        (true, false) => Deletion::Guarded,
        (true, true) => Deletion::Forced,
    };
    let command = Command::new("remove").because(wanted.how.message.clone());
    let names = names(fleet, wanted)?;
    if names.is_empty() {
        say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    let done = operations::remove(fleet, &names, deletion, wanted.how.dry_run, ui);
    conclude(fleet, &command, &names, wanted.how.dry_run, done, ui)
}

/// Returns the projects that are meant. One whose removal was cut off is known by its journal, when fleet.toml knows it no
/// more.
fn names(fleet: &Fleet, wanted: &cli::Remove) -> anyhow::Result<Vec<Name>> {
    let is_half_gone = |name: &&Name| {
        !fleet.registry.projects.contains_key(*name) && fleet.journal(name).is_open()
    };
    let (half_gone, named): (Vec<&Name>, Vec<&Name>) = wanted.names.iter().partition(is_half_gone);
    let half_gone: Vec<Name> = half_gone.into_iter().cloned().collect();
    let named: Vec<Name> = named.into_iter().cloned().collect();
    if named.is_empty() && !half_gone.is_empty() && !wanted.selector.is_given() {
        return Ok(half_gone);
    }
    let mut names = chosen_names(fleet, &named, &wanted.selector)?;
    names.extend(half_gone);
    Ok(names)
}
