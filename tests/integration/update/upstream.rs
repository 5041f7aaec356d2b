//! `fleet update` where the harness's repository has changed, is broken or is gone.

use std::fs;
use std::path::Path;

use crate::sandbox::assert_same;

use super::one_project;

#[test]
fn a_tag_that_moved_is_not_followed_unless_it_is_meant() {
    let sandbox = one_project();
    let harness = sandbox.at("harness");
    sandbox.git(&harness, &["tag", "--force", "v0.2.0", "v0.3.0"]);
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    error: cannot update `demo`
      because: tag `v0.2.0` of harness `lines` has moved from <commit> to <commit>
    hint: find out why; then name the commit you mean, or follow the tag: `fleet update NAME v0.2.0 --accept-moved-tag`
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    insta::assert_snapshot!(sandbox.run("create new --ref v0.2.0"), @r"
    --- stderr
    error: tag `v0.2.0` of harness `lines` has moved from <commit> to <commit>
    hint: find out why; then name the commit you mean, or follow the tag: `fleet update NAME v0.2.0 --accept-moved-tag`
    --- exit code 3
    ");
    sandbox
        .fleet(&["update", "demo", "v0.2.0", "--accept-moved-tag"])
        .succeeded();
    let moved = sandbox.git(&harness, &["rev-parse", "v0.3.0"]);
    let project = sandbox.project_at("demo");
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), moved);
    sandbox.is_whole(&project);
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    `demo` is at v0.2.0 already
    --- exit code 0
    ");
    sandbox
        .fleet(&["create", "new", "--ref", "v0.2.0"])
        .succeeded();
}

#[test]
fn a_tag_that_moved_is_seen_without_the_mirror() {
    let sandbox = one_project();
    sandbox.git(
        &sandbox.at("harness"),
        &["tag", "--force", "v0.1.0", "v0.3.0"],
    );
    fs::remove_dir_all(sandbox.at("home/.cache")).expect("there is a cache");
    insta::assert_snapshot!(sandbox.run("create new --ref v0.1.0"), @r"
    --- stderr
    error: tag `v0.1.0` of harness `lines` has moved from <commit> to <commit>, or `ref` in fleet.toml was edited without its `commit`
    hint: find out why; then name the commit you mean, or follow the tag: `fleet update NAME v0.1.0 --accept-moved-tag`
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("update demo v0.1.0"), @r"
    --- stderr
    error: cannot update `demo`
      because: tag `v0.1.0` of harness `lines` has moved from <commit> to <commit>, or `ref` in fleet.toml was edited without its `commit`
    hint: find out why; then name the commit you mean, or follow the tag: `fleet update NAME v0.1.0 --accept-moved-tag`
    --- exit code 3
    ");
    // The commit that was meant is still known.
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo` is at <commit> already, as fleet.toml says; but v0.1.0 stands for <commit>
    --- exit code 0
    ");
}

#[test]
fn a_ref_that_was_deleted_upstream_is_still_there_where_it_was_seen() {
    let sandbox = one_project();
    sandbox.git(&sandbox.at("harness"), &["tag", "--delete", "v0.2.0"]);
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    warning: harness `lines` has no tag `v0.2.0` any more; it counts as it was when it was first seen
    `demo`: v0.1.0 -> v0.2.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox.git(&sandbox.at("harness"), &["branch", "trial"]);
    sandbox.fleet(&["update", "demo", "trial"]).succeeded();
    sandbox.git(&sandbox.at("harness"), &["branch", "--delete", "trial"]);
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update demo trial"), @r"
    --- stderr
    error: cannot update `demo`
      because: harness `lines` has no version `trial`
    hint: its newest is `v0.3.0`; it has `v0.3.0`, `v0.2.0` and `v0.1.0`
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo` is at trial already
    --- exit code 0
    ");
}

#[test]
fn a_mirror_that_was_deleted_is_made_again() {
    let sandbox = one_project();
    fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    sandbox.is_whole(&sandbox.project_at("demo"));
}

#[test]
fn a_mirror_that_is_broken_is_made_again() {
    for (what, damage) in damages() {
        let sandbox = one_project();
        let mirrors = sandbox.at("home/.cache/fleet/mirrors");
        let mirror = fs::read_dir(&mirrors)
            .expect("there are mirrors")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.is_dir())
            .expect("there is one");
        damage(&mirror);
        for line in [
            ["update", "demo", "v0.2.0"].as_slice(),
            &["rollback", "demo"],
        ] {
            let said = sandbox.fleet(line);
            assert!(said.code == Some(0), "{}: {}", what, said.text());
            sandbox.is_whole(&sandbox.project_at("demo"));
            if mirror.is_dir() {
                damage(&mirror);
            }
        }
    }
}

