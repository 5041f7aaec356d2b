//! What stands against moving a pin: work that could be lost, and states in which a commit would surprise.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context as _;
use git2::{Oid, Repository, RepositoryState, StatusOptions};

use crate::error::{Fault, refused};
use crate::names::CommitId;

use super::clean::is_surely_clean;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::mirror::Mirror;
use super::project_index::is_locked;
use super::repin::{Move, Ready};
use super::repository::{commit_id, if_there, oid, open};

/// How many changed files a refusal names.
const NAMED: usize = 3;

/// Looks whether a pin may be moved, touching nothing. Every refusal says what was found, and the way out.
pub(crate) fn check(wish: &Move<'_>) -> anyhow::Result<Ready> {
    if let Err(trouble) = Layout::find(wish.project) {
        return Err(refusal(trouble, "`git status` in the project says more"));
    }
    let repository = open(wish.project)?;
    let ready = check_project(wish, &repository)?;
    check_index(wish, &repository, &ready)?;
    let engine = find_engine(wish)?;
    let stood = check_engine(wish, &engine)?;
    Ok(Ready { stood, ..ready })
}

/// Refuses, with what was found and the way out.
fn refusal(found: impl Into<String>, way_out: impl Into<String>) -> anyhow::Error {
    refused(found).hint(way_out).into()
}

fn in_project(wish: &Move<'_>, command: &str) -> String {
    format!("`git -C {} {command}`", wish.project.display())
}

fn in_engine(wish: &Move<'_>, command: &str) -> String {
    let engine = wish.project.join(wish.engine);
    format!("`git -C {} {command}`", engine.display())
}

fn check_project(wish: &Move<'_>, repository: &Repository) -> anyhow::Result<Ready> {
    if repository.is_worktree() {
        return Err(refusal(
            "the project is a linked work tree of another repository",
            "register the repository's main work tree instead",
        ));
    }
    check_idle("project", repository, |command| in_project(wish, command))?;
    let Some(head) = if_there(repository.head()).context("cannot read HEAD")? else {
        return Err(refusal(
            "the project's branch has no commit yet",
            in_project(wish, "commit"),
        ));
    };
    if !head.is_branch() {
        return Err(refusal(
            "the project's HEAD is detached: it is on no branch",
            in_project(wish, &format!("switch {}", wish.branch.unwrap_or("BRANCH"))),
        ));
    }
    let branch = head
        .shorthand()
        .context("the branch's name is not UTF-8")?
        .to_owned();
    if let Some(registered) = wish.branch
        && !wish.here
        && registered != branch
    {
        return Err(refused(format!(
            "the project is on the branch `{branch}`, not on the registered `{registered}`"
        ))
        .hint(in_project(wish, &format!("switch {registered}")))
        .hint("or give `--here` to commit on this branch")
        .into());
    }
    let commit = head.peel_to_commit().context("cannot read HEAD")?;
    let tree = commit.tree().context("cannot read HEAD")?;
    let pinned = if_there(tree.get_path(Path::new(wish.engine)))
        .context("cannot read HEAD")?
        .filter(|entry| entry.filemode() == 0o160_000)
        .map(|entry| commit_id(entry.id()));
    let Some(from) = pinned else {
        return Err(refusal(
            format!("HEAD holds no submodule at `{}`", wish.engine),
            in_project(wish, "submodule status"),
        ));
    };
    Ok(Ready {
        stood: from.clone(),
        from,
        branch,
        head: commit_id(commit.id()),
    })
}

/// Refuses a repository in which git was told to stop in the middle, or is at work.
fn check_idle(
    whose: &str,
    repository: &Repository,
    command: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    if let Some((doing, way_out)) = unfinished(repository.state()) {
        return Err(refusal(
            format!("the {whose} is in the middle of a {doing}"),
            format!("finish it, or {}", command(way_out)),
        ));
    }
    let lock = repository.path().join("index.lock");
    match lock.symlink_metadata() {
        Ok(_) => Err(is_locked(repository.path())),
        Err(_) => Ok(()),
    }
}

/// Names an operation that git was told to stop in, and how to give it up.
pub(super) fn unfinished(state: RepositoryState) -> Option<(&'static str, &'static str)> {
    match state {
        RepositoryState::Clean => None,
        RepositoryState::Merge => Some(("merge", "merge --abort")),
        RepositoryState::Revert | RepositoryState::RevertSequence => {
            Some(("revert", "revert --abort"))
        }
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => {
            Some(("cherry-pick", "cherry-pick --abort"))
        }
        RepositoryState::Bisect => Some(("bisect", "bisect reset")),
        RepositoryState::Rebase
        | RepositoryState::RebaseInteractive
        | RepositoryState::RebaseMerge => Some(("rebase", "rebase --abort")),
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => {
            Some(("patch series", "am --abort"))
        }
    }
}

