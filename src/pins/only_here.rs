//! What would be gone with a project's directory: work that git keeps nowhere else. Looks only.
//!
//! Looked at are the project, its harness and their submodules, and the git directories of submodules that are there no
//! more. What is kept elsewhere is what a remote had when it was last asked, or the mirror of the harness has.

mod files;
mod git_directory;
mod history;
mod places;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::in_a_line;
use crate::names::shell_word;

use super::candidate::looks_bare;
use super::layout::Layout;
use super::mirror::Mirror;
use super::repository::respect_environment;

/// How many names of a kind are told.
const NAMED: usize = 10;

/// Something that was found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hindrance {
    /// What, as a clause without an end.
    pub(crate) what: String,
    /// What to type.
    pub(crate) way_out: String,
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct OnlyHere {
    /// Work that exists nowhere else.
    pub(crate) work: Vec<Hindrance>,
    /// What nobody can look into, or cannot be moved as a whole.
    pub(crate) obstacles: Vec<Hindrance>,
    /// What git was told to ignore: kept nowhere else either, but meant to be made again.
    pub(crate) ignored: Vec<String>,
}

impl OnlyHere {
    fn work(&mut self, what: String, way_out: String) {
        self.work.push(Hindrance { what, way_out });
    }

    fn obstacle(&mut self, what: impl Into<String>, way_out: String) {
        let what = what.into();
        self.obstacles.push(Hindrance { what, way_out });
    }
}

/// One repository of a project.
struct Part {
    /// How it is called.
    name: String,
    /// What `git` is to be told to reach it.
    git: String,
    /// Its files; `None` where they are gone.
    work_tree: Option<PathBuf>,
    layout: Layout,
}

/// Looks at a project's directory, which has no links on the way to it. `engine` is the path of its harness.
///
/// May wait for ever on what only looks like a repository: a caller with a deadline runs it on a thread.
pub(crate) fn only_here(project: &Path, engine: &str, mirror: Option<&Mirror>) -> OnlyHere {
    respect_environment();
    let mut found = OnlyHere::default();
    let Some(layout) = own_layout(project, &mut found) else {
        return found;
    };
    let mut parts = Vec::new();
    let top = Part {
        name: "the project".to_owned(),
        git: format!("git -C {}", quoted(project)),
        work_tree: Some(project.to_owned()),
        layout,
    };
    collect(project, top, &mut parts, &mut found);
    let mut known: BTreeSet<PathBuf> = parts
        .iter()
        .filter_map(|part| part.layout.git_directory.canonicalize().ok())
        .collect();
    // A submodule may have its git directory inside it, and those of its own submodules in there.
    for modules in known.clone().iter().map(|it| it.join("modules")) {
        for directory in git_directories_below(&modules) {
            if known.insert(directory.clone()) {
                parts.push(left_over(project, directory));
            }
        }
    }
    for part in &parts {
        let is_engine = part.work_tree.as_deref() == Some(&*project.join(engine));
        let mirror = mirror.filter(|_| is_engine);
        if let Err(error) = history::look(project, part, mirror, &mut found) {
            cannot_tell(part, &error, &mut found);
        }
        git_directory::look(project, &part.layout.common, &mut found);
        if let Some(work_tree) = &part.work_tree
            && let Err(error) = files::look(project, part, work_tree, &mut found)
        {
            cannot_tell(part, &error, &mut found);
        }
    }
    if !found.obstacles.is_empty() {
        // A submodule that cannot be read would be taken for somebody else's repository.
        return found;
    }
    let work_trees: BTreeSet<&Path> = parts
        .iter()
        .filter_map(|part| part.work_tree.as_deref())
        .collect();
    places::look(project, &work_trees, &mut found);
    found
}

fn cannot_tell(part: &Part, error: &anyhow::Error, found: &mut OnlyHere) {
    let what = format!(
        "nobody can tell what {} holds: {}",
        part.name,
        in_a_line(error)
    );
    found.obstacle(what, format!("`{} status` says more", part.git));
}

/// Finds the repository in a directory; one that is not all inside it cannot go with it.
fn own_layout(project: &Path, found: &mut OnlyHere) -> Option<Layout> {
    let status = format!("`git -C {} status` says more", quoted(project));
    match Layout::find(project) {
        Ok(None) => found.obstacle(
            "it is no git repository: nobody can tell what is kept elsewhere",
            status,
        ),
        Err(why) => found.obstacle(why, status),
        Ok(Some(layout)) => {
            let is_inside = project
                .join(".git")
                .symlink_metadata()
                .is_ok_and(|met| met.is_dir());
            if is_inside {
                return Some(layout);
            }
            let elsewhere = layout.git_directory.canonicalize();
            let elsewhere = elsewhere.unwrap_or(layout.git_directory);
            found.obstacle(
                format!("its git directory is elsewhere, at {}", elsewhere.display()),
                "a linked work tree goes with `git worktree remove`, a submodule with `git rm`"
                    .to_owned(),
            );
        }
    }
    None
}

/// Adds a repository and all its submodules that are filled.
fn collect(project: &Path, part: Part, parts: &mut Vec<Part>, found: &mut OnlyHere) {
    let pinned = part
        .work_tree
        .as_ref()
        .map(|work_tree| (work_tree.clone(), files::gitlinks(&part.layout)));
    parts.push(part);
    let Some((work_tree, Ok(pinned))) = pinned else {
        // What is wrong with the index is told where the files are looked at.
        return;
    };
    for (path, _) in pinned {
        let place = work_tree.join(&path);
        match Layout::find(&place) {
            Ok(None) => {}
            Ok(Some(layout)) => {
                let inner = Part {
                    name: format!("`{}`", relative(project, &place)),
                    git: format!("git -C {}", quoted(&place)),
                    work_tree: Some(place),
                    layout,
                };
                collect(project, inner, parts, found);
            }
            Err(why) => found.obstacle(
                why,
                format!("move `{}` aside, or repair it", place.display()),
            ),
        }
    }
}

/// Lists the git directories below a directory of submodules, those of their submodules included; canonical.
fn git_directories_below(modules: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![modules.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let path = entry.path();
            // One that is damaged counts too: nobody can tell what it holds.
            if looks_bare(&path) || path.join("objects").is_dir() {
                open.push(path.join("modules"));
                found.extend(path.canonicalize());
            } else {
                // Submodules may have names with slashes.
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

fn left_over(project: &Path, directory: PathBuf) -> Part {
    Part {
        name: format!("`{}`", relative(project, &directory)),
        git: format!("git --git-dir {}", quoted(&directory)),
        work_tree: None,
        layout: Layout {
            common: directory.clone(),
            git_directory: directory,
        },
    }
}

fn relative(project: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(project).unwrap_or(path);
    relative.to_string_lossy().escape_debug().to_string()
}

fn quoted(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}

/// Writes "3 commits", "1 commit".
fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Names the first of several, and says how many more there are.
fn named(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