/// What befalls a mirror, and how.
type Damage = (&'static str, fn(&Path));

fn damages() -> Vec<Damage> {
    vec![
        ("no HEAD", |mirror| {
            fs::remove_file(mirror.join("HEAD")).expect("it is there")
        }),
        ("no objects", |mirror| {
            fs::remove_dir_all(mirror.join("objects")).expect("it is there")
        }),
        ("an empty HEAD", |mirror| {
            fs::write(mirror.join("HEAD"), "").expect("it is there")
        }),
        ("a broken configuration", |mirror| {
            fs::write(mirror.join("config"), "[[[").expect("it is there")
        }),
        ("a file in its place", |mirror| {
            fs::remove_dir_all(mirror).expect("it is there");
            fs::write(mirror, "").expect("it was just removed");
        }),
        ("an empty directory in its place", |mirror| {
            fs::remove_dir_all(mirror).expect("it is there");
            fs::create_dir(mirror).expect("it was just removed");
        }),
        ("packs that are cut off", |mirror| {
            for entry in walkdir::WalkDir::new(mirror.join("objects"))
                .into_iter()
                .filter_map(Result::ok)
            {
                if entry.file_type().is_file() {
                    // Other repositories have the same file: only this one's name for it is cut off.
                    let bytes = fs::read(entry.path()).expect("it is there");
                    fs::remove_file(entry.path()).expect("it is there");
                    fs::write(entry.path(), &bytes[..bytes.len() / 2])
                        .expect("it was just removed");
                }
            }
        }),
    ]
}

#[test]
fn a_remote_that_is_gone_is_said_and_what_is_known_still_works() {
    let sandbox = one_project();
    fs::rename(sandbox.at("harness"), sandbox.at("away")).expect("it is ours");
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update demo v9"), @r"
    --- stderr
    warning: cannot fetch lines, so its last copy has to do: cannot fetch `$ROOT/harness`: `git fetch` failed with exit status 128: fatal: '$ROOT/harness' does not appear to be a git repository
    error: cannot update `demo`
      because: harness `lines` has no version `v9`
    hint: its newest is `v0.3.0`; it has `v0.3.0`, `v0.2.0` and `v0.1.0`
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    warning: cannot fetch lines, so its last copy has to do: cannot fetch `$ROOT/harness`: `git fetch` failed with exit status 128: fatal: '$ROOT/harness' does not appear to be a git repository
    `demo`: v0.1.0 -> v0.2.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&sandbox.project_at("demo"));
    // Nobody is asked for what is known.
    insta::assert_snapshot!(sandbox.run("rollback demo"), @r"
    --- stderr
    `demo`: v0.2.0 -> v0.1.0 (<commit>)
    --- exit code 0
    ");
    fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("rollback demo"), @r"
    --- stderr
    error: cannot roll `demo` back
      because: cannot copy the harness `lines` from `$ROOT/harness`
      because: `git fetch` failed with exit status 128
      because: fatal: '$ROOT/harness' does not appear to be a git repository
    --- exit code 1
    ");
    insta::assert_snapshot!(sandbox.run("update demo v0.3.0"), @r"
    --- stderr
    error: cannot update `demo`
      because: cannot copy the harness `lines` from `$ROOT/harness`
      because: `git fetch` failed with exit status 128
      because: fatal: '$ROOT/harness' does not appear to be a git repository
    --- exit code 1
    ");
    insta::assert_snapshot!(sandbox.run("create new"), @r"
    --- stderr
    error: cannot copy the harness `lines` from `$ROOT/harness`
      because: `git fetch` failed with exit status 128
      because: fatal: '$ROOT/harness' does not appear to be a git repository
    --- exit code 1
    ");
    assert_same(&before, &sandbox.world());
}

#[test]
fn a_release_that_was_made_just_now_is_fetched() {
    let sandbox = one_project();
    sandbox.release("v0.4.0");
    sandbox.fleet(&["update", "demo", "v0.4.0"]).succeeded();
    sandbox.release("v0.5.0");
    sandbox
        .fleet(&["create", "new", "--ref", "v0.5.0"])
        .succeeded();
    for name in ["demo", "new"] {
        sandbox.is_whole(&sandbox.project_at(name));
    }
}

#[test]
fn a_harness_that_was_never_reached_stops_its_own_projects_only() {
    let sandbox = one_project();
    sandbox.fleet(&["create", "other"]).succeeded();
    let registry = sandbox.read("fleet/fleet.toml").replace(
        "[harnesses.lines]",
        "[harnesses.gone]\nurl = \"/nowhere/at/all\"\n\n[harnesses.lines]",
    );
    let (before, other) = registry
        .split_once("[projects.other]")
        .expect("it is registered");
    let other = other.replace("harness = \"lines\"", "harness = \"gone\"");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{before}[projects.other]{other}"),
    );
    insta::assert_snapshot!(sandbox.run("update --all v0.2.0"), @r"
    NAME   FROM             TO               OUTCOME  REASON
    demo  v0.1.0 <commit>  v0.2.0 <commit>  moved
    other                                    failed   cannot copy the harness `gone` from `/nowhere/at/all`: `git fetch` failed with exit status 128: fatal: '/nowhere/at/all' does not appear to be a git repository
    --- stderr
    2 projects: 1 moved, 1 failed
    --- exit code 4
    ");
    sandbox.is_whole(&sandbox.project_at("demo"));
}
