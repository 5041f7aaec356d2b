//! What `fleet update` refuses because of the project: it says what it found and the way out, and touches nothing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Sandbox, assert_same};

/// A project in a state that somebody put it in.
pub(super) struct Found {
    pub(super) sandbox: Sandbox,
    pub(super) project: PathBuf,
    pub(super) engine: PathBuf,
}

impl Found {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new()
            .harness(["v0.1.0", "v0.2.0"])
            .project("demo", "v0.1.0");
        let project = sandbox.project_at("demo");
        Self {
            engine: project.join("engine"),
            project,
            sandbox,
        }
    }

    pub(super) fn project(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.project, arguments)
    }

    pub(super) fn engine(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.engine, arguments)
    }

    /// What git is asked though it stops in the middle of it.
    fn stops(&self, directory: &Path, arguments: &[&str]) {
        self.sandbox
            .output(self.sandbox.command("git", directory).args(arguments))
            .exited(1);
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        self.sandbox
            .write(&format!("fleet/projects/demo/{path}"), text);
    }

    /// Two branches of the project that change one line differently, `main` checked out.
    fn with_a_conflict(self) -> Self {
        self.write("file", "one\n");
        self.project(&["add", "file"]);
        self.project(&["commit", "--quiet", "--message", "One"]);
        self.project(&["switch", "--quiet", "--create", "other"]);
        self.write("file", "two\n");
        self.project(&["commit", "--quiet", "--all", "--message", "Two"]);
        self.project(&["switch", "--quiet", "main"]);
        self.write("file", "three\n");
        self.project(&["commit", "--quiet", "--all", "--message", "Three"]);
        self
    }

    /// Says what an update is refused with.
    #[track_caller]
    pub(super) fn refused(&self) -> String {
        let before = self.sandbox.world();
        let output = self.sandbox.fleet(&["update", "demo", "v0.2.0"]);
        output.exited(3);
        assert!(output.stderr.contains("\nhint: "), "{}", output.stderr);
        assert_same(&before, &self.sandbox.world());
        self.sandbox.normalise(&output.stderr)
    }
}

#[test]
fn a_staged_change_to_the_pin_or_to_gitmodules() {
    let found = Found::new();
    found.engine(&["checkout", "--quiet", "v0.2.0"]);
    found.project(&["add", "engine"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: a change to `engine` is staged
    hint: commit it, or `git -C $ROOT/fleet/projects/demo restore --staged engine`
    ");
    found.project(&["restore", "--staged", "engine"]);
    found.engine(&["checkout", "--quiet", "v0.1.0"]);
    found.write(
        ".gitmodules",
        "[submodule \"engine\"]\n\tpath = engine\n\turl = /elsewhere\n",
    );
    found.project(&["add", ".gitmodules"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: a change to `.gitmodules` is staged
    hint: commit it, or `git -C $ROOT/fleet/projects/demo restore --staged .gitmodules`
    ");
}

#[test]
fn a_merge_that_is_not_finished() {
    let found = Found::new().with_a_conflict();
    found.stops(&found.project, &["merge", "other"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is in the middle of a merge
    hint: finish it, or `git -C $ROOT/fleet/projects/demo merge --abort`
    ");
}

#[test]
fn a_rebase_that_is_not_finished() {
    let found = Found::new().with_a_conflict();
    found.stops(&found.project, &["rebase", "other"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is in the middle of a rebase
    hint: finish it, or `git -C $ROOT/fleet/projects/demo rebase --abort`
    ");
}

#[test]
fn a_cherry_pick_that_is_not_finished() {
    let found = Found::new().with_a_conflict();
    found.stops(&found.project, &["cherry-pick", "other"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is in the middle of a cherry-pick
    hint: finish it, or `git -C $ROOT/fleet/projects/demo cherry-pick --abort`
    ");
}

#[test]
fn a_revert_that_is_not_finished() {
    let found = Found::new().with_a_conflict();
    found.stops(&found.project, &["revert", "HEAD~1"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is in the middle of a revert
    hint: finish it, or `git -C $ROOT/fleet/projects/demo revert --abort`
    ");
}

#[test]
fn a_bisect_that_is_not_finished() {
    let found = Found::new().with_a_conflict();
    found.project(&["bisect", "start"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is in the middle of a bisect
    hint: finish it, or `git -C $ROOT/fleet/projects/demo bisect reset`
    ");
}

#[test]
fn a_detached_head() {
    let found = Found::new();
    found.project(&["checkout", "--quiet", "--detach"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project's HEAD is detached: it is on no branch
    hint: `git -C $ROOT/fleet/projects/demo switch main`
    ");
}

#[test]
fn a_branch_without_a_commit() {
    let found = Found::new();
    found.project(&["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project's branch has no commit yet
    hint: `git -C $ROOT/fleet/projects/demo commit`
    ");
}

#[test]
fn another_branch_unless_it_is_meant() {
    let found = Found::new();
    found.project(&["switch", "--quiet", "--create", "trial"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the project is on the branch `trial`, not on the registered `main`
    hint: `git -C $ROOT/fleet/projects/demo switch main`
    hint: or give `--here` to commit on this branch
    ");
    found
        .sandbox
        .fleet(&["update", "demo", "v0.2.0", "--here"])
        .succeeded();
    assert_eq!(
        found.project(&["log", "-1", "--format=%s", "trial"]),
        "Move engine to v0.2.0"
    );
    assert_eq!(
        found.project(&["log", "-1", "--format=%s", "main"]),
        "Start with lines v0.1.0"
    );
    found.sandbox.is_whole(&found.project);
}

#[test]
fn a_project_that_is_not_there() {
    let found = Found::new();
    fs::rename(&found.project, found.project.with_file_name("away")).expect("it is ours");
    let said = found.sandbox.fleet(&["update", "demo", "v0.2.0"]);
    said.exited(3);
    insta::assert_snapshot!(found.sandbox.normalise(&said.stderr), @r"
    error: cannot update `demo`
      because: there is nothing at $ROOT/fleet/projects/demo
    hint: `fleet adopt $ROOT/fleet/projects/away --name demo` corrects its location: it is probably there
    ");
}

#[test]
fn an_index_that_somebody_holds() {
    let found = Found::new();
    found.write(".git/index.lock", "");
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: `$ROOT/fleet/projects/demo/.git/index.lock` exists: another git is at work, or died
    hint: wait; or, if no git runs there, `rm $ROOT/fleet/projects/demo/.git/index.lock`
    ");
}
