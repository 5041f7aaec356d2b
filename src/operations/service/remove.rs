//! `fleet service remove`: stop the guardian, and nothing else.

use super::unit::{self, Unit};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Has systemd run the guardian no more. The projects run on.
pub(crate) fn remove(fleet: &Fleet, dry_run: bool, ui: &Ui) -> anyhow::Result<()> {
    let unit = Unit::of(fleet)?;
    let mut units = unit.former()?;
    if unit.installed()?.is_some() {
        units.push(unit);
    } else if units.is_empty() {
        ui.status(format!("`{}` is not installed", unit.name));
        return Ok(());
    }
    if dry_run {
        for unit in &units {
            let path = unit.path.display();
            ui.result(format!("  stop and disable {}\n  remove {path}", unit.name));
        }
        return Ok(());
    }
    let manager = unit::user_manager(fleet)?;
    ui.waiting("asking systemd");
    for unit in &units {
        unit.take_away(&manager)?;
        ui.status(format!("stopped, disabled and removed `{}`", unit.name));
    }
    ui.status("what runs goes on; nothing brings it back when tmux or the machine goes down");
    Ok(())
}
