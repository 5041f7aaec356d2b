//! What is known to hold nothing, for all projects at once: most of a fleet's projects hold the same harness.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use git2::Oid;

/// Objects in which nothing of the fleet's is: not even a place that one project may name and another may not.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    blobs: Mutex<HashSet<Oid>>,
    /// With the number of files.
    trees: Mutex<HashMap<Oid, u64>>,
    /// All that is to be had from some commits, with the number of commits.
    histories: Mutex<HashMap<Vec<Oid>, u64>>,
}

impl Seen {
    pub(super) fn has_blob(&self, id: Oid) -> bool {
        let blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.contains(&id)
    }

    pub(super) fn add_blob(&self, id: Oid) {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.insert(id);
    }

    pub(super) fn files_of_tree(&self, id: Oid) -> Option<u64> {
        get(&self.trees, &id)
    }

    pub(super) fn add_tree(&self, id: Oid, files: u64) {
        put(&self.trees, id, files);
    }

    pub(super) fn commits_from(&self, tips: &Vec<Oid>) -> Option<u64> {
        get(&self.histories, tips)
    }

    pub(super) fn add_history(&self, tips: Vec<Oid>, commits: u64) {
        put(&self.histories, tips, commits);
    }
}

fn get<K: Eq + Hash>(known: &Mutex<HashMap<K, u64>>, key: &K) -> Option<u64> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(key).copied()
}

fn put<K: Eq + Hash>(known: &Mutex<HashMap<K, u64>>, key: K, value: u64) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(key, value);
}
