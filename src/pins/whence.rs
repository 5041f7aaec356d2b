//! Where a project says that its harness comes from: `.gitmodules`, its git configuration, and the harness's `origin`.
//!
//! Another place is one commit whose only change is one value of one file. That commit is the point of no return: before
//! it nothing of the project has changed, after it what is left to do is done again until it is.

mod module;
mod place;
mod staged;
#[cfg(test)]
mod tests;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::build::TreeUpdateBuilder;
use git2::{Oid, Repository, Status};

use crate::error::refused;
use crate::files::{Durability, replace};
use crate::names::HarnessUrl;

use super::check::check;
use super::commit;
use super::config_text::ConfigText;
use super::gitmodules::{MODULES, submodule_name};
use super::identity::Identity;
use super::index_file::IndexFile;
use super::project_index::{NewIndex, clear_left_overs};
use super::repin::{Move, Ready, record};
use super::repository::{current_branch, oid, open};
use super::settle::{Settled, clear_branch_lock};
use super::urls::{base, is_relative, resolved, same_place};
use module::{Module, committed, says, with_url};
use place::places;
use staged::{see, staged, unseen};

/// What a project says of where its harness comes from, and what it is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whence {
    /// What `.gitmodules` says in HEAD.
    pub(crate) from: String,
    /// Whether that is to change.
    pub(crate) changes: bool,
    /// What git's configuration of the project and of the harness is to say: a relative URL is written out there.
    pub(crate) to: String,
    /// Whether it says something else.
    pub(crate) is_elsewhere: bool,
    ready: Ready,
}

/// Looks whether a project's harness may be said to come from another place, touching nothing. What stands against a
/// move of the pin stands against this as well, and so does any change of `.gitmodules` that is not committed.
pub(crate) fn look_whence(wish: &Move<'_>, url: &HarnessUrl) -> anyhow::Result<Whence> {
    let ready = check(wish)?;
    let project = open(wish.project)?;
    check_work_file(wish.project, &project)?;
    let head = project.find_commit(oid(&ready.head))?;
    let (_, text) = committed(&project, &head)?;
    let module = Module::find(&text, wish.engine)?;
    // Conversions of line ends aside, the file says the same.
    let file = fs::read(wish.project.join(MODULES)).context("cannot read `.gitmodules`")?;
    if Module::find(&file, wish.engine)?.url != module.url {
        return Err(modified(wish.project));
    }
    let leads = if is_relative(&module.url) {
        resolved(&module.url, &origin(wish.project, &project)?)
            .filter(|leads| same_place(leads, url.as_str()))
    } else {
        None
    };
    let changes = leads.is_none() && module.url != url.as_str();
    let to = leads.unwrap_or_else(|| url.as_str().to_owned());
    let mut is_elsewhere = false;
    for place in places(wish.project, wish.engine, &project, &module.name)? {
        is_elsewhere |= place.changed(&to)?.is_some();
    }
    Ok(Whence {
        from: module.url,
        changes,
        to,
        is_elsewhere,
        ready,
    })
}

/// Returns the files of git's configuration that say of a project's harness that it comes from another place than `url`.
pub(crate) fn leads_elsewhere(
    directory: &Path,
    engine: &str,
    url: &str,
) -> anyhow::Result<Vec<PathBuf>> {
    let project = open(directory)?;
    let name = submodule_name(directory, engine)?;
    let mut found = Vec::new();
    for place in places(directory, engine, &project, &name)? {
        if place.changed(url)?.is_some() {
            found.push(place.file().to_owned());
        }
    }
    Ok(found)
}

/// Changes what `.gitmodules` says, in a commit of its own, and then in the index and the file itself. If it fails
/// before its commit, nothing has changed.
pub(crate) fn change_whence(wish: &Move<'_>, found: &Whence, message: &str) -> anyhow::Result<()> {
    let project = open(wish.project)?;
    let identity = Identity::find(&project).context("cannot tell who commits")?;
    let head = project.find_commit(oid(&found.ready.head))?;
    let (mode, text) = committed(&project, &head)?;
    let changed = with_url(&text, wish.engine, &found.to)?;
    let blob = project
        .blob(&changed)
        .context("cannot write the new `.gitmodules`")?;
    let tree = TreeUpdateBuilder::new()
        .upsert(MODULES, blob, mode)
        .create_updated(&project, &head.tree()?)
        .context("cannot write the commit's tree")?;
    let tree = project.find_tree(tree)?;
    let commit = commit::write(&project, &identity, message, &tree, Some(&head))?;
    let index = NewIndex::prepare_entry(project.path(), &unseen(blob, mode))?;
    record(&found.ready, &project, commit, message, index)?;
    finish(wish.project, wish.engine, &project, &found.from, &found.to)
}

