//! What an operator did with a project while a roll-out is about it. The operator's last word counts.

use crate::fleet::Fleet;
use crate::pins::{self, Depth};
use crate::registry::Project;
use crate::rollout::{Member, Own};
use crate::supervision::{Want, read_desired, stamp};

/// Where a project may be that nobody else has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// At the new version.
    New,
    /// Where it was before.
    Old,
    /// At the new version, or where it was before.
    Either,
}

impl Expected {
    /// Returns where a member of a wave is, whose turn has come, or had come before it was interrupted.
    pub(super) fn of(member: &Member, is_resumed: bool) -> Self {
        match (is_resumed, &member.wish) {
            (false, _) => Self::Old,
            // The wish is noted once it has moved.
            (true, Some(_)) => Self::New,
            (true, None) => Self::Either,
        }
    }
}

/// Returns what an operator did with a project; `None` where nothing, or where it cannot be told.
pub(super) fn own(fleet: &Fleet, member: &Member, expected: Expected) -> Option<Own> {
    let Ok(project) = fleet.registry.project(&member.name) else {
        return Some(Own::Removed);
    };
    if project.location != member.location || !is_registered(project, member, expected) {
        return Some(Own::Moved);
    }
    if is_pinned_elsewhere(fleet, project, member, expected) {
        return Some(Own::Moved);
    }
    if !project.enabled {
        return Some(Own::Disabled);
    }
    wish(fleet, member)
}

fn is_registered(project: &Project, member: &Member, expected: Expected) -> bool {
    let is_new = project.reference == member.to.reference
        && project.commit.as_ref() == Some(&member.to.commit);
    // On its way back, the entry has the commit that was pinned before it has the one that it had.
    let commits = [Some(&member.from.commit), member.registered.as_ref()];
    let is_old =
        project.reference == member.from.reference && commits.contains(&project.commit.as_ref());
    (is_new && expected != Expected::Old) || (is_old && expected != Expected::New)
}

fn is_pinned_elsewhere(
    fleet: &Fleet,
    project: &Project,
    member: &Member,
    expected: Expected,
) -> bool {
    // A command that was cut off has it in hand, which the next update settles.
    if fleet.journal(&project.name).is_open() {
        return false;
    }
    let Ok(engine) = fleet.engine(project) else {
        return false;
    };
    let facts = pins::read(&project.location, engine, Depth::Fast);
    let Some(pinned) = facts.head.commit() else {
        return false;
    };
    let is_old = *pinned == member.from.commit && expected != Expected::New;
    let is_new = *pinned == member.to.commit && expected != Expected::Old;
    !is_old && !is_new
}

/// Returns whether the operator has stopped or started a project that ran.
fn wish(fleet: &Fleet, member: &Member) -> Option<Own> {
    if !member.ran {
        return None;
    }
    let path = fleet.unit_files(&member.name).desired;
    let is_as_it_was = member
        .wish
        .as_ref()
        .is_some_and(|then| *then == stamp(&path));
    if is_as_it_was {
        return None;
    }
    let is_known = member.wish.is_some();
    match read_desired(&path).ok().flatten()?.in_the_end() {
        Want::Down => Some(Own::Stopped),
        Want::Up => is_known.then_some(Own::Started),
    }
}
