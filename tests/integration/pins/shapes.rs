//! The same words, and the same update, whatever shape the repository has.
//!
//! F11 and F12: what cannot be moved is refused and untouched, and a move changes one entry of the index.

mod linked;
mod nested;

use std::fs;

use super::Pinned;
use crate::sandbox::assert_same;

/// Makes the states of all words one after the other, then moves the pin, and takes the engine away.
#[track_caller]
fn has_every_word(pinned: &Pinned) {
    words(pinned);
    moves(pinned, "v0.2.0");
    fills(pinned);
}

#[track_caller]
fn words(pinned: &Pinned) {
    pinned.assert_word("ok", None);
    pinned.engine_git(&["checkout", "--quiet", "v0.2.0"]);
    pinned.assert_word("moved", None);
    // Where `ignore` says so, git takes notice only when it is made to.
    pinned.git(&["add", "--force", "engine"]);
    pinned.engine_git(&["checkout", "--quiet", "v0.1.0"]);
    pinned.assert_word("staged", None);
    pinned.git(&["commit", "--quiet", "--allow-empty", "--message", "by hand"]);
    pinned.engine_git(&["checkout", "--quiet", "v0.2.0"]);
    pinned.assert_word("behind", None);
    pinned.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    pinned.engine_git(&["checkout", "--quiet", "v0.1.0"]);
    pinned.assert_word("ok", None);
    pinned.write("engine/run.sh", "mine\n");
    pinned.assert_word("dirty", None);
    pinned.engine_git(&["checkout", "--quiet", "run.sh"]);
    pinned.assert_word("ok", None);
}

/// Moves the pin, with a staged file and an intended one in the way of whoever rewrites the index.
#[track_caller]
fn moves(pinned: &Pinned, version: &str) {
    pinned.write("staged", "mine\n");
    pinned.write("intended", "mine\n");
    pinned.git(&["add", "staged"]);
    pinned.git(&["add", "--intent-to-add", "intended"]);
    let before = others(pinned);
    pinned
        .sandbox
        .fleet(&["update", "demo", version])
        .succeeded();
    assert_eq!(before, others(pinned));
    let submodules = pinned.git(&["submodule", "status", "--recursive"]);
    let clean = format!(" {} engine", pinned.commit(version));
    assert!(
        submodules.starts_with(clean.trim_start()) || submodules.starts_with(&clean),
        "{submodules}"
    );
    for line in submodules.lines().skip(1) {
        assert!(line.starts_with(' '), "{submodules}");
    }
    assert_eq!(
        pinned.git(&["log", "-1", "--format=%s"]),
        format!("Move engine to {version}")
    );
    assert_eq!(
        pinned.git(&[
            "diff-tree",
            "-r",
            "--name-only",
            "--no-commit-id",
            "--ignore-submodules=none",
            "HEAD"
        ]),
        "engine"
    );
    pinned.git(&["rm", "--quiet", "--cached", "staged", "intended"]);
    for file in ["staged", "intended"] {
        fs::remove_file(pinned.project.join(file)).unwrap();
    }
    pinned.sandbox.is_whole(&pinned.project);
    pinned.assert_word("ok", None);
}

/// Every entry of the index but the engine's, with all its flags.
fn others(pinned: &Pinned) -> Vec<String> {
    let entries = pinned.git(&["ls-files", "--stage", "--debug", "-v"]);
    let mut kept = Vec::new();
    let mut is_engine = false;
    for line in entries.lines() {
        is_engine = if line.starts_with(' ') {
            is_engine
        } else {
            line.ends_with("\tengine")
        };
        if !is_engine {
            kept.push(line.to_owned());
        }
    }
    kept
}

/// A start fills an engine that was taken away, and what it fills is whole.
#[track_caller]
fn fills(pinned: &Pinned) {
    fs::remove_dir_all(pinned.engine()).unwrap();
    pinned.assert_word("missing", None);
    pinned.sandbox.fleet(&["start", "demo"]).succeeded();
    pinned.sandbox.fleet(&["stop", "demo"]).succeeded();
    pinned.assert_word("ok", None);
    pinned.sandbox.is_whole(&pinned.project);
}

/// Fails unless an update is refused, with these words, and touches nothing.
#[track_caller]
fn refuses(pinned: &Pinned, words: &[&str]) {
    let trees = || [pinned.sandbox.world(), pinned.sandbox.tree(&pinned.project)];
    let before = trees();
    let said = pinned.sandbox.fleet(&["update", "demo", "v0.2.0"]);
    said.exited(3);
    assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
    for word in words {
        assert!(said.stderr.contains(word), "{word}: {}", said.stderr);
    }
    let after = trees();
    for (before, after) in before.iter().zip(&after) {
        assert_same(before, after);
    }
}

#[test]
fn an_absorbed_submodule_is_what_create_makes() {
    let pinned = Pinned::new();
    assert!(pinned.engine().join(".git").is_file());
    has_every_word(&pinned);
}

