//! Has anybody changed the harness's tracked files? Answered from the index's stat data, as `git status` does.
//!
//! Only a file whose stat data differs, or may be too young to tell, is read; libgit2 has the last word, for it knows
//! of filters and line endings.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use git2::{DiffOptions, ObjectType, Oid};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, fstatat};

use crate::error::in_a_line;

use super::index_file::{Entry, IndexFile, Stat};
use super::layout::{Head, Layout, tree_of};
use super::remembered::Remembered;
use super::repository::{open, path_bytes};

/// How deep submodules may lie in each other.
const DEEPEST: usize = 5;

/// Tells whether tracked files of a repository differ from its HEAD, staged or not, its submodules included.
pub(super) fn is_dirty(work_tree: &Path, layout: &Layout, head: &Head) -> Result<bool, String> {
    is_dirty_at(work_tree, layout, head, 0)
}

fn is_dirty_at(
    work_tree: &Path,
    layout: &Layout,
    head: &Head,
    depth: usize,
) -> Result<bool, String> {
    let Some(index) = IndexFile::read(&layout.git_directory)? else {
        // Everything that HEAD has is staged for removal.
        return Ok(head.commit.is_some());
    };
    let mut look = Look::new(work_tree, layout)?;
    look.depth = depth;
    let mut answer = Ok(false);
    let unreadable = |why| format!("{why}: `{}`", layout.git_directory.join("index").display());
    let extensions = index
        .walk(|entry| match look.at(&entry) {
            Ok(false) => ControlFlow::Continue(()),
            found => {
                answer = found;
                ControlFlow::Break(())
            }
        })
        .map_err(unreadable)?;
    if answer != Ok(false) {
        // The entries of a split index are strange ones, and only what follows them says that it is split.
        index.check().map_err(unreadable)?;
        return answer;
    }
    if look.is_doubtful && differs(work_tree)? {
        return Ok(true);
    }
    let staged = extensions.and_then(|extensions| extensions.tree);
    is_staged(work_tree, layout, head, staged)
}

/// A look at the files that an index lists.
pub(super) struct Look<'a> {
    work_tree: &'a Path,
    directory: File,
    /// When the index was written: a file not older may have changed within the same tick of the clock.
    written: (u32, u32),
    depth: usize,
    is_doubtful: bool,
    /// Whether a file was read and compared as it is, without the conversions that it may be subject to.
    pub(super) has_read: bool,
}

impl<'a> Look<'a> {
    /// Begins to look; the index must have been read before.
    pub(super) fn new(work_tree: &'a Path, layout: &Layout) -> Result<Self, String> {
        let index = layout.git_directory.join("index");
        let written = index
            .metadata()
            .map(|met| (met.mtime() as u32, met.mtime_nsec() as u32))
            .map_err(|error| format!("cannot read `{}`: {error}", index.display()))?;
        let directory = File::options()
            .read(true)
            .custom_flags((OFlag::O_PATH | OFlag::O_DIRECTORY).bits())
            .open(work_tree)
            .map_err(|error| format!("cannot open `{}`: {error}", work_tree.display()))?;
        Ok(Self {
            work_tree,
            directory,
            written,
            depth: 0,
            is_doubtful: false,
            has_read: false,
        })
    }

    /// Tells whether a file is there, and surely as its entry says; of a submodule, that is never sure.
    pub(super) fn is_surely_same(&mut self, entry: &Entry<'_>) -> bool {
        let met = fstatat(&self.directory, entry.path, AtFlags::AT_SYMLINK_NOFOLLOW);
        met.is_ok_and(|met| self.is_unchanged(entry, &met))
    }

    fn is_unchanged(&mut self, entry: &Entry<'_>, met: &FileStat) -> bool {
        is_same(&entry.stat, entry.mode, met) && entry.stat.modified < self.written
            || self.has_same_bytes(entry, met)
    }

    /// Looks at one entry: true if it has surely changed; a doubt is noted.
    fn at(&mut self, entry: &Entry<'_>) -> Result<bool, String> {
        if entry.stage != 0 || entry.is_only_intended {
            return Ok(true);
        }
        if entry.is_assumed_valid || entry.is_skipped {
            return Ok(false);
        }
        if entry.mode == 0o160_000 {
            return self.nested(entry);
        }
        let met = match fstatat(&self.directory, entry.path, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(met) => met,
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(true),
            Err(errno) => {
                let path = self.work_tree.join(path_of(entry.path));
                return Err(format!("cannot look at `{}`: {errno}", path.display()));
            }
        };
        self.is_doubtful |= !self.is_unchanged(entry, &met);
        Ok(false)
    }

