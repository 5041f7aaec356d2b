//! `fleet restart`: a stop and a start, of what can be started again.

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::ui::Ui;

use super::before::Before;
use super::plan::{self, Outcome, Plan};
use super::start;
use super::step::Step;
use super::stop::{runs_us, stop};

/// Stops projects and starts them again, or prints how.
pub(crate) fn restart(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    // What could not be started again is not stopped.
    let looked = in_parallel(names, |name| {
        refuse_own(fleet, name)?;
        start::check(fleet, fleet.registry.project(name)?)?;
        Ok(Plan::new(name, vec![Step::Stop, Step::Start], ""))
    });
    let (plans, mut outcomes) = plan::part(names.iter().cloned().zip(looked));
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    let before = Before::of(fleet, &plans);
    let names: Vec<Name> = plans.into_iter().map(|plan| plan.project).collect();
    let stopped = stop(fleet, &names, false, ui)?;
    let (down, left): (Vec<Outcome>, Vec<Outcome>) =
        stopped.into_iter().partition(|one| one.result.is_ok());
    let down: Vec<Name> = down.into_iter().map(|outcome| outcome.project).collect();
    outcomes.extend(left);
    outcomes.extend(start::start(fleet, &down, false, ui)?);
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
