//! The harness's files, put at one of two versions after a checkout between them was cut off.
//!
//! Only paths in which the two versions differ can have been touched. What such a file holds is one version's bytes,
//! the other's, or something else; that something may be half of a write or somebody's work, so it is kept.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::build::CheckoutBuilder;
use git2::{ObjectType, Oid, Repository};
use nix::errno::Errno;

use crate::error::refused;
use crate::files::remove_if_there;
use crate::names::CommitId;

use super::changes::{Change, Changes, Content};
use super::engine::{find_tree, link_objects, pin_head, pin_index};
use super::folders::{Folders, parts};
use super::nested::update_nested;
use super::repin::Move;
use super::repository::open;

/// Puts the harness at `target`; of what differs from `other`, nothing unknown is lost.
pub(super) fn restore(wish: &Move<'_>, target: &CommitId, other: &CommitId) -> anyhow::Result<()> {
    let engine = open(&wish.project.join(wish.engine))?;
    clear_locks(engine.path())?;
    let path = engine.path().join("index");
    if git2::Index::open(&path).is_err() {
        // A torn index holds nothing that the tree does not.
        fs::remove_file(&path).context("cannot remove the harness's broken index")?;
    }
    // The objects of both versions came before the first file was touched: a mirror that is gone is not missed then.
    let has = |commit| find_tree(&engine, commit).is_ok();
    let linked = link_objects(wish.mirror.directory(), engine.commondir());
    if !(has(target) && has(other)) {
        linked?;
    }
    let work_tree = engine
        .workdir()
        .context("the harness has no work tree")?
        .to_path_buf();
    let (mut missing, mut present) = (Vec::new(), Vec::new());
    let (from, to) = (find_tree(&engine, other)?, find_tree(&engine, target)?);
    let changes = Changes::between(&engine, &from, &to)?;
    for (path, change) in changes
        .paths
        .iter()
        .filter(|(_, change)| !change.is_nested())
    {
        if make_way(wish, &engine, &work_tree, path, *change)? {
            missing.push(path.as_path());
        }
        if change.to.is_some() {
            present.push(path.as_path());
        }
    }
    write_out(&engine, target, &missing, &present)?;
    update_nested(&engine)
}

/// Removes what is not the target's from one path; true if the target's is then to be written there.
fn make_way(
    wish: &Move<'_>,
    engine: &Repository,
    work_tree: &Path,
    path: &Path,
    change: Change,
) -> anyhow::Result<bool> {
    let place = work_tree.join(path);
    let found = look(engine, work_tree, path)?;
    if found == change.to {
        return Ok(false);
    }
    let Some((_, id)) = found else {
        return Ok(true);
    };
    let is_known = [change.to, change.from]
        .iter()
        .flatten()
        .any(|(_, known)| *known == id);
    if !is_known {
        // Where the target has nothing, a file that was not being written is in nobody's way.
        if change.to.is_none() && !is_torn(engine, &place, change.from) {
            return Ok(false);
        }
        keep(wish.rescue, path, &place)?;
    }
    Folders::open(work_tree)
        .map_err(Into::into)
        .and_then(|mut folders| folders.remove(path))
        .with_context(|| format!("cannot remove `{}`", place.display()))?;
    Ok(change.to.is_some())
}

/// Tells whether a file is the beginning of what was being written.
fn is_torn(engine: &Repository, place: &Path, other: Content) -> bool {
    let Some((_, id)) = other else { return false };
    let blob = engine.find_blob(id);
    let found = fs::read(place);
    matches!((blob, found), (Ok(blob), Ok(found)) if blob.content().starts_with(&found))
}

/// Removes the locks that a killed checkout left in the harness's own git directory.
pub(super) fn clear_locks(git_directory: &Path) -> anyhow::Result<()> {
    locks_in(git_directory)
        .iter()
        .try_for_each(|lock| remove_if_there(lock))
}

