use std::fs;

use super::super::fixture::{World, git};
use super::*;

/// A project that is pushed to a remote.
fn pushed(world: &World) -> PathBuf {
    let project = world.project("demo", "v0.1.0");
    git(&world.path(), &["init", "-q", "--bare", "remote.git"]);
    let remote = world.path().join("remote.git").display().to_string();
    git(&project, &["remote", "add", "origin", &remote]);
    git(&project, &["push", "-q", "origin", "main"]);
    project
}

#[track_caller]
fn assert_found(project: &Path, work: &[&str], obstacles: &[&str]) {
    let found = only_here(project, "engine", None);
    let said = |all: &[Hindrance]| -> Vec<String> {
        let short = |it: &Hindrance| it.what.replace(&*project.to_string_lossy(), "$P");
        all.iter().map(short).collect()
    };
    assert_eq!(said(&found.work), work);
    assert_eq!(said(&found.obstacles), obstacles);
}

#[test]
fn a_project_that_is_pushed_and_clean_holds_nothing() {
    let world = World::new();
    let project = pushed(&world);
    assert_found(&project, &[], &[]);
    fs::write(project.join(".git/info/exclude"), "*.log\n").unwrap();
    fs::write(project.join("engine/x.log"), "").unwrap();
    fs::write(project.join("y.log"), "").unwrap();
    let found = only_here(&project, "engine", None);
    assert_eq!(found.work.len(), 1, "{found:?}");
    assert_eq!(found.ignored, ["y.log"]);
}

#[test]
fn every_kind_of_change_is_named() {
    let world = World::new();
    let project = pushed(&world);
    let write = |path: &str| fs::write(project.join(path), "new\n").unwrap();
    write("staged");
    git(&project, &["add", "staged"]);
    write("agents.toml");
    write("new file");
    write("engine/harness.toml");
    assert_found(
        &project,
        &[
            "the project has staged changes: `staged`",
            "the project has changes that are not committed: `agents.toml`",
            "the project has untracked files: `new file`",
            "`engine` has changes that are not committed: `harness.toml`",
        ],
        &[],
    );
}

#[test]
fn what_git_is_told_to_ignore_of_a_submodule_is_found_all_the_same() {
    let world = World::new();
    let project = pushed(&world);
    git(&project, &["config", "submodule.engine.ignore", "all"]);
    git(&project, &["config", "diff.ignoreSubmodules", "all"]);
    git(&project.join("engine"), &["checkout", "-q", "v0.2.0"]);
    let head = world.commit("v0.2.0");
    let moved = format!(
        "`engine` is at {}, which the project does not pin",
        head.short()
    );
    assert_found(&project, &[&moved], &[]);
    git(
        &project,
        &[
            "update-index",
            "--cacheinfo",
            &format!("160000,{head},engine"),
        ],
    );
    assert_found(&project, &["the project has staged changes: `engine`"], &[]);
}

