//! F15, F22: a repository that nobody should trust is read, and nothing of it runs, is written or holds anybody up.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{assert_proven, audit, one_project, places};
use crate::sandbox::{Sandbox, assert_same};

#[test]
fn an_audit_changes_nothing() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    sandbox.write("fleet/projects/demo/agents.toml", "changed");
    let times = |sandbox: &Sandbox| -> Vec<_> {
        let all = walkdir::WalkDir::new(sandbox.directory()).sort_by_file_name();
        let met = |entry: walkdir::DirEntry| entry.metadata().unwrap().modified().unwrap();
        all.into_iter().map(|entry| met(entry.unwrap())).collect()
    };
    let (before, touched) = (sandbox.tree(&project), times(&sandbox));
    assert_proven(&sandbox);
    assert_same(&before, &sandbox.tree(&project));
    assert_eq!(touched, times(&sandbox));
}

#[test]
fn nothing_of_a_repository_runs() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    let trap = sandbox.at("trap.sh");
    sandbox.write(
        "trap.sh",
        &format!("#!/bin/sh\ntouch {}\ncat\n", sandbox.at("ran").display()),
    );
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.write(
        "fleet/projects/demo/.gitattributes",
        "* filter=trap diff=trap\n",
    );
    sandbox.git(&project, &["add", ".gitattributes"]);
    let trap = trap.display();
    let config = sandbox.read("fleet/projects/demo/.git/config");
    sandbox.write(
        "fleet/projects/demo/.git/config",
        &format!(
            "{config}[core]\n\tfsmonitor = {trap}\n\tpager = {trap}\n[filter \"trap\"]\n\tclean = {trap}\n\tsmudge = {trap}\n\
             \trequired = true\n[diff \"trap\"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[diff]\n\texternal = {trap}\n"
        ),
    );
    assert_proven(&sandbox);
    assert!(!sandbox.at("ran").exists());
}

#[test]
fn nobody_waits_for_a_pipe_and_what_is_not_read_is_named() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    sandbox.git(&project, &["branch", "topic"]);
    let unread = |path: &str| {
        let file = project.join(path);
        let kept = project.join("kept");
        let was_there = fs::rename(&file, &kept).is_ok();
        mkfifo(&file, Mode::S_IRWXU).unwrap();
        let report = audit(&sandbox);
        fs::remove_file(&file).unwrap();
        if was_there {
            fs::rename(&kept, &file).unwrap();
        }
        assert_eq!(
            report["projects"][0]["traces"].as_array().map(Vec::len),
            Some(0)
        );
        places(&sandbox, &report, "unread")
    };
    for (path, place) in [
        (".git/config", ".git/config"),
        (".git/refs/heads/topic", ".git/refs/heads/topic"),
        (".git/logs/HEAD", ".git/logs/HEAD"),
        (".git/hooks/pre-push", ".git/hooks/pre-push"),
        (".git/description", ".git/description"),
        (".git/index", ".git/index"),
        (".git/packed-refs", ".git/packed-refs"),
        (".git/objects/info/alternates", ".git/objects"),
        (".git/objects/pack/x.idx", ".git/objects"),
        (".gitmodules", ".gitmodules"),
    ] {
        let found = unread(path);
        assert!(found.iter().any(|it| it == place), "{path}: {found:?}");
    }
    let head = sandbox.git(&project, &["rev-parse", "HEAD"]);
    let object = format!(".git/objects/{}/{}", &head[..2], &head[2..]);
    assert!(!unread(&object).is_empty());
    assert_proven(&sandbox);
}

#[test]
fn a_link_is_not_followed() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    // What is outside says what would be a trace inside.
    sandbox.write("outside/file", "fleet-tender");
    sandbox.write("fleet/projects/demo/docs/file", "clean");
    sandbox.git(&project, &["add", "--all"]);
    fs::remove_dir_all(project.join("docs")).unwrap();
    symlink(sandbox.at("outside"), project.join("docs")).unwrap();
    symlink(sandbox.at("outside/file"), project.join("link")).unwrap();
    sandbox.git(&project, &["add", "link"]);
    symlink(sandbox.at("outside"), project.join(".git/hooks/more")).unwrap_or_else(|_| {
        fs::create_dir_all(project.join(".git/hooks")).unwrap();
        symlink(sandbox.at("outside"), project.join(".git/hooks/more")).unwrap();
    });
    assert_proven(&sandbox);
}

#[test]
fn a_submodule_behind_a_link_is_not_looked_into() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    fs::rename(project.join("engine"), sandbox.at("moved")).unwrap();
    symlink(sandbox.at("moved"), project.join("engine")).unwrap();
    let report = audit(&sandbox);
    assert_eq!(places(&sandbox, &report, "unread"), ["engine/"]);
}

