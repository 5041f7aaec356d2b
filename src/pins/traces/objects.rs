//! Objects by their ids: whole ones of a bounded size, and never from a file that would keep its reader waiting.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, Oid};

use super::super::layout::Layout;
use super::read::LARGE;

/// The objects of one repository.
pub(super) struct Objects {
    database: Odb<'static>,
    directory: PathBuf,
}

/// An object, or that it was left alone.
pub(super) enum Object {
    Whole(ObjectType, Vec<u8>),
    /// Its size in bytes.
    Large(u64),
}

impl Objects {
    /// Opens the objects of a repository, with those that it borrows.
    pub(super) fn open(layout: &Layout) -> Result<Self, String> {
        let directory = layout.common.join("objects");
        for below in ["info", "pack"] {
            refuse_what_is_no_file(&directory.join(below))?;
        }
        let database = layout.objects()?;
        Ok(Self {
            database,
            directory,
        })
    }

    /// Reads one.
    pub(super) fn read(&self, id: Oid) -> Result<Object, String> {
        let hex = id.to_string();
        let loose = self.directory.join(&hex[..2]).join(&hex[2..]);
        if loose.metadata().is_ok_and(|met| !met.is_file()) {
            return Err(format!("the object {id} is no plain file"));
        }
        let cannot = |error: git2::Error| {
            let why = error.message().to_owned();
            format!("cannot read the object {id}: {why}")
        };
        let (size, kind) = self.database.read_header(id).map_err(cannot)?;
        if size as u64 > LARGE {
            return Ok(Object::Large(size as u64));
        }
        let object = self.database.read(id).map_err(cannot)?;
        Ok(Object::Whole(kind, object.data().to_vec()))
    }

    /// Reads one that must be of a kind.
    pub(super) fn of_kind(&self, id: Oid, wanted: ObjectType) -> Result<Vec<u8>, String> {
        match self.read(id)? {
            Object::Whole(kind, bytes) if kind == wanted => Ok(bytes),
            Object::Whole(..) => Err(format!("the object {id} is no {wanted}")),
            Object::Large(size) => Err(format!("the object {id} has {} MiB", size >> 20)),
        }
    }

    /// Returns the tree of a commit.
    pub(super) fn tree_of(&self, commit: Oid) -> Result<Oid, String> {
        let bytes = self.of_kind(commit, ObjectType::Commit)?;
        let hex = bytes.strip_prefix(b"tree ").and_then(|rest| rest.get(..40));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        hex.and_then(|hex| Oid::from_str(hex).ok())
            .ok_or_else(|| format!("the commit {commit} is broken"))
    }

    /// Tells whether there is one.
    pub(super) fn has(&self, id: Oid) -> bool {
        self.database.exists(id)
    }
}

/// libgit2 opens what is there, and waits for a pipe.
fn refuse_what_is_no_file(directory: &Path) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let met = entry.path().metadata();
        if met.is_ok_and(|met| !met.is_file() && !met.is_dir()) {
            let path = entry.path();
            return Err(format!("`{}` is no plain file", path.display()));
        }
    }
    Ok(())
}

/// One entry of a tree: mode, name, id.
pub(super) type Entry<'a> = (&'a [u8], &'a [u8], Oid);

/// Returns the entries of a tree.
pub(super) fn entries(mut tree: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    let mut found = Vec::new();
    while !tree.is_empty() {
        let entry = (|| {
            let space = tree.iter().position(|byte| *byte == b' ')?;
            let end = space + tree[space..].iter().position(|byte| *byte == 0)?;
            let id = Oid::from_bytes(tree.get(end + 1..end + 21)?).ok()?;
            Some((&tree[..space], &tree[space + 1..end], id, end + 21))
        })();
        let Some((mode, name, id, end)) = entry else {
            return Err("a tree is broken".to_owned());
        };
        found.push((mode, name, id));
        tree = &tree[end..];
    }
    Ok(found)
}
