//! The facts of a pin, against what git says.

use std::fs;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::super::fixture::{World, git, rev};
use super::super::word::{PinWord, word};
use super::*;

fn look(project: &Path) -> Facts {
    read(project, "engine", Depth::Files)
}

/// Checks the facts against `git`, then the word.
#[track_caller]
fn assert_word(world: &World, project: &Path, expected: PinWord) {
    let facts = look(project);
    assert_eq!(facts.trouble, None);
    let staged = git(project, &["ls-files", "-s", "engine"]);
    let staged = staged.split(' ').nth(1).map(|id| id.parse().unwrap());
    assert_eq!(facts.index, Known::Is(staged));
    let wanted = world.commit("v0.1.0");
    assert_eq!(
        word(&facts, Some(&wanted), Some(&wanted)),
        expected,
        "{facts:?}"
    );
    let fast = read(project, "engine", Depth::Fast);
    assert_eq!(
        Facts {
            dirty: facts.dirty,
            ..fast
        },
        facts
    );
}

#[test]
fn a_new_project_is_ok() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    assert_word(&world, &project, PinWord::Ok);
    assert_eq!(look(&project).branch.as_deref(), Some("main"));
    git(&project, &["pack-refs", "--all"]);
    git(&project, &["gc", "-q"]);
    assert_word(&world, &project, PinWord::Ok);
}

#[test]
fn borrowed_objects_count() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let lender = world.path().join("lender");
    fs::rename(project.join(".git/objects"), &lender).unwrap();
    fs::create_dir_all(project.join(".git/objects/info")).unwrap();
    let alternates = project.join(".git/objects/info/alternates");
    for line in [lender.to_str().unwrap(), "../../../lender"] {
        fs::write(&alternates, format!("# of another\n{line}\n")).unwrap();
        // Without a tree in the index, HEAD's own is read.
        git(&project, &["update-index", "--force-remove", "agents.toml"]);
        assert_word(&world, &project, PinWord::Ok);
        git(&project, &["reset", "-q"]);
        assert_word(&world, &project, PinWord::Ok);
    }
}

#[test]
fn each_difference_has_its_word() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let engine = project.join("engine");
    let facts = look(&project);
    let other = world.commit("v0.2.0");
    assert_eq!(word(&facts, Some(&other), None), PinWord::Behind);
    assert_eq!(word(&facts, None, None), PinWord::Unknown);
    let wanted = world.commit("v0.1.0");
    assert_eq!(word(&facts, Some(&wanted), Some(&other)), PinWord::Skew);

    git(&engine, &["checkout", "-q", "v0.2.0"]);
    assert_word(&world, &project, PinWord::Moved);
    git(&project, &["add", "engine"]);
    assert_word(&world, &project, PinWord::Moved);
    git(&engine, &["checkout", "-q", "v0.1.0"]);
    assert_word(&world, &project, PinWord::Staged);
    git(&project, &["add", "engine"]);
    assert_word(&world, &project, PinWord::Ok);
    fs::remove_dir_all(&engine).unwrap();
    assert_word(&world, &project, PinWord::Missing);
    fs::create_dir(&engine).unwrap();
    assert_word(&world, &project, PinWord::Missing);
    fs::remove_dir_all(&project).unwrap();
    let facts = look(&project);
    assert_eq!(facts.trouble, None);
    assert_eq!(word(&facts, Some(&wanted), None), PinWord::Missing);
}

#[test]
fn dirty_means_changed_and_not_touched() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let engine = project.join("engine");
    let file = engine.join("harness.toml");
    let is_dirty = || look(&project).dirty.unwrap();
    fs::write(engine.join("untracked"), "x").unwrap();
    assert!(!is_dirty());
    fs::File::open(&file)
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert!(!is_dirty());
    // The same size, in the same tick of the clock.
    fs::write(&file, "eno\n").unwrap();
    assert!(is_dirty());
    git(&engine, &["add", "harness.toml"]);
    assert!(is_dirty());
    git(&engine, &["reset", "-q", "--hard"]);
    assert!(!is_dirty());
    git(&engine, &["update-index", "--chmod=+x", "harness.toml"]);
    assert!(is_dirty());
    git(&engine, &["reset", "-q", "--hard"]);
    fs::remove_file(&file).unwrap();
    assert!(is_dirty());
    mkfifo(&file, Mode::S_IRWXU).unwrap();
    assert!(is_dirty());
    fs::remove_file(&file).unwrap();
    git(&engine, &["reset", "-q", "--hard"]);
    git(&engine, &["config", "core.autocrlf", "true"]);
    fs::remove_file(&file).unwrap();
    git(&engine, &["checkout", "-q", "--", "."]);
    assert_eq!(fs::read(&file).unwrap(), b"one\r\n");
    assert!(!is_dirty());
}

#[test]
fn every_version_of_the_index_is_read() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    fs::write(project.join("agents.tomx"), "x").unwrap();
    git(&project, &["add", "-N", "agents.tomx"]);
    for version in ["2", "3", "4"] {
        for directory in [&project, &project.join("engine")] {
            git(directory, &["update-index", "--index-version", version]);
        }
        assert_word(&world, &project, PinWord::Ok);
    }
}