#[test]
fn a_huge_file_is_passed_over_and_named() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    sandbox.write("fleet/projects/demo/disk.img", "");
    sandbox.git(&project, &["add", "--all"]);
    let file = fs::File::create(project.join("disk.img")).unwrap();
    file.set_len(1 << 40).unwrap();
    let report = assert_proven(&sandbox);
    assert_eq!(places(&sandbox, &report, "skipped"), ["disk.img"]);
    let said = sandbox.fleet(&["audit"]);
    assert!(
        said.stderr
            .contains("not looked at: disk.img, a binary file of 1048576 MiB"),
        "{}",
        said.text()
    );
}

#[test]
fn what_would_move_the_cursor_is_shown_as_text() {
    let sandbox = one_project();
    sandbox.planted();
    let project = sandbox.place("demo");
    let name = "bad\x1b[2J\u{202e}name";
    fs::write(project.join(name), "\x1b]0;fleet-tender\x07").unwrap();
    sandbox.git(&project, &["add", "--all"]);
    let said = sandbox.fleet(&["audit"]);
    said.exited(5);
    assert!(!said.text().contains('\x1b') && !said.text().contains('\u{202e}'));
    assert!(
        said.stdout.contains("bad\\u{1b}[2J\\u{202e}name:1"),
        "{}",
        said.text()
    );
    assert!(said.stdout.contains("\\u{1b}]0;fleet-tender\\u{7}"));
}

#[test]
fn what_is_broken_or_gone_is_not_proven() {
    let sandbox = one_project()
        .project("gone", "v0.1.0")
        .project("plain", "v0.1.0");
    fs::rename(sandbox.place("gone"), sandbox.at("elsewhere")).unwrap();
    fs::remove_dir_all(sandbox.place("plain").join(".git")).unwrap();
    let project = sandbox.place("demo");
    let head = sandbox.git(&project, &["rev-parse", "HEAD^{tree}"]);
    let object = format!(
        "fleet/projects/demo/.git/objects/{}/{}",
        &head[..2],
        &head[2..]
    );
    fs::remove_file(sandbox.at(&object)).unwrap();
    sandbox.write("fleet/projects/demo/.git/index", "no index");
    insta::assert_snapshot!(sandbox.run("audit"), @r#"
    NAME   TRACES      FILES  COMMITS  REFS  NOTES  REFLOG  SETTINGS  HOOKS
    demo   not proven  2      3        4     0      2       15        0
    gone   not proven  0      0        0     0      0       0         0
    plain  not proven  0      0        0     0      0       0         0

    demo: HEAD:
      not read: cannot read the object <commit>: object not found - cannot read header for (<commit>)

    demo: .git/index
      not read: the index is cut off or broken

    gone: .
      not read: there is nothing

    plain: .
      not read: it is no repository
    --- stderr

    3 projects: no trace was found, but 3 projects could not be read as a whole; looked at 2 repositories, 2 files, 3 commits, 4 refs, 3 other files of git's
    --- exit code 5
    "#);
}

#[test]
fn formats_that_are_not_known_are_named() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    fs::remove_dir_all(project.join(".git")).unwrap();
    fs::remove_dir_all(project.join("engine")).unwrap();
    sandbox.git(&project, &["init", "--quiet", "--object-format=sha256"]);
    sandbox.git(&project, &["add", "--all"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "x"]);
    let report = audit(&sandbox);
    let unread = report["projects"][0]["unread"].to_string();
    assert!(unread.contains("sha256"), "{unread}");
}

#[test]
fn a_shallow_project_is_looked_at_as_far_as_it_goes() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    sandbox.git(
        &project,
        &["commit", "--quiet", "--allow-empty", "--message", "two"],
    );
    fs::rename(&project, sandbox.at("whole")).unwrap();
    let from = format!("file://{}", sandbox.at("whole").display());
    let projects = project.parent().unwrap();
    sandbox.git(
        projects,
        &["clone", "--quiet", "--depth", "1", &from, "demo"],
    );
    let report = assert_proven(&sandbox);
    assert_eq!(report["projects"][0]["looked"]["commits"], 1);
}

#[test]
fn a_linked_work_tree_is_looked_at_with_what_it_shares() {
    let sandbox = one_project();
    sandbox.planted();
    let project = sandbox.place("demo");
    fs::rename(&project, sandbox.at("main")).unwrap();
    let main = sandbox.at("main");
    sandbox.git(
        &main,
        &[
            "worktree",
            "add",
            "--quiet",
            &project.display().to_string(),
            "-b",
            "topic",
        ],
    );
    assert_proven(&sandbox);
    sandbox.git(&main, &["config", "fleet.name", "demo"]);
    let report = audit(&sandbox);
    assert_eq!(
        places(&sandbox, &report, "traces")[1],
        ".git/config: fleet.name"
    );
}
