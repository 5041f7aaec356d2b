//! Where pins are to move: each harness is fetched at most once, and each version looked up once, whatever the number of
//! projects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use crate::error::{Fault, failed};
use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_as_many_threads;
use crate::pins::{Kind, Mirror};
use crate::registry::Project;
use crate::ui::Ui;

use super::update::{Goal, Move};
use super::version::{self, Admitted, Chosen};

/// How many harnesses are fetched at once: it is the network that is waited for.
const FETCHES: usize = 8;

/// The mirrors of some projects' harnesses, and what was found in them. Shared by the threads that look.
pub(super) struct Targets {
    mirrors: BTreeMap<Name, anyhow::Result<Mirror>>,
    admitted: Mutex<BTreeMap<(Name, Ref), Admitted>>,
    loadable: Mutex<BTreeSet<CommitId>>,
}

/// What a harness's mirror must have.
#[derive(Default)]
struct Need {
    /// These commits.
    commits: BTreeSet<CommitId>,
    /// Whatever the remote has now.
    news: bool,
}

impl Need {
    fn is_met_by(&self, mirror: &Mirror) -> bool {
        !self.news && self.commits.iter().all(|commit| mirror.contains(commit))
    }
}

impl Targets {
    /// Opens the mirror of each harness. `wanted` says which commit a project is to go to, `None` where only the remote
    /// knows: a harness of which that is so, or whose mirror lacks such a commit, is fetched once, several at a time.
    ///
    /// A harness that cannot be reached is used as it was; one that was never reached fails the projects that use it,
    /// and no others.
    pub(super) fn open(
        fleet: &Fleet,
        names: &[Name],
        wanted: impl Fn(&Project) -> Option<CommitId>,
        ui: &Ui,
    ) -> Self {
        let mut needs: BTreeMap<&Name, Need> = BTreeMap::new();
        let projects = names
            .iter()
            .filter_map(|name| fleet.registry.projects.get(name));
        for project in projects {
            let need = needs.entry(&project.harness).or_default();
            match wanted(project) {
                Some(commit) => drop(need.commits.insert(commit)),
                None => need.news = true,
            }
        }
        let (mut mirrors, mut lacking) = (BTreeMap::new(), Vec::new());
        for (harness, need) in needs {
            match fleet.known_mirror(harness) {
                Some(mirror) if need.is_met_by(&mirror) => {
                    mirrors.insert(harness.clone(), Ok(mirror));
                }
                known => lacking.push((harness, known)),
            }
        }
        let counting = ui.counting("fetching", lacking.len());
        let fetched = in_as_many_threads(FETCHES, &lacking, |(harness, known)| {
            let _one = counting.on(harness);
            fetched(fleet, harness, known.as_ref())
        });
        drop(counting);
        for ((harness, _), fetched) in lacking.into_iter().zip(fetched) {
            let mirror = fetched.map(|(mirror, trouble)| {
                if let Some(trouble) = trouble {
                    ui.warn(format!(
                        "cannot fetch {harness}, so its last copy has to do: {trouble:#}"
                    ));
                }
                mirror
            });
            mirrors.insert(harness.clone(), mirror);
        }
        Self {
            mirrors,
            admitted: Mutex::default(),
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

    /// Chooses where a project is to move. Refuses what [`version::admit`] does, a commit that is nowhere to be had, and
    /// a version that would not load.
    pub(super) fn choose(
        &self,
        fleet: &Fleet,
        change: &Move,
        project: &Project,
    ) -> anyhow::Result<Chosen> {
        let chosen = match (&change.goal, &project.commit) {
            (Goal::Pins(pins) | Goal::Back(pins), _) => pins
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
        if !unpoisoned(&self.loadable).contains(&chosen.commit) {
            let mirror = self.mirror(project)?;
            if !mirror.contains(&chosen.commit) {
                return Err(nowhere(project, &chosen.commit).into());
            }
            fleet.manifest(mirror, &project.harness, &chosen.commit)?;
            unpoisoned(&self.loadable).insert(chosen.commit.clone());
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
        let (harness, accepts) = (&project.harness, change.accept_moved_tag);
        let key = (harness.clone(), wanted.clone());
        let known = unpoisoned(&self.admitted).get(&key).cloned();
        let admitted = match known {
            Some(admitted) => admitted,
            None => {
                let mirror = self.mirror(project)?;
                let resolved = mirror.resolve(wanted)?;
                let found = version::admit(fleet, harness, mirror, wanted, resolved, accepts)?;
                unpoisoned(&self.admitted).insert(key, found.clone());
                found
            }
        };
        version::refuse_moved_for(project, wanted, &admitted, accepts)?;
        Ok(admitted.chosen)
    }

    /// Returns what a tag or commit stands for, where that is another commit than this one: somebody has edited the one in
    /// fleet.toml without the other, or the tag has moved.
    pub(super) fn stands_for_another(
        &self,
        harness: &Name,
        reference: &Ref,
        commit: &CommitId,
    ) -> Option<CommitId> {
        let mirror = self.mirrors.get(harness)?.as_ref().ok()?;
        // What cannot be told is no other one.
        let found = mirror.resolve(reference).ok()??;
        let is_other = found.kind != Kind::Branch && found.commit != *commit;
        is_other.then_some(found.commit)
    }

    /// Says which of the tags that were chosen their remotes no longer have.
    pub(super) fn warn_of_gone_tags(&self, ui: &Ui) {
        for ((harness, reference), admitted) in unpoisoned(&self.admitted).iter() {
            if admitted.is_gone {
                ui.warn(format!(
                    "harness `{harness}` has no tag `{reference}` any more; it counts as it was when it was first seen"
                ));
            }
        }
    }

    /// Makes the mirror of a project's harness take a moved tag for what it is now.
    pub(super) fn accept_moved(&self, project: &Project, reference: &Ref) -> anyhow::Result<()> {
        self.mirror(project)?.accept_moved(reference)
    }
}

fn unpoisoned<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a mirror that was just brought up to date, or why only its last copy is there.
fn fetched(
    fleet: &Fleet,
    harness: &Name,
    known: Option<&Mirror>,
) -> anyhow::Result<(Mirror, Option<anyhow::Error>)> {
    match known {
        Some(mirror) => Ok((mirror.clone(), mirror.fetch().err())),
        // To copy a harness is to fetch it.
        None => fleet.mirror(harness).map(|mirror| (mirror, None)),
    }
}

fn nowhere(project: &Project, commit: &CommitId) -> Fault {
    let (name, harness) = (&project.name, &project.harness);
    failed(format!(
        "harness `{harness}` has no commit {}: neither its remote nor its mirror",
        commit.short()
    ))
    .hint(format!(
        "`fleet why {name}` tells where it was seen last; `fleet update {name} REF` moves to a version that is there"
    ))
}