#[test]
fn other_layouts_of_a_repository_are_read() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let other = world.path().join("linked");
    git(
        &project,
        &[
            "worktree",
            "add",
            "-q",
            "-b",
            "side",
            other.to_str().unwrap(),
        ],
    );
    git(&other, &["submodule", "--quiet", "update", "--init"]);
    assert_word(&world, &other, PinWord::Ok);
    assert_eq!(look(&other).branch.as_deref(), Some("side"));
    // A git directory inside the harness, as very old submodules have it.
    let engine = project.join("engine");
    fs::remove_file(engine.join(".git")).unwrap();
    fs::rename(project.join(".git/modules/engine"), engine.join(".git")).unwrap();
    git(
        &project,
        &[
            "config",
            "-f",
            "engine/.git/config",
            "--unset",
            "core.worktree",
        ],
    );
    assert_word(&world, &project, PinWord::Ok);
    // And one that borrows objects.
    let borrower = world.path().join("borrower");
    git(
        &world.path(),
        &["clone", "-q", "--shared", "demo", "borrower"],
    );
    assert_word(&world, &borrower, PinWord::Missing);
    let deep = world.project_at("deep", "v0.1.0", "tools/engine");
    let facts = read(&deep, "tools/engine", Depth::Files);
    assert_eq!(
        facts.head,
        Known::Is(Some(rev(&deep.join("tools/engine"), "HEAD")))
    );
    assert_eq!(
        word(&facts, Some(&world.commit("v0.1.0")), None),
        PinWord::Ok
    );
}

#[test]
fn unborn_and_detached_heads_are_facts() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    git(&project, &["checkout", "-q", "--detach"]);
    assert_eq!(look(&project).branch, None);
    assert_word(&world, &project, PinWord::Ok);
    git(&project, &["checkout", "-q", "--orphan", "new"]);
    let facts = look(&project);
    assert_eq!(
        (facts.head, facts.branch.as_deref()),
        (Known::Is(None), Some("new"))
    );
}

/// Makes trouble, and checks that it is named, and that the word is unknown.
#[track_caller]
fn assert_trouble(make: impl FnOnce(&Path), expected: &str) {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    make(&project);
    let facts = look(&project);
    let trouble = facts.trouble.clone().unwrap_or_default();
    assert!(trouble.contains(expected), "{facts:?}");
    assert_eq!(
        word(&facts, Some(&world.commit("v0.1.0")), None),
        PinWord::Unknown
    );
}

#[test]
fn what_cannot_be_read_is_named_and_unknown() {
    assert_trouble(
        |project| fs::remove_dir_all(project.join(".git")).unwrap(),
        "no repository",
    );
    for directory in ["", "engine"] {
        assert_trouble(
            |project| {
                git(&project.join(directory), &["update-index", "--split-index"]);
            },
            "is split",
        );
    }
    assert_trouble(
        |project| {
            git(
                project,
                &["sparse-checkout", "set", "--cone", "--sparse-index", "docs"],
            );
        },
        "is sparse",
    );
    assert_trouble(
        |project| {
            fs::remove_file(project.join(".git/index")).unwrap();
            mkfifo(&project.join(".git/index"), Mode::S_IRWXU).unwrap();
        },
        "no regular file",
    );
    assert_trouble(
        |project| fs::write(project.join(".git/index"), "DIRC\0\0\0\u{2}\0\0\u{1}\0").unwrap(),
        "broken",
    );
    assert_trouble(
        |project| fs::write(project.join(".git/HEAD"), "rubbish").unwrap(),
        "no commit id",
    );
    assert_trouble(
        |project| fs::remove_dir_all(project.join(".git/objects")).unwrap(),
        "cannot read",
    );
    assert_trouble(
        |project| fs::rename(project.join(".git/modules"), project.join("away")).unwrap(),
        "not there",
    );
    for format in ["--ref-format=reftable", "--object-format=sha256"] {
        let expected = &format[format.len() - 6..];
        assert_trouble(
            |project| {
                fs::remove_dir_all(project).unwrap();
                git(project.parent().unwrap(), &["init", "-q", format, "demo"]);
                let unborn = look(project).trouble.unwrap_or_default();
                assert!(unborn.contains(&expected[1..]), "{unborn}");
                git(project, &["commit", "-q", "--allow-empty", "-m", "x"]);
            },
            &expected[1..],
        );
    }
}

#[test]
fn an_index_cut_off_anywhere_is_never_a_panic() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    for directory in [".git", ".git/modules/engine"] {
        let path = project.join(directory).join("index");
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            look(&project);
            let mut flipped = whole.clone();
            flipped[end] ^= 0xff;
            fs::write(&path, &flipped).unwrap();
            look(&project);
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_commit_is_lost_when_neither_harness_nor_mirror_has_it() {
    let world = World::new();
    let project = world.project("demo", "v0.1.0");
    let mirror = world.mirror();
    let new = world.release("v0.3.0", &[]);
    assert!(is_lost(&project, "engine", &new, Some(&mirror)));
    mirror.fetch().unwrap();
    assert!(!is_lost(&project, "engine", &new, Some(&mirror)));
    assert!(!is_lost(&project, "engine", &world.commit("v0.1.0"), None));
}
