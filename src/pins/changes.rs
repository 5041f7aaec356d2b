//! The paths in which two versions of a harness differ.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use git2::{Oid, Repository, Tree};

use super::filters::has_attributes;
use super::remembered::Remembered;

/// How many bytes of new files are kept in memory for the next project that makes the same move.
const KEPT: usize = 4 << 20;

/// Mode and content of a path in a version, or on disk.
pub(super) type Content = Option<(u32, Oid)>;

/// What a path is before and after.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Change {
    pub(super) from: Content,
    pub(super) to: Content,
}

impl Change {
    /// Tells whether the path is that of a submodule, before or after.
    pub(super) fn is_nested(&self) -> bool {
        [self.from, self.to]
            .iter()
            .flatten()
            .any(|(mode, _)| *mode == 0o160_000)
    }
}

/// What has to change for one version to become another.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) paths: BTreeMap<PathBuf, Change>,
    /// Whether either version asks for conversions of files.
    pub(super) has_attributes: bool,
    /// The bytes of new files, as far as they are few.
    blobs: HashMap<Oid, Vec<u8>>,
}

impl Changes {
    /// Compares two versions; the answer is remembered.
    pub(super) fn between(
        repository: &Repository,
        from: &Tree<'_>,
        to: &Tree<'_>,
    ) -> anyhow::Result<Arc<Self>> {
        static KNOWN: Remembered<(Oid, Oid), Arc<Changes>> = Remembered::new();
        KNOWN.get((from.id(), to.id()), |_| {
            let mut changes = Self {
                paths: differing(repository, from, to)
                    .context("cannot compare the two versions of the harness")?,
                has_attributes: has_attributes(from) || has_attributes(to),
                blobs: HashMap::new(),
            };
            changes.keep_blobs(repository);
            Ok(Arc::new(changes))
        })
    }

    /// Reads the bytes of a new file.
    pub(super) fn read(&self, repository: &Repository, id: Oid) -> Result<Vec<u8>, git2::Error> {
        match self.blobs.get(&id) {
            Some(bytes) => Ok(bytes.clone()),
            None => Ok(repository.find_blob(id)?.content().to_vec()),
        }
    }

    fn keep_blobs(&mut self, repository: &Repository) {
        let mut room = KEPT;
        for (_, id) in self.paths.values().filter_map(|change| change.to) {
            // What cannot be read is found out by whoever needs it.
            let Ok(blob) = repository.find_blob(id) else {
                continue;
            };
            if let Some(rest) = room.checked_sub(blob.size()) {
                room = rest;
                self.blobs.insert(id, blob.content().to_vec());
            }
        }
    }
}

fn differing(
    repository: &Repository,
    from: &Tree<'_>,
    to: &Tree<'_>,
) -> Result<BTreeMap<PathBuf, Change>, git2::Error> {
    let diff = repository.diff_tree_to_tree(Some(from), Some(to), None)?;
    let mut found = BTreeMap::<PathBuf, Change>::new();
    for delta in diff.deltas() {
        let content = |file: git2::DiffFile<'_>| {
            (!file.id().is_zero()).then(|| (u32::from(file.mode()), file.id()))
        };
        // A file that becomes a symlink is two deltas of one path.
        if let Some(path) = delta.old_file().path() {
            let change = found.entry(path.to_path_buf()).or_default();
            change.from = change.from.or(content(delta.old_file()));
        }
        if let Some(path) = delta.new_file().path() {
            let change = found.entry(path.to_path_buf()).or_default();
            change.to = change.to.or(content(delta.new_file()));
        }
    }
    Ok(found)
}