#[test]
fn a_submodule_with_a_git_directory_of_its_own() {
    let pinned = Pinned::new();
    fs::remove_file(pinned.engine().join(".git")).unwrap();
    fs::rename(
        pinned.project.join(".git/modules/engine"),
        pinned.engine().join(".git"),
    )
    .unwrap();
    pinned.engine_git(&["--work-tree=.", "config", "--unset", "core.worktree"]);
    has_every_word(&pinned);
}

#[test]
fn a_relative_url_in_gitmodules() {
    let pinned = Pinned::new();
    pinned.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.url",
        "../harness.git",
    ]);
    pinned.git(&["commit", "--quiet", "--all", "--message", "relative"]);
    has_every_word(&pinned);
}

#[test]
fn a_submodule_of_another_name_than_its_path() {
    let pinned = Pinned::new();
    let names = ["submodule.engine", "submodule.the runner"];
    pinned.git(
        &[
            &["config", "-f", ".gitmodules", "--rename-section"],
            &names[..],
        ]
        .concat(),
    );
    pinned.git(&[&["config", "--rename-section"], &names[..]].concat());
    pinned.git(&["commit", "--quiet", "--all", "--message", "renamed"]);
    fs::rename(
        pinned.project.join(".git/modules/engine"),
        pinned.project.join(".git/modules/the runner"),
    )
    .unwrap();
    pinned.write("engine/.git", "gitdir: ../.git/modules/the runner\n");
    has_every_word(&pinned);
    assert!(!pinned.project.join(".git/modules/engine").exists());
}

#[test]
fn a_submodule_that_git_was_told_to_ignore() {
    let pinned = Pinned::new();
    pinned.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.ignore",
        "all",
    ]);
    pinned.git(&["commit", "--quiet", "--all", "--message", "ignored"]);
    pinned.git(&["config", "submodule.engine.ignore", "all"]);
    pinned.git(&["config", "diff.ignoreSubmodules", "all"]);
    has_every_word(&pinned);
}

#[test]
fn a_project_that_is_a_submodule_itself() {
    let mut pinned = Pinned::new();
    let sandbox = &pinned.sandbox;
    let outer = sandbox.at("outer");
    let inside = pinned.published().to_str().unwrap().to_owned();
    sandbox.git(sandbox.root(), &["init", "--quiet", "outer"]);
    sandbox.git(
        &outer,
        &["submodule", "--quiet", "add", &inside, "parts/inner"],
    );
    sandbox.git(&outer, &["commit", "--quiet", "--message", "add"]);
    sandbox.git(
        &outer,
        &["submodule", "--quiet", "update", "--init", "--recursive"],
    );
    fs::remove_dir_all(&pinned.project).unwrap();
    pinned.is_at(&outer.join("parts/inner"), "main");
    assert!(pinned.project.join(".git").is_file());
    has_every_word(&pinned);
    // The outer repository records the project where it was: its own pins are its own business.
    let outer = pinned.sandbox.git(&outer, &["status", "--porcelain"]);
    assert_eq!(outer, " M parts/inner");
}

#[test]
fn a_shallow_clone_of_the_project() {
    let mut pinned = Pinned::new();
    pinned.git(&["commit", "--quiet", "--allow-empty", "--message", "history"]);
    let url = format!("file://{}", pinned.published().display());
    let clone = pinned.sandbox.at("clone");
    let arguments = [
        "clone",
        "--quiet",
        "--depth",
        "2",
        "--recurse-submodules",
        &url,
        "clone",
    ];
    pinned.sandbox.git(pinned.sandbox.root(), &arguments);
    pinned.is_at(&clone, "main");
    has_every_word(&pinned);
}

#[test]
fn a_shallow_engine_is_read_and_refused_until_it_is_whole() {
    let pinned = Pinned::new();
    let url = format!("file://{}", pinned.sandbox.at("harness").display());
    fs::remove_dir_all(pinned.engine()).unwrap();
    fs::remove_dir_all(pinned.project.join(".git/modules")).unwrap();
    pinned.git(&["config", "submodule.engine.url", &url]);
    pinned.git(&["submodule", "--quiet", "update", "--depth", "1", "engine"]);
    pinned.assert_word("ok", None);
    refuses(&pinned, &["shallow clone", "engine fetch --unshallow`"]);
    pinned.write("engine/run.sh", "mine\n");
    pinned.assert_word("dirty", None);
    pinned.engine_git(&["checkout", "--quiet", "run.sh"]);
    // What the hint says.
    pinned.engine_git(&["fetch", "--quiet", "--unshallow", "--tags"]);
    has_every_word(&pinned);
}

#[test]
fn a_partial_clone_of_the_project() {
    let mut pinned = Pinned::new();
    let published = pinned.published();
    let allow = ["config", "uploadpack.allowFilter", "true"];
    pinned.sandbox.git(&published, &allow);
    let url = format!("file://{}", published.display());
    let clone = pinned.sandbox.at("clone");
    let arguments = ["clone", "--quiet", "--filter=blob:none", &url, "clone"];
    pinned.sandbox.git(pinned.sandbox.root(), &arguments);
    pinned.is_at(&clone, "main");
    pinned.git(&["submodule", "--quiet", "update", "--init"]);
    has_every_word(&pinned);
}
