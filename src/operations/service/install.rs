//! `fleet service install`: write, enable, start, and look whether it runs.

use super::unit::{self, Unit, done};
use crate::error::Advise as _;
use crate::files::{self, Durability};
use crate::fleet::Fleet;
use crate::systemd::{self, Manager};
use crate::ui::Ui;

/// Has the user's systemd run the guardian from now on, after logins and reboots too. Changes nothing where it does
/// already.
pub(crate) fn install(fleet: &Fleet, dry_run: bool, ui: &Ui) -> anyhow::Result<()> {
    let unit = Unit::of(fleet)?;
    let text = unit::text(fleet)?;
    let manager = unit::user_manager(fleet)?;
    if dry_run {
        ui.result(format!("# {}\n{}", unit.path.display(), text.trim_end()));
        return Ok(());
    }
    // Two guardians of one fleet would be one too many: the second one refuses.
    for former in unit.former()? {
        former.take_away(&manager)?;
        ui.status(format!("removed `{}`, of an earlier name", former.name));
    }
    let before = unit.installed()?;
    let is_new = before.as_deref() != Some(&text);
    if is_new {
        let directory = unit.path.parent().expect("a unit has a directory");
        std::fs::create_dir_all(directory)
            .map_err(anyhow::Error::from)
            .map_err(|error| error.context(format!("cannot make `{}`", directory.display())))?;
        files::replace(&unit.path, text.as_bytes(), 0o644, Durability::Synced)?;
    }
    ui.waiting("asking systemd");
    let was_active = is_active(&manager, &unit)?;
    if let Err(error) = take_up(&manager, &unit, is_new && was_active) {
        if is_new {
            put_back(&manager, &unit, before.as_deref())?;
        }
        return Err(error);
    }
    tell(&unit, is_new, was_active, before.is_some(), ui);
    if systemd::lingers() == Some(false) {
        ui.warn("the service ends when you log out of the last login, and does not begin before the first one");
        ui.hint("`loginctl enable-linger` has it run from boot to shutdown");
    }
    Ok(())
}

/// Has systemd read the unit, run it now and at every start of its own, and makes sure that it does.
fn take_up(manager: &Manager, unit: &Unit, restart: bool) -> anyhow::Result<()> {
    let name = unit.name.as_str();
    let calls: [(&[&str], &str); 2] = [
        (&["daemon-reload"], "have systemd read its units"),
        (&["enable", "--now", name], "enable and start the service"),
    ];
    for (arguments, what) in calls {
        done(&manager.change(arguments)?, what)?;
    }
    if restart {
        done(&manager.change(&["restart", name])?, "restart the service")?;
    }
    let answer = manager.ask(&["is-active", name])?;
    done(&answer, "see the service run").hint(|| format!("`journalctl --user -u {name}` says why"))
}

fn is_active(manager: &Manager, unit: &Unit) -> anyhow::Result<bool> {
    let answer = manager.ask(&["is-active", &unit.name])?;
    Ok(answer.status.success())
}

/// Leaves things as they were. The failure before this is the one to tell, so systemd's answers do not count here.
fn put_back(manager: &Manager, unit: &Unit, before: Option<&str>) -> anyhow::Result<()> {
    match before {
        Some(text) => {
            files::replace(&unit.path, text.as_bytes(), 0o644, Durability::Synced)?;
            let _ = manager.change(&["daemon-reload"]);
        }
        None => {
            let _ = manager.change(&["disable", "--now", &unit.name]);
            files::remove_if_there(&unit.path)?;
            let _ = manager.change(&["daemon-reload"]);
        }
    }
    Ok(())
}

fn tell(unit: &Unit, is_new: bool, was_active: bool, was_there: bool, ui: &Ui) {
    let name = &unit.name;
    if !is_new && was_active {
        ui.status(format!("`{name}` is installed already, and runs"));
        return;
    }
    if is_new {
        let word = if was_there { "wrote anew" } else { "wrote" };
        ui.status(format!("{word} {}", unit.path.display()));
    }
    let word = if was_active {
        "restarted"
    } else {
        "enabled and started"
    };
    ui.status(format!("{word} `{name}`"));
}
