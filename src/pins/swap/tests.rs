//! Files that change between versions, against what git makes of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use super::super::engine::{find_tree, pin_head};
use super::super::fixture::{World, git, repin};
use super::super::repository::open;
use super::*;

/// Makes a harness with two versions, v0.3.0 and v0.4.0, and a project at the first.
fn between(first: impl FnOnce(&Path), second: impl FnOnce(&Path)) -> (World, PathBuf) {
    let world = World::new();
    let harness = world.harness();
    first(&harness);
    world.release("v0.3.0", &[]);
    second(&harness);
    world.release("v0.4.0", &[]);
    let project = world.project("demo", "v0.3.0");
    (world, project)
}

/// Swaps the files of a harness, and moves its HEAD if that was done.
fn swapped(world: &World, project: &Path, to: &str) -> bool {
    let engine = open(&project.join("engine")).unwrap();
    let commit = world.commit(to);
    let is_done = swap(&engine, &find_tree(&engine, &commit).unwrap()).unwrap();
    if is_done {
        pin_head(&engine, &commit).unwrap();
    }
    is_done
}

/// What is at every path below a directory: kind and permissions, and content.
fn content(directory: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let all = walkdir::WalkDir::new(directory).min_depth(1);
    all.into_iter()
        .filter_entry(|entry| entry.file_name() != ".git")
        .flatten()
        .map(|entry| {
            let met = entry.path().symlink_metadata().unwrap();
            let bytes = if met.is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                path_bytes(&target).to_vec()
            } else {
                fs::read(entry.path()).unwrap_or_default()
            };
            let path = entry.path().strip_prefix(directory).unwrap();
            (path.to_path_buf(), (met.mode(), bytes))
        })
        .collect()
}

/// Fails unless the harness of a project is what a fresh clone would be.
#[track_caller]
fn assert_is(world: &World, project: &Path, tag: &str) {
    let engine = project.join("engine");
    let fresh = world.path().join(format!("fresh-{tag}"));
    if !fresh.exists() {
        let fresh = fresh.to_str().unwrap();
        git(&world.path(), &["clone", "-q", "-b", tag, "harness", fresh]);
    }
    assert_eq!(content(&engine), content(&fresh));
    assert_eq!(
        git(&engine, &["ls-files", "-s"]),
        git(&fresh, &["ls-files", "-s"])
    );
    // Nothing differs from the index by its stat data, before git has refreshed that.
    assert_eq!(git(&engine, &["diff-files"]), "");
}

fn write(place: &Path, text: &str) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

fn allow(place: &Path, mode: u32) {
    fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_plain_change_is_what_git_makes_of_it() {
    let (world, project) = between(
        |harness| {
            for path in [
                "changed",
                "gone/far/away/file",
                "gone/near",
                "case",
                "kept/old",
                "stays/x",
            ] {
                write(&harness.join(path), path);
            }
            write(&harness.join("runs"), "runs");
            allow(&harness.join("runs"), 0o755);
            write(&harness.join("ran"), "ran");
            symlink("changed", harness.join("link")).unwrap();
            symlink("changed", harness.join("was-link")).unwrap();
            write(&harness.join("was-file"), "file");
        },
        |harness| {
            write(&harness.join("changed"), "changed, and longer");
            fs::remove_dir_all(harness.join("gone")).unwrap();
            fs::rename(harness.join("case"), harness.join("Case")).unwrap();
            fs::rename(harness.join("kept/old"), harness.join("kept/new")).unwrap();
            allow(&harness.join("runs"), 0o644);
            allow(&harness.join("ran"), 0o755);
            for path in ["link", "was-link", "was-file"] {
                fs::remove_file(harness.join(path)).unwrap();
            }
            symlink("/nowhere/at/all", harness.join("link")).unwrap();
            write(&harness.join("was-link"), "file");
            symlink("changed", harness.join("was-file")).unwrap();
            write(&harness.join("new/far/away/file"), "new");
            write(&harness.join("new/empty"), "");
            write(&harness.join("name with \"quotes\" and ü"), "new");
        },
    );
    assert!(swapped(&world, &project, "v0.4.0"));
    assert_is(&world, &project, "v0.4.0");
    repin(&world, &project, "engine", "v0.4.0").unwrap();
    assert_is(&world, &project, "v0.4.0");
    assert!(swapped(&world, &project, "v0.3.0"));
    assert_is(&world, &project, "v0.3.0");
}

#[test]
fn a_changed_file_is_a_new_one() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let file = project.join("engine/harness.toml");
    fs::hard_link(&file, world.path().join("linked")).unwrap();
    let untouched = project.join("engine/bin/run").metadata().unwrap();
    assert!(swapped(&world, &project, "v0.2.0"));
    assert_eq!(fs::read(file).unwrap(), b"two\n");
    assert_eq!(fs::read(world.path().join("linked")).unwrap(), b"one\n");
    let after = project.join("engine/bin/run").metadata().unwrap();
    assert_eq!(
        (untouched.ino(), untouched.ctime_nsec()),
        (after.ino(), after.ctime_nsec())
    );
}