#[test]
fn commits_that_no_remote_has_are_found_wherever_they_are() {
    let world = World::new();
    let project = pushed(&world);
    let commit = |place: &Path| git(place, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    git(&project, &["checkout", "-q", "-b", "side"]);
    commit(&project);
    git(&project, &["tag", "mine"]);
    commit(&project);
    git(&project, &["checkout", "-q", "main"]);
    let engine = project.join("engine");
    commit(&engine);
    git(&engine, &["checkout", "-q", "v0.1.0"]);
    git(&engine, &["checkout", "-q", "-b", "branch"]);
    commit(&engine);
    git(&engine, &["checkout", "-q", "v0.1.0"]);
    assert_found(
        &project,
        &[
            "the project has 2 commits that no remote has, on `side`, `mine`",
            "`engine` has 1 commit that no remote has, on `branch`",
        ],
        &[],
    );
}

#[test]
fn a_remote_that_has_gone_or_goes_with_the_project_has_nothing() {
    let world = World::new();
    let project = pushed(&world);
    let alone = "the project has 1 commit, on `main`, and no remote that has them";
    fs::rename(world.path().join("remote.git"), project.join("remote.git")).unwrap();
    assert_found(
        &project,
        &[
            alone,
            "the project has untracked files: `remote.git/`",
            "other repositories are in it: `remote.git`",
        ],
        &[],
    );
    let inside = project.join("remote.git").display().to_string();
    git(&project, &["remote", "set-url", "origin", &inside]);
    assert_eq!(only_here(&project, "engine", None).work[0].what, alone);
}

#[test]
fn the_mirror_keeps_what_the_harness_no_longer_offers() {
    let world = World::new();
    let project = pushed(&world);
    let mirror = world.mirror();
    fs::rename(world.harness(), world.path().join("gone")).unwrap();
    let found = only_here(&project, "engine", None);
    assert!(
        found.work[0].what.ends_with("and no remote that has them"),
        "{found:?}"
    );
    assert!(only_here(&project, "engine", Some(&mirror)).work.is_empty());
}

#[test]
fn stashes_operations_work_trees_and_other_repositories_are_found() {
    let world = World::new();
    let project = pushed(&world);
    let engine = project.join("engine");
    fs::write(engine.join("harness.toml"), "stashed\n").unwrap();
    git(&engine, &["stash", "-q"]);
    fs::write(
        project.join(".git/MERGE_HEAD"),
        format!("{}\n", world.commit("v0.1.0")),
    )
    .unwrap();
    git(
        &project,
        &["worktree", "add", "-q", "../linked", "-b", "linked"],
    );
    git(&project, &["init", "-q", "deep/inside"]);
    // A submodule that is there no more has left its history.
    git(&world.path(), &["clone", "-q", "harness", "old"]);
    git(
        &world.path().join("old"),
        &["commit", "-q", "--allow-empty", "-m", "mine"],
    );
    fs::rename(
        world.path().join("old/.git"),
        project.join(".git/modules/old"),
    )
    .unwrap();
    assert_found(
        &project,
        &[
            "the project is in the middle of a merge",
            "the project has linked work trees: `linked`",
            "`engine` has 1 stashed change",
            "`.git/modules/old` has 1 commit that no remote has, on `main`",
            "other repositories are in it: `deep/inside`",
        ],
        &[],
    );
}

#[test]
fn a_change_that_git_was_told_not_to_see_is_found() {
    let world = World::new();
    let project = pushed(&world);
    git(
        &project,
        &["update-index", "--assume-unchanged", "agents.toml"],
    );
    assert_found(&project, &[], &[]);
    fs::write(project.join("agents.toml"), "hidden\n").unwrap();
    assert_found(
        &project,
        &["the project has changes that git was told not to see: `agents.toml`"],
        &[],
    );
}

#[test]
fn what_cannot_be_looked_into_stands_in_the_way() {
    let world = World::new();
    let project = pushed(&world);
    git(
        &project,
        &["worktree", "add", "-q", "../linked", "-b", "linked"],
    );
    let linked = only_here(&world.path().join("linked"), "engine", None);
    assert!(
        linked.obstacles[0]
            .what
            .starts_with("its git directory is elsewhere"),
        "{linked:?}"
    );
    let nothing = only_here(&project.join("scripts"), "engine", None);
    assert!(
        nothing.obstacles[0]
            .what
            .starts_with("it is no git repository"),
        "{nothing:?}"
    );
    git(&project, &["update-index", "--split-index"]);
    let split = only_here(&project, "engine", None);
    assert_eq!(
        split.obstacles[0].what,
        "nobody can tell what the project holds: the index is split"
    );
    git(&project, &["update-index", "--no-split-index"]);
    fs::write(project.join("engine/.git"), "nonsense").unwrap();
    let broken = only_here(&project, "engine", None);
    assert!(
        broken.obstacles[0].what.ends_with("is no git file"),
        "{broken:?}"
    );
}

#[test]
fn what_a_remote_had_that_is_gone_exists_nowhere_else() {
    let world = World::new();
    let project = pushed(&world);
    git(
        &world.path(),
        &["clone", "-q", "-b", "main", "remote.git", "colleague"],
    );
    let colleague = world.path().join("colleague");
    git(
        &colleague,
        &["commit", "-q", "--allow-empty", "-m", "Theirs"],
    );
    let url = colleague.display().to_string();
    git(&project, &["remote", "add", "colleague", &url]);
    git(&project, &["fetch", "-q", "colleague"]);
    assert_found(&project, &[], &[]);
    fs::remove_dir_all(&colleague).unwrap();
    let theirs = "the project has 1 commit that no remote has, on `refs/remotes/colleague/main`";
    assert_found(&project, &[theirs], &[]);
    git(
        &project,
        &["config", "--remove-section", "remote.colleague"],
    );
    assert_found(&project, &[theirs], &[]);
}

#[test]
fn a_link_that_git_was_told_not_to_see_is_looked_at() {
    let world = World::new();
    let project = pushed(&world);
    let link = project.join("link");
    std::os::unix::fs::symlink("one", &link).unwrap();
    git(&project, &["add", "link"]);
    git(&project, &["commit", "-q", "-m", "Link"]);
    git(&project, &["push", "-q", "origin", "main"]);
    git(&project, &["update-index", "--skip-worktree", "link"]);
    assert_found(&project, &[], &[]);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("two", &link).unwrap();
    let hidden = "the project has changes that git was told not to see: `link`";
    assert_found(&project, &[hidden], &[]);
}

#[test]
fn what_a_git_directory_holds_of_somebody_elses_is_named() {
    let world = World::new();
    let project = pushed(&world);
    fs::write(project.join(".git/hooks/pre-push"), "exit 1\n").unwrap();
    fs::create_dir_all(project.join(".git/lfs/objects")).unwrap();
    let found = only_here(&project, "engine", None);
    assert_eq!(found.ignored, [".git/lfs", ".git/hooks/pre-push"]);
    git(&project, &["clone", "-q", ".", ".git/own/backup"]);
    let backup = "other repositories are in a git directory: `.git/own/backup`";
    assert_found(&project, &[backup], &[]);
}

#[test]
fn what_is_ignored_is_named_where_all_of_it_is() {
    let world = World::new();
    let project = pushed(&world);
    fs::write(project.join(".git/info/exclude"), "*\n").unwrap();
    fs::write(project.join("precious"), "").unwrap();
    fs::write(project.join("new\nline\u{202e}"), "").unwrap();
    fs::create_dir(project.join("below")).unwrap();
    fs::write(project.join("below/too"), "").unwrap();
    let found = only_here(&project, "engine", None);
    assert!(found.work.is_empty(), "{found:?}");
    let expected = ["below/", "new\\nline\\u{202e}", "precious"];
    assert_eq!(found.ignored, expected);
}

#[test]
fn git_directories_of_former_submodules_are_found_wherever_they_are() {
    let world = World::new();
    let project = pushed(&world);
    // As git was used before it kept them in the project's own.
    let engine = project.join("engine");
    let git_directory = project.join(".git/modules/engine");
    git(&engine, &["config", "--unset", "core.worktree"]);
    fs::remove_file(engine.join(".git")).unwrap();
    fs::rename(&git_directory, engine.join(".git")).unwrap();
    assert_found(&project, &[], &[]);
    let inner = engine.join(".git/modules/inner");
    git(&world.path(), &["init", "-q", "-b", "main", "inner"]);
    let source = world.path().join("inner");
    git(&source, &["commit", "-q", "--allow-empty", "-m", "Inner"]);
    fs::create_dir_all(inner.parent().unwrap()).unwrap();
    fs::rename(source.join(".git"), &inner).unwrap();
    let left = "`engine/.git/modules/inner` has 1 commit, on `main`, and no remote that has them";
    assert_found(&project, &[left], &[]);
    fs::remove_file(inner.join("HEAD")).unwrap();
    let found = only_here(&project, "engine", None);
    let [damaged] = found.obstacles.as_slice() else {
        panic!("{found:?}");
    };
    assert!(damaged.what.contains("engine/.git/modules/inner"));
}
