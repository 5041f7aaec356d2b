//! Moves of pins, against what git says.

use std::fs;
use std::path::PathBuf;

use super::super::check::check;
use super::super::fixture::{World, git, repin, rev, try_git, wish};
use super::*;
use crate::error::{Exit, exit_of, hints};

/// Lists the index, without the harness.
fn entries(project: &Path) -> String {
    let all = git(project, &["ls-files", "-s", "-v", "--debug"]);
    let mut kept = String::new();
    let mut is_engine = false;
    for line in all.lines() {
        if !line.starts_with("  ") {
            is_engine = line.ends_with("\tengine");
        }
        if !is_engine {
            kept += &format!("{line}\n");
        }
    }
    kept
}

#[test]
fn a_moved_pin_is_one_commit_with_one_gitlink_changed() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let before = rev(&project, "HEAD");
    let moved = repin(&world, &project, "engine", "v0.2.0").unwrap();
    assert_eq!(moved.commit, Some(rev(&project, "main")));
    assert_eq!(rev(&project, "HEAD^"), before);
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    assert_eq!(
        git(&project, &["diff", "--name-status", "HEAD^", "HEAD"]),
        "M\tengine\n"
    );
    let status = format!(" {} engine (v0.2.0)\n", world.commit("v0.2.0"));
    assert_eq!(git(&project, &["submodule", "status"]), status);
    let engine = project.join("engine");
    assert_eq!(fs::read(engine.join("harness.toml")).unwrap(), b"two\n");
    assert!(!engine.join("only-one").exists() && engine.join("only-two").exists());
    assert_eq!(git(&engine, &["status", "--porcelain", "--ignored"]), "");
    let log = git(&project, &["log", "-1", "-g", "--format=%gs"]);
    assert_eq!(log, "commit: Move engine to v0.2.0\n");
    git(&project, &["fsck", "--strict"]);
    // Again changes nothing; and back is a move as any other.
    let again = repin(&world, &project, "engine", "v0.2.0").unwrap();
    assert_eq!((again.commit, rev(&project, "HEAD^")), (None, before));
    repin(&world, &project, "engine", "v0.1.0").unwrap();
    assert!(engine.join("only-one").exists() && !engine.join("only-two").exists());
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}

#[test]
fn a_version_that_came_later_brings_its_tag_along() {
    let world = World::new();
    let project = world.project_at("demo", "v0.1.0", "tools/engine");
    world.release("v0.3.0", &[("new", "new\n")]);
    world.mirror().fetch().unwrap();
    repin(&world, &project, "tools/engine", "v0.3.0").unwrap();
    let engine = project.join("tools/engine");
    assert_eq!(git(&engine, &["describe", "--tags"]), "v0.3.0\n");
    assert_eq!(rev(&engine, "origin/main"), world.commit("main"));
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    fs::remove_dir_all(world.cache()).unwrap();
    git(&engine, &["fsck", "--strict"]);
}

#[test]
fn the_work_in_progress_of_a_project_stays_as_it_is() {
    for version in ["2", "4"] {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let write = |path: &str, text: &str| fs::write(project.join(path), text).unwrap();
        for name in ["skipped", "assumed", "kept", "removed"] {
            write(name, name);
        }
        git(&project, &["add", "."]);
        git(&project, &["commit", "-q", "-m", "files"]);
        git(&project, &["update-index", "--index-version", version]);
        write("staged", "staged");
        write("agents.toml", "staged and more");
        git(&project, &["add", "staged", "agents.toml"]);
        write("agents.toml", "unstaged");
        write("intended", "intended");
        git(&project, &["add", "-N", "intended"]);
        git(&project, &["rm", "-q", "--cached", "removed"]);
        git(&project, &["update-index", "--skip-worktree", "skipped"]);
        git(&project, &["update-index", "--assume-unchanged", "assumed"]);
        git(&project, &["update-index", "--chmod=+x", "kept"]);
        write("untracked", "untracked");
        let (index, status) = (entries(&project), git(&project, &["status", "--porcelain"]));
        repin(&world, &project, "engine", "v0.2.0").unwrap();
        assert_eq!(entries(&project), index);
        assert_eq!(git(&project, &["status", "--porcelain"]), status);
        assert_eq!(
            git(&project, &["diff", "--name-only", "HEAD^", "HEAD"]),
            "engine\n"
        );
        assert_eq!(fs::read(project.join("agents.toml")).unwrap(), b"unstaged");
        // What is committed next is right: no cached tree of the old index is left.
        git(&project, &["commit", "-q", "-m", "next"]);
        let tree = git(&project, &["ls-tree", "HEAD", "engine"]);
        assert!(tree.contains(world.commit("v0.2.0").as_str()), "{tree}");
        assert!(!project.join(".git/index.next").exists());
        git(&project, &["fsck", "--strict"]);
    }
}

