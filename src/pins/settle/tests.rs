//! Moves that are cut off, against what git says.

use std::path::PathBuf;

use super::super::check::check;
use super::super::fixture::{World, git, rev, wish};
use super::super::repin::carry_out;
use super::*;

/// A project that was moved from v0.1.0 to v0.2.0, and what was before.
struct Moved {
    world: World,
    project: PathBuf,
    before: CommitId,
    after: CommitId,
}

impl Moved {
    fn new() -> Self {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        fs::write(project.join("mine"), "mine").unwrap();
        git(&project, &["add", "mine"]);
        let before = rev(&project, "HEAD");
        let moved = Self {
            after: before.clone(),
            before,
            world,
            project,
        };
        moved.with(|wish, from, to| {
            let ready = check(wish).unwrap();
            assert_eq!(ready.from, *from);
            carry_out(wish, &ready, to, "Move").unwrap();
        });
        Self {
            after: rev(&moved.project, "HEAD"),
            ..moved
        }
    }

    fn with<T>(&self, act: impl FnOnce(&Move<'_>, &CommitId, &CommitId) -> T) -> T {
        let mirror = self.world.mirror();
        let rescue = self.world.path().join("rescue");
        let wish = wish(&self.project, &mirror, &rescue);
        act(
            &wish,
            &self.world.commit("v0.1.0"),
            &self.world.commit("v0.2.0"),
        )
    }

    fn settle(&self) -> anyhow::Result<Settled> {
        self.with(|wish, from, to| settle(wish, from, to, from))
    }

    /// Takes the branch back to before the commit, as if the move had been cut off just before it.
    fn without_commit(self) -> Self {
        git(
            &self.project,
            &["update-ref", "refs/heads/main", self.before.as_str()],
        );
        self
    }

    fn engine(&self, path: &str) -> PathBuf {
        self.project.join("engine").join(path)
    }

    /// Settles twice, and checks with git that all is as after a move, or as before one.
    #[track_caller]
    fn assert_settles(&self, expected: Settled) {
        for _ in 0..2 {
            assert_eq!(self.settle().unwrap(), expected);
            assert_eq!(git(&self.project, &["status", "--porcelain"]), "A  mine\n");
            let (head, tag) = match expected {
                Settled::Completed => (&self.after, "v0.2.0"),
                Settled::TakenBack => (&self.before, "v0.1.0"),
                Settled::Overtaken => panic!("nobody went on"),
            };
            assert_eq!(rev(&self.project, "HEAD"), *head);
            let pin = self.world.commit(tag);
            assert_eq!(
                git(&self.project, &["submodule", "status"]),
                format!(" {pin} engine ({tag})\n")
            );
            let facts = super::super::facts::read(
                &self.project,
                "engine",
                super::super::facts::Depth::Files,
            );
            assert_eq!(facts.dirty, Some(false));
        }
        // And git can go on.
        git(&self.project, &["commit", "-q", "-m", "next"]);
        git(&self.project.join("engine"), &["fsck", "--strict"]);
    }

    fn rescued(&self) -> Vec<(PathBuf, String)> {
        let rescue = self.world.path().join("rescue");
        walkdir::WalkDir::new(&rescue)
            .sort_by_file_name()
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let text = fs::read_to_string(entry.path()).unwrap();
                (
                    entry.path().strip_prefix(&rescue).unwrap().to_path_buf(),
                    text,
                )
            })
            .collect()
    }
}

#[test]
fn a_whole_move_needs_nothing() {
    Moved::new().assert_settles(Settled::Completed);
}

#[test]
fn before_the_commit_it_is_taken_back() {
    // All but the commit; then with the old index as well.
    Moved::new()
        .without_commit()
        .assert_settles(Settled::TakenBack);
    let moved = Moved::new().without_commit();
    git(&moved.project, &["reset", "-q", "engine"]);
    moved.assert_settles(Settled::TakenBack);
    assert_eq!(moved.rescued(), []);
}

