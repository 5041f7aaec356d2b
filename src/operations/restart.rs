//! `fleet restart`: a stop and a start, of what can be started again.
//!
//! The projects stay locked from the one to the other: a stop that somebody asks for meanwhile comes after both. Between
//! them the wish on disk is "down, to be started again", so that whoever comes after a kill knows what was meant.

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::supervision::Afterwards;
use crate::ui::Ui;

use super::before::Before;
use super::launch::Occasion;
use super::plan::{self, Locked, Outcome, Plan};
use super::step::Step;
use super::stop::{runs_us, stay_down, stop_locked};
use super::{prepare, recover, running, start};

/// Stops projects and starts them again, or prints how.
pub(crate) fn restart(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names: ready,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, names, dry_run, ui)?;
    let fleet = &*fleet;
    // What could not be started again is not stopped.
    let counting = ui.counting("looking at projects", ready.len());
    let looked = in_parallel(&ready, |name| {
        let _one = counting.on(name);
        refuse_own(fleet, name)?;
        let prepare = start::check(fleet, fleet.registry.project(name)?)?;
        let steps = prepare.into_iter().chain([Step::Stop, Step::Start]);
        Ok(Plan::new(name, steps.collect(), ""))
    });
    drop(counting);
    let (plans, refused) = plan::part(ready.into_iter().zip(looked));
    outcomes.extend(refused);
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    let (plans, unprepared) = prepare::carry_out(fleet, plans, |plan| plan, Occasion::Asked, ui)?;
    outcomes.extend(unprepared);
    let before = Before::of(fleet, &plans);
    let names: Vec<Name> = plans.into_iter().map(|plan| plan.project).collect();
    let (names, too_many, _) = running::admit(fleet, &names)?;
    outcomes.extend(too_many);
    let stopped = stop_locked(fleet, &names, Afterwards::Start, false, ui)?;
    let (down, left): (Vec<Outcome>, Vec<Outcome>) =
        stopped.into_iter().partition(|one| one.result.is_ok());
    stay_down(fleet, &left)?;
    outcomes.extend(left);
    let down: Vec<Name> = down.into_iter().map(|outcome| outcome.project).collect();
    outcomes.extend(start::start_locked(fleet, down, false, ui)?);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(before.note(fleet, outcomes))
}

/// Refuses to restart the very session that this command runs in: it would end with it, and start nothing.
pub(super) fn refuse_own(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    if !runs_us(fleet, name) {
        return Ok(());
    }
    Err(refused(format!(
        "`{name}` is where this command runs: it would end before the new start"
    ))
    .hint("restart it from a terminal outside of it")
    .into())
}
