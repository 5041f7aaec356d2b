//! After a move was cut off, by whatever and whenever: the harness and the index at the commit that HEAD pins.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Context as _;
use git2::{Oid, Repository};

use crate::error::refused;
use crate::files::remove_if_there;
use crate::names::CommitId;

use super::index_file::IndexFile;
use super::layout::{Layout, gitlink_in, tree_of};
use super::project_index::{NewIndex, clear_left_overs};
use super::repin::Move;
use super::repository::{commit_id, oid, open};
use super::restore::restore;

/// How an interrupted move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// HEAD pins the new commit, and now all else follows.
    Completed,
    /// HEAD pins the old commit, and all else is back at it.
    TakenBack,
}

/// Ends a move of `from` to `to` that was cut off. Safe to repeat; nothing to do is done as well.
///
/// Refuses where HEAD pins neither: somebody went on.
pub(crate) fn settle(wish: &Move<'_>, from: &CommitId, to: &CommitId) -> anyhow::Result<Settled> {
    let project = open(wish.project)?;
    clear_left_overs(project.path())?;
    let pinned = pinned(wish).map_err(|why| anyhow::anyhow!(why))?;
    let (settled, target, other) = match pinned {
        Some(pinned) if pinned == *to => (Settled::Completed, to, from),
        Some(pinned) if pinned == *from => (Settled::TakenBack, from, to),
        _ => {
            return Err(refused(format!(
                "the project's HEAD pins neither {} nor {}: somebody went on",
                from.short(),
                to.short()
            ))
            .hint(format!(
                "`git -C {} log -- {}`",
                wish.project.display(),
                wish.engine
            ))
            .into());
        }
    };
    clear_branch_lock(&project, wish.engine, to)?;
    restore(wish, target, other)
        .with_context(|| format!("cannot put the harness at {}", target.short()))?;
    settle_index(wish, &project, target, other)?;
    Ok(settled)
}

fn pinned(wish: &Move<'_>) -> Result<Option<CommitId>, String> {
    let layout = Layout::find(wish.project)?.ok_or("the project is no repository")?;
    let Some(commit) = layout.head()?.commit else {
        return Ok(None);
    };
    let objects = layout.objects()?;
    let pinned = gitlink_in(&objects, tree_of(&objects, commit)?, wish.engine)?;
    Ok(pinned.map(commit_id))
}

/// Removes a branch's lock that the move left: one that is empty, or names a commit with the new pin.
fn clear_branch_lock(project: &Repository, engine: &str, to: &CommitId) -> anyhow::Result<()> {
    let head = project.find_reference("HEAD").context("cannot read HEAD")?;
    let Some(branch) = head.symbolic_target_bytes() else {
        return Ok(());
    };
    let lock = [branch, b".lock"].concat();
    let lock = project.commondir().join(OsStr::from_bytes(&lock));
    let Ok(text) = fs::read_to_string(&lock) else {
        return Ok(());
    };
    let is_ours = |commit: Oid| {
        let tree = project.find_commit(commit).and_then(|commit| commit.tree());
        tree.and_then(|tree| tree.get_path(Path::new(engine)))
            .is_ok_and(|entry| entry.id() == oid(to))
    };
    let text = text.trim();
    if text.len() < 40 || Oid::from_str(text).is_ok_and(is_ours) {
        remove_if_there(&lock)?;
    }
    Ok(())
}

fn settle_index(
    wish: &Move<'_>,
    project: &Repository,
    target: &CommitId,
    other: &CommitId,
) -> anyhow::Result<()> {
    let staged = match IndexFile::read(project.path()) {
        Ok(Some(index)) => index.staged(wish.engine).map(|staged| staged.pinned),
        Ok(None) => Ok(None),
        Err(why) => Err(why),
    }
    .map_err(|why| anyhow::anyhow!(why))?;
    // Anything else was staged by somebody since.
    if staged == Some(oid(other)) && target != other {
        NewIndex::prepare(project.path(), wish.engine, target)?.put_in_place()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
