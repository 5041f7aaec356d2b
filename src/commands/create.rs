//! `fleet create`: one new project, and its start where that is wished for.

use super::{absolute, conclude};
use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::operations;
use crate::registry::Watch;
use crate::ui::Ui;

/// Makes a project.
pub(crate) fn create(fleet: &mut Fleet, new: &cli::Create, ui: &Ui) -> anyhow::Result<Exit> {
    let creation = operations::Creation {
        name: new.name.clone(),
        reference: new.reference.clone(),
        harness: new.harness.clone(),
        location: new.location.as_deref().map(absolute).transpose()?,
        labels: new.labels.clone(),
        watch: Watch::Off,
        register: !new.no_register,
        files: Vec::new(),
        start: new.start,
    };
    let command = operations::Command::new("create");
    let made = operations::create(fleet, &creation, new.dry_run, ui);
    if !new.dry_run {
        command.record_one(fleet, &new.name, &made, ui);
    }
    made?;
    if new.start && !new.dry_run {
        fleet.reload()?;
        let (command, names) = (operations::Command::new("start"), [new.name.clone()]);
        let started = operations::start(fleet, &names, false, ui);
        return conclude(fleet, &command, &names, false, started, ui);
    }
    if !new.dry_run && !new.no_register {
        ui.hint(format!("`fleet start {}` starts it", new.name));
    }
    Ok(Exit::Done)
}
