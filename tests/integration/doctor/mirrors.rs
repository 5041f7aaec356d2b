//! Harnesses in the caches.

use std::fs;
use std::path::PathBuf;

use super::{finds, fixes, is_well, resting};
use crate::sandbox::Sandbox;

fn mirror(sandbox: &Sandbox) -> PathBuf {
    let mirrors = sandbox.at("home/.cache/fleet/mirrors");
    let entries = fs::read_dir(mirrors)
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let mut found = entries.filter(|path| path.extension().is_some_and(|it| it == "git"));
    found.next().expect("there is a mirror")
}

#[test]
fn a_broken_mirror_is_told_and_made_anew_by_what_it_names() {
    let sandbox = resting();
    let mirror = mirror(&sandbox);
    fs::remove_file(mirror.join("HEAD")).unwrap();
    let found = finds(
        &sandbox,
        "mirrors",
        "wrong",
        "its mirror is broken",
        "`fleet harness fetch lines`",
    );
    assert_eq!(found["about"], "lines");
    sandbox.fleet(&["harness", "fetch", "lines"]).succeeded();
    is_well(&sandbox, "mirrors");
    // A cache may be deleted at any time.
    fs::remove_dir_all(sandbox.at("home/.cache")).unwrap();
    is_well(&sandbox, "mirrors");
}

#[test]
fn half_a_mirror_is_removed_unless_somebody_works_on_it() {
    let sandbox = resting();
    let half = mirror(&sandbox).with_extension("new");
    fs::create_dir(&half).unwrap();
    let found = finds(
        &sandbox,
        "half-made",
        "warning",
        "has left half a mirror",
        "`rm -rf",
    );
    assert!(found["fix"].is_string());
    let lock = half.with_extension("lock");
    let mut holder = sandbox.command("flock", sandbox.root());
    let mut holder = holder.arg(&lock).args(["sleep", "86412"]).spawn().unwrap();
    sandbox.wait_for("the lock", || !sandbox.running("sleep 86412").is_empty());
    is_well(&sandbox, "half-made");
    sandbox
        .running("86412")
        .iter()
        .for_each(crate::sandbox::Process::kill);
    holder.wait().unwrap();
    sandbox.wait_for("the lock to go", || sandbox.running("86412").is_empty());
    fixes(
        &sandbox,
        "half-made",
        "clear what killed commands have left",
    );
    assert!(!half.exists());
}

#[test]
fn locks_that_a_killed_git_left_in_a_mirror_are_removed() {
    let sandbox = resting();
    let lock = mirror(&sandbox).join("packed-refs.lock");
    fs::write(&lock, "").unwrap();
    finds(
        &sandbox,
        "git-locks",
        "warning",
        "a killed git has left its lock",
        "`rm ",
    );
    fixes(
        &sandbox,
        "git-locks",
        "clear what killed commands have left",
    );
    assert!(!lock.exists());
}

#[test]
fn a_built_in_harness_that_lacks_or_moved_a_release_is_told() {
    let sandbox = Sandbox::new().agents_project();
    let repository = sandbox.at("home/.local/share/agents/harness.git");
    is_well(&sandbox, "built-in");
    let newest = sandbox.git(&repository, &["rev-parse", "v0.2.0"]);
    sandbox.git(&repository, &["tag", "--delete", "v0.2.0"]);
    finds(
        &sandbox,
        "built-in",
        "wrong",
        "its v0.2.0 is not there",
        "`rm -rf",
    );
    fixes(
        &sandbox,
        "built-in",
        "write the releases of the built-in harness",
    );
    sandbox.git(&repository, &["update-ref", "refs/tags/v0.1.0", &newest]);
    let found = finds(
        &sandbox,
        "built-in",
        "wrong",
        "and was frozen at",
        "`rm -rf",
    );
    assert!(found["fix"].is_null());
    fs::remove_dir_all(&repository).unwrap();
    is_well(&sandbox, "built-in");
}

#[test]
fn what_a_killed_prepare_left_is_removed() {
    let sandbox = resting();
    sandbox.write("home/.cache/agents/lines-0123456.scratch/project/file", "");
    finds(
        &sandbox,
        "prepared",
        "warning",
        "what it prepared in",
        "--fix",
    );
    fixes(
        &sandbox,
        "prepared",
        "end and remove what killed preparations have left",
    );
    assert!(
        !sandbox
            .at("home/.cache/agents/lines-0123456.scratch")
            .exists()
    );
}
