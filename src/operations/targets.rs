//! Where pins are to move: each harness is fetched once, and each version looked up once, whatever the number of projects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use anyhow::Context as _;

use crate::error::Fault;
use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::pins::Mirror;
use crate::registry::Project;
use crate::ui::Ui;

use super::update::{Goal, Move};
use super::version::{self, Chosen};

/// The mirrors of some projects' harnesses, and what was found in them. Shared by the threads that look.
pub(super) struct Targets {
    mirrors: BTreeMap<Name, anyhow::Result<Mirror>>,
    chosen: Mutex<BTreeMap<(Name, Ref), Chosen>>,
    loadable: Mutex<BTreeSet<CommitId>>,
}

impl Targets {
    /// Opens the mirror of each harness once, and fetches it once. A harness that cannot be reached is used as it was;
    /// one that was never reached fails the projects that use it, and no others.
    pub(super) fn fetch(fleet: &Fleet, names: &[Name], ui: &Ui) -> Self {
        let projects = names
            .iter()
            .filter_map(|name| fleet.registry.projects.get(name));
        let harnesses: BTreeSet<&Name> = projects.map(|project| &project.harness).collect();
        let mirrors = harnesses
            .into_iter()
            .map(|harness| (harness.clone(), fetched(fleet, harness, ui)))
            .collect();
        Self {
            mirrors,
            chosen: Mutex::default(),
            loadable: Mutex::default(),
        }
    }

    /// Returns the mirror of a project's harness.
    pub(super) fn mirror(&self, project: &Project) -> anyhow::Result<&Mirror> {
        let mirror = self
            .mirrors
            .get(&project.harness)
            .context("every harness has its mirror")?;
        mirror
            .as_ref()
            .map_err(|error| Fault::copy_of(error).into())
    }

    /// Chooses where a project is to move. Refuses what [`version::admit`] does, and a version that would not load.
    pub(super) fn choose(
        &self,
        fleet: &Fleet,
        change: &Move,
        project: &Project,
    ) -> anyhow::Result<Chosen> {
        let chosen = match (&change.goal, &project.commit) {
            (Goal::Pins(pins), _) => pins
                .get(&project.name)
                .context("every project that is to move has its pin")?
                .clone(),
            (Goal::Registered, Some(commit)) => Chosen {
                reference: project.reference.clone(),
                commit: commit.clone(),
            },
            (Goal::Registered, None) => self.look_up(fleet, change, project, &project.reference)?,
            (Goal::Ref(reference), _) => self.look_up(fleet, change, project, reference)?,
        };
        let is_known = |known: &Mutex<BTreeSet<CommitId>>| {
            known
                .lock()
                .is_ok_and(|known| known.contains(&chosen.commit))
        };
        if !is_known(&self.loadable) {
            fleet.manifest(self.mirror(project)?, &project.harness, &chosen.commit)?;
            if let Ok(mut loadable) = self.loadable.lock() {
                loadable.insert(chosen.commit.clone());
            }
        }
        Ok(chosen)
    }

    fn look_up(
        &self,
        fleet: &Fleet,
        change: &Move,
        project: &Project,
        wanted: &Ref,
    ) -> anyhow::Result<Chosen> {
        let key = (project.harness.clone(), wanted.clone());
        if let Ok(chosen) = self.chosen.lock()
            && let Some(found) = chosen.get(&key)
        {
            return Ok(found.clone());
        }
        let mirror = self.mirror(project)?;
        let resolved = mirror.resolve(wanted)?;
        let found = version::admit(
            fleet,
            &project.harness,
            mirror,
            wanted,
            resolved,
            change.accept_moved_tag,
        )?;
        if let Ok(mut chosen) = self.chosen.lock() {
            chosen.insert(key, found.clone());
        }
        Ok(found)
    }

    /// Makes the mirrors take a moved tag for what it is now.
    pub(super) fn accept_moved(&self, reference: &Ref) -> anyhow::Result<()> {
        self.mirrors
            .values()
            .flatten()
            .try_for_each(|mirror| mirror.accept_moved(reference))
    }
}

fn fetched(fleet: &Fleet, harness: &Name, ui: &Ui) -> anyhow::Result<Mirror> {
    ui.waiting(format!("fetching {harness}"));
    let mirror = fleet.mirror(harness)?;
    if let Err(error) = mirror.fetch() {
        ui.warn(format!(
            "cannot fetch {harness}, so its last copy has to do: {error:#}"
        ));
    }
    Ok(mirror)
}
