//! Versions that fleet.toml calls bad: whoever starts one is told.

use std::collections::BTreeMap;

use crate::fleet::{Fleet, Use, warning_of};
use crate::names::{Name, Ref};
use crate::pins::{self, Depth};
use crate::ui::Ui;

use super::plan::Plan;

/// Warns of bad versions that plans are about to start. It keeps nobody from it: what is pinned is the operator's.
pub(super) fn warn_of_starting(fleet: &Fleet, plans: &[Plan], ui: &Ui) {
    let bad = fleet.bad_refs();
    let starting = plans.iter().filter(|plan| plan.starts());
    let projects = starting.filter_map(|plan| fleet.registry.projects.get(&plan.project));
    let mut users: BTreeMap<(&Name, &Ref), Vec<&Name>> = BTreeMap::new();
    for project in projects.filter(|project| bad.concern(&project.harness)) {
        let engine = fleet.engine(project).unwrap_or("engine");
        let facts = pins::read(&project.location, engine, Depth::Fast);
        let commits = [project.commit.as_ref(), facts.head.commit()];
        if let Some(bad) = bad.among(&project.harness, &project.reference, &commits) {
            let of_harness = users.entry((&project.harness, bad)).or_default();
            of_harness.push(&project.name);
        }
    }
    for ((harness, bad), names) in users {
        ui.warn(warning_of(harness, bad, Use::Pinned, &names));
    }
}
