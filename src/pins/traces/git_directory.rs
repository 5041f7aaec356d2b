//! The files of a git directory, other than objects: configuration, hooks, reflogs, and whatever else is there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use git2::Oid;
use walkdir::{DirEntry, WalkDir};

use super::Searcher;
use super::config::{self, Site};
use super::marks::{is_named_after, words};
use super::read;
use super::refs;
use super::tracked;

/// What is looked at elsewhere: by its id, as a repository of its own, or as what it was made from.
const ELSEWHERE: [&str; 4] = ["objects", "modules", "lfs", "refs"];

/// A git directory.
pub(super) struct Directory<'a> {
    pub(super) path: &'a Path,
    /// What its places begin with, such as `.git`.
    pub(super) place: &'a str,
    pub(super) site: Site<'a>,
    /// Whether it is a submodule's: what came from the harness is not the project's doing.
    pub(super) is_harness: bool,
}

/// Looks over the files of a git directory; returns the commits that reflogs name.
pub(super) fn search(searcher: &mut Searcher<'_>, directory: &Directory<'_>) -> HashSet<Oid> {
    let mut commits = HashSet::new();
    let mut hooks = Vec::new();
    let is_wanted = |entry: &DirEntry| {
        let name = entry.file_name().to_str().unwrap_or_default();
        !(entry.depth() == 1 && ELSEWHERE.contains(&name))
    };
    for entry in WalkDir::new(directory.path)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_wanted)
    {
        match entry {
            Err(error) => searcher.unread(directory.place, error.to_string()),
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let path = entry.path().strip_prefix(directory.path);
                let path = path.unwrap_or(entry.path()).to_owned();
                file(searcher, directory, &path, &mut commits, &mut hooks);
            }
        }
    }
    borrowed(searcher, directory);
    for place in hooks {
        configured_hooks(searcher, &place);
    }
    commits
}

fn file(
    searcher: &mut Searcher<'_>,
    directory: &Directory<'_>,
    path: &Path,
    commits: &mut HashSet<Oid>,
    hooks: &mut Vec<PathBuf>,
) {
    let name = path.as_os_str().as_encoded_bytes();
    let place = format!("{}/{}", directory.place, read::shown(name));
    let full = directory.path.join(path);
    searcher.text(&place, name);
    if let Ok(target) = full.read_link() {
        let from = full.parent().unwrap_or(&full);
        tracked::link(searcher, &place, from, target.as_os_str());
    }
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    // A linked work tree has a directory of the same shape below `worktrees`.
    let parts = match parts.as_slice() {
        ["worktrees", _, rest @ ..] => rest,
        all => all,
    };
    match parts {
        ["config" | "config.worktree"] => {
            hooks.extend(config::search(searcher, &place, &full, &directory.site, 0));
        }
        ["hooks", rest @ ..] => hook(searcher, &place, &full, rest.last().copied()),
        ["logs", rest @ ..] => {
            reflog(searcher, &place, &full, commits);
            let name = rest.join("/");
            let is_known = directory.path.join(&name).exists();
            if !is_known {
                refs::judge(
                    searcher,
                    &format!("{}/logs", directory.place),
                    name.as_bytes(),
                    directory.is_harness,
                );
            }
        }
        // Read entry by entry.
        ["index" | "packed-refs"] => {}
        // Where git itself keeps a linked work tree's place.
        ["gitdir"] => {}
        _ => other(searcher, &place, &full, parts.last().copied()),
    }
}

fn hook(searcher: &mut Searcher<'_>, place: &str, path: &Path, name: Option<&str>) {
    if name.is_some_and(|name| name.ends_with(".sample")) {
        return;
    }
    searcher.found.looked.hooks += 1;
    if name.is_some_and(|name| is_named_after(name.as_bytes())) {
        let why = "a hook that is named after the program";
        searcher.trace(place, name.unwrap_or_default().as_bytes(), why);
    }
    if path.is_symlink() {
        return;
    }
    match read::text(path) {
        Err(error) => searcher.unread(place, error.to_string()),
        Ok(text) if !searcher.lines(place, &text) => {
            if let Some(hit) = searcher.marks.spoken(&text) {
                let text = super::around(&text, hit.at.start).to_vec();
                searcher.trace(place, &text, hit.why);
            } else if let Some(at) = words(&searcher.without_places(&text)).next() {
                let text = super::around(&text, at.start).to_vec();
                searcher.mention(place, &text, "a hook says the word");
            }
        }
        Ok(_) => {}
    }
}

/// Looks over hooks that the configuration has elsewhere in the repository, tracked or not.
fn configured_hooks(searcher: &mut Searcher<'_>, directory: &Path) {
    for entry in WalkDir::new(directory).sort_by_file_name() {
        match entry {
            Err(error) => searcher.unread("core.hooksPath", error.to_string()),
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let place = entry.path().display().to_string();
                let name = entry.file_name().to_str();
                hook(searcher, &place, entry.path(), name);
            }
        }
    }
}

fn reflog(searcher: &mut Searcher<'_>, place: &str, path: &Path, commits: &mut HashSet<Oid>) {
    let text = match read::text(path) {
        Ok(text) => text,
        Err(error) => return searcher.unread(place, error.to_string()),
    };
    searcher.lines(place, &text);
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        searcher.found.looked.reflog += 1;
        for hex in [line.get(..40), line.get(41..81)].into_iter().flatten() {
            let id = std::str::from_utf8(hex).ok();
            let id = id.and_then(|hex| Oid::from_str(hex).ok());
            commits.extend(id.filter(|id| !id.is_zero()));
        }
        // What git did is said first, such as `commit: `; only a program's own word for it could be `fleet: `.
        let message = line.splitn(2, |byte| *byte == b'\t').nth(1);
        if message.is_some_and(is_named_after)
            && let Some(hit) = searcher.marks.spoken(message.unwrap_or_default())
        {
            searcher.trace(format!("{place}:{}", at + 1), line, hit.why);
        }
    }
}

/// Looks at a file of which only its name and what it holds can tell.
pub(super) fn other(searcher: &mut Searcher<'_>, place: &str, path: &Path, name: Option<&str>) {
    searcher.found.looked.others += 1;
    if name.is_some_and(|name| is_named_after(name.as_bytes())) {
        let why = "a file of the git directory that is named after the program";
        searcher.trace(place, name.unwrap_or_default().as_bytes(), why);
    }
    if path.is_symlink() {
        return;
    }
    let looked = read::open(path).and_then(|(file, size)| searcher.stream(place, file, size));
    if let Err(error) = looked {
        searcher.unread(place, error.to_string());
    }
    // Git's own files are short, and people write no prose into them.
    if matches!(name, Some("description" | "exclude" | "attributes"))
        && let Ok(text) = read::text(path)
        && let Some(hit) = searcher.marks.spoken(&text)
    {
        let text = super::around(&text, hit.at.start).to_vec();
        searcher.trace(place, &text, hit.why);
    }
}

/// Looks at where a repository borrows objects from.
fn borrowed(searcher: &mut Searcher<'_>, directory: &Directory<'_>) {
    let objects = directory.path.join("objects");
    let place = format!("{}/objects/info/alternates", directory.place);
    let Ok(text) = read::text(&objects.join("info/alternates")) else {
        return;
    };
    for line in text.split(|byte| *byte == b'\n') {
        searcher.leads_to(&place, &objects, line);
    }
}