#[test]
fn a_folder_with_an_ignored_file_stays() {
    let (world, project) = between(
        |harness| write(&harness.join("folder/file"), "text"),
        |harness| fs::remove_dir_all(harness.join("folder")).unwrap(),
    );
    let engine = project.join("engine");
    write(&project.join(".git/modules/engine/info/exclude"), "mine\n");
    write(&engine.join("folder/mine"), "mine");
    assert!(swapped(&world, &project, "v0.4.0"));
    assert!(engine.join("folder/mine").exists() && !engine.join("folder/file").exists());
}

/// Brings a harness into a state that is not plain; nothing may be touched, and a move ends as `git` would, or is refused.
#[track_caller]
fn assert_left_alone(
    (world, project): (World, PathBuf),
    make: impl FnOnce(&World, &Path),
    is_refused: bool,
) {
    make(&world, &project.join("engine"));
    let index = project.join(".git/modules/engine/index");
    let before = (content(&world.path()), fs::read(&index).unwrap());
    assert!(!swapped(&world, &project, "v0.4.0"));
    assert!((content(&world.path()), fs::read(&index).unwrap()) == before);
    let moved = repin(&world, &project, "engine", "v0.4.0");
    assert_eq!(moved.is_err(), is_refused, "{moved:?}");
    if is_refused {
        assert!(content(&world.path()) == before.0);
    } else {
        assert_eq!(git(&project, &["status", "--porcelain"]), "");
        assert_eq!(git(&project.join("engine"), &["status", "--porcelain"]), "");
    }
}

fn simple() -> (World, PathBuf) {
    between(
        |harness| write(&harness.join("folder/file"), "one"),
        |harness| {
            write(&harness.join("folder/file"), "two");
            write(&harness.join("new"), "new");
        },
    )
}

#[test]
fn a_file_that_becomes_a_folder_is_left_to_libgit2() {
    let file = |harness: &Path| write(&harness.join("x"), "file");
    let folder = |harness: &Path| {
        let _ = fs::remove_file(harness.join("x"));
        write(&harness.join("x/y/z"), "below");
    };
    let nothing = |_: &World, _: &Path| {};
    assert_left_alone(between(file, folder), nothing, false);
    let back = |harness: &Path| {
        fs::remove_dir_all(harness.join("x")).unwrap();
        file(harness);
    };
    assert_left_alone(between(folder, back), nothing, false);
    let link = |harness: &Path| symlink("/tmp", harness.join("x")).unwrap();
    assert_left_alone(between(link, folder), nothing, false);
}

/// F15: attributes and filters are asked of libgit2 alone, and run nothing.
#[test]
fn conversions_are_left_to_libgit2() {
    let lines = |harness: &Path| write(&harness.join("lines"), "a\nb\n");
    let attributes = |harness: &Path| {
        write(
            &harness.join(".gitattributes"),
            "* text=auto eol=crlf\nnew filter=lfs\n",
        );
        write(&harness.join("new"), "new\n");
    };
    assert_left_alone(between(lines, attributes), |_, _| {}, false);
    let set = |key: &'static str, value: &'static str| {
        move |_: &World, engine: &Path| drop(git(engine, &["config", key, value]))
    };
    assert_left_alone(simple(), set("core.ignorecase", "true"), false);
    assert_left_alone(simple(), set("core.filemode", "false"), false);
    assert_left_alone(simple(), set("core.attributesFile", "/nowhere"), false);
    let info = |_: &World, engine: &Path| {
        write(
            &engine.join("../.git/modules/engine/info/attributes"),
            "new filter=lfs\n",
        );
    };
    assert_left_alone(simple(), info, false);
}

