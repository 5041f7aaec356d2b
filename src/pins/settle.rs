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

use super::facts::{Depth, Facts, read};
use super::project_index::{NewIndex, clear_left_overs};
use super::repin::Move;
use super::repository::{oid, open};
use super::restore::restore;

/// How an interrupted move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// HEAD pins the new commit, and now all else follows.
    Completed,
    /// HEAD pins the old commit, and all else is as it was before.
    TakenBack,
    /// HEAD pins a third commit, and all is at that: somebody went on, and nothing is left to do.
    Overtaken,
}

/// Ends a move of `from` to `to` that was cut off; `stood` is the commit that was checked out before it. Safe to repeat;
/// nothing to do is done as well.
///
/// Refuses where HEAD pins neither, and the harness is not where HEAD pins it: somebody went on halfway.
pub(crate) fn settle(
    wish: &Move<'_>,
    from: &CommitId,
    to: &CommitId,
    stood: &CommitId,
) -> anyhow::Result<Settled> {
    let project = open(wish.project)?;
    clear_left_overs(project.path())?;
    let facts = read(wish.project, wish.engine, Depth::Fast);
    let unreadable = || anyhow::anyhow!(facts.trouble.clone().unwrap_or_default());
    let pinned = facts.head.value().ok_or_else(unreadable)?.as_ref();
    // What HEAD pins and no longer pins, and where the harness is to be and may have been.
    let (settled, [now, before], [target, other]) = match pinned {
        Some(pinned) if pinned == to => (Settled::Completed, [to, from], [to, stood]),
        Some(pinned) if pinned == from => (Settled::TakenBack, [from, to], [stood, to]),
        _ => return overtaken(wish, &facts, from, to),
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
    if staged == Some(before) && now != before {
        NewIndex::prepare(project.path(), wish.engine, now)?.put_in_place()?;
    }
    Ok(settled)
}

/// Looks whether whoever moved the pin on moved all of it.
fn overtaken(
    wish: &Move<'_>,
    facts: &Facts,
    from: &CommitId,
    to: &CommitId,
) -> anyhow::Result<Settled> {
    let pinned = facts.head.commit();
    let is_clean = || read(wish.project, wish.engine, Depth::Files).dirty == Some(false);
    if pinned.is_some()
        && [&facts.index, &facts.checkout].map(|fact| fact.commit()) == [pinned; 2]
        && is_clean()
    {
        return Ok(Settled::Overtaken);
    }
    let project = wish.project.display();
    Err(refused(format!(
        "the project's HEAD pins neither {} nor {}: somebody went on",
        from.short(),
        to.short()
    ))
    .hint(format!("see how: `git -C {project} log -- {}`", wish.engine))
    .hint(format!(
        "put the harness where HEAD pins it: `git -C {project} submodule update {}`; then run the command again",
        wish.engine
    ))
    .into())
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
