//! Where programs are.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::unistd::{AccessFlags, access};

use crate::error::failed;

pub(super) const PROGRAM: &str = "fleet-tender";

/// Returns the path of the program that runs.
pub(crate) fn this_program() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe().context("cannot tell where this program is")?;
    // Linux says so of a program that has been replaced while it ran: the new one is meant from now on.
    let replaced = path
        .to_str()
        .and_then(|text| text.strip_suffix(" (deleted)"))
        .map(PathBuf::from);
    Ok(replaced.unwrap_or(path))
}

/// Returns the path of the tender: beside the program that runs, else on PATH.
pub(crate) fn tender_program() -> anyhow::Result<String> {
    let this = this_program()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let beside = this.parent().map(Path::to_owned);
    let found = beside
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join(PROGRAM))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            failed(format!(
                "`{PROGRAM}` is neither beside `{}` nor on PATH",
                this.display()
            ))
            .hint("install the package again: it comes with it")
        })?;
    found
        .into_os_string()
        .into_string()
        .map_err(|path| failed(format!("`{}` is not UTF-8", path.display())).into())
}

/// Finds a program as a shell would, from the directory it will run in: along `search`, which is written like PATH,
/// unless it is named with a slash.
pub(crate) fn find_program(wanted: &str, search: &str, directory: &Path) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.is_file() && access(path, AccessFlags::X_OK).is_ok();
    if wanted.contains('/') {
        return Some(directory.join(wanted)).filter(runs);
    }
    std::env::split_paths(search)
        .map(|entry| directory.join(entry).join(wanted))
        .find(runs)
}
