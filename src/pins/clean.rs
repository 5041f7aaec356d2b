//! Is a harness surely as its HEAD has it, with no file beside? A quick yes, for most are.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use git2::Repository;

use super::dirty::{Look, remembered_tree};
use super::filters::writes_blobs_as_they_are;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::repository::path_bytes;

/// Tells whether a repository surely has no changes: nothing staged, every file as recorded, and none beside, not even
/// an ignored one. "No" means that it takes libgit2 to tell, as it does where submodules are.
pub(super) fn is_surely_clean(engine: &Repository) -> bool {
    engine
        .workdir()
        .and_then(|work_tree| look(engine, work_tree))
        .unwrap_or(false)
}

fn look(engine: &Repository, work_tree: &Path) -> Option<bool> {
    let layout = Layout::find(work_tree).ok()??;
    let commit = layout.head().ok()?.commit?;
    let index = IndexFile::read(&layout.git_directory).ok()??;
    let mut look = Look::new(work_tree, &layout).ok()?;
    let mut known = Known::default();
    let extensions = index.walk(|entry| {
        if entry.has_flags() || !look.is_surely_same(&entry) {
            return ControlFlow::Break(());
        }
        known.add(entry.path.to_bytes());
        ControlFlow::Continue(())
    });
    let staged = extensions.ok()??.tree?;
    if remembered_tree(&layout, commit).ok()? != staged {
        return Some(false);
    }
    if look.has_read {
        let tree = engine.find_tree(staged).ok()?;
        // Where files are converted, the same bytes may be another file to git.
        if !writes_blobs_as_they_are(engine, &tree) {
            return Some(false);
        }
    }
    known.is_all_below(work_tree, Path::new("")).ok()
}

/// The paths that an index lists, and the folders that they make.
#[derive(Default)]
struct Known {
    files: HashSet<Vec<u8>>,
    folders: HashSet<Vec<u8>>,
}

impl Known {
    fn add(&mut self, path: &[u8]) {
        let mut folder = Path::new(OsStr::from_bytes(path)).parent();
        while let Some(new) = folder.filter(|folder| !self.folders.contains(path_bytes(folder))) {
            self.folders.insert(path_bytes(new).to_vec());
            folder = new.parent();
        }
        self.files.insert(path.to_vec());
    }

    /// Tells whether a folder holds nothing else.
    fn is_all_below(&self, work_tree: &Path, folder: &Path) -> io::Result<bool> {
        for entry in fs::read_dir(work_tree.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let is_known = if entry.file_type()?.is_dir() {
                self.folders.contains(path_bytes(&path)) && self.is_all_below(work_tree, &path)?
            } else {
                self.files.contains(path_bytes(&path)) || path == Path::new(".git")
            };
            if !is_known {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