    /// Reads a file, or where a symlink leads, and compares that as it is.
    fn has_same_bytes(&mut self, entry: &Entry<'_>, met: &FileStat) -> bool {
        let path = self.work_tree.join(path_of(entry.path));
        let kind = met.st_mode & 0o170_000;
        if !has_same_mode(entry.mode, met) {
            return false;
        }
        let found = match kind {
            0o100_000 => {
                self.has_read = true;
                Oid::hash_file(ObjectType::Blob, path).ok()
            }
            0o120_000 => path
                .read_link()
                .ok()
                .and_then(|to| Oid::hash_object(ObjectType::Blob, path_bytes(&to)).ok()),
            _ => None,
        };
        found == Some(entry.id)
    }

    fn nested(&self, entry: &Entry<'_>) -> Result<bool, String> {
        let work_tree = self.work_tree.join(path_of(entry.path));
        if self.depth == DEEPEST {
            return Err(format!(
                "the submodules of `{}` lie too deep",
                work_tree.display()
            ));
        }
        // One that was never filled has not changed.
        let Some(layout) = Layout::find(&work_tree)? else {
            return Ok(false);
        };
        let head = layout.head()?;
        if head.commit != Some(entry.id) {
            return Ok(true);
        }
        is_dirty_at(&work_tree, &layout, &head, self.depth + 1)
    }
}

fn path_of(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

/// Returns the permission bits that git gives a regular file of this mode.
fn regular_bits(mode: u32) -> u32 {
    if mode & 0o100 == 0 { 0o644 } else { 0o755 }
}

/// Tells whether a file is of the kind that an entry says, and executable or not, as it says.
fn has_same_mode(mode: u32, met: &FileStat) -> bool {
    let kind = met.st_mode & 0o170_000;
    match kind {
        0o100_000 => mode == kind | regular_bits(met.st_mode),
        _ => mode == kind,
    }
}

fn is_same(stat: &Stat, mode: u32, met: &FileStat) -> bool {
    let time_agrees = |stat: (u32, u32), seconds: i64, nanoseconds: i64| {
        // A git without nanoseconds writes zeros.
        stat.0 == seconds as u32 && (stat.1 == nanoseconds as u32 || stat.1 == 0)
    };
    has_same_mode(mode, met)
        && stat.size == met.st_size as u32
        && time_agrees(stat.modified, met.st_mtime, met.st_mtime_nsec)
        && time_agrees(stat.changed, met.st_ctime, met.st_ctime_nsec)
        && (stat.inode == 0 || stat.inode == met.st_ino as u32)
}

/// Asks libgit2, which knows of filters, line endings and `core.fileMode`, whether any file differs from the index.
fn differs(work_tree: &Path) -> Result<bool, String> {
    let mut options = DiffOptions::new();
    options.ignore_submodules(true).include_typechange(true);
    open(work_tree)
        .and_then(|repository| {
            let diff = repository.diff_index_to_workdir(None, Some(&mut options))?;
            Ok(diff.deltas().len() > 0)
        })
        .map_err(|error| in_a_line(&error))
}

/// Tells whether the index holds another tree than HEAD.
fn is_staged(
    work_tree: &Path,
    layout: &Layout,
    head: &Head,
    staged: Option<Oid>,
) -> Result<bool, String> {
    let Some(commit) = head.commit else {
        return Ok(false);
    };
    if let Some(staged) = staged {
        return Ok(remembered_tree(layout, commit)? != staged);
    }
    open(work_tree)
        .and_then(|repository| {
            let tree = repository.find_commit(commit)?.tree()?;
            let index = repository.index()?;
            let diff = repository.diff_tree_to_index(Some(&tree), Some(&index), None)?;
            Ok(diff.deltas().len() > 0)
        })
        .map_err(|error| in_a_line(&error))
}

/// Returns the tree of a commit, from memory where any project's harness had it: an id says it for all of them.
pub(super) fn remembered_tree(layout: &Layout, commit: Oid) -> Result<Oid, String> {
    static TREES: Remembered<Oid, Oid> = Remembered::new();
    TREES.get(commit, |_| tree_of(&layout.objects()?, commit))
}