#[test]
fn a_submodule_that_comes_is_left_to_libgit2() {
    let add = |harness: &Path| {
        let pinned = format!("160000,{},inner", "1".repeat(40));
        git(harness, &["update-index", "--add", "--cacheinfo", &pinned]);
        fs::create_dir(harness.join("inner")).unwrap();
        write(&harness.join("new"), "new");
    };
    assert_left_alone(between(|_| {}, add), |_, _| {}, false);
}

/// F11: what somebody has put where the new version writes.
#[test]
fn what_is_in_the_way_stays() {
    assert_left_alone(
        simple(),
        |_, engine| {
            write(
                &engine.join("../.git/modules/engine/info/exclude"),
                "/new\n",
            );
            write(&engine.join("new"), "mine");
        },
        true,
    );
    assert_left_alone(
        simple(),
        |_, engine| write(&engine.join("folder/file"), "six"),
        true,
    );
    assert_left_alone(
        simple(),
        |_, engine| fs::remove_file(engine.join("folder/file")).unwrap(),
        true,
    );
    assert_left_alone(
        simple(),
        |_, engine| drop(git(engine, &["rm", "-q", "--cached", "folder/file"])),
        true,
    );
}

/// F15: a folder that leads elsewhere is not followed.
#[test]
fn nothing_is_written_through_a_symlink() {
    let (world, project) = simple();
    let (engine, elsewhere) = (project.join("engine"), world.path().join("elsewhere"));
    fs::rename(engine.join("folder"), &elsewhere).unwrap();
    symlink(&elsewhere, engine.join("folder")).unwrap();
    assert!(!swapped(&world, &project, "v0.4.0"));
    repin(&world, &project, "engine", "v0.4.0").unwrap_err();
    assert_eq!(fs::read(elsewhere.join("file")).unwrap(), b"one");
}

#[test]
fn entries_that_git_was_told_something_of_are_left_to_libgit2() {
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        let tell = |_: &World, engine: &Path| drop(git(engine, &["update-index", flag, "bin/run"]));
        assert_left_alone(simple(), tell, false);
    }
}

#[test]
fn a_path_that_leads_elsewhere_is_not_plain() {
    let file = Some((0o100_644, Oid::ZERO_SHA1));
    let change = |from, to| Change { from, to };
    assert!(is_plain(Path::new("a/b"), &change(None, file)));
    for path in ["a/../../b", "/a", ".git/config", "a/.GIT/x", "git~1"] {
        assert!(!is_plain(Path::new(path), &change(file, None)), "{path}");
    }
    for mode in [0o160_000, 0o40_000, 0o100_664] {
        let other = Some((mode, Oid::ZERO_SHA1));
        assert!(!is_plain(Path::new("a"), &change(other, file)));
        assert!(!is_plain(Path::new("a"), &change(file, other)));
    }
}

/// F3: what fails in the middle is put back.
#[test]
fn a_failure_in_the_middle_leaves_the_old_version() {
    let (world, project) = simple();
    let harness = world.harness();
    write(&harness.join("folder/file"), "three");
    // No file system takes a target this long, and the file is written before it.
    write(&harness.join("target"), &"x".repeat(5000));
    let id = git(&harness, &["hash-object", "-w", "target"]);
    let link = format!("120000,{},link", id.trim());
    git(&harness, &["add", "folder"]);
    git(&harness, &["update-index", "--add", "--cacheinfo", &link]);
    git(&harness, &["commit", "-q", "-m", "link"]);
    git(&harness, &["tag", "v0.5.0"]);
    world.mirror().fetch().unwrap();
    let before = content(&project);
    let error = repin(&world, &project, "engine", "v0.5.0").unwrap_err();
    assert!(format!("{error:#}").contains("engine/link`: "), "{error:#}");
    assert!(content(&project) == before);
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    assert_is(&world, &project, "v0.3.0");
}
