//! The files of the trail: the one that is appended to, and a few older ones.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::files::{self, Lock};

/// How long a file of the trail may be before the next one is begun.
///
/// Some 15,000 changes, which are read in a few hundredths of a second; with the older ones, 20 MiB at most: a hundred
/// projects that change ten times a day each are remembered for more than two months.
pub(super) const FULL: u64 = 4 * 1024 * 1024;

/// How many older files are kept.
const KEPT: u32 = 4;

/// Returns the file that is appended to (0), or an older one: the higher, the older.
pub(super) fn path(runtime: &Path, generation: u32) -> PathBuf {
    match generation {
        0 => runtime.join("events.jsonl"),
        older => runtime.join(format!("events.jsonl.{older}")),
    }
}

/// Begins a new file if the one that is appended to is full.
///
/// A file is renamed, never copied: whoever has it open writes into it under its next name, and nothing is lost. (Only a
/// process that stands still between its open and its write while 16 MiB are written by others would be late.) One
/// process renames at a time; the others do not wait for it, but append to what they find.
pub(super) fn turn_if_full(runtime: &Path) -> anyhow::Result<()> {
    if !is_full(runtime) {
        return Ok(());
    }
    // No project can have a name with a dot, so no project's lock is this one.
    let Some(_turning) = Lock::try_take(&runtime.join("locks/.events"))? else {
        return Ok(());
    };
    // Another process may have done it since.
    if !is_full(runtime) {
        return Ok(());
    }
    for generation in (0..KEPT).rev() {
        let (from, to) = (path(runtime, generation), path(runtime, generation + 1));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot rename `{}`", from.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn is_full(runtime: &Path) -> bool {
    fs::metadata(path(runtime, 0)).is_ok_and(|metadata| metadata.len() >= FULL)
}

/// Opens all files of the trail, newest first; those that are not there are left out.
///
/// In this order none is missed while another process renames them: files only ever move the way that this looks. One
/// that is met twice is returned once.
pub(super) fn open_all(runtime: &Path) -> anyhow::Result<Vec<(PathBuf, File)>> {
    let mut opened: Vec<(PathBuf, File)> = Vec::new();
    let mut met = Vec::new();
    for generation in 0..=KEPT {
        let path = path(runtime, generation);
        let file = match files::open_plain(OpenOptions::new().read(true), &path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let metadata = file
            .metadata()
            .with_context(|| format!("cannot look at `{}`", path.display()))?;
        let identity = (metadata.dev(), metadata.ino());
        if !met.contains(&identity) {
            met.push(identity);
            opened.push((path, file));
        }
    }
    Ok(opened)
}

/// Reads a file of the trail whole. What is not UTF-8 does not make the rest unreadable.
pub(super) fn text(path: &Path, mut file: File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
