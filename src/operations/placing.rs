//! A new project in its place and in fleet.toml, or taken back.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::files;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::pins;
use crate::registry::{NewProject, Registry, Watch};
use crate::ui::Ui;

use super::step::{Entry, Step};

/// Tells whether fleet.toml certainly does not name a project.
pub(super) fn is_unregistered(fleet: &Fleet, name: &Name) -> bool {
    Registry::load(&fleet.root).is_ok_and(|registry| !registry.projects.contains_key(name))
}

/// Adds a project to fleet.toml, unless it is there already.
pub(super) fn register(fleet: &Fleet, name: &Name, entry: &Entry, ui: &Ui) -> anyhow::Result<()> {
    let mut edit = fleet.edit(ui)?;
    if edit.registry().projects.contains_key(name) {
        return Ok(());
    }
    edit.add_project(&NewProject {
        name: name.clone(),
        harness: entry.harness.clone(),
        reference: entry.reference.clone(),
        commit: Some(entry.commit.clone()),
        branch: pins::current_branch(&entry.location)?,
        location: entry.location.clone(),
        watch: if entry.heal { Watch::Heal } else { Watch::Off },
        labels: entry.labels.clone(),
    })?;
    edit.save()?;
    // What was written counts only once it reads back.
    Registry::load(&fleet.root)?.project(name).map(drop)
}

/// Gives a finished directory its name, unless somebody has taken that meanwhile.
pub(super) fn place(beside: &Path, location: &Path) -> anyhow::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let failed = || {
        format!(
            "cannot rename `{}` to `{}`",
            beside.display(),
            location.display()
        )
    };
    match renameat2(
        AT_FDCWD,
        beside,
        AT_FDCWD,
        location,
        RenameFlags::RENAME_NOREPLACE,
    ) {
        // A file system without the flag: the plain call would at worst replace an empty directory.
        Err(nix::errno::Errno::EINVAL) => fs::rename(beside, location).with_context(failed)?,
        other => other.with_context(failed)?,
    }
    let parent = location.parent().context("a location has a parent")?;
    fs::File::open(parent)
        .and_then(|directory| directory.sync_all())
        .with_context(failed)
}

/// Undoes a creation, one step of which has failed: what was placed goes back beside, and what was built is removed.
pub(super) fn take_back(steps: &[Step], failed: &Step) -> anyhow::Result<()> {
    for step in steps {
        if let Step::Place { beside, location } = step {
            // Renaming may have been done and still have failed afterwards. Before it, what is at the location is
            // somebody else's, made since this command looked.
            let is_built = !matches!(failed, Step::Build { .. });
            if is_built && beside.symlink_metadata().is_err() && location.is_dir() {
                place(location, beside)?;
            }
            remove_built(beside)?;
        }
    }
    Ok(())
}

/// Removes what was built and has no place.
pub(super) fn remove_built(beside: &Path) -> anyhow::Result<()> {
    files::remove_tree_if_there(beside).context("cannot clear away what is unfinished")
}

/// Tells whether a repository will never take a directory for a part of itself.
pub(super) fn is_ignored(repository: &Path, directory: &Path) -> anyhow::Result<bool> {
    let parent = directory
        .parent()
        .and_then(|parent| parent.canonicalize().ok());
    let (Some(parent), Some(name)) = (parent, directory.file_name()) else {
        return Ok(false);
    };
    let place = parent.join(name);
    place
        .strip_prefix(repository)
        .map_or(Ok(false), |relative| pins::ignores(repository, relative))
}