fn check_index(wish: &Move<'_>, repository: &Repository, ready: &Ready) -> anyhow::Result<()> {
    let index = IndexFile::read(repository.path()).map_err(refused)?;
    let (mut staged, mut modules, mut has_conflict) = (None, None, false);
    if let Some(index) = index {
        index
            .walk(|entry| {
                let path = entry.path.to_bytes();
                has_conflict |= entry.stage != 0;
                if path == wish.engine.as_bytes() {
                    staged = Some(entry.id);
                } else if path == b".gitmodules" {
                    modules = Some(entry.id);
                }
                ControlFlow::Continue(())
            })
            .map_err(|why| {
                refused(format!("{why}, and only git itself can change it"))
                    .hint(in_project(wish, "update-index --no-split-index"))
                    .hint(in_project(wish, "sparse-checkout disable"))
            })?;
    }
    let unstage = |path: &str| in_project(wish, &format!("restore --staged {path}"));
    if has_conflict {
        return Err(refusal(
            "the project's index holds a conflict",
            in_project(wish, "status"),
        ));
    }
    if staged != Some(oid(&ready.from)) {
        return Err(refusal(
            format!("a change to `{}` is staged", wish.engine),
            format!("commit it, or {}", unstage(wish.engine)),
        ));
    }
    let committed = repository
        .find_commit(oid(&ready.head))
        .and_then(|commit| commit.tree())
        .context("cannot read HEAD")?
        .get_name(".gitmodules")
        .map(|entry| entry.id());
    if modules != committed {
        return Err(refusal(
            "a change to `.gitmodules` is staged",
            format!("commit it, or {}", unstage(".gitmodules")),
        ));
    }
    Ok(())
}

/// Opens the harness in the project, or says why it is none.
fn find_engine(wish: &Move<'_>) -> anyhow::Result<Repository> {
    let path = wish.project.join(wish.engine);
    let fill = || in_project(wish, &format!("submodule update --init {}", wish.engine));
    match Layout::find(&path) {
        Ok(Some(_)) => open(&path),
        Ok(None) => Err(refusal(
            format!("there is no harness in `{}`", path.display()),
            format!("{} fills it", fill()),
        )),
        Err(trouble) => Err(refusal(trouble, format!("move it aside, then {}", fill()))),
    }
}

/// Returns the commit that is checked out, where nothing would be lost by leaving it.
fn check_engine(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<CommitId> {
    if engine.is_shallow() {
        return Err(refusal(
            "the harness's history is cut off (a shallow clone)",
            in_engine(wish, "fetch --unshallow"),
        ));
    }
    check_idle("harness", engine, |command| in_engine(wish, command))?;
    if !is_surely_clean(engine) {
        check_changes(wish, engine)?;
    }
    let Some(head) = if_there(engine.refname_to_id("HEAD")).context("cannot read HEAD")? else {
        return Err(refusal(
            "the harness has no commit checked out",
            in_project(wish, &format!("submodule update --init {}", wish.engine)),
        ));
    };
    if !is_published(engine, head, wish.mirror).context("cannot compare histories")? {
        return Err(refusal(
            format!(
                "the harness's commit {} is on no branch or tag of its remote",
                commit_id(head).short()
            ),
            format!(
                "push it: {}",
                in_engine(wish, "push origin HEAD:refs/heads/BRANCH")
            ),
        ));
    }
    Ok(commit_id(head))
}

fn check_changes(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<()> {
    if let Err(trouble) = IndexFile::read(engine.path())
        .and_then(|index| index.map_or(Ok(None), |index| index.walk(|_| ControlFlow::Continue(()))))
    {
        return Err(refused(format!("{trouble}: that of `{}`", wish.engine))
            .hint(in_engine(wish, "update-index --no-split-index"))
            .hint(in_engine(wish, "sparse-checkout disable"))
            .into());
    }
    let mut options = StatusOptions::new();
    options.include_untracked(true).include_ignored(false);
    let statuses = engine
        .statuses(Some(&mut options))
        .context("cannot look for changes in the harness")?;
    if statuses.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = statuses
        .iter()
        .take(NAMED)
        .map(|status| {
            let path = String::from_utf8_lossy(status.path_bytes())
                .escape_debug()
                .to_string();
            let kind = if status.status().is_wt_new() {
                " (untracked)"
            } else {
                ""
            };
            format!("`{path}`{kind}")
        })
        .collect();
    let more = statuses.len() - named.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let fault: Fault = refused(format!(
        "the harness has changes: {}{more}",
        named.join(", ")
    ));
    Err(fault
        .hint(format!("see them: {}", in_engine(wish, "status")))
        .hint(format!(
            "put them aside: {}",
            in_engine(wish, "stash --include-untracked")
        ))
        .into())
}

/// Tells whether a commit can be had from the remote again: by any of its branches, by a tag, or from the mirror.
fn is_published(engine: &Repository, commit: Oid, mirror: &Mirror) -> Result<bool, git2::Error> {
    if mirror.contains(&commit_id(commit)) {
        return Ok(true);
    }
    let mut walk = engine.revwalk()?;
    walk.push(commit)?;
    walk.hide_glob("refs/remotes/*")?;
    for reference in engine.references_glob("refs/tags/*")? {
        // A tag of something else than a commit hides nothing.
        if let Ok(tagged) = reference?.peel_to_commit() {
            walk.hide(tagged.id())?;
        }
    }
    Ok(walk.next().is_none())
}
