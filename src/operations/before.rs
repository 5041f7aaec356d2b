//! Where projects stood before a command changed them, and where they stand after it: for the trail.

use std::collections::BTreeMap;

use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{Liveness, Phase, State};

use super::plan::{Change, Outcome, Plan};

/// Where some projects stood.
pub(super) struct Before(BTreeMap<Name, String>);

impl Before {
    /// Looks at the projects that plans are about to change.
    pub(super) fn of(fleet: &Fleet, plans: &[Plan]) -> Self {
        let changed = plans.iter().filter(|plan| !plan.steps.is_empty());
        Self(
            changed
                .map(|plan| (plan.project.clone(), stand(fleet, &plan.project)))
                .collect(),
        )
    }

    /// Notes on each outcome of theirs what was before, and what is now.
    pub(super) fn note(&self, fleet: &Fleet, mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
        for outcome in &mut outcomes {
            if let Some(before) = self.0.get(&outcome.project) {
                outcome.change = Some(Change {
                    before: Some(before.clone()),
                    after: Some(stand(fleet, &outcome.project)),
                });
            }
        }
        outcomes
    }
}

/// Says in a word where a project stands, by what its tender wrote last.
fn stand(fleet: &Fleet, name: &Name) -> String {
    let state = match State::read(&fleet.unit_files(name).state) {
        Ok(Some(state)) => state,
        Ok(None) => return "down".to_owned(),
        Err(_) => return "unknown".to_owned(),
    };
    let is_lost = state.is_lost() && state.tender_liveness() == Liveness::Gone;
    let phase = if is_lost { Phase::Lost } else { state.phase };
    let word = if phase == Phase::Running {
        "up"
    } else {
        phase.word()
    };
    word.to_owned()
}
