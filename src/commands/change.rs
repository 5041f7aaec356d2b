//! The verbs that do one thing to each project that is meant.

use super::{chosen_names, conclude, say_none_is_chosen, set_enabled, stoppable};
use crate::cli::Change;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{self, Command, Outcome};
use crate::ui::Ui;

/// Starts projects.
pub(crate) fn start(fleet: &mut Fleet, wanted: &Change, ui: &Ui) -> anyhow::Result<Exit> {
    change(fleet, "start", wanted, operations::start, ui)
}

/// Stops projects, also such as are registered no more.
pub(crate) fn stop(fleet: &mut Fleet, wanted: &Change, ui: &Ui) -> anyhow::Result<Exit> {
    let names = stoppable(fleet, &wanted.names, &wanted.selector)?;
    change_named(fleet, "stop", &names, wanted, operations::stop, ui)
}

/// Stops projects and starts them again.
pub(crate) fn restart(fleet: &mut Fleet, wanted: &Change, ui: &Ui) -> anyhow::Result<Exit> {
    change(fleet, "restart", wanted, operations::restart, ui)
}

/// Has projects count as ones that should run.
pub(crate) fn enable(fleet: &mut Fleet, wanted: &Change, ui: &Ui) -> anyhow::Result<Exit> {
    let enable = |fleet: &mut Fleet, names: &[Name], is_dry, ui: &Ui| {
        set_enabled(fleet, names, true, is_dry, ui)
    };
    change(fleet, "enable", wanted, enable, ui)
}

/// Has projects be left alone by whoever starts all.
pub(crate) fn disable(fleet: &mut Fleet, wanted: &Change, ui: &Ui) -> anyhow::Result<Exit> {
    let disable = |fleet: &mut Fleet, names: &[Name], is_dry, ui: &Ui| {
        set_enabled(fleet, names, false, is_dry, ui)
    };
    change(fleet, "disable", wanted, disable, ui)
}

/// Carries out a change of the projects that are meant, and says how it went with each.
fn change(
    fleet: &mut Fleet,
    verb: &'static str,
    wanted: &Change,
    carry_out: impl Fn(&mut Fleet, &[Name], bool, &Ui) -> anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let names = chosen_names(fleet, &wanted.names, &wanted.selector)?;
    change_named(fleet, verb, &names, wanted, carry_out, ui)
}

/// The same, where it is known already which they are.
fn change_named(
    fleet: &mut Fleet,
    verb: &'static str,
    names: &[Name],
    wanted: &Change,
    carry_out: impl Fn(&mut Fleet, &[Name], bool, &Ui) -> anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    if names.is_empty() {
        say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    let command = Command::new(verb);
    let done = carry_out(fleet, names, wanted.dry_run, ui);
    conclude(fleet, &command, names, wanted.dry_run, done, ui)
}
