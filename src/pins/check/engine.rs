//! What stands against moving a pin in the harness itself.

use std::ops::ControlFlow;

use anyhow::Context as _;
use git2::{Oid, Repository, StatusOptions};

use crate::error::{Fault, refused};
use crate::names::CommitId;

use super::super::clean::is_surely_clean;
use super::super::dirty::{Look, is_dirty};
use super::super::facts::refuse_link;
use super::super::index_file::IndexFile;
use super::super::layout::Layout;
use super::super::mirror::Mirror;
use super::super::repin::Move;
use super::super::repository::{commit_id, if_there, open};
use super::{check_idle, check_readable, in_engine, in_project, refusal};

/// How many changed files a refusal names.
const NAMED: usize = 3;

/// Opens the harness in the project, or says why it is none.
pub(super) fn find_engine(wish: &Move<'_>, pinned: &CommitId) -> anyhow::Result<Repository> {
    let path = wish.project.join(wish.engine);
    let fill = || in_project(wish, &format!("submodule update --init {}", wish.engine));
    let found = refuse_link(wish.project, wish.engine).and_then(|()| Layout::find(&path));
    match found {
        Ok(Some(layout)) => {
            check_readable(&path, &layout)?;
            let engine = open(&path)?;
            refuse_linked(wish, &engine)?;
            Ok(engine)
        }
        Ok(None) if !wish.mirror.contains(pinned) => Err(refused(format!(
            "there is no harness in `{}`, and nobody has its commit {} any more",
            path.display(),
            pinned.short()
        ))
        .hint(format!(
            "pin one that exists: {}, and commit that",
            in_project(
                wish,
                &format!("update-index --cacheinfo 160000,COMMIT,{}", wish.engine)
            )
        ))
        .into()),
        Ok(None) => Err(refusal(
            format!("there is no harness in `{}`", path.display()),
            format!("{} fills it", fill()),
        )),
        Err(trouble) => Err(refusal(trouble, format!("move it aside, then {}", fill()))),
    }
}

/// Refuses a harness that shares its objects and refs with a repository elsewhere, which would be changed with it.
fn refuse_linked(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<()> {
    if !engine.is_worktree() {
        return Ok(());
    }
    let path = wish.project.join(wish.engine);
    Err(
        refused("the harness is a linked work tree of another repository")
            .hint(format!(
                "take it away: `git -C {} worktree remove {}`",
                engine.commondir().display(),
                path.display()
            ))
            .hint(format!(
                "then {} makes one of the project's own",
                in_project(wish, &format!("submodule update --init {}", wish.engine))
            ))
            .into(),
    )
}

/// Refuses a harness in which work could be lost, or whose history cannot tell. Returns the commit that is checked out.
pub(super) fn check_engine(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<CommitId> {
    if engine.is_shallow() {
        return Err(refusal(
            "the harness's history is cut off (a shallow clone)",
            in_engine(wish, "fetch --unshallow"),
        ));
    }
    check_idle("harness", engine, |command| in_engine(wish, command))?;
    if !is_surely_clean(engine) {
        check_overlooked(wish, engine)?;
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

/// Refuses files that git was told to overlook: those that a sparse checkout leaves out, and those that count as
/// unchanged and are not. The move would overlook that.
fn check_overlooked(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<()> {
    let path = wish.project.join(wish.engine);
    let Some(layout) = Layout::find(&path).map_err(refused)? else {
        return Ok(());
    };
    let Some(index) = IndexFile::read(engine.path()).map_err(refused)? else {
        return Ok(());
    };
    let mut look = Look::new(&path, &layout).map_err(refused)?;
    let mut overlooked = None;
    index
        .walk(|entry| {
            let is_told = entry.is_skipped || entry.is_assumed_valid;
            if is_told && !look.is_surely_same(&entry) {
                let file = String::from_utf8_lossy(entry.path.to_bytes()).into_owned();
                overlooked = Some((file, entry.is_skipped));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .map_err(refused)?;
    let Some((file, is_skipped)) = overlooked else {
        return Ok(());
    };
    if is_skipped && path.join(&file).symlink_metadata().is_err() {
        return Err(refusal(
            "only a part of the harness's files is checked out (a sparse checkout)",
            in_engine(wish, "sparse-checkout disable"),
        ));
    }
    let (file, flag) = match (file.escape_debug(), is_skipped) {
        (file, true) => (file, "skip-worktree"),
        (file, false) => (file, "assume-unchanged"),
    };
    let cure = in_engine(wish, &format!("update-index --no-{flag} -- '{file}'"));
    Err(refusal(
        format!("`{file}` of the harness is changed, though git was told to overlook that"),
        format!("see it: {cure}"),
    ))
}

fn check_changes(wish: &Move<'_>, engine: &Repository) -> anyhow::Result<()> {
    let mut options = StatusOptions::new();
    options.include_untracked(true).include_ignored(false);
    let statuses = engine
        .statuses(Some(&mut options))
        .context("cannot look for changes in the harness")?;
    if statuses.is_empty() {
        return check_submodules(wish);
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

/// Refuses changes in submodules of the harness, be it that git was told to ignore them.
fn check_submodules(wish: &Move<'_>) -> anyhow::Result<()> {
    let path = wish.project.join(wish.engine);
    let found = Layout::find(&path).and_then(|layout| match layout {
        Some(layout) => is_dirty(&path, &layout, &layout.head()?),
        None => Ok(false),
    });
    if !found.map_err(refused)? {
        return Ok(());
    }
    let look = "status --ignore-submodules=none";
    Err(refusal(
        "a submodule of the harness has changes, or another commit than its pin",
        format!("see it: {}", in_engine(wish, look)),
    ))
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