#[test]
fn after_the_commit_it_is_completed() {
    let moved = Moved::new();
    let old = moved.world.commit("v0.1.0");
    git(
        &moved.project,
        &[
            "update-index",
            "--cacheinfo",
            &format!("160000,{old},engine"),
        ],
    );
    moved.assert_settles(Settled::Completed);
    // The lock is the new index, and was never put in place.
    let moved = Moved::new();
    let old = moved.world.commit("v0.1.0");
    git(
        &moved.project,
        &[
            "update-index",
            "--cacheinfo",
            &format!("160000,{old},engine"),
        ],
    );
    let directory = moved.project.join(".git");
    let held = NewIndex::prepare(&directory, "engine", &moved.world.commit("v0.2.0")).unwrap();
    std::mem::forget(held);
    assert!(directory.join("index.lock").exists());
    moved.assert_settles(Settled::Completed);
    assert!(!directory.join("index.next").exists());
}

#[test]
fn a_checkout_cut_off_anywhere_is_put_right() {
    for has_commit in [true, false] {
        for step in 0..5 {
            let moved = Moved::new();
            let modules = moved.project.join(".git/modules/engine");
            // The files of one version, the index and HEAD of the other; some not written yet, locks left.
            match step {
                0 => fs::write(
                    modules.join("HEAD"),
                    format!("{}\n", moved.world.commit("v0.1.0")),
                )
                .unwrap(),
                1 => fs::write(moved.engine("harness.toml"), "one\n").unwrap(),
                2 => fs::remove_file(moved.engine("only-two")).unwrap(),
                3 => fs::write(moved.engine("only-one"), "1\n").unwrap(),
                _ => fs::write(modules.join("index"), "DIRC").unwrap(),
            }
            for lock in ["index.lock", "HEAD.lock", "refs/tags/v0.2.0.lock"] {
                fs::create_dir_all(modules.join("refs/tags")).unwrap();
                fs::write(modules.join(lock), "").unwrap();
            }
            fs::write(moved.project.join(".git/refs/heads/main.lock"), "").unwrap();
            if has_commit {
                moved.assert_settles(Settled::Completed);
            } else {
                fs::remove_file(moved.project.join(".git/refs/heads/main.lock")).unwrap();
                let moved = moved.without_commit();
                moved.assert_settles(Settled::TakenBack);
            }
        }
    }
}

#[test]
fn half_a_write_is_kept_before_it_is_overwritten() {
    let moved = Moved::new();
    fs::write(moved.engine("harness.toml"), "tw").unwrap();
    moved.assert_settles(Settled::Completed);
    assert_eq!(fs::read(moved.engine("harness.toml")).unwrap(), b"two\n");
    fs::write(moved.engine("harness.toml"), "mine").unwrap();
    moved.settle().unwrap();
    let expected = [("harness.toml", "tw"), ("harness.toml.1", "mine")];
    assert_eq!(
        moved.rescued(),
        expected.map(|(path, text)| (path.into(), text.to_owned()))
    );
}

#[test]
fn what_the_move_never_wrote_is_left_alone() {
    let moved = Moved::new().without_commit();
    fs::write(moved.engine("bin/run"), "mine").unwrap();
    fs::write(moved.engine("only-two"), "mine").unwrap();
    fs::write(moved.engine("untracked"), "mine").unwrap();
    assert_eq!(moved.settle().unwrap(), Settled::TakenBack);
    for path in ["bin/run", "only-two", "untracked"] {
        assert_eq!(fs::read(moved.engine(path)).unwrap(), b"mine", "{path}");
    }
    assert_eq!(moved.rescued(), []);
}

#[test]
fn anothers_lock_and_anothers_pin_are_respected() {
    let moved = Moved::new();
    let lock = moved.project.join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    moved.settle().unwrap();
    assert!(lock.exists());
    fs::remove_file(&lock).unwrap();
    let other = "1".repeat(40);
    git(
        &moved.project,
        &[
            "update-index",
            "--cacheinfo",
            &format!("160000,{other},engine"),
        ],
    );
    moved.settle().unwrap();
    assert!(git(&moved.project, &["ls-files", "-s", "engine"]).contains(&other));
    git(&moved.project, &["commit", "-q", "-m", "mine"]);
    let error = moved.settle().unwrap_err();
    assert!(error.to_string().contains("somebody went on"), "{error:#}");
}

