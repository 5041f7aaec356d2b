//! New projects, against what git says.

use std::os::unix::fs::MetadataExt as _;

use super::super::fixture::{World, file, git, rev, try_git};
use super::*;

/// What `git` says of a project that is as it should be.
#[track_caller]
fn assert_sound(world: &World, project: &Path, engine: &str) {
    let pin = world.commit("v0.1.0");
    assert_eq!(git(project, &["status", "--porcelain"]), "");
    assert_eq!(
        git(project, &["submodule", "status"]),
        format!(" {pin} {engine} (v0.1.0)\n")
    );
    git(project, &["fsck", "--strict"]);
    let inside = project.join(engine);
    git(&inside, &["fsck", "--strict"]);
    assert_eq!(git(&inside, &["describe", "--tags"]), "v0.1.0\n");
    assert_eq!(git(&inside, &["status", "--porcelain"]), "");
    assert_eq!(
        git(&inside, &["rev-parse", "origin/main"]).trim(),
        world.commit("main").as_str()
    );
    let clone = world.path().join("clone");
    git(
        &world.path(),
        &[
            "clone",
            "-q",
            "--recurse-submodules",
            project.to_str().unwrap(),
            "clone",
        ],
    );
    assert_eq!(rev(&clone.join(engine), "HEAD"), pin);
    assert_eq!(fs::read(clone.join("agents.toml")).unwrap(), b"[agents]\n");
    assert_eq!(
        fs::metadata(clone.join("scripts/go")).unwrap().mode() & 0o111,
        0o111
    );
}

#[test]
fn a_new_project_is_what_git_would_have_made() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    assert_sound(&world, &project, "engine");
    assert_eq!(git(&project, &["rev-list", "--count", "HEAD"]), "1\n");
    assert_eq!(
        git(&project, &["log", "-1", "--format=%s", "-g"]),
        "Start\n"
    );
    assert_eq!(
        git(&project, &["symbolic-ref", "HEAD"]),
        "refs/heads/main\n"
    );
    assert_eq!(fs::read_dir(project.join(".git/hooks")).unwrap().count(), 0);
    assert!(
        !project
            .join(".git/modules/engine/objects/info/alternates")
            .exists()
    );
}

#[test]
fn a_harness_may_be_deeper_in_the_project() {
    let world = World::new();
    let project = world.project_at("demo", "v0.1.0", "tools/engine");
    assert_sound(&world, &project, "tools/engine");
}

#[test]
fn a_project_shares_disk_with_the_mirror_and_survives_it() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let pack = fs::read_dir(project.join(".git/modules/engine/objects/pack"))
        .unwrap()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|e| e == "pack"))
        .unwrap();
    assert_eq!(pack.metadata().unwrap().nlink(), 2);
    fs::remove_dir_all(world.cache()).unwrap();
    assert_sound(&world, &project, "engine");
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let world = World::new();
    let mirror = world.mirror();
    let directory = world.path().join("mine");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("agents.toml"), "mine\n").unwrap();
    let built = build(&NewRepository {
        directory: &directory,
        engine: "engine",
        url: &world.url(),
        mirror: &mirror,
        commit: &world.commit("v0.1.0"),
        files: vec![
            file("agents.toml", 0o644, "theirs\n"),
            file("new", 0o644, "new\n"),
        ],
        message: "Start",
        branch: Some("trunk"),
    })
    .unwrap();
    assert_eq!(built.kept, [PathBuf::from("agents.toml")]);
    assert_eq!(built.branch, "trunk");
    assert_eq!(rev(&directory, "trunk"), built.commit);
    assert_eq!(fs::read(directory.join("agents.toml")).unwrap(), b"mine\n");
    assert_eq!(git(&directory, &["status", "--porcelain"]), "");
}

#[test]
fn a_path_out_of_the_project_is_refused() {
    let world = World::new();
    let mirror = world.mirror();
    for bad in [
        "../x",
        "/etc/x",
        "a/../../x",
        ".git/hooks/x",
        ".GIT/x",
        "a/.git",
        "a/.Git./x",
        "git~1/x",
        ".g\u{200c}it/x",
        "engine/x",
        ".gitmodules",
        "",
        "a\nb",
        ".git::$INDEX_ALLOCATION/x",
    ] {
        let directory = world.path().join("bad");
        let error = build(&NewRepository {
            directory: &directory,
            engine: "engine",
            url: &world.url(),
            mirror: &mirror,
            commit: &world.commit("v0.1.0"),
            files: vec![file(bad, 0o644, "x")],
            message: "Start",
            branch: None,
        })
        .unwrap_err();
        assert_eq!(
            crate::error::exit_of(&error),
            crate::error::Exit::Refused,
            "{bad:?}"
        );
        assert!(!directory.exists(), "{bad:?}");
    }
}

