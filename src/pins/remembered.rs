//! What an object id settles, it settles for all projects: worked out once per process.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Answers that can never change, by what they answer.
#[derive(Debug)]
pub(super) struct Remembered<K, V>(Mutex<Option<HashMap<K, V>>>);

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// Knows nothing yet.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns the answer, worked out first where nobody has; a failure is not remembered.
    pub(super) fn get<E>(&self, key: K, work_out: impl FnOnce(&K) -> Result<V, E>) -> Result<V, E> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known().as_ref().and_then(|known| known.get(&key)) {
            return Ok(value.clone());
        }
        // Two threads may work at the same; neither waits for the other.
        let value = work_out(&key)?;
        known().get_or_insert_default().insert(key, value.clone());
        Ok(value)
    }
}
