//! What is true of a project's pin: what its HEAD and its index record, and what is checked out.

use std::path::Path;

use git2::Oid;

use crate::names::CommitId;

use super::dirty::is_dirty;
use super::index_file::{IndexFile, Staged};
use super::layout::{Head, Layout, gitlink_in, tree_of};
use super::mirror::Mirror;
use super::repository::{commit_id, oid, respect_environment};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Refs and indexes only.
    Fast,
    /// The harness's tracked files as well, by their stat data.
    Files,
}

/// A fact, or that it cannot be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Known<T> {
    /// It was read.
    Is(T),
    /// It could not be read; [`Facts::trouble`] says why.
    #[default]
    Unknown,
}

impl<T> Known<T> {
    /// Returns the fact, if it is one.
    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl Known<Option<CommitId>> {
    /// Returns the commit, if there is one and it could be read.
    pub(crate) fn commit(&self) -> Option<&CommitId> {
        self.value().and_then(Option::as_ref)
    }
}

/// The facts of one project's pin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The commit that HEAD's tree pins; none before the first commit, and where HEAD holds no submodule there.
    pub(crate) head: Known<Option<CommitId>>,
    /// The commit that the index pins.
    pub(crate) index: Known<Option<CommitId>>,
    /// The commit checked out in the harness; none where it is missing.
    pub(crate) checkout: Known<Option<CommitId>>,
    /// Whether tracked files of the harness have changed; `None` where nobody asked or it cannot be told.
    pub(crate) dirty: Option<bool>,
    /// The branch that the project is on; `None` when its HEAD is detached or cannot be read.
    pub(crate) branch: Option<String>,
    /// The first thing that could not be read, and why.
    pub(crate) trouble: Option<String>,
    /// Whether the harness's directory is missing, or is no repository.
    pub(crate) missing: bool,
    /// Whether the pinned commit is nowhere to be had. Never set by [`read`]: see [`is_lost`].
    pub(crate) lost: bool,
    /// Whether an operation on the project was cut off. Never set by [`read`]: the journal knows.
    pub(crate) interrupted: bool,
}

/// Reads the facts of a project. Never fails, never waits; runs nothing; may be called by many threads.
///
/// `engine` is the path of the harness in the project.
pub(crate) fn read(project: &Path, engine: &str, depth: Depth) -> Facts {
    let mut facts = Facts::default();
    if let Err(trouble) = read_project(project, engine, &mut facts) {
        facts.trouble.get_or_insert(trouble);
    }
    if let Err(trouble) = refuse_link(project, engine)
        .and_then(|()| read_engine(&project.join(engine), depth, &mut facts))
    {
        facts.trouble.get_or_insert(trouble);
    }
    facts
}

fn read_project(project: &Path, engine: &str, facts: &mut Facts) -> Result<(), String> {
    let Some(layout) = Layout::find(project)? else {
        if !project.exists() {
            // Nothing is there to be read; that there is no harness is said by its being missing.
            (facts.head, facts.index) = (Known::Is(None), Known::Is(None));
            return Ok(());
        }
        return Err(format!("there is no repository at `{}`", project.display()));
    };
    let head = layout.head()?;
    facts.branch.clone_from(&head.branch);
    // Each fact by itself: a split index hides nothing of HEAD.
    let staged = staged(&layout, engine);
    let pinned = pinned(&layout, &head, engine, staged.as_ref().ok());
    let mut trouble = None;
    facts.head = known(pinned, &mut trouble);
    facts.index = known(staged.map(|staged| staged.pinned), &mut trouble);
    trouble.map_or(Ok(()), Err)
}

fn known(
    found: Result<Option<Oid>, String>,
    trouble: &mut Option<String>,
) -> Known<Option<CommitId>> {
    match found {
        Ok(found) => Known::Is(found.map(commit_id)),
        Err(why) => {
            trouble.get_or_insert(why);
            Known::Unknown
        }
    }
}

fn pinned(
    layout: &Layout,
    head: &Head,
    engine: &str,
    staged: Option<&Staged>,
) -> Result<Option<Oid>, String> {
    let Some(commit) = head.commit else {
        return Ok(None);
    };
    let objects = layout.objects()?;
    let tree = tree_of(&objects, commit)?;
    match staged {
        // Where nothing at all is staged, HEAD holds what the index holds.
        Some(staged) if staged.tree == Some(tree) => Ok(staged.pinned),
        _ => gitlink_in(&objects, tree, engine),
    }
}

fn staged(layout: &Layout, engine: &str) -> Result<Staged, String> {
    match IndexFile::read(&layout.git_directory)? {
        None => Ok(Staged::default()),
        Some(index) => index
            .staged(engine)
            .map_err(|why| format!("{why}: `{}`", layout.git_directory.join("index").display())),
    }
}

/// Fails where a symbolic link leads to the harness: what is there is another repository, and no submodule to git.
pub(super) fn refuse_link(project: &Path, engine: &str) -> Result<(), String> {
    let mut place = project.to_path_buf();
    for part in Path::new(engine) {
        place.push(part);
        if place.symlink_metadata().is_ok_and(|met| met.is_symlink()) {
            return Err(format!("`{}` is a symbolic link", place.display()));
        }
    }
    Ok(())
}

fn read_engine(engine: &Path, depth: Depth, facts: &mut Facts) -> Result<(), String> {
    let Some(layout) = Layout::find(engine)? else {
        facts.missing = true;
        facts.checkout = Known::Is(None);
        return Ok(());
    };
    let head = layout.head()?;
    facts.checkout = Known::Is(head.commit.map(commit_id));
    if depth == Depth::Files {
        facts.dirty = Some(is_dirty(engine, &layout, &head)?);
    }
    Ok(())
}

/// Tells whether a commit is in neither the harness of a project nor the mirror. Slower than [`read`].
pub(crate) fn is_lost(
    project: &Path,
    engine: &str,
    commit: &CommitId,
    mirror: Option<&Mirror>,
) -> bool {
    respect_environment();
    let is_here = || {
        let layout = Layout::find(&project.join(engine)).ok().flatten();
        layout.is_some_and(|layout| {
            layout
                .objects()
                .is_ok_and(|objects| objects.exists(oid(commit)))
        })
    };
    !mirror.is_some_and(|mirror| mirror.contains(commit)) && !is_here()
}

#[cfg(test)]
mod tests;
