//! Which projects are started before which: `after`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::check::Check;
use super::load::Registry;
use super::text::ProjectText;
use crate::names::{Name, nearest};

impl Check<'_> {
    /// Refuses an `after` that names no project, or makes one wait for itself.
    pub(super) fn order(&mut self, projects: &BTreeMap<Name, ProjectText>) {
        let mut waits: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
        for (name, text) in projects {
            for (place, other) in text.after.iter().flatten().enumerate() {
                if projects.contains_key(other) {
                    waits.entry(name).or_default().push(other);
                // One that is there and could not be read is not missing.
                } else if !self.read.lost(&["projects", other.as_str()]) {
                    let place = place.to_string();
                    let hint = nearest(other.as_str(), projects.keys().map(Name::as_str))
                        .map(|nearest| format!("did you mean `{nearest}`?"));
                    let message = format!("there is no project `{other}`");
                    self.refuse(&["projects", name.as_str(), "after", &place], message, hint);
                }
            }
        }
        for circle in circles(&waits) {
            let first = circle[0];
            let way: Vec<&str> = circle
                .iter()
                .copied()
                .chain([first])
                .map(Name::as_str)
                .collect();
            let message = format!("`{first}` would wait for itself: {}", way.join(" after "));
            self.refuse(&["projects", first.as_str(), "after"], message, None);
        }
    }
}

/// Returns the circles: projects each of which waits for the next, and the last for the first. Each begins with the
/// first by name.
fn circles<'a>(waits: &BTreeMap<&'a Name, Vec<&'a Name>>) -> Vec<Vec<&'a Name>> {
    let mut circles = Vec::new();
    let mut seen: HashSet<&Name> = HashSet::new();
    for start in waits.keys() {
        // The way from there, and of each on it how many of those it waits for have been followed.
        let mut way: Vec<(&Name, usize)> = Vec::new();
        if seen.insert(start) {
            way.push((start, 0));
        }
        while let Some((last, followed)) = way.last_mut() {
            let Some(next) = waits.get(last).and_then(|others| others.get(*followed)) else {
                way.pop();
                continue;
            };
            *followed += 1;
            if seen.insert(next) {
                way.push((next, 0));
            } else if let Some(place) = way.iter().position(|(name, _)| name == next) {
                let mut circle: Vec<&Name> = way[place..].iter().map(|(name, _)| *name).collect();
                let first = (0..circle.len()).min_by_key(|place| circle[*place]);
                circle.rotate_left(first.unwrap_or_default());
                circles.push(circle);
            }
        }
    }
    circles
}

impl Registry {
    /// Parts projects into waves, each of which waits for those before it: by `after`, as far as it names some of them.
    /// Each wave is in the order of the names. It is an order, not a condition: what a project comes after may be absent.
    pub(crate) fn in_order(&self, names: &[Name]) -> Vec<Vec<Name>> {
        let mut left: BTreeSet<&Name> = names.iter().collect();
        let mut waves = Vec::new();
        while !left.is_empty() {
            let waits = |name: &Name| {
                let project = self.projects.get(name);
                project.is_some_and(|it| it.after.iter().any(|other| left.contains(other)))
            };
            let (later, wave): (BTreeSet<&Name>, BTreeSet<&Name>) =
                left.iter().partition(|name| waits(name));
            // A registry in which one waits for itself is not valid: there is always one that waits for none.
            let (wave, later) = if wave.is_empty() {
                (later, wave)
            } else {
                (wave, later)
            };
            waves.push(wave.into_iter().cloned().collect());
            left = later;
        }
        waves
    }
}
