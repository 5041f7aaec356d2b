//! The submodules of a harness: filled by `git`, and never thrown away with something in them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use git2::{Repository, StatusOptions, Tree};

use crate::error::refused;

use super::git::Git;
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
    for entry in engine.index()?.iter() {
        let path = Path::new(std::ffi::OsStr::from_bytes(&entry.path));
        let stays = to
            .get_path(path)
            .is_ok_and(|there| there.filemode() == 0o160_000);
        let place = work_tree.join(path);
        if entry.mode == 0o160_000 && !stays && holds_more(&place)? {
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
    for entry in repository.index()?.iter() {
        let below = place.join(std::ffi::OsStr::from_bytes(&entry.path));
        if entry.mode == 0o160_000 && holds_more(&below)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Brings the nested submodules of a harness to where it pins them, if any is elsewhere. This may use the network.
pub(super) fn update_nested(engine: &Repository) -> anyhow::Result<()> {
    let Some(work_tree) = engine.workdir() else {
        return Ok(());
    };
    let index = engine.index().context("cannot read the harness's index")?;
    let is_elsewhere = |entry: &git2::IndexEntry| {
        let place = work_tree.join(std::ffi::OsStr::from_bytes(&entry.path));
        let layout = Layout::find(&place).ok().flatten();
        let head = layout.and_then(|layout| layout.head().ok());
        head.and_then(|head| head.commit) != Some(entry.id)
    };
    let has_work = index
        .iter()
        .any(|entry| entry.mode == 0o160_000 && is_elsewhere(&entry));
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
