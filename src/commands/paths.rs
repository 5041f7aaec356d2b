//! Paths of the command line.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns a path of the command line as an absolute one, from where the command was typed.
pub(super) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the working directory")?;
    let joined = here.join(path);
    let plain: PathBuf = joined.components().collect();
    Ok(plain.canonicalize().unwrap_or(plain))
}
