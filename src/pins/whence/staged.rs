//! The entry of `.gitmodules` in a project's index.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;
use git2::{FileMode, Index, IndexEntry, IndexTime, Oid, Repository};

use crate::pins::gitmodules::MODULES;

/// What is staged of `.gitmodules`.
pub(super) struct Staged {
    pub(super) id: Oid,
    modified: IndexTime,
    size: u32,
}

impl Staged {
    /// Tells whether git last saw the file as an entry has it.
    pub(super) fn is_seen_as(&self, entry: &IndexEntry) -> bool {
        self.modified == entry.mtime && self.size == entry.file_size
    }
}

/// Returns what is staged, if anything is.
pub(super) fn staged(project: &Repository) -> anyhow::Result<Option<Staged>> {
    let index = Index::open(&project.path().join("index")).context("cannot read the index")?;
    let entry = index.get_path(Path::new(MODULES), 0);
    Ok(entry.map(|entry| Staged {
        id: entry.id,
        modified: entry.mtime,
        size: entry.file_size,
    }))
}

/// Returns an entry of the index for a file that git has still to look at.
pub(super) fn unseen(blob: Oid, mode: FileMode) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: u32::try_from(i32::from(mode)).unwrap_or(0o100_644),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: blob,
        flags: 0,
        flags_extended: 0,
        path: MODULES.as_bytes().to_vec(),
    }
}

/// Notes what the file is like, so that git sees at a glance that it has not changed. The index keeps 32 bits of each.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index keeps the lower 32 bits, as git does"
)]
pub(super) fn see(entry: &mut IndexEntry, met: &fs::Metadata) {
    entry.ctime = IndexTime::new(met.ctime() as i32, met.ctime_nsec() as u32);
    entry.mtime = IndexTime::new(met.mtime() as i32, met.mtime_nsec() as u32);
    (entry.dev, entry.ino) = (met.dev() as u32, met.ino() as u32);
    (entry.uid, entry.gid) = (met.uid(), met.gid());
    entry.file_size = met.size() as u32;
}
