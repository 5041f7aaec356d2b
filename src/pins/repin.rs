//! Moving a pin: the harness's files, then one commit with one gitlink changed, then one entry of the index.
//!
//! The commit is the point of no return. Before it, an interrupted move is taken back; after it, completed.

use std::path::Path;

use anyhow::Context as _;
use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{FileMode, Oid, Repository};

use crate::error::refused;
use crate::names::CommitId;

use super::commit;
use super::engine::{check_out, find_tree, link_objects, pin_head, refresh_refs};
use super::hostile::verify;
use super::identity::Identity;
use super::mirror::Mirror;
use super::nested::{check_leaving, update_nested};
use super::project_index::NewIndex;
use super::repository::{commit_id, oid, open};
use super::settle::settle;
use super::swap::swap;

/// A pin that is to be moved.
#[derive(Clone, Debug)]
pub(crate) struct Move<'a> {
    /// The top of the project's work tree.
    pub(crate) project: &'a Path,
    /// The path of the harness in it.
    pub(crate) engine: &'a str,
    /// The branch that the registry names, if any.
    pub(crate) branch: Option<&'a str>,
    /// Whether to commit on whatever branch the project is on.
    pub(crate) here: bool,
    /// The mirror of the harness.
    pub(crate) mirror: &'a Mirror,
    /// Where a file goes that an interrupted move half wrote, and nobody else knows: outside the project.
    pub(crate) rescue: &'a Path,
}

/// What was found when nothing stood against moving a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    /// The commit that is pinned.
    pub(crate) from: CommitId,
    /// The commit that is checked out: another one where somebody moved the harness and not the pin.
    pub(crate) stood: CommitId,
    /// The branch that the project is on.
    pub(crate) branch: String,
    /// The project's commit.
    pub(crate) head: CommitId,
}

/// A pin that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repinned {
    /// Where it was.
    pub(crate) from: CommitId,
    /// Where it is.
    pub(crate) to: CommitId,
    /// The project's new commit; `None` where HEAD pinned `to` already.
    pub(crate) commit: Option<CommitId>,
    /// Whether git knew no name or address for the person, so that the account's stands in.
    pub(crate) identity_is_made_up: bool,
}

/// Moves a pin that [`super::check()`] found ready. Work files and all other entries of the index stay as they are.
///
/// If it fails before its commit, the harness is put back.
pub(crate) fn carry_out(
    wish: &Move<'_>,
    ready: &Ready,
    to: &CommitId,
    message: &str,
) -> anyhow::Result<Repinned> {
    let project = open(wish.project)?;
    let engine = open(&wish.project.join(wish.engine))?;
    prepare_objects(wish, &engine, to)?;
    check_leaving(&engine, &find_tree(&engine, to)?)?;
    let identity = Identity::find(&project).context("cannot tell who commits")?;
    let is_pinned = ready.from == *to;
    // Signing may fail, or take its time: before anything is touched.
    let commit = match is_pinned {
        true => None,
        false => Some(write_commit(wish, ready, to, message, &project, &identity)?),
    };
    let moved = move_files(&engine, to).and_then(|()| match commit {
        None => Ok(()),
        Some(commit) => {
            let index = NewIndex::prepare(project.path(), wish.engine, to)?;
            record(ready, &project, commit, message, index)
        }
    });
    if let Err(error) = moved {
        // The first error is the one to tell; what could not be put back is still known to be unsettled.
        if !is_untouched(&error)
            && let Err(error) = settle(wish, &ready.from, to, &ready.stood)
        {
            tracing::warn!(error = format!("{error:#}"), "cannot put the harness back");
        }
        return Err(error);
    }
    Ok(Repinned {
        from: ready.from.clone(),
        to: to.clone(),
        commit: commit.map(commit_id),
        identity_is_made_up: identity.is_made_up,
    })
}

/// Gives the harness in the project all that the mirror has.
fn prepare_objects(wish: &Move<'_>, engine: &Repository, to: &CommitId) -> anyhow::Result<()> {
    verify(wish.mirror, to)?;
    link_objects(wish.mirror.directory(), engine.commondir())
        .context("cannot take the harness's objects over")?;
    refresh_refs(engine, wish.mirror).context("cannot refresh the harness's refs")
}

/// Writes the commit that is HEAD with one gitlink changed; nothing points to it yet.
fn write_commit(
    wish: &Move<'_>,
    ready: &Ready,
    to: &CommitId,
    message: &str,
    project: &Repository,
    identity: &Identity,
) -> anyhow::Result<Oid> {
    let parent = project
        .find_commit(oid(&ready.head))
        .context("cannot read HEAD")?;
    let tree = TreeUpdateBuilder::new()
        .upsert(wish.engine, oid(to), FileMode::Commit)
        .create_updated(project, &parent.tree()?)
        .context("cannot write the commit's tree")?;
    let tree = project.find_tree(tree)?;
    commit::write(project, identity, message, &tree, Some(&parent))
}

fn move_files(engine: &Repository, to: &CommitId) -> anyhow::Result<()> {
    if engine.refname_to_id("HEAD").ok() == Some(oid(to)) {
        return update_nested(engine);
    }
    if swap(engine, &find_tree(engine, to)?)? {
        pin_head(engine, to)?;
    } else {
        // An ignored file in the way is somebody's work as well.
        let mut how = CheckoutBuilder::new();
        how.safe().overwrite_ignored(false);
        check_out(engine, to, &mut how).map_err(|error| match is_untouched(&error) {
            false => error,
            true => in_the_way(engine, error),
        })?;
    }
    update_nested(engine)
}

/// Tells whether a move failed before it wrote anything: there is nothing to settle, and a file in the way is somebody's.
pub(crate) fn is_untouched(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<git2::Error>())
        .any(|error| error.code() == git2::ErrorCode::Conflict)
}

fn in_the_way(engine: &Repository, error: anyhow::Error) -> anyhow::Error {
    let directory = engine.workdir().unwrap_or_else(|| engine.path());
    refused("files that git ignores are in the way of the new version")
        .because(error)
        .hint(format!(
            "`git -C {} status --ignored` shows them; move them aside",
            directory.display()
        ))
        .into()
}

/// Moves the branch, if it is still where it was, with the index locked around it.
pub(super) fn record(
    ready: &Ready,
    project: &Repository,
    commit: Oid,
    message: &str,
    index: NewIndex,
) -> anyhow::Result<()> {
    let name = format!("refs/heads/{}", ready.branch);
    let line = commit::reflog_line(message, false);
    let is_on_branch = project
        .find_reference("HEAD")
        .is_ok_and(|head| head.symbolic_target_bytes() == Some(name.as_bytes()));
    if !is_on_branch {
        return Err(
            refused(format!("somebody left `{}` in the meantime", ready.branch))
                .hint("run the command again")
                .into(),
        );
    }
    if let Err(error) = project.reference_matching(&name, commit, true, oid(&ready.head), &line) {
        return Err(match error.code() {
            git2::ErrorCode::Modified => refused(format!(
                "somebody committed on `{}` in the meantime",
                ready.branch
            ))
            .hint("run the command again")
            .into(),
            _ => anyhow::Error::from(error).context(format!("cannot move `{}`", ready.branch)),
        });
    }
    index.put_in_place()
}

#[cfg(test)]
mod tests;
