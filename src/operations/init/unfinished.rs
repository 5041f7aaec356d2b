//! What an init leaves that is killed: a repository beside its place, or half moved into it. The next init completes it or
//! clears it away.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context as _;

use crate::registry;

use super::put;

/// What a new fleet's directory has, but for the registry, which comes last.
const ENTRIES: [&str; 6] = [
    ".git",
    ".gitignore",
    ".gitmodules",
    "agents.toml",
    "engine",
    "prompts",
];

/// Completes an init that was killed while it filled this directory, and returns whether it did. Clears away what one
/// left beside it that was killed earlier.
pub(super) fn recover(directory: &Path) -> anyhow::Result<bool> {
    let mut completed = false;
    for beside in left_beside(directory)? {
        if is_half_moved(&beside, directory)? {
            put(&beside, directory)?;
            completed = true;
        } else {
            fs::remove_dir_all(&beside)
                .with_context(|| format!("cannot remove the unfinished `{}`", beside.display()))?;
        }
    }
    Ok(completed)
}

/// Returns where an init builds; with the id of its process, since two may run at once.
pub(super) fn beside(directory: &Path, process: u32) -> anyhow::Result<PathBuf> {
    let name = directory
        .file_name()
        .context("a fleet's directory has a name")?;
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".new-{process}"));
    Ok(directory.with_file_name(beside))
}

/// Lists the unfinished repositories of inits in this place that run no more.
fn left_beside(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Some(parent) = directory.parent() else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        // There is nothing, or nothing to be seen: what follows tells which.
        Err(_) => return Ok(Vec::new()),
    };
    let mut left = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.rsplit_once(".new-")?.1.parse::<u32>().ok());
        if let Some(process) = process
            && entry.path() == beside(directory, process)?
            && !Path::new(&format!("/proc/{process}")).exists()
        {
            left.push(entry.path());
        }
    }
    Ok(left)
}

/// Tells whether a finished repository had begun to move into a directory: what is in there came from it, and is there
/// only.
fn is_half_moved(beside: &Path, directory: &Path) -> anyhow::Result<bool> {
    let names = |directory: &Path| -> anyhow::Result<Vec<OsString>> {
        match fs::read_dir(directory) {
            Ok(entries) => Ok(entries
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<_>>()?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => {
                Err(error).with_context(|| format!("cannot list `{}`", directory.display()))
            }
        }
    };
    let (here, there) = (names(directory)?, names(beside)?);
    let ours = |name: &OsString| ENTRIES.iter().any(|entry| name == entry);
    Ok(!here.is_empty()
        && here.iter().all(|name| ours(name) && !there.contains(name))
        && there.iter().any(|name| name == registry::FILE))
}