#[test]
fn no_hook_runs() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let ran = world.path().join("ran");
    let script = format!("#!/bin/sh\ntouch {}\n", ran.display());
    for directory in [".git/hooks", ".git/modules/engine/hooks"] {
        fs::create_dir_all(project.join(directory)).unwrap();
        for name in [
            "pre-commit",
            "post-commit",
            "post-checkout",
            "reference-transaction",
            "post-index-change",
            "commit-msg",
        ] {
            let path = project.join(directory).join(name);
            fs::write(&path, &script).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .unwrap();
        }
    }
    repin(&world, &project, "engine", "v0.2.0").unwrap();
    assert!(!ran.exists());
}

#[test]
fn a_commit_is_signed_where_the_person_signs() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let signer = world.path().join("signer");
    let script = "#!/bin/sh\ncat >/dev/null\nprintf '\\n[GNUPG:] SIG_CREATED x\\n' >&2\nprintf -- '-----BEGIN PGP SIGNATURE-----\\nsigned\\n-----END PGP SIGNATURE-----\\n'\n";
    fs::write(&signer, script).unwrap();
    fs::set_permissions(&signer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    git(
        &project,
        &["config", "gpg.program", signer.to_str().unwrap()],
    );
    git(&project, &["config", "commit.gpgsign", "true"]);
    git(&project, &["config", "user.name", "Örjan"]);
    git(&project, &["config", "user.email", "o@example.org"]);
    repin(&world, &project, "engine", "v0.2.0").unwrap();
    let commit = git(&project, &["cat-file", "-p", "HEAD"]);
    assert!(
        commit.contains("gpgsig -----BEGIN PGP SIGNATURE-----\n signed"),
        "{commit}"
    );
    assert!(
        commit.contains("\nauthor Örjan <o@example.org> "),
        "{commit}"
    );
    // A signature that cannot be had leaves all as it was.
    fs::write(&signer, "#!/bin/sh\nexit 1\n").unwrap();
    let error = repin(&world, &project, "engine", "v0.1.0").unwrap_err();
    assert!(
        format!("{error:#}").contains("cannot sign the commit"),
        "{error:#}"
    );
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}

