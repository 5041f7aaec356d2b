//! What stands against moving a pin: work that could be lost, and states in which a commit would surprise.

mod engine;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::{Repository, RepositoryState};

use crate::error::refused;

use super::cure::cure_of;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::project_index::is_locked;
use super::repin::{Move, Ready};
use super::repository::{commit_id, if_there, oid, open};
use engine::{check_engine, find_engine};

/// Looks whether a pin may be moved, touching nothing. Every refusal says what was found, and the way out.
pub(crate) fn check(wish: &Move<'_>) -> anyhow::Result<Ready> {
    let layout = Layout::find(wish.project)
        .map_err(|trouble| refusal(trouble, in_project(wish, "status")))?;
    let Some(layout) = layout else {
        return Err(refusal(
            format!("there is no repository at {}", wish.project.display()),
            "clone it there, or correct its `location` in fleet.toml",
        ));
    };
    check_readable(wish.project, &layout)?;
    let repository = open(wish.project)?;
    let ready = check_project(wish, &repository)?;
    check_index(wish, &repository, &ready)?;
    let engine = find_engine(wish, &ready.from)?;
    let stood = check_engine(wish, &engine)?;
    Ok(Ready { stood, ..ready })
}

/// Refuses, with what was found and the way out.
fn refusal(found: impl Into<String>, way_out: impl Into<String>) -> anyhow::Error {
    refused(found).hint(way_out).into()
}

/// Refuses a repository that git's library cannot be trusted to change, or cannot even open.
fn check_readable(work_tree: &Path, layout: &Layout) -> anyhow::Result<()> {
    let readable =
        layout
            .head()
            .map(drop)
            .and_then(|()| match IndexFile::read(&layout.git_directory)? {
                Some(index) => index.check().map_err(|why| {
                    let index = layout.git_directory.join("index");
                    format!("{why}: `{}`", index.display())
                }),
                None => Ok(()),
            });
    let Err(trouble) = readable else {
        return Ok(());
    };
    Err(
        refused(format!("{trouble}, and only git itself can change it"))
            .hint(cure_of(work_tree).unwrap_or_else(|| by_hand(work_tree)))
            .into(),
    )
}

/// Where nothing makes a repository readable, git still is there.
fn by_hand(work_tree: &Path) -> String {
    format!(
        "`git -C {} status` says more; move its pin with git alone",
        work_tree.display()
    )
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
            match main_work_tree(repository) {
                Some(main) => format!("correct its `location` in fleet.toml: `{}`", main.display()),
                None => "correct its `location` in fleet.toml: that of a clone".to_owned(),
            },
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

/// Returns the work tree that a linked one is linked to; a bare repository has none.
fn main_work_tree(linked: &Repository) -> Option<PathBuf> {
    let main = Repository::open(linked.commondir()).ok()?;
    main.workdir()?.canonicalize().ok()
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
            .map_err(refused)?;
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