#[test]
fn who_went_on_and_left_nothing_to_do_is_believed() {
    let moved = Moved::new();
    let third = moved.world.release("v0.3.0", &[("third", "3\n")]);
    let engine = moved.project.join("engine");
    git(&engine, &["fetch", "-q", "--tags"]);
    git(&engine, &["checkout", "-q", "v0.3.0"]);
    git(&moved.project, &["commit", "-q", "-a", "-m", "mine"]);
    fs::write(engine.join("third"), "changed").unwrap();
    assert!(moved.settle().is_err());
    git(&engine, &["checkout", "-q", "third"]);
    assert_eq!(moved.settle().unwrap(), Settled::Overtaken);
    assert_eq!(rev(&engine, "HEAD"), third);
}

/// Somebody had checked another version out than is pinned: taken back, that is there again; completed, the new one.
#[test]
fn what_stood_there_instead_of_the_pin_is_known_to_the_last_file() {
    let world = World::new();
    let stood = world.release("v0.3.0", &[("bin/run", "third\n"), ("third/file", "3\n")]);
    let mirror = world.mirror();
    let rescue = world.path().join("rescue");
    for (from, to, settled) in [
        ("v0.1.0", "v0.2.0", Settled::TakenBack),
        ("v0.1.0", "v0.1.0", Settled::Completed),
    ] {
        let project = world.project(&format!("{to}-demo"), from);
        let engine = project.join("engine");
        git(&engine, &["checkout", "-q", "v0.3.0"]);
        let wish = wish(&project, &mirror, &rescue);
        assert_eq!(check(&wish).unwrap().stood, stood);
        let [from, to] = [from, to].map(|tag| world.commit(tag));
        // Half of the files are the new ones, and HEAD is where it was.
        fs::write(engine.join("bin/run"), "run\n").unwrap();
        fs::remove_file(engine.join("third/file")).unwrap();
        for _ in 0..2 {
            assert_eq!(settle(&wish, &from, &to, &stood).unwrap(), settled);
            let target = if settled == Settled::Completed {
                &to
            } else {
                &stood
            };
            assert_eq!(rev(&engine, "HEAD"), *target);
            assert_eq!(git(&engine, &["status", "--porcelain"]), "");
        }
    }
}

#[test]
fn a_repair_needs_no_mirror() {
    let moved = Moved::new().without_commit();
    fs::write(moved.engine("harness.toml"), "tw").unwrap();
    moved.with(|wish, from, to| {
        fs::remove_dir_all(wish.mirror.directory()).unwrap();
        assert_eq!(settle(wish, from, to, from).unwrap(), Settled::TakenBack);
    });
    assert_eq!(fs::read(moved.engine("harness.toml")).unwrap(), b"one\n");
}

#[test]
fn nothing_behind_a_symlink_is_touched() {
    let world = World::new();
    let outside = world.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "mine").unwrap();
    std::os::unix::fs::symlink(&outside, world.harness().join("data")).unwrap();
    world.release("v0.1.0", &[]);
    fs::remove_file(world.harness().join("data")).unwrap();
    world.release("v0.2.0", &[("data/file", "theirs")]);
    let project = world.project("demo", "v0.1.0");
    let mirror = world.mirror();
    let rescue = world.path().join("rescue");
    let wish = wish(&project, &mirror, &rescue);
    let (from, to) = (world.commit("v0.1.0"), world.commit("v0.2.0"));
    assert_eq!(
        settle(&wish, &from, &to, &from).unwrap(),
        Settled::TakenBack
    );
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
    let ready = check(&wish).unwrap();
    carry_out(&wish, &ready, &to, "Move").unwrap();
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
    assert_eq!(
        fs::read(project.join("engine/data/file")).unwrap(),
        b"theirs"
    );
    git(&project, &["update-ref", "HEAD", "HEAD^"]);
    assert_eq!(
        settle(&wish, &from, &to, &from).unwrap(),
        Settled::TakenBack
    );
    assert_eq!(fs::read_link(project.join("engine/data")).unwrap(), outside);
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}
