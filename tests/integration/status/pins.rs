//! The pin's word, made with git from outside.

use crate::sandbox::Sandbox;

fn two_versions() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
}

#[track_caller]
fn word(sandbox: &Sandbox, expected: &str) {
    let pin = sandbox.status("demo")["pin"].clone();
    assert_eq!(pin["word"], expected, "{pin:#}");
    // The table has the same word, in the first row's fourth column or where the verdict's age is empty the third.
    let table = sandbox.fleet(&["status"]).stdout;
    let row = table.lines().nth(1).unwrap();
    assert!(
        row.split_whitespace().any(|cell| cell == expected),
        "{table}"
    );
}

#[test]
fn at_its_pin_it_is_ok() {
    word(&two_versions(), "ok");
}

#[test]
fn an_engine_at_another_commit_has_moved() {
    let sandbox = two_versions();
    let engine = sandbox.place("demo").join("engine");
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    word(&sandbox, "moved");
    sandbox.git(&sandbox.place("demo"), &["submodule", "update", "--quiet"]);
    word(&sandbox, "ok");
}

#[test]
fn a_pin_in_the_index_alone_is_staged_and_a_committed_one_is_behind() {
    let sandbox = two_versions();
    let (demo, engine) = (sandbox.place("demo"), sandbox.place("demo").join("engine"));
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    sandbox.git(&demo, &["add", "engine"]);
    sandbox.git(&engine, &["checkout", "--quiet", "v0.1.0"]);
    word(&sandbox, "staged");
    sandbox.git(&demo, &["commit", "--quiet", "--message", "another"]);
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    word(&sandbox, "behind");
}

#[test]
fn a_changed_file_is_dirty_and_an_untracked_one_is_not() {
    let sandbox = two_versions();
    sandbox.write("fleet/projects/demo/engine/new.txt", "mine\n");
    word(&sandbox, "ok");
    sandbox.write("fleet/projects/demo/engine/run.sh", "mine\n");
    word(&sandbox, "dirty");
    sandbox.git(
        &sandbox.place("demo").join("engine"),
        &["checkout", "run.sh"],
    );
    word(&sandbox, "ok");
}

#[test]
fn a_deleted_file_is_dirty() {
    let sandbox = two_versions();
    std::fs::remove_file(sandbox.place("demo").join("engine/run.sh")).unwrap();
    word(&sandbox, "dirty");
}

#[test]
fn an_engine_that_is_not_there_is_missing() {
    let sandbox = two_versions();
    sandbox.git(
        &sandbox.place("demo"),
        &["submodule", "deinit", "--force", "engine"],
    );
    word(&sandbox, "missing");
    std::fs::remove_dir_all(sandbox.place("demo").join("engine")).unwrap();
    word(&sandbox, "missing");
}

#[test]
fn what_runs_another_commit_than_the_pin_is_skewed_until_it_is_restarted() {
    let sandbox = two_versions();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    word(&sandbox, "skew");
    let said = sandbox.fleet(&["status"]).stdout;
    assert!(said.contains("restart to take effect"), "{said}");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    word(&sandbox, "ok");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F22: a corrupt index.
#[test]
fn an_index_that_cannot_be_read_is_unknown() {
    let sandbox = two_versions();
    sandbox.write("fleet/projects/demo/.git/index", "garbage");
    word(&sandbox, "unknown");
    sandbox.fleet(&["start", "demo"]).exited(3);
}

/// F22: a FIFO in place of an index.
#[test]
fn a_fifo_in_place_of_an_index_does_not_hang_it() {
    let sandbox = two_versions();
    let index = sandbox.place("demo").join(".git/index");
    std::fs::remove_file(&index).unwrap();
    nix::unistd::mkfifo(&index, nix::sys::stat::Mode::S_IRWXU).unwrap();
    word(&sandbox, "unknown");
}

/// F22: a missing repository.
#[test]
fn a_directory_that_is_no_repository_is_unknown() {
    let sandbox = two_versions();
    std::fs::remove_dir_all(sandbox.place("demo").join(".git")).unwrap();
    word(&sandbox, "unknown");
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}

#[test]
fn a_commit_that_only_the_project_knew_is_lost_with_its_engine() {
    let sandbox = two_versions();
    let (demo, engine) = (sandbox.place("demo"), sandbox.place("demo").join("engine"));
    sandbox.write("fleet/projects/demo/engine/mine.txt", "mine\n");
    sandbox.git(&engine, &["add", "mine.txt"]);
    sandbox.git(&engine, &["commit", "--quiet", "--message", "mine"]);
    sandbox.git(&demo, &["commit", "--quiet", "--all", "--message", "mine"]);
    std::fs::remove_dir_all(&engine).unwrap();
    std::fs::remove_dir_all(demo.join(".git/modules")).unwrap();
    word(&sandbox, "lost");
    // Without the mirror nobody knows what the harness has.
    std::fs::remove_dir_all(sandbox.at("home/.cache/fleet")).unwrap();
    word(&sandbox, "missing");
}

#[test]
fn a_life_begun_by_another_version_is_skew() {
    let sandbox = two_versions().started("demo", "is up");
    let file = "fleet/.fleet/state/demo.json";
    let installed = format!("\"runner\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let state = sandbox.read(file);
    assert!(state.contains(&installed), "{state}");
    sandbox.write(file, &state.replace(&installed, "\"runner\":\"0.0.1\""));
    word(&sandbox, "skew");
    let reason = sandbox.status("demo")["pin"]["reason"].to_string();
    assert!(reason.contains("started by version 0.0.1"), "{reason}");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    word(&sandbox, "ok");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
