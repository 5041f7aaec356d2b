//! What is on disk, as a whole: to show that nothing else was touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Sandbox;

/// Every file, directory and link below a directory, each with what it is and holds.
pub(crate) type Tree = BTreeMap<PathBuf, String>;

impl Sandbox {
    /// A place in the sandbox; `path` is relative to the root.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where [`Self::project`] puts a project.
    pub(crate) fn project_at(&self, name: &str) -> PathBuf {
        self.directory().join("projects").join(name)
    }

    /// Everything below a directory: kinds, modes and contents.
    pub(crate) fn tree(&self, directory: &Path) -> Tree {
        walkdir::WalkDir::new(directory)
            .into_iter()
            .map(|entry| entry.expect("the sandbox is ours").into_path())
            .map(|path| {
                let relative = path.strip_prefix(directory).expect("it was found there");
                (relative.to_owned(), describe(&path))
            })
            .collect()
    }

    /// Everything of a project and the registry, but not fleet's own runtime state.
    pub(crate) fn world(&self) -> Tree {
        let mut tree = self.tree(&self.directory());
        tree.retain(|path, _| !path.starts_with(".fleet"));
        tree
    }

    /// Fails unless every submodule is known to git and stands where it is pinned: what `git submodule status` tells, which
    /// takes ten times as long and is asked only where there may be submodules in submodules.
    #[track_caller]
    fn is_at_its_pins(&self, project: &Path) {
        let index = self.git(project, &["ls-files", "--stage"]);
        let pins: Vec<(&str, &str)> = index
            .lines()
            .filter_map(|line| line.strip_prefix("160000 ")?.split_once(" 0\t"))
            .collect();
        let config = |of: &[&str], key: &str| {
            let words = [&["config"], of, &["--get-regexp", key]].concat();
            self.git(project, &words)
        };
        let known = config(&[], r"^submodule\..*\.url$");
        let paths = config(&["--file", ".gitmodules"], r"^submodule\..*\.path$");
        for (commit, path) in &pins {
            let of_path = |line: &&str| line.ends_with(&format!(".path {path}"));
            let line = paths.lines().find(of_path).expect("it is in .gitmodules");
            let url = line.replace(&format!(".path {path}"), ".url ");
            assert!(known.contains(&url), "{known}");
            let engine = project.join(path);
            assert_eq!(&self.git(&engine, &["rev-parse", "HEAD"]), commit, "{path}");
            if engine.join(".gitmodules").exists() {
                let told = self.git(project, &["submodule", "status", "--recursive"]);
                assert!(told.lines().all(|pin| pin.starts_with(' ')), "{told}");
            }
        }
    }

    /// Fails unless git finds the repository whole, nothing changed in it, and its harness at its pin.
    #[track_caller]
    pub(crate) fn is_whole(&self, project: &Path) {
        assert_eq!(self.git(project, &["status", "--porcelain"]), "");
        self.is_at_its_pins(project);
        for repository in [project.to_owned(), project.join("engine")] {
            self.git(&repository, &["fsck", "--strict", "--full"]);
        }
    }
}

fn describe(path: &Path) -> String {
    let metadata = path.symlink_metadata().expect("it was just found");
    let mode = metadata.permissions().mode();
    if metadata.is_symlink() {
        format!(
            "-> {}",
            fs::read_link(path).expect("it is a link").display()
        )
    } else if metadata.is_file() {
        let bytes = fs::read(path).expect("the sandbox is ours");
        match String::from_utf8(bytes) {
            Ok(text) => format!("{mode:o} {text}"),
            Err(error) => format!("{mode:o} {:?}", error.into_bytes()),
        }
    } else {
        format!("{mode:o}")
    }
}

/// Fails with what differs, and nothing else, unless two trees are the same.
#[track_caller]
pub(crate) fn assert_same(before: &Tree, after: &Tree) {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let mut different: Vec<&PathBuf> = before.keys().chain(after.keys()).filter(differs).collect();
    different.dedup();
    let shown: Vec<_> = different
        .iter()
        .map(|path| (path, before.get(*path), after.get(*path)))
        .collect();
    assert!(shown.is_empty(), "changed: {shown:#?}");
}
