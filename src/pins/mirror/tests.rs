//! Mirrors, against what git says.

use std::fs;

use super::super::fixture::{World, git};
use super::super::mirror_refs::Kind;
use super::*;

fn resolved(mirror: &Mirror, name: &str) -> Option<Resolved> {
    mirror.resolve(&name.parse().unwrap()).unwrap()
}

fn plain(commit: CommitId, kind: Kind) -> Option<Resolved> {
    Some(Resolved {
        commit,
        kind,
        moved: None,
        is_ambiguous: false,
        is_gone: false,
    })
}

#[test]
fn tags_branches_and_commits_are_told_apart() {
    let world = World::new();
    let mirror = world.mirror();
    let (one, two) = (world.commit("v0.1.0"), world.commit("v0.2.0"));
    assert_eq!(resolved(&mirror, "v0.1.0"), plain(one.clone(), Kind::Tag));
    assert_eq!(
        resolved(&mirror, "refs/tags/v0.1.0"),
        plain(one.clone(), Kind::Tag)
    );
    assert_eq!(resolved(&mirror, "main"), plain(two.clone(), Kind::Branch));
    for length in [7, 12, 40] {
        let found = resolved(&mirror, &one.as_str()[..length]);
        assert_eq!(found, plain(one.clone(), Kind::Commit));
    }
    let tag = git(&world.harness(), &["rev-parse", "refs/tags/v0.1.0"]);
    for nothing in [
        "v9",
        "refs/upstream/tags/v0.1.0",
        &one.as_str()[..6],
        "ffffffffff",
        tag.trim(),
    ] {
        assert_eq!(resolved(&mirror, nothing), None, "{nothing}");
    }
    assert!(mirror.contains(&one) && !mirror.contains(&"1".repeat(40).parse().unwrap()));
    assert_eq!(mirror.tags().unwrap(), ["v0.2.0", "v0.1.0"]);
    assert_eq!(mirror.branches().unwrap(), ["main"]);
}

#[test]
fn a_tag_wins_over_a_branch_and_says_so() {
    let world = World::new();
    git(&world.harness(), &["branch", "v0.1.0", "main"]);
    let found = resolved(&world.mirror(), "v0.1.0").unwrap();
    assert_eq!((found.kind, found.is_ambiguous), (Kind::Tag, true));
    assert_eq!(found.commit, world.commit("refs/tags/v0.1.0"));
}

#[test]
fn files_are_read_at_a_commit_and_never_through_a_symlink() {
    let world = World::new();
    std::os::unix::fs::symlink("bin/run", world.harness().join("link")).unwrap();
    world.release("v0.3.0", &[]);
    let mirror = world.mirror();
    let file = |tag: &str, path: &str| mirror.file(&world.commit(tag), path).unwrap();
    assert_eq!(file("v0.1.0", "harness.toml").unwrap(), b"one\n");
    assert_eq!(file("v0.2.0", "harness.toml").unwrap(), b"two\n");
    assert_eq!(file("v0.3.0", "bin/run").unwrap(), b"run\n");
    for nothing in ["link", "bin", "only-one", "harness.toml/x"] {
        assert_eq!(file("v0.3.0", nothing), None, "{nothing}");
    }
}

#[test]
fn a_moved_tag_is_known_for_ever_and_followed_only_on_request() {
    let world = World::new();
    let mirror = world.mirror();
    let before = world.commit("v0.1.0");
    git(&world.harness(), &["tag", "-f", "v0.1.0", "main"]);
    let after = world.commit("v0.1.0");
    let fetched = mirror.fetch().unwrap();
    assert_eq!(fetched.moved_tags, ["v0.1.0"]);
    for _ in 0..2 {
        let found = resolved(&mirror, "v0.1.0").unwrap();
        assert_eq!(
            (found.commit, found.moved),
            (before.clone(), Some(after.clone()))
        );
        assert_eq!(mirror.fetch().unwrap().moved_tags, ["v0.1.0"]);
    }
    mirror.accept_moved(&"v0.1.0".parse().unwrap()).unwrap();
    assert_eq!(resolved(&mirror, "v0.1.0"), plain(after, Kind::Tag));
    assert_eq!(mirror.fetch().unwrap(), Fetched::default());
}

#[test]
fn a_fetch_brings_what_is_new_in_one_pack_and_keeps_what_is_gone() {
    let world = World::new();
    let mirror = world.mirror();
    git(&world.harness(), &["checkout", "-q", "-b", "side"]);
    let side = world.release("v0.10.0", &[("new", "new")]);
    assert!(!mirror.contains(&side));
    assert_eq!(mirror.fetch().unwrap().new_tags, ["v0.10.0"]);
    assert_eq!(mirror.tags().unwrap(), ["v0.10.0", "v0.2.0", "v0.1.0"]);
    git(&world.harness(), &["checkout", "-q", "main"]);
    git(&world.harness(), &["branch", "-q", "-D", "side"]);
    git(&world.harness(), &["tag", "-d", "v0.10.0"]);
    mirror.fetch().unwrap();
    assert_eq!(resolved(&mirror, "side"), None);
    assert!(mirror.contains(&side) && resolved(&mirror, "v0.10.0").is_some());
    let objects = fs::read_dir(mirror.directory().join("objects"))
        .unwrap()
        .flatten();
    assert!(
        objects
            .map(|entry| entry.file_name())
            .all(|name| name.len() != 2)
    );
}

