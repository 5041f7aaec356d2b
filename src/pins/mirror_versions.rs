//! What a mirror knows of a harness's versions, without the network; and what a fetch changed.

use std::collections::BTreeMap;

use git2::{Oid, Repository};

use crate::names::{CommitId, Ref};

use super::mirror::Mirror;
use super::mirror_refs::{Kind, names_below, peeled, resolve};
use super::repository::oid;
use super::versions::by_version;

/// One tag or branch of a harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its name.
    pub(crate) name: Ref,
    /// A tag or a branch.
    pub(crate) kind: Kind,
    /// The commit; of a tag, the one it was first seen at.
    pub(crate) commit: CommitId,
    /// Where a tag is upstream now, if not at `commit`.
    pub(crate) moved: Option<CommitId>,
    /// Whether upstream no longer has it.
    pub(crate) is_gone: bool,
}

/// All tags and branches of a harness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Versions {
    /// Tags, the newest version first; then branches, by name.
    pub(crate) all: Vec<Version>,
    /// How many have names that nobody could type, such as those with characters that cannot be seen.
    pub(crate) nameless: usize,
}

/// The branches of a mirror at one moment.
pub(super) type Branches = BTreeMap<String, Oid>;

/// Returns the branches with their commits.
pub(super) fn branches(repository: &Repository) -> Result<Branches, git2::Error> {
    let names = names_below(repository, "refs/heads/")?;
    let with_target = |name: String| {
        let found = repository
            .refname_to_id(&format!("refs/heads/{name}"))
            .ok()?;
        Some((name, found))
    };
    Ok(names.into_iter().filter_map(with_target).collect())
}

impl Mirror {
    /// Returns the tags and branches, as of the last fetch.
    pub(crate) fn versions(&self) -> anyhow::Result<Versions> {
        let repository = self.repository()?;
        let read = || -> Result<Versions, git2::Error> {
            let mut tags = names_below(&repository, "refs/tags/")?;
            tags.sort_by(|a, b| by_version(b, a));
            let branches = names_below(&repository, "refs/heads/")?;
            let tags = tags.into_iter().map(|name| ("tags", name));
            let branches = branches.into_iter().map(|name| ("heads", name));
            let mut versions = Versions::default();
            for (place, name) in tags.chain(branches) {
                // Written out, so that a branch is not taken for the tag of its name.
                let full = format!("refs/{place}/{name}").parse::<Ref>();
                let (Ok(name), Ok(full)) = (name.parse::<Ref>(), full) else {
                    versions.nameless += 1;
                    continue;
                };
                let Some(found) = resolve(&repository, &full)? else {
                    continue;
                };
                versions.all.push(Version {
                    name,
                    is_gone: found.is_gone,
                    kind: found.kind,
                    commit: found.commit,
                    moved: found.moved,
                });
            }
            Ok(versions)
        };
        self.blame(read(), || "cannot list the versions".to_owned())
    }

    /// Tells whether upstream had a commit on a branch or tag at the last fetch: a clone would have it.
    pub(crate) fn publishes(&self, commit: &CommitId) -> anyhow::Result<bool> {
        let repository = self.repository()?;
        let look = || -> Result<bool, git2::Error> {
            if repository.find_commit(oid(commit)).is_err() {
                return Ok(false);
            }
            let mut walk = repository.revwalk()?;
            walk.push(oid(commit))?;
            for glob in ["refs/heads/*", "refs/upstream/tags/*"] {
                for reference in repository.references_glob(glob)? {
                    if let Some(tip) = peeled(&reference?) {
                        walk.hide(tip)?;
                    }
                }
            }
            Ok(walk.next().is_none())
        };
        self.blame(look(), || format!("cannot look for {}", commit.short()))
    }

    /// Counts the commits that `to` has and `from` has not; `None` where either is unknown.
    pub(crate) fn commits_between(&self, from: &CommitId, to: &CommitId) -> Option<usize> {
        let repository = self.repository().ok()?;
        let (ahead, _) = repository.graph_ahead_behind(oid(to), oid(from)).ok()?;
        Some(ahead)
    }
}

/// What became of the branches between two moments: those that moved, are new or are gone, each by name.
pub(super) fn compared(before: &Branches, after: &Branches) -> [Vec<String>; 3] {
    let in_both = |name: &&String| before.get(*name).is_some_and(|then| after[*name] != *then);
    let is_new = |name: &&String| !before.contains_key(*name);
    let is_gone = |name: &&String| !after.contains_key(*name);
    [
        after.keys().filter(in_both).cloned().collect(),
        after.keys().filter(is_new).cloned().collect(),
        before.keys().filter(is_gone).cloned().collect(),
    ]
}

/// Returns the tags that were there and are no longer upstream.
pub(super) fn gone_tags(repository: &Repository) -> Result<Vec<String>, git2::Error> {
    let known = names_below(repository, "refs/tags/")?;
    let upstream = names_below(repository, "refs/upstream/tags/")?;
    Ok(known
        .into_iter()
        .filter(|tag| upstream.binary_search(tag).is_err())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, git};
    use super::*;

    #[test]
    fn versions_say_what_became_of_them_upstream() {
        let world = World::new();
        let mirror = world.mirror();
        let (one, two) = (world.commit("v0.1.0"), world.commit("v0.2.0"));
        git(&world.harness(), &["tag", "-f", "v0.1.0", "v0.2.0"]);
        git(&world.harness(), &["tag", "-d", "v0.2.0"]);
        git(&world.harness(), &["branch", "v0.1.0", "main"]);
        git(&world.harness(), &["branch", "odd\u{202e}name", "main"]);
        let fetched = mirror.fetch().unwrap();
        assert_eq!(fetched.moved_tags, ["v0.1.0"]);
        assert_eq!(fetched.gone_tags, ["v0.2.0"]);
        assert_eq!(fetched.new_branches, ["v0.1.0"]);
        let versions = mirror.versions().unwrap();
        assert_eq!(versions.nameless, 1);
        let said: Vec<_> = versions
            .all
            .iter()
            .map(|it| {
                (
                    it.name.as_str(),
                    it.kind,
                    &it.commit,
                    it.moved.as_ref(),
                    it.is_gone,
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("v0.2.0", Kind::Tag, &two, None, true),
                ("v0.1.0", Kind::Tag, &one, Some(&two), false),
                ("main", Kind::Branch, &two, None, false),
                ("v0.1.0", Kind::Branch, &two, None, false),
            ]
        );
        assert_eq!(mirror.commits_between(&one, &two), Some(1));
        assert_eq!(mirror.commits_between(&two, &one), Some(0));
        assert!(mirror.publishes(&one).unwrap());
        assert!(mirror.fetched().is_some());
        assert_eq!(mirror.default_branch().unwrap().unwrap().as_str(), "main");
        assert_eq!(mirror.fetch().unwrap().new_branches, [] as [String; 0]);
    }

    #[test]
    fn what_no_ref_leads_to_is_not_published() {
        let world = World::new();
        let lost = world.release("", &[("harness.toml", "three\n")]);
        let mirror = world.mirror();
        assert!(mirror.publishes(&lost).unwrap());
        git(&world.harness(), &["reset", "-q", "--hard", "v0.2.0"]);
        mirror.fetch().unwrap();
        assert!(mirror.contains(&lost) && !mirror.publishes(&lost).unwrap());
    }
}
