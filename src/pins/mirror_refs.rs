//! The refs of a mirror: what a name stands for, and which tags are new or have moved.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{ObjectType, Oid, Repository};

use crate::names::{CommitId, Ref};

use super::repository::{commit_id, if_there};
use super::versions::by_version;

/// The fewest digits of an abbreviated commit.
const FEWEST_DIGITS: usize = 7;

/// What a fetch found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// Tags seen for the first time, oldest version first.
    pub(crate) new_tags: Vec<String>,
    /// Tags that are not where they were when they were first seen.
    pub(crate) moved_tags: Vec<String>,
    /// Tags that upstream no longer has; they stay known.
    pub(crate) gone_tags: Vec<String>,
    /// Branches that lead to other commits than before, by name.
    pub(crate) moved_branches: Vec<String>,
    /// Branches that were not there before, by name.
    pub(crate) new_branches: Vec<String>,
    /// Branches that are no longer there, by name.
    pub(crate) gone_branches: Vec<String>,
}

impl Fetched {
    /// Leaves out what has a name that nobody could type: it would deceive whoever reads it.
    pub(super) fn readable(mut self) -> Self {
        for names in [
            &mut self.new_tags,
            &mut self.moved_tags,
            &mut self.gone_tags,
            &mut self.moved_branches,
            &mut self.new_branches,
            &mut self.gone_branches,
        ] {
            names.retain(|name| name.parse::<Ref>().is_ok());
        }
        self
    }
}

/// What a ref stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The commit; for a tag that moved, the one it was first seen at.
    pub(crate) commit: CommitId,
    /// What the ref is.
    pub(crate) kind: Kind,
    /// Where a tag is upstream now, if not at `commit`.
    pub(crate) moved: Option<CommitId>,
    /// Whether a branch of the same name was passed over in favour of the tag.
    pub(crate) is_ambiguous: bool,
    /// Whether it is a tag that the remote has no longer.
    pub(crate) is_gone: bool,
}

/// The kinds of refs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tag: does not move, or is caught moving.
    Tag,
    /// A branch: moves with every fetch.
    Branch,
    /// A commit, perhaps abbreviated.
    Commit,
}

/// A ref as a clone of the harness has it: its name there, its target, and what a tag stands for in the end.
pub(super) type Published = (Vec<u8>, Oid, Option<Oid>);

/// Returns the refs that a clone of the harness has.
pub(super) fn published(mirror: &Repository) -> Result<Vec<Published>, git2::Error> {
    let mut found = Vec::new();
    for reference in mirror.references()? {
        let reference = reference?;
        let name = reference.name_bytes();
        let there = match name.strip_prefix(b"refs/heads/") {
            Some(branch) => [b"refs/remotes/origin/", branch].concat(),
            None if name.starts_with(b"refs/tags/") => name.to_vec(),
            None => continue,
        };
        let Some(target) = reference.target() else {
            continue;
        };
        let peeled = reference
            .peel(ObjectType::Any)
            .ok()
            .map(|object| object.id());
        found.push((there, target, peeled));
    }
    Ok(found)
}

/// What was read in a mirror since it was last fetched: a bulk update asks the same for every project.
#[derive(Debug, Default)]
pub(super) struct Seen {
    published: Mutex<Option<Arc<[Published]>>>,
    commits: Mutex<HashSet<CommitId>>,
}

impl Seen {
    /// Tells whether a commit is there, asked once for those that are.
    pub(super) fn commit(&self, commit: &CommitId, look: impl FnOnce() -> bool) -> bool {
        if unpoisoned(&self.commits).contains(commit) {
            return true;
        }
        let is_there = look();
        if is_there {
            unpoisoned(&self.commits).insert(commit.clone());
        }
        is_there
    }

