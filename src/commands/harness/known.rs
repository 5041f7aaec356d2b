//! What is known of a harness without asking the network: its versions, as of the last fetch, and who uses it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::fleet::{Bad, Fleet};
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Kind, Mirror, Version, Versions};
use crate::registry::{Harness, Project};
use crate::ui::ago;

/// A harness, as far as it is known.
pub(super) struct Known<'f> {
    pub(super) harness: &'f Harness,
    /// Its copy; `None` where there is none.
    pub(super) mirror: Option<Mirror>,
    /// What the copy has; nothing where there is none.
    pub(super) versions: Versions,
    /// Who uses it.
    pub(super) users: Vec<Using<'f>>,
    bad: Bad<'f>,
}

/// A project that uses a harness.
pub(super) struct Using<'f> {
    pub(super) project: &'f Project,
    /// What its HEAD pins; `None` where that cannot be read.
    pub(super) pin: Option<CommitId>,
}

impl<'f> Known<'f> {
    /// Looks at harnesses, and at the pins of all projects that use them.
    pub(super) fn of(fleet: &'f Fleet, names: &[Name]) -> anyhow::Result<Vec<Self>> {
        let projects: Vec<&Project> = fleet
            .registry
            .projects
            .values()
            .filter(|project| names.contains(&project.harness))
            .collect();
        let pins = in_parallel(&projects, |project| {
            let engine = fleet.engine(project).ok()?;
            let facts = pins::read(&project.location, engine, Depth::Fast);
            facts.head.commit().cloned()
        });
        let mut users: BTreeMap<&Name, Vec<Using<'f>>> = BTreeMap::new();
        for (project, pin) in projects.into_iter().zip(pins) {
            let using = users.entry(&project.harness).or_default();
            using.push(Using { project, pin });
        }
        let mut all = Vec::new();
        for name in names {
            let users = users.remove(name).unwrap_or_default();
            all.push(Self::one(fleet, fleet.registry.harness(name)?, users)?);
        }
        Ok(all)
    }

    fn one(fleet: &Fleet, harness: &'f Harness, users: Vec<Using<'f>>) -> anyhow::Result<Self> {
        let mirror = fleet.known_mirror(&harness.name);
        let versions = mirror.as_ref().map(Mirror::versions).transpose()?;
        Ok(Self {
            bad: fleet.bad_refs_of(harness),
            harness,
            versions: versions.unwrap_or_default(),
            mirror,
            users,
        })
    }

    /// Tells whether the registry calls a version bad, under whatever name.
    pub(super) fn is_bad(&self, name: &Ref, kind: Option<Kind>, commit: Option<&CommitId>) -> bool {
        // A branch that happens to be at a bad commit is not bad itself.
        let commit = commit.filter(|_| kind != Some(Kind::Branch));
        self.bad.among(name, &[commit]).is_some()
    }

    /// Returns the tags that a project could be moved to, the newest first.
    pub(super) fn good_tags(&self) -> impl Iterator<Item = &Version> {
        self.versions.all.iter().filter(|version| {
            let is_bad = self.is_bad(&version.name, Some(version.kind), Some(&version.commit));
            version.kind == Kind::Tag && !version.is_gone && !is_bad
        })
    }

    /// Returns when the harness was last asked for what is new, if that is known.
    pub(super) fn fetched(&self) -> Option<Timestamp> {
        self.mirror.as_ref()?.fetched()
    }

    /// Says where it comes from.
    pub(super) fn place(&self) -> String {
        match &self.harness.url {
            Some(url) => url.to_string(),
            None => "built in".to_owned(),
        }
    }
}

/// Says how old a moment is.
pub(super) fn age(moment: Timestamp) -> String {
    let since = Timestamp::now().duration_since(moment);
    ago(Duration::try_from(since).unwrap_or_default())
}
