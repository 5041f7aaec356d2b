//! From one version of a harness to another, in the plain case: every file that changes is as the index says, nothing is
//! in the way, and nobody asks for conversions. All else is left to libgit2, which knows the other cases.
//!
//! libgit2 looks at every file of the work tree, and overwrites in place: file systems write out such a file at once, so
//! that a power cut does not leave it empty. Here only what changes is looked at, and a changed file is a new one.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path};
use std::sync::Arc;

use anyhow::Context as _;
use git2::{Config, IndexEntry, IndexTime, Oid, Repository, Tree};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::changes::{Change, Changes, Content};
use super::dirty::Look;
use super::engine::pin_index;
use super::filters::converts_nothing;
use super::folders::{Folders, parts};
use super::hostile::is_harmless;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::repository::{Settings, path_bytes};

/// Brings the files and the index from HEAD to a tree; false, with nothing touched, where the case is not plain.
///
/// HEAD itself stays. If it fails in the middle, some files are of the one version and some of the other.
pub(super) fn swap(engine: &Repository, to: &Tree<'_>) -> anyhow::Result<bool> {
    let Some(work_tree) = engine.workdir() else {
        return Ok(false);
    };
    let Some(changes) = plain_changes(engine, work_tree, to) else {
        return Ok(false);
    };
    let mut folders = Folders::open(work_tree).context("cannot open the harness's directory")?;
    for (path, _) in changes.paths.iter().rev().filter(|(_, to)| to.to.is_none()) {
        folders
            .remove(path)
            .with_context(|| format!("cannot remove `{}`", work_tree.join(path).display()))?;
    }
    let mut entries = Vec::with_capacity(changes.paths.len());
    for (path, change) in &changes.paths {
        let Some((mode, id)) = change.to else {
            continue;
        };
        let stat = changes
            .read(engine, id)
            .map_err(io::Error::other)
            .and_then(|bytes| write(&mut folders, path, change.from, mode, &bytes))
            .with_context(|| format!("cannot write `{}`", work_tree.join(path).display()))?;
        entries.push(entry(path, mode, id, &stat));
    }
    pin_index(engine, to, &entries)?;
    Ok(true)
}

/// Returns what has to change, if that can be done here.
fn plain_changes(engine: &Repository, work_tree: &Path, to: &Tree<'_>) -> Option<Arc<Changes>> {
    let from = engine.head().ok()?.peel_to_tree().ok()?;
    let changes = Changes::between(engine, &from, to).ok()?;
    let is_plain = !changes.has_attributes
        && changes
            .paths
            .iter()
            .all(|(path, change)| is_plain(path, change))
        && is_plain_place(engine)
        && is_as_recorded(work_tree, from.id(), &changes)
        && is_free(work_tree, &changes).ok()?;
    is_plain.then_some(changes)
}

/// Tells whether a change is one of files or symlinks, at a path that leads nowhere else.
fn is_plain(path: &Path, change: &Change) -> bool {
    let is_file = |content: Content| {
        content.is_none_or(|(mode, _)| matches!(mode, 0o100_644 | 0o100_755 | 0o120_000))
    };
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(name) if is_harmless(name.as_bytes()));
    is_file(change.from) && is_file(change.to) && path.components().all(is_name)
}

/// Tells whether the file system keeps names, modes and symlinks as they are, and no file is converted on its way.
fn is_plain_place(engine: &Repository) -> bool {
    let settings = Settings::of(engine);
    let says = |key, wanted| {
        let value = settings.get(key);
        value.is_some_and(|value| Config::parse_bool(value).ok() == Some(wanted))
    };
    !says("core.ignorecase", true)
        && !says("core.filemode", false)
        && !says("core.symlinks", false)
        && converts_nothing(engine, &settings)
}

/// Tells whether nothing is staged, and every file that changes is as the index says.
fn is_as_recorded(work_tree: &Path, from: Oid, changes: &Changes) -> bool {
    let Ok(Some(layout)) = Layout::find(work_tree) else {
        return false;
    };
    let (Ok(Some(index)), Ok(mut look)) = (
        IndexFile::read(&layout.git_directory),
        Look::new(work_tree, &layout),
    ) else {
        return false;
    };
    let mut missing = changes
        .paths
        .values()
        .filter(|change| change.from.is_some())
        .count();
    let walked = index.walk(|entry| {
        let path = Path::new(OsStr::from_bytes(entry.path.to_bytes()));
        if entry.has_flags() {
            return ControlFlow::Break(());
        }
        if changes.paths.contains_key(path) {
            if !look.is_surely_same(&entry) {
                return ControlFlow::Break(());
            }
            missing = missing.saturating_sub(1);
        }
        ControlFlow::Continue(())
    });
    missing == 0 && matches!(walked, Ok(Some(extensions)) if extensions.tree == Some(from))
}

/// Tells whether every changed path leads through folders only, and nothing is where a new file goes.
fn is_free(work_tree: &Path, changes: &Changes) -> nix::Result<bool> {
    let mut folders = Folders::open(work_tree)?;
    for (path, change) in &changes.paths {
        let (parent, name) = parts(path)?;
        let met = folders
            .enter(parent, false)
            .and_then(|folder| fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW));
        match met {
            Ok(_) if change.from.is_some() => {}
            Err(Errno::ENOENT) if change.from.is_none() => {}
            Ok(_) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    }
    Ok(true)
}

/// Writes a new file or symlink, with its folders, in the place of the old one.
fn write(
    folders: &mut Folders,
    path: &Path,
    from: Content,
    mode: u32,
    bytes: &[u8],
) -> io::Result<FileStat> {
    let (parent, name) = parts(path)?;
    let folder = folders.enter(parent, true)?;
    if from.is_some() {
        unlinkat(folder, name, UnlinkatFlags::NoRemoveDir)?;
    }
    if mode == 0o120_000 {
        symlinkat(OsStr::from_bytes(bytes), folder, name)?;
        return Ok(fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)?);
    }
    let how =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let permissions = Mode::from_bits_truncate(mode & 0o777);
    let mut file = File::from(openat(folder, name, how, permissions)?);
    file.write_all(bytes)?;
    Ok(fstat(&file)?)
}

/// Returns the index entry of a file that was just written; what git keeps of the numbers are their lower 32 bits.
fn entry(path: &Path, mode: u32, id: Oid, stat: &FileStat) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(stat.st_ctime as i32, stat.st_ctime_nsec as u32),
        mtime: IndexTime::new(stat.st_mtime as i32, stat.st_mtime_nsec as u32),
        dev: stat.st_dev as u32,
        ino: stat.st_ino as u32,
        mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        file_size: stat.st_size as u32,
        id,
        flags: 0,
        flags_extended: 0,
        path: path_bytes(path).to_vec(),
    }
}

#[cfg(test)]
mod tests;
