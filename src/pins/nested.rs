//! The submodules of a harness: filled by `git`, and never thrown away with something in them.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use git2::{Oid, Repository, StatusOptions, Tree};

use crate::error::{failed, refused};

use super::git::Git;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::repository::{open, respect_environment};

/// How long the nested submodules of a harness may take.
const NESTED_DEADLINE: Duration = Duration::from_secs(180);

/// Refuses a version without a submodule that the harness has now, if that holds files that git ignores.
///
/// libgit2 removes the folder of a submodule that goes, whatever is in it; `git` would leave it.
pub(super) fn check_leaving(engine: &Repository, to: &Tree<'_>) -> anyhow::Result<()> {
    let Some(work_tree) = engine.workdir() else {
        return Ok(());
    };
    for (path, _) in gitlinks(engine)? {
        let stays = to
            .get_path(&path)
            .is_ok_and(|there| there.filemode() == 0o160_000);
        let place = work_tree.join(path);
        if !stays && holds_more(&place)? {
            return Err(refused(format!(
                "`{}` goes with the new version, and holds files that git does not keep",
                place.display()
            ))
            .hint(format!(
                "`git -C {} status --ignored` shows them; move them aside",
                place.display()
            ))
            .into());
        }
    }
    Ok(())
}

/// Tells whether a filled submodule, or one inside it, holds more than its commit.
fn holds_more(place: &Path) -> anyhow::Result<bool> {
    match Layout::find(place) {
        Ok(Some(_)) => {}
        Ok(None) => return Ok(false),
        Err(why) => return Err(refused(why).into()),
    }
    let repository = open(place)?;
    let mut options = StatusOptions::new();
    options.include_untracked(true).include_ignored(true);
    let has_changes = !repository
        .statuses(Some(&mut options))
        .with_context(|| format!("cannot look for changes in `{}`", place.display()))?
        .is_empty();
    if has_changes {
        return Ok(true);
    }
    for (path, _) in gitlinks(&repository)? {
        if holds_more(&place.join(path))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lists the submodules of a repository by its index, with their pins.
fn gitlinks(repository: &Repository) -> anyhow::Result<Vec<(PathBuf, Oid)>> {
    let mut found = Vec::new();
    let index = IndexFile::read(repository.path()).map_err(failed)?;
    let walked = index.map(|index| {
        index.walk(|entry| {
            if entry.mode == 0o160_000 {
                found.push((OsStr::from_bytes(entry.path.to_bytes()).into(), entry.id));
            }
            ControlFlow::Continue(())
        })
    });
    walked.transpose().map_err(failed)?;
    Ok(found)
}

/// Brings the nested submodules of a harness to where it pins them, if any is elsewhere. This may use the network.
pub(super) fn update_nested(engine: &Repository) -> anyhow::Result<()> {
    let Some(work_tree) = engine.workdir() else {
        return Ok(());
    };
    let is_elsewhere = |(path, pinned): &(PathBuf, Oid)| {
        let layout = Layout::find(&work_tree.join(path)).ok().flatten();
        let head = layout.and_then(|layout| layout.head().ok());
        head.and_then(|head| head.commit) != Some(*pinned)
    };
    let has_work = gitlinks(engine)?.iter().any(is_elsewhere);
    // A gitlink that `.gitmodules` does not name is a mistake of the harness, and git can fill nothing then.
    if !has_work || !work_tree.join(".gitmodules").is_file() {
        return Ok(());
    }
    respect_environment();
    Git::new(
        work_tree,
        NESTED_DEADLINE,
        ["submodule", "--quiet", "update", "--init", "--recursive"],
    )
    .reaching_out(engine.config().ok().as_ref())
    .run()
    .context("cannot fill the submodules of the harness")?;
    Ok(())
}
