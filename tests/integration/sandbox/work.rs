//! A user's work that is not committed, in every shape that git knows.

use std::path::{Path, PathBuf};

use super::Sandbox;
use super::facts::{Tree, assert_same};

/// What git and the file system said of it.
pub(crate) struct Work {
    index: Vec<String>,
    status: String,
    files: Tree,
}

impl Sandbox {
    /// Leaves changes in a project: staged, unstaged, both, intended, removed, hidden in two ways, of a mode, untracked.
    pub(crate) fn unfinished_work(&self, project: &Path) -> Work {
        let git = |arguments: &[&str]| self.git(project, arguments);
        let write = |file: &str, text: &str| {
            std::fs::write(project.join(file), text).expect("the sandbox is ours");
        };
        for file in [
            "kept", "changed", "staged", "both", "removed", "skipped", "assumed", "mode",
        ] {
            write(file, "one\n");
        }
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", "Some files"]);
        for file in ["changed", "staged", "both"] {
            write(file, "two\n");
        }
        git(&["add", "staged", "both"]);
        write("both", "three\n");
        git(&["rm", "--quiet", "removed"]);
        git(&["update-index", "--skip-worktree", "skipped"]);
        git(&["update-index", "--assume-unchanged", "assumed"]);
        git(&["update-index", "--chmod=+x", "mode"]);
        write("skipped", "mine\n");
        write("new", "four\n");
        git(&["add", "new"]);
        write("intended", "five\n");
        git(&["add", "--intent-to-add", "intended"]);
        write("untracked", "six\n");
        self.look_at_work(project)
    }

    fn look_at_work(&self, project: &Path) -> Work {
        // The paragraph of each entry, with its flags and what stat said of it.
        let all = self.git(project, &["ls-files", "--stage", "-v", "--debug"]);
        let mut index: Vec<String> = Vec::new();
        for line in all.lines() {
            match index.last_mut() {
                Some(entry) if line.starts_with(' ') => entry.push_str(line),
                _ => index.push(line.to_owned()),
            }
        }
        index.retain(|entry| !entry.contains("\tengine"));
        let mut files = self.tree(project);
        let is_of_git = |path: &PathBuf| path.starts_with(".git") || path.starts_with("engine");
        files.retain(|path, _| !is_of_git(path));
        Work {
            index,
            status: self.git(project, &["status", "--porcelain=v2"]),
            files,
        }
    }
}

impl Work {
    /// Fails unless every entry of the index but the engine's (object, mode, flags, stage, times), what git says of the
    /// work tree and every file of it are as they were.
    #[track_caller]
    pub(crate) fn is_untouched(&self, sandbox: &Sandbox, project: &Path) {
        let now = sandbox.look_at_work(project);
        assert_eq!(now.index, self.index);
        assert_eq!(now.status, self.status);
        assert_same(&self.files, &now.files);
    }
}
