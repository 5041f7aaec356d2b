//! Work trees that are linked to another repository, and symbolic links.

use std::fs;
use std::os::unix::fs::symlink;

use super::{fills, has_every_word, moves, refuses, words};
use crate::pins::Pinned;
use crate::sandbox::assert_same;

#[test]
fn a_linked_work_tree_is_read_and_refused() {
    let mut pinned = Pinned::new();
    // It names the main work tree, which is inside the fleet.
    pinned.sandbox.planted();
    let main = pinned.project.clone();
    let linked = pinned.sandbox.at("linked");
    pinned.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    // The main work tree is moved as ever; the linked one has a harness of its own, and keeps it.
    pinned
        .sandbox
        .git(&linked, &["submodule", "--quiet", "update", "--init"]);
    moves(&pinned, "v0.2.0");
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.1.0"])
        .succeeded();
    pinned.is_at(&linked, "side");
    let modules = main.join(".git/worktrees/linked/modules/engine");
    assert!(modules.is_dir());
    words(&pinned);
    refuses(
        &pinned,
        &[
            "a linked work tree",
            &format!("fleet.toml: `{}`", main.display()),
        ],
    );
    fills(&pinned);
}

#[test]
fn an_engine_that_is_a_linked_work_tree_is_read_and_refused() {
    let pinned = Pinned::new();
    let sandbox = &pinned.sandbox;
    fs::remove_dir_all(pinned.engine()).unwrap();
    fs::remove_dir_all(pinned.project.join(".git/modules")).unwrap();
    sandbox.git(sandbox.root(), &["clone", "--quiet", "harness", "clone"]);
    let clone = sandbox.at("clone");
    let engine = pinned.engine();
    let engine = engine.to_str().unwrap();
    sandbox.git(&clone, &["worktree", "add", "--quiet", engine, "v0.1.0"]);
    words(&pinned);
    let before = sandbox.tree(&clone);
    refuses(
        &pinned,
        &["harness is a linked work tree", "worktree remove"],
    );
    assert_same(&before, &sandbox.tree(&clone));
    // What the hints say.
    sandbox.git(&clone.join(".git"), &["worktree", "remove", engine]);
    pinned.git(&["submodule", "--quiet", "update", "--init", "engine"]);
    has_every_word(&pinned);
}

#[test]
fn a_link_to_the_project_is_the_project() {
    let mut pinned = Pinned::new();
    let real = pinned.sandbox.at("real");
    fs::rename(&pinned.project, &real).unwrap();
    symlink(&real, &pinned.project).unwrap();
    has_every_word(&pinned);
    pinned.project = real;
    pinned.sandbox.is_whole(&pinned.project);
}

#[test]
fn a_project_with_work_trees_that_are_linked_by_relative_paths() {
    let pinned = Pinned::new();
    // As `worktree.useRelativePaths` has a newer git write it; an older one would not go on.
    let extension = "extensions.relativeWorktrees";
    pinned.git(&["config", "core.repositoryFormatVersion", "1"]);
    pinned.git(&["config", extension, "true"]);
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    let config = pinned.project.join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        config,
        text.replace("relativeWorktrees = true", "noop = true"),
    )
    .unwrap();
    pinned.sandbox.is_whole(&pinned.project);
    pinned.assert_word("ok", None);
}
