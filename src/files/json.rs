//! Files of runtime state: one value each, as JSON that only its owner can read.

use std::path::Path;

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};

use super::{Durability, overwrite, read_if_there, replace};

/// Reads a JSON file; `None` where there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    read_if_there(path)?
        .map(|text| {
            serde_json::from_str(&text)
                .with_context(|| format!("cannot make sense of `{}`", path.display()))
        })
        .transpose()
}

/// Replaces a JSON file.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    replace(path, &bytes(path, value)?, 0o600, Durability::Cached)
}

/// Writes over a JSON file that is there: see [`overwrite`].
pub(crate) fn overwrite_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    overwrite(path, &bytes(path, value)?)
        .with_context(|| format!("cannot write over `{}`", path.display()))
}

fn bytes(path: &Path, value: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)
        .with_context(|| format!("cannot write `{}` as JSON", path.display()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
