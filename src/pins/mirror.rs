//! Mirrors: one bare copy of each harness in the person's cache. Safe to delete at any time.
//!
//! `refs/heads/*` are the remote's branches. `refs/upstream/tags/*` are its tags as they are now, `refs/tags/*` as they
//! were first seen: where the two differ, a tag has moved.

mod remote;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use git2::{ObjectType, Oid, Repository};

use crate::error::{Advise as _, failed};
use crate::files::{Lock, remove_tree_if_there};
use crate::names::{CommitId, HarnessUrl, Name, Ref};

use super::mirror_refs::{
    Fetched, Published, Resolved, Seen, names_below, published, resolve, tags_at,
};
use super::repository::{if_there, oid, respect_environment};
use super::restore::clear_locks;
use super::versions::by_version;
use remote::{copy, fetch, is_whole};

/// How long another command's clone is waited for.
const PATIENCE: Duration = Duration::from_secs(150);

/// The bare copy of one harness. Cheap to keep and to share between threads: it opens the copy when asked something.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    directory: PathBuf,
    url: HarnessUrl,
    seen: Arc<Seen>,
}

impl Mirror {
    /// Opens the mirror of a harness, made first (from the network) where there is none or only a broken one.
    pub(crate) fn open_or_clone(
        cache: &Path,
        name: &Name,
        url: &HarnessUrl,
    ) -> anyhow::Result<Self> {
        if let Some(mirror) = Self::open(cache, name, url) {
            return Ok(mirror);
        }
        let mirror = Self::at(cache, name, url);
        let _held = mirror.lock()?;
        // Somebody else may have made it while this waited.
        if !is_whole(&mirror.directory) {
            copy(&mirror.directory, url)
                .with_context(|| format!("cannot copy the harness `{name}` from `{url}`"))?;
        }
        Ok(mirror)
    }

    /// Opens the mirror of a harness if there is a whole one; never touches the network, takes no lock.
    pub(crate) fn open(cache: &Path, name: &Name, url: &HarnessUrl) -> Option<Self> {
        let mirror = Self::at(cache, name, url);
        is_whole(&mirror.directory).then_some(mirror)
    }

    /// Names the mirror of a harness, whether there is one or not: for what needs one at most.
    pub(crate) fn at(cache: &Path, name: &Name, url: &HarnessUrl) -> Self {
        respect_environment();
        let hash = Oid::hash_object(ObjectType::Blob, url.as_str().as_bytes())
            .map_or_else(|_| String::new(), |oid| oid.to_string());
        Self {
            directory: cache.join(format!("{name}-{}.git", &hash[..hash.len().min(12)])),
            url: url.clone(),
            seen: Arc::default(),
        }
    }

    /// Returns where it is, for people and for `doctor`.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns where the harness is cloned from.
    pub(super) fn url(&self) -> &HarnessUrl {
        &self.url
    }

