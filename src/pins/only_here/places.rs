//! What is in a project's directory and is not of the project: other repositories, other file systems.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::super::candidate::looks_bare;
use super::{OnlyHere, named, quoted, relative};

/// Looks at every directory of a project, of which `work_trees` are those of its own repositories.
pub(super) fn look(project: &Path, work_trees: &BTreeSet<&Path>, found: &mut OnlyHere) {
    let device = project.symlink_metadata().map(|met| met.dev()).ok();
    let (mut strangers, mut fleets, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = WalkDir::new(project).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(project);
                unreadable.push(relative(project, path));
                continue;
            }
        };
        let parent = entry.path().parent().unwrap_or(project);
        let is_own_git = entry.file_name() == ".git" && work_trees.contains(parent);
        if is_own_git {
            // What is in there was looked at by git's own rules.
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
        } else if entry.file_name() == ".git" {
            strangers.push(relative(project, parent));
            walk.skip_current_dir();
        } else if entry.file_type().is_dir() {
            look_into(project, &entry, device, &mut strangers, found);
        } else if entry.file_name() == "fleet.toml" && parent.join(".fleet").is_dir() {
            fleets.push(parent.to_string_lossy().into_owned());
        }
    }
    if !strangers.is_empty() {
        strangers.dedup();
        let what = format!("other repositories are in it: {}", named(&strangers));
        found.work(
            what,
            format!("move them away: `mv {}/PATH ELSEWHERE`", quoted(project)),
        );
    }
    if !fleets.is_empty() {
        let what = format!("a fleet has its place there: {}", named(&fleets));
        found.work(
            what,
            "`fleet --fleet DIR list` shows what it has".to_owned(),
        );
    }
    if !unreadable.is_empty() {
        let what = format!("directories cannot be read: {}", named(&unreadable));
        found.obstacle(what, "make them readable, or move them away".to_owned());
    }
    for point in mount_points()
        .into_iter()
        .filter(|it| it.starts_with(project))
    {
        let what = format!("a file system is mounted at {}", point.display());
        found.obstacle(what, format!("`umount {}`", quoted(&point)));
    }
}

fn look_into(
    project: &Path,
    entry: &DirEntry,
    device: Option<u64>,
    strangers: &mut Vec<String>,
    found: &mut OnlyHere,
) {
    let path = entry.path();
    if entry.metadata().ok().map(|met| met.dev()) != device {
        let what = format!("{} is on another file system", path.display());
        found.obstacle(what, "move it away, or unmount it".to_owned());
    }
    if path != project && looks_bare(path) {
        strangers.push(relative(project, path));
    }
}

/// Lists where file systems are mounted; none where the kernel does not say.
fn mount_points() -> Vec<PathBuf> {
    let bytes = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let field = |line: &[u8]| {
        let field = line.split(|byte| *byte == b' ').nth(4)?;
        Some(PathBuf::from(OsString::from_vec(unescaped(field))))
    };
    bytes
        .split(|byte| *byte == b'\n')
        .filter_map(field)
        .collect()
}

/// Reads `\040` and its like, which stand for what would end a field.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match code {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_with_blanks_are_read_as_the_kernel_writes_them() {
        assert_eq!(unescaped(br"/a\040b\134c\9"), br"/a b\c\9");
        assert!(mount_points().contains(&PathBuf::from("/")));
    }
}
