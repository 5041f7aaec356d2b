//! Tracked files: their names, and what they hold as committed, as staged and in the work tree.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Component, Path};

use git2::{ObjectType, Oid};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstatat};

use super::super::folders::{Folders, parts};
use super::super::index_file::IndexFile;
use super::super::layout::Layout;
use super::Searcher;
use super::objects::{Object, Objects, entries};
use super::read::{self, HOW};

/// What git tracks, by path: whether it is a submodule.
type Paths = BTreeMap<Vec<u8>, bool>;

/// A repository whose files are looked over.
pub(super) struct Files<'a> {
    pub(super) layout: &'a Layout,
    pub(super) objects: Option<&'a Objects>,
    pub(super) work_tree: Option<&'a Path>,
    /// What places begin with: empty for the project itself.
    pub(super) prefix: &'a str,
}

/// Looks over all tracked files; returns the paths of submodules.
pub(super) fn search(searcher: &mut Searcher<'_>, files: &Files<'_>) -> Vec<Vec<u8>> {
    let mut paths = Paths::new();
    let committed = committed(searcher, files, &mut paths);
    staged(searcher, files, &mut paths);
    if let Some(work_tree) = files.work_tree {
        in_work_tree(searcher, files, work_tree, &paths);
    }
    let tracked = paths
        .values()
        .filter(|is_submodule| !**is_submodule)
        .count() as u64;
    searcher.found.looked.files += tracked.max(committed);
    let submodules = paths.into_iter().filter(|(_, is_submodule)| *is_submodule);
    submodules.map(|(path, _)| path).collect()
}

impl Files<'_> {
    fn place(&self, path: &[u8]) -> String {
        format!("{}{}", self.prefix, read::shown(path))
    }
}

/// Looks over the tree of HEAD. Without an index its paths are those of the work tree too.
fn committed(searcher: &mut Searcher<'_>, files: &Files<'_>, paths: &mut Paths) -> u64 {
    let Some(objects) = files.objects else {
        return 0;
    };
    let head = files.layout.head();
    let tree = head.and_then(|head| head.commit.map(|id| objects.tree_of(id)).transpose());
    match tree {
        Err(why) => {
            searcher.unread(format!("{}HEAD", files.prefix), why);
            0
        }
        Ok(None) => 0,
        Ok(Some(tree)) => {
            let is_known = searcher.seen.files_of_tree(tree);
            if let Some(count) = is_known
                && files.layout.git_directory.join("index").is_file()
            {
                return count;
            }
            let mut walk = Walk {
                objects,
                files,
                paths,
                count: 0,
                is_silent: true,
            };
            walk.tree(searcher, tree, &mut Vec::new());
            let (count, is_silent) = (walk.count, walk.is_silent);
            if is_silent {
                searcher.seen.add_tree(tree, count);
            }
            count
        }
    }
}

/// A walk through a tree of git's.
struct Walk<'a> {
    objects: &'a Objects,
    files: &'a Files<'a>,
    paths: &'a mut Paths,
    count: u64,
    is_silent: bool,
}

impl Walk<'_> {
    fn tree(&mut self, searcher: &mut Searcher<'_>, id: Oid, prefix: &mut Vec<u8>) {
        let bytes = match self.objects.of_kind(id, ObjectType::Tree) {
            Ok(bytes) => bytes,
            Err(why) => return self.unread(searcher, prefix, &why),
        };
        let entries = match entries(&bytes) {
            Ok(entries) => entries,
            Err(why) => return self.unread(searcher, prefix, &why),
        };
        for (mode, name, id) in entries {
            let above = prefix.len();
            if above > 0 {
                prefix.push(b'/');
            }
            prefix.extend_from_slice(name);
            match mode {
                b"40000" => self.tree(searcher, id, prefix),
                b"160000" => {
                    // What is in a submodule is no part of the tree, so that it must be found in every project.
                    self.is_silent = false;
                    self.paths.insert(prefix.clone(), true);
                }
                _ => {
                    self.count += 1;
                    self.paths.insert(prefix.clone(), false);
                    let place = self.files.place(prefix);
                    self.is_silent &= !searcher.text(&place, prefix);
                    self.is_silent &= blob(searcher, self.objects, id, &place);
                }
            }
            prefix.truncate(above);
        }
    }

    fn unread(&mut self, searcher: &mut Searcher<'_>, prefix: &[u8], why: &str) {
        self.is_silent = false;
        let place = self.files.place(prefix);
        searcher.unread(format!("HEAD:{place}"), why);
    }
}