    /// Removes it: it is a cache, and whoever needs it makes it anew.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        let _held = self.lock()?;
        remove_tree_if_there(&self.directory)
    }

    /// Asks the remote for what is new. A tag that moved is noted and not followed.
    pub(crate) fn fetch(&self) -> anyhow::Result<Fetched> {
        let _held = self.lock()?;
        // Deleted or broken since it was opened: a copy is a fetch as well, though nothing in it is known to be new.
        let fetched = if is_whole(&self.directory) {
            fetch(&self.directory, &self.url)
        } else {
            copy(&self.directory, &self.url).map(|()| Fetched::default())
        };
        self.seen.forget();
        fetched.with_context(|| format!("cannot fetch `{}`", self.url))
    }

    /// Finds what a ref stands for, as of the last fetch; a tag wins over a branch of the same name.
    pub(crate) fn resolve(&self, reference: &Ref) -> anyhow::Result<Option<Resolved>> {
        let repository = self.repository()?;
        let found = resolve(&repository, reference);
        if let Err(error) = &found
            && error.code() == git2::ErrorCode::Ambiguous
        {
            return Err(failed(error.message())
                .hint("give more of its digits")
                .into());
        }
        self.blame(found, || format!("cannot resolve `{reference}`"))
    }

    /// Follows a tag to where it is upstream now; any other ref needs no following.
    pub(crate) fn accept_moved(&self, reference: &Ref) -> anyhow::Result<()> {
        let _held = self.lock()?;
        let repository = self.repository()?;
        let name = reference.as_str();
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        let now = repository.find_reference(&format!("refs/upstream/tags/{tag}"));
        let accepted = if_there(now).and_then(|now| {
            let Some(target) = now.and_then(|now| now.target()) else {
                return Ok(());
            };
            repository
                .reference(&format!("refs/tags/{tag}"), target, true, "accept")
                .map(drop)
        });
        self.seen.forget();
        self.blame(accepted, || format!("cannot follow the tag `{reference}`"))
    }

    /// Reads a file of a commit; `None` if it has no such regular file. Never follows a symlink.
    pub(crate) fn file(&self, commit: &CommitId, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let repository = self.repository()?;
        let found = repository
            .find_commit(oid(commit))
            .and_then(|commit| commit.tree())
            .and_then(|tree| if_there(tree.get_path(Path::new(path))))
            .and_then(|entry| match entry {
                Some(entry) if matches!(entry.filemode(), 0o100_644 | 0o100_755) => {
                    let blob = repository.find_blob(entry.id())?;
                    Ok(Some(blob.content().to_vec()))
                }
                _ => Ok(None),
            });
        self.blame(found, || {
            format!("cannot read `{path}` of {}", commit.short())
        })
    }

    /// Tells whether the remote has ever shown this commit to this mirror.
    pub(crate) fn contains(&self, commit: &CommitId) -> bool {
        self.seen.commit(commit, || {
            self.repository()
                .is_ok_and(|repository| repository.find_commit(oid(commit)).is_ok())
        })
    }

    /// Returns the refs that a clone of the harness has.
    pub(super) fn published(&self) -> anyhow::Result<Arc<[Published]>> {
        self.seen.published(|| {
            let repository = self.repository()?;
            self.blame(published(&repository), || "cannot list the refs".to_owned())
        })
    }

    /// Returns the tags that can be typed, newest version first.
    pub(crate) fn tags(&self) -> anyhow::Result<Vec<String>> {
        let repository = self.repository()?;
        let tags = names_below(&repository, "refs/tags/");
        let mut tags = self.blame(tags, || "cannot list the tags".to_owned())?;
        tags.retain(|tag| tag.parse::<Ref>().is_ok());
        tags.sort_by(|a, b| by_version(b, a));
        Ok(tags)
    }

    /// Returns the tags that were first seen at a commit, newest version first.
    pub(crate) fn tags_at(&self, commit: &CommitId) -> anyhow::Result<Vec<String>> {
        let tags = tags_at(&self.repository()?, oid(commit));
        self.blame(tags, || "cannot list the tags".to_owned())
    }

    /// Returns the branches that can be typed, by name.
    pub(crate) fn branches(&self) -> anyhow::Result<Vec<String>> {
        let repository = self.repository()?;
        let branches = names_below(&repository, "refs/heads/");
        let mut branches = self.blame(branches, || "cannot list the branches".to_owned())?;
        branches.retain(|branch| branch.parse::<Ref>().is_ok());
        Ok(branches)
    }

    pub(super) fn repository(&self) -> anyhow::Result<Repository> {
        respect_environment();
        let opened = Repository::open_bare(&self.directory);
        self.blame(opened, || "cannot open a mirror".to_owned())
    }

    /// Names the mirror in an error of libgit2, and the cure for a broken one.
    pub(super) fn blame<T>(
        &self,
        result: Result<T, git2::Error>,
        what: impl FnOnce() -> String,
    ) -> anyhow::Result<T> {
        result
            .with_context(|| format!("{} in the mirror `{}`", what(), self.directory.display()))
            .hint(|| {
                format!(
                    "the mirror is a cache; `rm -rf {}` makes the next command copy it anew",
                    self.directory.display()
                )
            })
    }

    fn lock(&self) -> anyhow::Result<Lock> {
        // A dry wait: what is waited for is another command's use of the network.
        let held = Lock::take(&self.directory.with_extension("lock"), PATIENCE, || {
            tracing::info!(mirror = %self.directory.display(), "waiting for another command");
        })?;
        // Who holds the lock is the only one who writes: git's own locks are of one that was killed.
        if self.directory.is_dir() {
            clear_locks(&self.directory)?;
        }
        Ok(held)
    }
}

#[cfg(test)]
mod tests;
