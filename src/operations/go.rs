//! `fleet go`: takes the brake off, so that what it held goes on.

use crate::events::Event;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{self, Phase, State, tell_to_look};
use crate::ui::{Ui, list};

/// Takes the brake off, and says what goes on. Nothing to do where it is off.
pub(crate) fn go(fleet: &Fleet, dry_run: bool, ui: &Ui) -> anyhow::Result<()> {
    let shared = fleet.runtime("");
    let engaged = if dry_run {
        supervision::brake(&shared)?
    } else {
        supervision::release_brake(&shared)?
    };
    let Some(engaged) = engaged else {
        ui.status("the brake is off: nothing is held");
        return Ok(());
    };
    if dry_run {
        ui.result(format!(
            "would take the brake off, which is on because {}",
            engaged.reason
        ));
        return Ok(());
    }
    ui.status(format!(
        "the brake is off again; it was on because {}",
        engaged.reason
    ));
    let (mut told, mut untended) = (Vec::new(), Vec::new());
    for name in fleet.registry.projects.keys() {
        // What cannot be read or reached is told of by `fleet status`; the others must not wait for it.
        let Ok(Some(state)) = State::read(&fleet.unit_files(name).state) else {
            continue;
        };
        if state.phase != Phase::Waiting {
            continue;
        }
        match tell_to_look(&state) {
            Ok(true) => told.push(name),
            Ok(false) => untended.push(name),
            Err(error) => ui.warn(format!("{error:#}")),
        }
    }
    say(&told, &untended, ui);
    let event = Event {
        why: Some(format!("the brake was on: {}", engaged.reason)),
        ..fleet.asked("go")
    };
    fleet.record(&[event], ui);
    Ok(())
}

fn say(told: &[&Name], untended: &[&Name], ui: &Ui) {
    match told {
        [] => ui.status("no project waits to come back"),
        [_] => ui.status(format!("{} comes back when its wait is over", list(told))),
        [_, _, ..] => ui.status(format!(
            "{} come back when their waits are over",
            list(told)
        )),
    }
    if !untended.is_empty() {
        ui.hint(format!(
            "{} have no tender: `fleet boot` brings them back, unless a guardian does",
            list(untended)
        ));
    }
}
