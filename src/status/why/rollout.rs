//! A project's part in the roll-out that is not over.

use super::evidence::Evidence;
use super::facts::Facts;
use crate::rollout::{Own, RollOut, Stage};

/// Tells it.
pub(super) fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    const SOURCE: &str = ".fleet/rollout.json";
    let rollout = match RollOut::read(&evidence.world.fleet.runtime("")) {
        Ok(Some(rollout)) => rollout,
        // There is seldom one: that there is none says nothing of a project.
        Ok(None) => return,
        Err(error) => return facts.cannot_tell("roll-out", format!("{error:#}"), SOURCE),
    };
    let Some((place, member)) = rollout.member(&evidence.project.name) else {
        return facts.absent("it in the roll-out that is not over", SOURCE);
    };
    let wave = &rollout.waves[place];
    let mut says = format!(
        "{} to {}, which {}: {}",
        rollout.wave_name(place),
        rollout.target,
        wave.stage.word(),
        member.change()
    );
    let reasons = [
        member.failure.as_deref(),
        member.left_out.as_deref(),
        member.own.map(Own::text),
    ];
    for reason in reasons.into_iter().flatten() {
        says += &format!("; {reason}");
    }
    if !rollout.is_under_way() && wave.stage != Stage::Healthy {
        says += "; it was interrupted";
    }
    let since = wave.since.as_ref().map(|since| since.at);
    facts.add_since("roll-out", says, SOURCE, since);
}