/// Looks over what a file held when it was committed or staged; tells whether nothing of the fleet's is in it.
pub(super) fn blob(searcher: &mut Searcher<'_>, objects: &Objects, id: Oid, place: &str) -> bool {
    if searcher.seen.has_blob(id) {
        return true;
    }
    match objects.read(id) {
        Ok(Object::Whole(_, bytes)) => {
            let is_silent = !searcher.lines(place, &bytes);
            if is_silent {
                searcher.seen.add_blob(id);
            }
            is_silent
        }
        Ok(Object::Large(size)) => {
            searcher.skip(format!("{place} as committed"), size);
            false
        }
        Err(why) => {
            searcher.unread(place, why);
            false
        }
    }
}

fn staged(searcher: &mut Searcher<'_>, files: &Files<'_>, paths: &mut Paths) {
    let place = format!("{}.git/index", files.prefix);
    let index = match IndexFile::read(&files.layout.git_directory) {
        Ok(Some(index)) => index,
        Ok(None) => return,
        Err(why) => return searcher.unread(place, why),
    };
    let mut found = Vec::new();
    let walked = index.walk(|entry| {
        let path = entry.path.to_bytes().to_vec();
        found.push((
            path,
            entry.id,
            entry.mode == 0o160_000,
            entry.is_only_intended,
        ));
        ControlFlow::Continue(())
    });
    if let Err(why) = walked {
        searcher.unread(place, why);
    }
    for (path, id, is_submodule, is_only_intended) in found {
        let place = files.place(&path);
        searcher.text(&place, &path);
        if let Some(objects) = files.objects
            && !is_submodule
            && !is_only_intended
        {
            blob(searcher, objects, id, &place);
        }
        paths.insert(path, is_submodule);
    }
}

fn in_work_tree(searcher: &mut Searcher<'_>, files: &Files<'_>, top: &Path, paths: &Paths) {
    let mut folders = match Folders::open(top) {
        Ok(folders) => folders,
        Err(error) => return searcher.unread(files.prefix, error.to_string()),
    };
    for (path, _) in paths.iter().filter(|(_, is_submodule)| !**is_submodule) {
        let place = files.place(path);
        let path = read::path(path);
        if !path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            searcher.unread(place, "its path leads out of the repository");
            continue;
        }
        if let Err(error) = file(searcher, &mut folders, top, path, &place) {
            searcher.unread(place, error.to_string());
        }
    }
}

/// Looks over one file of the work tree; one that is not there, or a directory by now, holds nothing.
fn file(
    searcher: &mut Searcher<'_>,
    folders: &mut Folders,
    top: &Path,
    path: &Path,
    place: &str,
) -> io::Result<()> {
    let (parent, name) = parts(path)?;
    let folder = match folders.enter(parent, false) {
        // A link in a folder's place is what git tracks there, or nothing that it does.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(()),
        folder => folder?,
    };
    let met = match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Err(Errno::ENOENT) => return Ok(()),
        met => met?,
    };
    let kind = SFlag::from_bits_truncate(met.st_mode) & SFlag::S_IFMT;
    if kind == SFlag::S_IFDIR {
        return Ok(());
    }
    if kind == SFlag::S_IFLNK {
        let target = readlinkat(folder, name)?;
        link(searcher, place, &top.join(parent), &target);
        return Ok(());
    }
    if kind != SFlag::S_IFREG {
        return Err(io::Error::other("it is not a plain file"));
    }
    let opened = openat(folder, name, HOW | OFlag::O_NOCTTY, Mode::empty())?;
    let (opened, size) = read::plain(File::from(opened))?;
    searcher.stream(place, opened, size)
}

/// Looks at where a link leads, and does not go there.
pub(super) fn link(searcher: &mut Searcher<'_>, place: &str, from: &Path, target: &OsStr) {
    searcher.leads_to(place, from, target.as_encoded_bytes());
}
