//! What `fleet update` refuses because of the harness: work in it, or a version that is no good.

use std::fs;

use super::refusals::Found;
use crate::sandbox::assert_same;

#[test]
fn changes_in_the_harness() {
    let found = Found::new();
    found.write("engine/run.sh", "mine\n");
    found.write("engine/new\nline", "mine\n");
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness has changes: `new\nline` (untracked), `run.sh`
    hint: see them: `git -C $ROOT/fleet/projects/demo/engine status`
    hint: put them aside: `git -C $ROOT/fleet/projects/demo/engine stash --include-untracked`
    ");
    found.engine(&["add", "--all"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness has changes: `new\nline`, `run.sh`
    hint: see them: `git -C $ROOT/fleet/projects/demo/engine status`
    hint: put them aside: `git -C $ROOT/fleet/projects/demo/engine stash --include-untracked`
    ");
    found.engine(&["stash", "--quiet"]);
    found
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    assert!(found.engine(&["stash", "list"]).contains("stash@{0}"));
}

#[test]
fn a_file_in_the_harness_that_git_does_not_know() {
    let found = Found::new();
    found.write("engine/notes.md", "mine\n");
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness has changes: `notes.md` (untracked)
    hint: see them: `git -C $ROOT/fleet/projects/demo/engine status`
    hint: put them aside: `git -C $ROOT/fleet/projects/demo/engine stash --include-untracked`
    ");
}

#[test]
fn commits_in_the_harness_that_are_nowhere_else() {
    let found = Found::new();
    found.engine(&["switch", "--quiet", "--create", "mine"]);
    found.write("engine/mine", "work\n");
    found.engine(&["add", "--all"]);
    found.engine(&["commit", "--quiet", "--message", "Mine"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness's commit <commit> is on no branch or tag of its remote
    hint: push it: `git -C $ROOT/fleet/projects/demo/engine push origin HEAD:refs/heads/BRANCH`
    ");
    // Committed in the project as well, it is still nowhere else.
    found.project(&["commit", "--quiet", "--all", "--message", "Use mine"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness's commit <commit> is on no branch or tag of its remote
    hint: push it: `git -C $ROOT/fleet/projects/demo/engine push origin HEAD:refs/heads/BRANCH`
    ");
    found.engine(&[
        "-c",
        "protocol.file.allow=always",
        "push",
        "--quiet",
        "origin",
        "HEAD:refs/heads/mine",
    ]);
    found
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    found.sandbox.is_whole(&found.project);
}

#[test]
fn a_bisect_in_the_harness() {
    let found = Found::new();
    found.engine(&["bisect", "start"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: the harness is in the middle of a bisect
    hint: finish it, or `git -C $ROOT/fleet/projects/demo/engine bisect reset`
    ");
}

#[test]
fn a_harness_that_is_not_there() {
    let found = Found::new();
    found.project(&["submodule", "--quiet", "deinit", "--force", "engine"]);
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: there is no harness in `$ROOT/fleet/projects/demo/engine`
    hint: `git -C $ROOT/fleet/projects/demo submodule update --init engine` fills it
    ");
    fs::remove_dir_all(&found.engine).expect("it is ours");
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: there is no harness in `$ROOT/fleet/projects/demo/engine`
    hint: `git -C $ROOT/fleet/projects/demo submodule update --init engine` fills it
    ");
}

#[test]
fn a_harness_whose_git_file_leads_nowhere() {
    let found = Found::new();
    found.write("engine/.git", "gitdir: ../.git/modules/elsewhere\n");
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: `$ROOT/fleet/projects/demo/engine/.git` points to `$ROOT/fleet/projects/demo/engine/../.git/modules/elsewhere`, which is not there
    hint: move it aside, then `git -C $ROOT/fleet/projects/demo submodule update --init engine`
    ");
}

#[test]
fn an_ignored_file_that_is_in_the_way() {
    let found = Found::new();
    found.sandbox.write("harness/cache.txt", "theirs\n");
    found.sandbox.release_as_it_is("v0.9.0");
    found.sandbox.write(
        "fleet/projects/demo/.git/modules/engine/info/exclude",
        "cache.txt\n",
    );
    found.write("engine/cache.txt", "mine\n");
    let before = found.sandbox.tree(&found.project);
    let said = found.sandbox.fleet(&["update", "demo", "v0.9.0"]);
    insta::assert_snapshot!(found.sandbox.normalise(&said.text()), @r"
    --- stderr
    error: `demo`: cannot move the pin from <commit> to <commit> (v0.9.0) and commit that
      because: files that git ignores are in the way of the new version
      because: cannot check <commit> out
      because: 1 conflict prevents checkout
    hint: `git -C $ROOT/fleet/projects/demo/engine/ status --ignored` shows them; move them aside
    --- exit code 3
    ");
    assert_eq!(
        found.sandbox.read("fleet/projects/demo/engine/cache.txt"),
        "mine\n"
    );
    assert_eq!(
        before
            .keys()
            .filter(|path| !path.starts_with(".git"))
            .count(),
        found
            .sandbox
            .tree(&found.project)
            .keys()
            .filter(|path| !path.starts_with(".git"))
            .count()
    );
    found.sandbox.is_whole(&found.project);
}

#[test]
fn an_empty_ignored_file_that_is_in_the_way_is_no_rest_of_the_move() {
    let found = Found::new();
    found.sandbox.write("harness/cache.txt", "theirs\n");
    found.sandbox.release_as_it_is("v0.9.0");
    found.sandbox.write(
        "fleet/projects/demo/.git/modules/engine/info/exclude",
        "cache.txt\n",
    );
    found.write("engine/cache.txt", "");
    found.sandbox.fleet(&["update", "demo", "v0.9.0"]).exited(3);
    assert_eq!(
        found.sandbox.read("fleet/projects/demo/engine/cache.txt"),
        ""
    );
    found.sandbox.is_whole(&found.project);
}

#[test]
fn a_bad_version_or_one_that_does_not_load() {
    let found = Found::new();
    let registry = found.sandbox.read("fleet/fleet.toml");
    let bad = "default_ref = \"v0.1.0\"\nbad_refs = [\"v0.2.0\"]";
    found.sandbox.write(
        "fleet/fleet.toml",
        &registry.replace("default_ref = \"v0.1.0\"", bad),
    );
    insta::assert_snapshot!(found.refused(), @r"
    error: cannot update `demo`
      because: `v0.2.0` is among the `bad_refs` of harness `lines`
    hint: choose another version, or edit fleet.toml
    ");
    found.sandbox.write(
        "harness/harness.toml",
        "[harness]\nname = \"lines\"\nprotocol = 1\n",
    );
    found.sandbox.release_as_it_is("v0.3.0");
    let before = found.sandbox.world();
    let said = found.sandbox.fleet(&["update", "demo", "v0.3.0"]);
    said.exited(3);
    insta::assert_snapshot!(found.sandbox.normalise(&said.stderr), @r"
    error: cannot update `demo`
      because: cannot use harness `lines` at <commit>
      because: cannot read `harness.toml`
      because: line 1: `commands` is missing
    hint: choose another version of the harness
    ");
    assert_same(&before, &found.sandbox.world());
}
