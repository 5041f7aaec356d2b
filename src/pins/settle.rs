//! After a move was cut off, by whatever and whenever: the harness and the index at the commit that HEAD pins.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Context as _;
use git2::{Commit, Oid, Repository};

use crate::error::refused;
use crate::files::remove_if_there;
use crate::names::CommitId;

use super::facts::{Depth, read};
use super::project_index::{NewIndex, clear_left_overs};
use super::repin::Move;
use super::repository::{oid, open};
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
    let facts = read(wish.project, wish.engine, Depth::Fast);
    let unreadable = || anyhow::anyhow!(facts.trouble.clone().unwrap_or_default());
    let pinned = facts.head.value().ok_or_else(unreadable)?.as_ref();
    let (settled, target, other) = match pinned {
        Some(pinned) if pinned == to => (Settled::Completed, to, from),
        Some(pinned) if pinned == from => (Settled::TakenBack, from, to),
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
    clear_branch_lock(&project, |commit| {
        let pinned = commit
            .tree()
            .and_then(|tree| tree.get_path(Path::new(wish.engine)));
        pinned.is_ok_and(|entry| entry.id() == oid(to))
    })?;
    restore(wish, target, other)
        .with_context(|| format!("cannot put the harness at {}", target.short()))?;
    let staged = facts.index.value().ok_or_else(unreadable)?.as_ref();
    // Anything else was staged by somebody since.
    if staged == Some(other) && target != other {
        NewIndex::prepare(project.path(), wish.engine, target)?.put_in_place()?;
    }
    Ok(settled)
}

/// Removes the lock of HEAD's branch that a cut-off change left: one that is empty, or names a commit of ours.
pub(super) fn clear_branch_lock(
    project: &Repository,
    is_ours: impl Fn(&Commit<'_>) -> bool,
) -> anyhow::Result<()> {
    let head = project.find_reference("HEAD").context("cannot read HEAD")?;
    let Some(branch) = head.symbolic_target_bytes() else {
        return Ok(());
    };
    let lock = [branch, b".lock"].concat();
    let lock = project.commondir().join(OsStr::from_bytes(&lock));
    let Ok(text) = fs::read_to_string(&lock) else {
        return Ok(());
    };
    let text = text.trim();
    let names_ours = || {
        let commit = Oid::from_str(text).and_then(|commit| project.find_commit(commit));
        commit.is_ok_and(|commit| is_ours(&commit))
    };
    if text.len() < 40 || names_ours() {
        remove_if_there(&lock)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