#[test]
fn a_broken_mirror_is_made_anew() {
    let world = World::new();
    let whole = |mirror: &Mirror| resolved(mirror, "v0.1.0").is_some();
    let open = || Mirror::open(&world.cache(), &"demo".parse().unwrap(), &world.url());
    assert!(open().is_none());
    let directory = world.mirror().directory().to_path_buf();
    assert!(open().is_some());
    let packs = || {
        fs::read_dir(directory.join("objects/pack"))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "pack")
            })
            .unwrap()
    };
    let cut = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let breakages: [&dyn Fn(); 6] = [
        &|| fs::remove_dir_all(&directory).unwrap(),
        &|| fs::remove_dir_all(directory.join("objects")).unwrap(),
        &|| fs::remove_file(directory.join("HEAD")).unwrap(),
        &|| fs::remove_file(packs()).unwrap(),
        &|| cut(packs()),
        &|| cut(packs().with_extension("idx")),
    ];
    for (number, breakage) in breakages.iter().enumerate() {
        breakage();
        assert!(open().is_none(), "{number}");
        // A clone that was killed leaves its directory.
        fs::create_dir_all(directory.with_extension("new").join("objects")).unwrap();
        assert!(whole(&world.mirror()), "{number}");
    }
}

#[test]
fn what_is_there_needs_no_remote_and_what_is_not_is_an_error() {
    let world = World::new();
    let mirror = world.mirror();
    fs::rename(world.harness(), world.path().join("away")).unwrap();
    assert!(resolved(&world.mirror(), "v0.1.0").is_some());
    let text = format!("{:#}", mirror.fetch().unwrap_err());
    assert!(
        text.contains("cannot fetch") && text.contains("does not appear to be a git repository"),
        "{text}"
    );
    fs::rename(world.path().join("away"), world.harness()).unwrap();
    fs::remove_dir_all(mirror.directory()).unwrap();
    mirror.fetch().unwrap();
    assert!(resolved(&mirror, "v0.1.0").is_some());
    fs::rename(world.harness(), world.path().join("away")).unwrap();
    fs::remove_dir_all(mirror.directory()).unwrap();
    let name = "demo".parse().unwrap();
    let error = Mirror::open_or_clone(&world.cache(), &name, &world.url()).unwrap_err();
    assert!(
        format!("{error:#}").contains("cannot copy the harness `demo`"),
        "{error:#}"
    );
    let left = fs::read_dir(world.cache())
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    assert!(
        left.into_iter()
            .all(|path| path.extension().is_some_and(|e| e == "lock"))
    );
}

#[test]
fn what_was_seen_is_forgotten_with_the_next_fetch() {
    let world = World::new();
    let mirror = world.mirror();
    let names = || -> Vec<String> {
        let published = mirror.published().unwrap();
        published
            .iter()
            .map(|(name, _, _)| String::from_utf8(name.clone()).unwrap())
            .collect()
    };
    let later = "refs/tags/v0.3.0".to_owned();
    assert!(names().contains(&"refs/remotes/origin/main".to_owned()) && !names().contains(&later));
    let commit = world.release("v0.3.0", &[("new", "new\n")]);
    assert!(!mirror.contains(&commit));
    mirror.fetch().unwrap();
    assert!(mirror.contains(&commit) && names().contains(&later));
    // A tag that moved is where it was, until that is accepted.
    let target = || {
        let published = mirror.published().unwrap();
        published
            .iter()
            .find(|(name, _, _)| *name == later.as_bytes())
            .map(|found| found.1)
    };
    let before = target();
    world.release("v0.3.0", &[("new", "newer\n")]);
    mirror.fetch().unwrap();
    assert_eq!(target(), before);
    mirror.accept_moved(&"v0.3.0".parse().unwrap()).unwrap();
    assert_ne!(target(), before);
}

#[test]
fn locks_that_a_killed_command_left_stand_in_nobodys_way() {
    let world = World::new();
    let mirror = world.mirror();
    world.release("v0.1.0", &[("new", "newer\n")]);
    for lock in [
        "refs/tags/v0.1.0.lock",
        "refs/upstream/tags/v0.1.0.lock",
        "refs/heads/main.lock",
        "packed-refs.lock",
    ] {
        fs::write(mirror.directory().join(lock), "").unwrap();
    }
    assert_eq!(mirror.fetch().unwrap().moved_tags, ["v0.1.0"]);
    fs::write(mirror.directory().join("refs/tags/v0.1.0.lock"), "").unwrap();
    mirror.accept_moved(&"v0.1.0".parse().unwrap()).unwrap();
    assert_eq!(mirror.fetch().unwrap().moved_tags, [] as [String; 0]);
}
