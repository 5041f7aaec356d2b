//! A roll-out that was interrupted: gone on with, or taken back.

use crate::fleet::Fleet;
use crate::rollout::RollOut;
use crate::ui::{Ui, list};

use super::begin::{lock, open};
use super::carrier::{Carrier, Ended};

/// Goes on with a roll-out that was interrupted, or prints how it stands. A soak that was cut off begins anew.
pub(crate) fn resume(
    fleet: &mut Fleet,
    why: Option<String>,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Ended>> {
    take_up(fleet, why, false, dry_run, ui)
}

/// Takes all back that a roll-out has moved which was interrupted, or prints what that is.
pub(crate) fn back_out(
    fleet: &mut Fleet,
    why: Option<String>,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Ended>> {
    take_up(fleet, why, true, dry_run, ui)
}

fn take_up(
    fleet: &mut Fleet,
    why: Option<String>,
    takes_back: bool,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Ended>> {
    fleet.make_runtime()?;
    let lock = lock(fleet)?;
    let mut rollout = open(fleet)?;
    rollout.is_taken_back |= takes_back;
    rollout.why = why.or(rollout.why);
    if dry_run {
        print(&rollout, ui);
        return Ok(None);
    }
    Carrier::new(fleet, rollout, lock, ui)?.begin().map(Some)
}

/// Prints what is left to do, wave by wave.
fn print(rollout: &RollOut, ui: &Ui) {
    for (place, wave) in rollout.waves.iter().enumerate() {
        let what = match (rollout.is_taken_back, wave.stage.may_have_moved()) {
            (true, true) => " goes back".to_owned(),
            (true, false) => " stays where it is".to_owned(),
            (false, _) => format!(", which {}", wave.stage.word()),
        };
        let names = list(wave.members.iter().map(|member| &member.name));
        ui.result(format!("{}{what}: {names}", rollout.wave_name(place)));
    }
}