    /// Returns the refs, read once.
    pub(super) fn published(
        &self,
        look: impl FnOnce() -> anyhow::Result<Vec<Published>>,
    ) -> anyhow::Result<Arc<[Published]>> {
        if let Some(published) = &*unpoisoned(&self.published) {
            return Ok(Arc::clone(published));
        }
        let found: Arc<[Published]> = look()?.into();
        *unpoisoned(&self.published) = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Forgets all: the mirror may have changed.
    pub(super) fn forget(&self) {
        *unpoisoned(&self.published) = None;
        unpoisoned(&self.commits).clear();
    }
}

fn unpoisoned<T>(seen: &Mutex<T>) -> MutexGuard<'_, T> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Copies tags that were never seen before, and names those that have moved since.
pub(super) fn keep_new_tags(repository: &Repository) -> Result<Fetched, git2::Error> {
    let mut fetched = Fetched::default();
    for tag in names_below(repository, "refs/upstream/tags/")? {
        let now = repository.find_reference(&format!("refs/upstream/tags/{tag}"))?;
        let Some(target) = now.target() else { continue };
        let known = format!("refs/tags/{tag}");
        match if_there(repository.find_reference(&known))? {
            None => {
                repository.reference(&known, target, false, "fetch")?;
                fetched.new_tags.push(tag);
            }
            Some(then) => {
                if then.target() != Some(target) && peeled(&then) != peeled(&now) {
                    fetched.moved_tags.push(tag);
                }
            }
        }
    }
    fetched.new_tags.sort_by(|a, b| by_version(a, b));
    Ok(fetched)
}

pub(super) fn resolve(
    repository: &Repository,
    name: &Ref,
) -> Result<Option<Resolved>, git2::Error> {
    let commit_of = |full: String| -> Result<Option<Oid>, git2::Error> {
        Ok(if_there(repository.find_reference(&full))?.and_then(|found| peeled(&found)))
    };
    // `refs/tags/x` and `refs/heads/x` say which is meant; anything else below `refs/` is ours alone.
    let (tag_name, branch_name) = match name.as_str().strip_prefix("refs/") {
        None => (Some(name.as_str()), Some(name.as_str())),
        Some(rest) => (rest.strip_prefix("tags/"), rest.strip_prefix("heads/")),
    };
    let tag = match tag_name {
        Some(tag) => commit_of(format!("refs/tags/{tag}"))?,
        None => None,
    };
    let branch = match branch_name {
        Some(branch) => commit_of(format!("refs/heads/{branch}"))?,
        None => None,
    };
    if let (Some(tag_name), Some(commit)) = (tag_name, tag) {
        let now = commit_of(format!("refs/upstream/tags/{tag_name}"))?;
        return Ok(Some(Resolved {
            commit: commit_id(commit),
            kind: Kind::Tag,
            is_gone: now.is_none(),
            moved: now.filter(|now| *now != commit).map(commit_id),
            is_ambiguous: branch.is_some_and(|branch| branch != commit),
        }));
    }
    let plainly = |commit: Oid, kind| {
        Some(Resolved {
            commit: commit_id(commit),
            kind,
            moved: None,
            is_ambiguous: false,
            is_gone: false,
        })
    };
    if let Some(commit) = branch {
        return Ok(plainly(commit, Kind::Branch));
    }
    let text = name.as_str().to_ascii_lowercase();
    let may_be_commit = (FEWEST_DIGITS..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !may_be_commit {
        return Ok(None);
    }
    match repository.find_commit_by_prefix(&text) {
        Ok(commit) => Ok(plainly(commit.id(), Kind::Commit)),
        Err(error) if error.code() == git2::ErrorCode::Ambiguous => Err(git2::Error::new(
            git2::ErrorCode::Ambiguous,
            git2::ErrorClass::Reference,
            format!("`{name}` is the beginning of several commits"),
        )),
        // Another kind of object of that name is no commit.
        Err(error) if error.class() == git2::ErrorClass::Invalid => Ok(None),
        Err(error) => if_there(Err(error)),
    }
}

pub(super) fn peeled(reference: &git2::Reference<'_>) -> Option<Oid> {
    reference.peel_to_commit().ok().map(|commit| commit.id())
}

/// Returns a repository's tags that stand for a commit, newest version first; in a mirror, those that did when they were
/// first seen.
pub(super) fn tags_at(repository: &Repository, commit: Oid) -> Result<Vec<String>, git2::Error> {
    let mut found = Vec::new();
    for tag in names_below(repository, "refs/tags/")? {
        let stands_for = peeled(&repository.find_reference(&format!("refs/tags/{tag}"))?);
        if stands_for == Some(commit) {
            found.push(tag);
        }
    }
    found.sort_by(|a, b| by_version(b, a));
    Ok(found)
}

pub(super) fn names_below(
    repository: &Repository,
    prefix: &str,
) -> Result<Vec<String>, git2::Error> {
    let mut names = Vec::new();
    for reference in repository.references_glob(&format!("{prefix}*"))? {
        // A name that is no UTF-8 could not be typed or kept in a registry.
        if let Some(name) = reference?
            .name()
            .ok()
            .and_then(|name| name.strip_prefix(prefix))
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