/// Makes a commit of the harness from lines for `git mktree`, and tries to build with it.
#[track_caller]
fn build_with_tree(world: &World, lines: &str) -> anyhow::Result<Built> {
    let harness = world.harness();
    fs::write(world.path().join("lines"), lines).unwrap();
    let script = "git mktree --missing <../lines";
    let tree = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(&harness)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let commit = git(&harness, &["commit-tree", "-m", "hostile", tree.trim()]);
    git(
        &harness,
        &["update-ref", "refs/heads/hostile", commit.trim()],
    );
    let mirror = world.mirror();
    mirror.fetch().unwrap();
    build(&NewRepository {
        directory: &world.path().join("victim"),
        engine: "engine",
        url: &world.url(),
        mirror: &mirror,
        commit: &commit.trim().parse().unwrap(),
        files: Vec::new(),
        message: "Start",
        branch: None,
    })
}

#[test]
fn a_harness_that_would_write_elsewhere_is_refused() {
    let world = World::new();
    let harness = world.harness();
    let outside = world.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(world.path().join("target"), outside.to_str().unwrap()).unwrap();
    let link = git(&harness, &["hash-object", "-w", "../target"]);
    let link = link.trim();
    let file = git(&harness, &["hash-object", "-w", "harness.toml"]);
    let file = file.trim();
    let tree = git(&harness, &["rev-parse", "HEAD^{tree}"]);
    let tree = tree.trim();
    for lines in [
        format!("120000 blob {link}\ta\n040000 tree {tree}\ta\n"),
        format!("040000 tree {tree}\t.GIT\n"),
        format!("040000 tree {tree}\tgit~1\n"),
        format!("100644 blob {file}\t..\n"),
    ] {
        let error = build_with_tree(&world, &lines).unwrap_err();
        assert!(
            format!("{error:#}").contains("git itself would refuse"),
            "{error:#}"
        );
        // The directory is the caller's to remove; nothing else was written.
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        let _ = fs::remove_dir_all(world.path().join("victim"));
    }
}

#[test]
fn nothing_of_a_harness_runs() {
    let world = World::new();
    let ran = world.path().join("ran");
    let touch = format!("touch {}", ran.display());
    world.release(
        "v6.6.6",
        &[
            (".gitattributes", "* filter=evil diff=evil text eol=lf\n"),
            (".gitmodules", &format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{touch}\n\tupdate = !{touch}\n")),
            (".gitconfig", &format!("[core]\n\tfsmonitor = {touch}\n\thooksPath = hooks\n[filter \"evil\"]\n\tsmudge = {touch}\n")),
            ("hooks/post-checkout", &format!("#!/bin/sh\n{touch}\n")),
        ],
    );
    std::os::unix::fs::symlink("/etc/passwd", world.harness().join("passwd")).unwrap();
    world.release("v6.6.6", &[]);
    world.mirror().fetch().unwrap();
    let project = world.project("demo", "v6.6.6");
    assert!(!ran.exists());
    assert_eq!(
        fs::read_link(project.join("engine/passwd")).unwrap(),
        Path::new("/etc/passwd")
    );
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    let mirror = world.mirror();
    assert_eq!(
        mirror.file(&world.commit("v6.6.6"), "passwd").unwrap(),
        None
    );
}

#[test]
fn nested_submodules_are_filled_or_the_reason_is_told() {
    let world = World::new();
    let inner = world.path().join("inner");
    fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q"]);
    git(&inner, &["commit", "-q", "--allow-empty", "-m", "inner"]);
    git(
        &world.harness(),
        &[
            "submodule",
            "--quiet",
            "add",
            inner.to_str().unwrap(),
            "inner",
        ],
    );
    world.release("v0.3.0", &[]);
    let mirror = world.mirror();
    mirror.fetch().unwrap();
    let directory = world.path().join("demo");
    let error = build(&NewRepository {
        directory: &directory,
        engine: "engine",
        url: &world.url(),
        mirror: &mirror,
        commit: &world.commit("v0.3.0"),
        files: Vec::new(),
        message: "Start",
        branch: None,
    })
    .unwrap_err();
    // git does not let a submodule be cloned from a local path, unless the person's configuration says so.
    let text = format!("{error:#}");
    assert!(
        text.contains("submodules of the harness") && text.contains("'file' not allowed"),
        "{text}"
    );
    assert!(
        !try_git(&directory.join("engine/inner"), &["log"])
            .1
            .contains("inner")
    );
}