/// Ends a change of `from` to `to` that was cut off. Safe to repeat. Refuses where HEAD says neither: somebody went on.
pub(crate) fn settle_whence(
    directory: &Path,
    engine: &str,
    from: &str,
    to: &str,
) -> anyhow::Result<Settled> {
    let project = open(directory)?;
    clear_left_overs(project.path())?;
    clear_branch_lock(&project, |commit| {
        says(&project, commit, engine).is_ok_and(|said| said == to)
    })?;
    let head = project.head().and_then(|head| head.peel_to_commit());
    let said = says(&project, &head.context("cannot read HEAD")?, engine)?;
    if said == to {
        finish(directory, engine, &project, from, to)?;
        return Ok(Settled::Completed);
    }
    if said == from {
        return Ok(Settled::TakenBack);
    }
    Err(refused(format!(
        "the project's `.gitmodules` names neither `{from}` nor `{to}`: somebody went on"
    ))
    .hint(format!("`git -C {} log -- {MODULES}`", directory.display()))
    .into())
}

/// Makes git's configuration of a project and of its harness name a place. Safe to repeat.
pub(crate) fn point_to(directory: &Path, engine: &str, url: &str) -> anyhow::Result<()> {
    let project = open(directory)?;
    let head = project.head()?.peel_to_commit()?;
    let (_, text) = committed(&project, &head)?;
    let name = Module::find(&text, engine)?.name;
    for place in places(directory, engine, &project, &name)? {
        if let Some(changed) = place.changed(url)? {
            place.write(&changed)?;
        }
    }
    Ok(())
}

/// Returns where a project comes from.
fn origin(directory: &Path, project: &Repository) -> anyhow::Result<String> {
    let config = ConfigText::read_until_mistake(&project.commondir().join("config"));
    let branch = current_branch(directory)?;
    Ok(base(
        &config.map_err(refused)?,
        branch.as_deref(),
        directory,
    ))
}

fn modified(directory: &Path) -> anyhow::Error {
    let restore = format!("`git -C {} restore {MODULES}`", directory.display());
    refused(format!("`{MODULES}` has changes that are not committed"))
        .hint(format!("commit them, or {restore}"))
        .into()
}

/// Refuses a `.gitmodules` that is not as it was committed, or that git was told not to look at.
fn check_work_file(directory: &Path, project: &Repository) -> anyhow::Result<()> {
    let mut has_flags = false;
    if let Some(index) = IndexFile::read(project.path()).map_err(refused)? {
        index
            .walk(|entry| {
                has_flags |= entry.path.to_bytes() == MODULES.as_bytes() && entry.has_flags();
                ControlFlow::Continue(())
            })
            .map_err(refused)?;
    }
    if has_flags {
        return Err(refused(format!("git was told not to look at `{MODULES}`"))
            .hint(format!(
                "`git -C {} update-index --no-assume-unchanged --no-skip-worktree {MODULES}`",
                directory.display()
            ))
            .into());
    }
    let path = directory.join(MODULES);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    if !is_file || project.status_file(Path::new(MODULES)).ok() != Some(Status::CURRENT) {
        return Err(modified(directory));
    }
    Ok(())
}

/// Does what follows the commit: the file, and its entry in the index. What somebody changed since stays.
fn finish(
    directory: &Path,
    engine: &str,
    project: &Repository,
    from: &str,
    to: &str,
) -> anyhow::Result<()> {
    let head = project.head()?.peel_to_commit()?;
    let (mode, text) = committed(project, &head)?;
    let path = directory.join(MODULES);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    if is_file {
        let file = fs::read(&path).context("cannot read `.gitmodules`")?;
        if Module::find(&file, engine).is_ok_and(|module| module.url == from) {
            replace(
                &path,
                &with_url(&file, engine, to)?,
                0o644,
                Durability::Synced,
            )?;
        }
    }
    let blob = head.tree()?.get_name(MODULES).map(|entry| entry.id());
    let blob = blob.context("HEAD has just held it")?;
    let staged = staged(project)?;
    let is_old = |staged: Oid| {
        let staged = project.find_blob(staged).ok();
        let then = staged.and_then(|staged| with_url(staged.content(), engine, to).ok());
        then.is_some_and(|then| then == text)
    };
    let mut entry = unseen(blob, mode);
    if let Ok(met) = path.symlink_metadata()
        && fs::read(&path).is_ok_and(|file| file == text)
    {
        see(&mut entry, &met);
    }
    match staged {
        Some(staged) if staged.id == blob && staged.is_seen_as(&entry) => Ok(()),
        Some(staged) if staged.id == blob || is_old(staged.id) => {
            NewIndex::prepare_entry(project.path(), &entry)?.put_in_place()
        }
        // Somebody has staged something else since, or taken it away.
        Some(_) | None => Ok(()),
    }
}
