//! What is in a git directory and is not git's: hooks that somebody wrote, contents that are kept beside the history, other
//! repositories.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::super::candidate::looks_bare;
use super::{OnlyHere, named, quoted, relative};

/// What git itself makes there. Submodules and linked work trees are looked at by those who know of them.
const OF_GIT: [&str; 13] = [
    "branches",
    "config",
    "description",
    "gc.log",
    "hooks",
    "index",
    "info",
    "logs",
    "modules",
    "objects",
    "refs",
    "shallow",
    "worktrees",
];

/// More of git's, by how it begins: what it remembers of its last work, and what it fetched from where.
const BEGINNINGS: [&str; 3] = ["packed-refs", "rr-cache", "fsmonitor--"];

/// Looks at one git directory. What is there and nowhere else goes along, and is named as what git ignores.
pub(super) fn look(project: &Path, directory: &Path, found: &mut OnlyHere) {
    let mut strangers = Vec::new();
    for name in names(directory).filter(|name| !is_gits(name)) {
        let path = directory.join(&name);
        found.ignored.push(relative(project, &path));
        strangers.extend(repositories(project, &path));
    }
    for name in names(&directory.join("hooks")) {
        if !name.ends_with(".sample") {
            let path = directory.join("hooks").join(&name);
            found.ignored.push(relative(project, &path));
        }
    }
    if !strangers.is_empty() {
        let what = format!(
            "other repositories are in a git directory: {}",
            named(&strangers)
        );
        found.work(
            what,
            format!("move them away: `mv {}/PATH ELSEWHERE`", quoted(project)),
        );
    }
}

/// Lists what is in a directory, sorted; nothing where there is none.
fn names(directory: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.into_iter()
}

/// Tells what git makes there: its pseudo-refs and messages are in capitals.
fn is_gits(name: &str) -> bool {
    OF_GIT.contains(&name)
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn repositories(project: &Path, path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(path).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let Ok(entry) = entry else { continue };
        let is_one = entry.file_type().is_dir()
            && (entry.path().join(".git").symlink_metadata().is_ok() || looks_bare(entry.path()));
        if is_one {
            found.push(relative(project, entry.path()));
            walk.skip_current_dir();
        }
    }
    found
}