/// Lists the locks in a git directory.
pub(super) fn locks_in(git_directory: &Path) -> Vec<PathBuf> {
    let names = ["index.lock", "HEAD.lock", "packed-refs.lock", "config.lock"];
    let mut found: Vec<PathBuf> = names.map(|name| git_directory.join(name)).into();
    found.retain(|lock| lock.symlink_metadata().is_ok());
    let mut folders = vec![git_directory.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                found.push(path);
            }
        }
    }
    found
}

/// Reads what is on disk; nothing is found behind a symlink, for that is not the harness's.
fn look(engine: &Repository, work_tree: &Path, path: &Path) -> anyhow::Result<Content> {
    let mut folders = Folders::open(work_tree).context("cannot open the harness's directory")?;
    match folders.enter(parts(path)?.0, false) {
        Ok(_) => {}
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(None),
        Err(errno) => {
            return Err(errno).with_context(|| format!("cannot look at `{}`", path.display()));
        }
    }
    let place = work_tree.join(path);
    let Ok(met) = place.symlink_metadata() else {
        return Ok(None);
    };
    let kind = met.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(&place)?;
        let id = Oid::hash_object(ObjectType::Blob, target.as_os_str().as_bytes())?;
        return Ok(Some((0o120_000, id)));
    }
    if kind.is_dir() {
        // A folder where a file belongs: checking out says so if it is in the way.
        return Ok(None);
    }
    if !kind.is_file() {
        return Err(refused(format!("`{}` is no regular file", place.display())).into());
    }
    let mode = if met.permissions().mode() & 0o100 == 0 {
        0o100_644
    } else {
        0o100_755
    };
    // With the filters that a checkout applies, the other way round.
    let id = engine
        .blob_path(&place)
        .with_context(|| format!("cannot read `{}`", place.display()))?;
    Ok(Some((mode, id)))
}

/// Keeps a copy of a file outside the project, under a name that is free.
fn keep(rescue: &Path, path: &Path, place: &Path) -> anyhow::Result<()> {
    let mut copy = rescue.join(path);
    let mut count = 0;
    while copy.symlink_metadata().is_ok() {
        count += 1;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{count}"));
        copy = rescue.join(name);
    }
    let kept = (|| {
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::read_link(place) {
            Ok(target) => std::os::unix::fs::symlink(target, &copy),
            Err(_) => fs::copy(place, &copy).map(drop),
        }
    })();
    kept.with_context(|| format!("cannot keep `{}` as `{}`", place.display(), copy.display()))?;
    tracing::warn!(file = %place.display(), copy = %copy.display(), "kept a file of unknown content");
    Ok(())
}

/// Writes the files that are missing, then an index of the target with fresh stat data for `present`, then HEAD.
fn write_out(
    engine: &Repository,
    target: &CommitId,
    missing: &[&Path],
    present: &[&Path],
) -> anyhow::Result<()> {
    let tree = find_tree(engine, target)?;
    // Index and HEAD first: to libgit2, what is to be written is then merely missing.
    pin_index(engine, &tree, &[])?;
    pin_head(engine, target)?;
    if !missing.is_empty() {
        let mut how = CheckoutBuilder::new();
        how.force().disable_pathspec_match(true);
        for path in missing {
            how.path(path);
        }
        engine
            .checkout_tree(tree.as_object(), Some(&mut how))
            .context("cannot write the harness's files")?;
    }
    let mut index = engine.index().context("cannot read the harness's index")?;
    index.read(true)?;
    for path in present {
        // A folder in a file's place has nothing to take over; the file check will find it.
        if engine.workdir().is_some_and(|top| {
            top.join(path)
                .symlink_metadata()
                .is_ok_and(|met| !met.is_dir())
        }) {
            index.add_path(path)?;
        }
    }
    index.write().context("cannot write the harness's index")?;
    pin_index(engine, &tree, &[])
}
