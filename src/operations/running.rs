//! How many projects may run: `max_running`.

use std::collections::BTreeSet;

use crate::error::refused;
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{Liveness, Phase, State};
use crate::ui::count;

use super::plan::Outcome;

/// How many of those that run are named.
const MOST_NAMED: usize = 5;

/// Parts projects that may be started from those that would be too many, which are refused: what runs already counts,
/// and the others are taken in the order in which they start. No other command starts anything while the lock is kept,
/// where that could be too many.
pub(super) fn admit(
    fleet: &Fleet,
    names: &[Name],
) -> anyhow::Result<(Vec<Name>, Vec<Outcome>, Option<Lock>)> {
    let most = fleet.registry.fleet.max_running;
    if fleet.registry.projects.len() <= most {
        return Ok((names.to_vec(), Vec::new(), None));
    }
    let lock = Lock::take(
        &fleet.runtime("locks").join(".running"),
        fleet.patience,
        || (),
    )?;
    let wanted: BTreeSet<&Name> = names.iter().collect();
    let others = fleet.registry.projects.keys();
    let mut run: Vec<Name> = others
        .filter(|name| !wanted.contains(name) && runs(fleet, name))
        .cloned()
        .collect();
    let mut admitted: Vec<Name> = fleet.registry.in_order(names).concat();
    let beyond = admitted.split_off(most.saturating_sub(run.len()).min(admitted.len()));
    run.extend(admitted.iter().cloned());
    let refusals = beyond.into_iter().map(|project| {
        let refused = Err(refusal(&project, &run, most));
        Outcome::new(project, refused)
    });
    Ok((admitted, refusals.collect(), Some(lock)))
}

fn refusal(name: &Name, run: &[Name], most: usize) -> anyhow::Error {
    let named: Vec<String> = run
        .iter()
        .take(MOST_NAMED)
        .map(|it| format!("`{it}`"))
        .collect();
    let mut named = named.join(", ");
    if run.len() > MOST_NAMED {
        named += &format!(" and {} more", run.len() - MOST_NAMED);
    }
    let may = count(most, "project");
    refused(format!(
        "cannot start `{name}`: {may} may run, and {} do: {named}",
        run.len()
    ))
    .hint("stop one, or raise `max_running` in `[fleet]` of fleet.toml")
    .into()
}

/// Tells whether a project runs, or will without anybody's doing. What nobody can be sure of counts.
fn runs(fleet: &Fleet, name: &Name) -> bool {
    let state = match State::read(&fleet.unit_files(name).state) {
        Ok(Some(state)) => state,
        Ok(None) => return false,
        Err(_) => return true,
    };
    let is_due = match state.phase {
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => true,
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Parked | Phase::Lost => false,
    };
    is_due && state.tender_liveness() != Liveness::Gone
}