/// Everything below a directory, with content.
fn snapshot(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = walkdir::WalkDir::new(directory)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_path_buf(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

/// Brings a project into a state in which its pin may not be moved.
#[track_caller]
fn assert_refused(make: impl FnOnce(&World, &Path), expected: &str) {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    make(&world, &project);
    let before = snapshot(&project);
    let error = repin(&world, &project, "engine", "v0.2.0").unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(exit_of(&error), Exit::Refused, "{text}");
    assert!(!hints(&error).is_empty(), "{text}");
    assert!(
        snapshot(&project) == before,
        "{expected}: something was touched"
    );
}

#[test]
fn changes_in_the_harness_are_protected() {
    assert_refused(
        |_, project| fs::write(project.join("engine/harness.toml"), "mine").unwrap(),
        "the harness has changes: `harness.toml`",
    );
    assert_refused(
        |_, project| fs::write(project.join("engine/mine"), "mine").unwrap(),
        "`mine` (untracked)",
    );
    assert_refused(
        |_, project| {
            fs::write(project.join("engine/mine"), "mine").unwrap();
            git(&project.join("engine"), &["add", "mine"]);
        },
        "the harness has changes: `mine`",
    );
    assert_refused(
        |_, project| {
            git(
                &project.join("engine"),
                &["commit", "-q", "--allow-empty", "-m", "mine"],
            );
        },
        "is on no branch or tag of its remote",
    );
}

#[test]
fn an_ignored_file_in_the_way_is_somebodys_work() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let before = rev(&project, "HEAD");
    let modules = project.join(".git/modules/engine");
    fs::write(modules.join("info/exclude"), "only-two\n").unwrap();
    fs::write(project.join("engine/only-two"), "mine").unwrap();
    let error = repin(&world, &project, "engine", "v0.2.0").unwrap_err();
    assert!(format!("{error:#}").contains("in the way"), "{error:#}");
    assert_eq!(exit_of(&error), Exit::Refused);
    assert_eq!(rev(&project, "HEAD"), before);
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    assert_eq!(fs::read(project.join("engine/only-two")).unwrap(), b"mine");
    assert_eq!(
        fs::read(project.join("engine/harness.toml")).unwrap(),
        b"one\n"
    );
}

#[test]
fn a_project_in_the_middle_of_something_is_left_alone() {
    assert_refused(
        |_, project| {
            git(
                project,
                &[
                    "update-index",
                    "--cacheinfo",
                    &format!("160000,{},engine", "1".repeat(40)),
                ],
            );
        },
        "a change to `engine` is staged",
    );
    assert_refused(
        |_, project| {
            fs::write(project.join(".gitmodules"), "# mine\n").unwrap();
            git(project, &["add", ".gitmodules"]);
        },
        "a change to `.gitmodules` is staged",
    );
    assert_refused(
        |_, project| {
            git(project, &["checkout", "-q", "--detach"]);
        },
        "detached",
    );
    assert_refused(
        |_, project| {
            git(project, &["checkout", "-q", "--orphan", "new"]);
        },
        "no commit yet",
    );
    assert_refused(
        |_, project| {
            git(project, &["checkout", "-q", "-b", "other"]);
        },
        "on the branch `other`, not on the registered `main`",
    );
    assert_refused(
        |_, project| fs::write(project.join(".git/index.lock"), "").unwrap(),
        "index.lock` exists",
    );
    assert_refused(
        |_, project| fs::write(project.join(".git/modules/engine/index.lock"), "").unwrap(),
        "index.lock` exists",
    );
    assert_refused(
        |_, project| {
            git(project, &["update-index", "--split-index"]);
        },
        "the index is split",
    );
    assert_refused(
        |_, project| {
            git(
                project,
                &["sparse-checkout", "set", "--cone", "--sparse-index", "docs"],
            );
        },
        "the index is sparse",
    );
    assert_refused(
        |_, project| {
            git(project, &["bisect", "start"]);
        },
        "bisect",
    );
    for (verb, doing) in [
        ("merge", "a merge"),
        ("rebase", "a rebase"),
        ("cherry-pick", "a cherry-pick"),
    ] {
        assert_refused(
            |_, project| {
                git(project, &["checkout", "-q", "-b", "side"]);
                fs::write(project.join("agents.toml"), "side\n").unwrap();
                git(project, &["commit", "-q", "-a", "-m", "side"]);
                git(project, &["checkout", "-q", "main"]);
                fs::write(project.join("agents.toml"), "main\n").unwrap();
                git(project, &["commit", "-q", "-a", "-m", "main"]);
                assert!(!try_git(project, &[verb, "side"]).0);
            },
            doing,
        );
    }
}

#[test]
fn a_harness_that_is_not_as_git_left_it_is_left_alone() {
    assert_refused(
        |_, project| {
            git(project, &["submodule", "--quiet", "deinit", "engine"]);
        },
        "there is no harness",
    );
    assert_refused(
        |_, project| fs::rename(project.join(".git/modules"), project.join("away")).unwrap(),
        "not there",
    );
    assert_refused(
        |world, project| {
            fs::remove_dir_all(project.join("engine")).unwrap();
            fs::remove_dir_all(project.join(".git/modules")).unwrap();
            let url = format!("file://{}", world.harness().display());
            git(project, &["config", "submodule.engine.url", &url]);
            git(
                project,
                &["submodule", "--quiet", "update", "--init", "--depth", "1"],
            );
        },
        "shallow",
    );
    assert_refused(
        |_, project| {
            git(project, &["rm", "-q", "--cached", "engine"]);
            git(project, &["commit", "-q", "-m", "without"]);
        },
        "HEAD holds no submodule",
    );
    assert_refused(
        |world, project| {
            let main = world.path().join("main");
            fs::rename(project, &main).unwrap();
            git(
                &main,
                &[
                    "worktree",
                    "add",
                    "-q",
                    "-f",
                    project.to_str().unwrap(),
                    "-b",
                    "side",
                ],
            );
        },
        "linked work tree",
    );
}

#[test]
fn a_submodule_that_goes_takes_nothing_along() {
    let world = World::new();
    let inner = world.path().join("inner");
    fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q"]);
    git(&inner, &["commit", "-q", "--allow-empty", "-m", "inner"]);
    let url = inner.to_str().unwrap();
    git(
        &world.harness(),
        &["submodule", "--quiet", "add", url, "inner"],
    );
    world.release("v0.3.0", &[]);
    let project = world.project("demo", "v0.1.0");
    let engine = project.join("engine");
    git(&engine, &["fetch", "-q", "--tags"]);
    git(&engine, &["checkout", "-q", "v0.3.0"]);
    git(&engine, &["submodule", "--quiet", "update", "--init"]);
    git(&project, &["commit", "-q", "-m", "by hand", "engine"]);
    let exclude = project.join(".git/modules/engine/modules/inner/info/exclude");
    fs::create_dir_all(exclude.parent().unwrap()).unwrap();
    fs::write(exclude, "kept\n").unwrap();
    fs::write(engine.join("inner/kept"), "mine").unwrap();
    world.mirror().fetch().unwrap();
    let error = repin(&world, &project, "engine", "v0.2.0").unwrap_err();
    assert_eq!(exit_of(&error), Exit::Refused, "{error:#}");
    assert_eq!(fs::read(engine.join("inner/kept")).unwrap(), b"mine");
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    fs::remove_file(engine.join("inner/kept")).unwrap();
    repin(&world, &project, "engine", "v0.2.0").unwrap();
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}

#[test]
fn a_tag_that_somebody_made_in_the_harness_stays() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let engine = project.join("engine");
    git(&engine, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    git(&engine, &["tag", "v0.3.0"]);
    git(&engine, &["tag", "-f", "v0.2.0", "v0.1.0"]);
    let mine = rev(&engine, "v0.3.0");
    world.release("v0.3.0", &[]);
    world.mirror().fetch().unwrap();
    // The tag keeps the commit, so nothing is lost by leaving it.
    repin(&world, &project, "engine", "v0.2.0").unwrap();
    assert_eq!(rev(&engine, "v0.3.0"), mine);
    assert_eq!(rev(&engine, "v0.2.0"), world.commit("v0.2.0"));
}

#[test]
fn here_is_any_branch() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    git(&project, &["checkout", "-q", "-b", "other"]);
    let mirror = world.mirror();
    let rescue = world.path().join("rescue");
    let mut wish = wish(&project, &mirror, &rescue);
    wish.here = true;
    let ready = check(&wish).unwrap();
    carry_out(&wish, &ready, &world.commit("v0.2.0"), "Move").unwrap();
    assert_eq!(rev(&project, "main"), rev(&project, "other^"));
}

#[test]
fn a_commit_in_the_meantime_wins_and_the_harness_is_put_back() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let mirror = world.mirror();
    let rescue = world.path().join("rescue");
    let wish = wish(&project, &mirror, &rescue);
    let ready = check(&wish).unwrap();
    git(&project, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    let error = carry_out(&wish, &ready, &world.commit("v0.2.0"), "Move").unwrap_err();
    assert_eq!(exit_of(&error), Exit::Refused);
    assert_eq!(git(&project, &["log", "-1", "--format=%s"]), "mine\n");
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    assert_eq!(rev(&project.join("engine"), "HEAD"), world.commit("v0.1.0"));
    assert!(!world.path().join("rescue").exists());
}
