//! Each word, by the state that it stands for.

use std::fs;

use super::Pinned;

#[test]
fn at_its_pin_it_is_ok_whether_it_runs_or_not() {
    let pinned = Pinned::new();
    pinned.assert_word("ok", None);
    pinned.sandbox.fleet(&["start", "demo"]).succeeded();
    pinned.assert_word("ok", Some("v0.1.0"));
    pinned.sandbox.fleet(&["stop", "demo"]).succeeded();
    pinned.assert_word("ok", None);
}

#[test]
fn a_committed_pin_that_the_registry_does_not_name_is_behind() {
    let pinned = Pinned::new();
    pinned.engine_git(&["checkout", "--quiet", "v0.2.0"]);
    pinned.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    pinned.assert_word("behind", None);
    pinned.sandbox.fleet(&["update", "demo"]).succeeded();
    pinned.assert_word("ok", None);
}

#[test]
fn a_pin_in_the_index_alone_is_staged() {
    let pinned = Pinned::new();
    let other = format!("160000,{},engine", pinned.commit("v0.2.0"));
    pinned.git(&["update-index", "--cacheinfo", &other]);
    pinned.assert_word("staged", None);
    pinned.git(&["restore", "--staged", "engine"]);
    pinned.assert_word("ok", None);
    // Removed from the index, it is another pin as well: none.
    pinned.git(&["rm", "--quiet", "--cached", "engine"]);
    pinned.assert_word("staged", None);
}

#[test]
fn another_commit_that_is_checked_out_has_moved() {
    let pinned = Pinned::new();
    pinned.engine_git(&["checkout", "--quiet", "v0.2.0"]);
    pinned.assert_word("moved", None);
    pinned.git(&["submodule", "--quiet", "update", "engine"]);
    pinned.assert_word("ok", None);
}

#[test]
fn a_changed_staged_or_deleted_file_is_dirty() {
    let pinned = Pinned::new();
    pinned.write("engine/run.sh", "mine\n");
    pinned.assert_word("dirty", None);
    pinned.engine_git(&["add", "run.sh"]);
    pinned.assert_word("dirty", None);
    pinned.engine_git(&["reset", "--quiet", "--hard"]);
    pinned.assert_word("ok", None);
    fs::remove_file(pinned.engine().join("run.sh")).unwrap();
    pinned.assert_word("dirty", None);
}

#[test]
fn a_life_of_another_commit_or_of_an_older_program_is_skew() {
    let pinned = Pinned::new();
    pinned.sandbox.fleet(&["start", "demo"]).succeeded();
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    pinned.assert_word("skew", Some("v0.1.0"));
    pinned.sandbox.fleet(&["restart", "demo"]).succeeded();
    pinned.assert_word("ok", Some("v0.2.0"));
    // As an older version of the programs wrote it.
    pinned
        .sandbox
        .rewrite_state("demo", |state| state["life"]["runner"] = "0.0.9".into());
    pinned.assert_word("skew", Some("v0.2.0"));
    let pin = pinned.sandbox.status("demo")["pin"].clone();
    assert_eq!(pin["runner"], "0.0.9");
    let told = pinned.sandbox.fleet(&["why", "demo"]).stdout;
    let both = format!(
        "begun by version 0.0.9, and {} is installed",
        env!("CARGO_PKG_VERSION")
    );
    assert!(told.contains(&both), "{told}");
    let table = pinned.sandbox.fleet(&["status"]).stdout;
    assert!(
        table.contains("started by version 0.0.9") && table.contains("restart"),
        "{table}"
    );
    pinned.sandbox.fleet(&["restart", "demo"]).succeeded();
    pinned.assert_word("ok", Some("v0.2.0"));
    pinned.sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_commit_that_nobody_has_any_more_is_lost() {
    let pinned = Pinned::new();
    pinned.engine_git(&["commit", "--quiet", "--allow-empty", "--message", "mine"]);
    pinned.git(&["commit", "--quiet", "--all", "--message", "mine"]);
    fs::remove_dir_all(pinned.engine()).unwrap();
    fs::remove_dir_all(pinned.project.join(".git/modules")).unwrap();
    pinned.assert_word("lost", None);
    pinned.sandbox.fleet(&["start", "demo"]).exited(1);
    let said = pinned.sandbox.fleet(&["update", "demo"]);
    said.exited(3);
    assert!(
        said.stderr.contains("nobody has its commit"),
        "{}",
        said.stderr
    );
    // What the hint says.
    let entry = format!("160000,{},engine", pinned.commit("v0.1.0"));
    pinned.git(&["update-index", "--cacheinfo", &entry]);
    pinned.git(&["commit", "--quiet", "--message", "pin what exists"]);
    pinned.assert_word("missing", None);
    pinned.sandbox.fleet(&["start", "demo"]).succeeded();
    pinned.assert_word("ok", Some("v0.1.0"));
    pinned.sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn without_an_engine_or_a_project_it_is_missing() {
    let pinned = Pinned::new();
    pinned.git(&["submodule", "--quiet", "deinit", "--force", "engine"]);
    pinned.assert_word("missing", None);
    fs::remove_dir(pinned.engine()).unwrap();
    pinned.assert_word("missing", None);
    pinned.sandbox.fleet(&["start", "demo"]).succeeded();
    pinned.assert_word("ok", Some("v0.1.0"));
    pinned.sandbox.fleet(&["stop", "demo"]).succeeded();
    fs::rename(&pinned.project, pinned.sandbox.at("away")).unwrap();
    pinned.assert_word("missing", None);
}

#[test]
fn where_a_command_was_cut_off_it_is_interrupted() {
    let pinned = Pinned::new();
    // Killed when it was about to lock the project's index: the engine has moved, and nothing says so.
    let lock = pinned.project.join(".git/index.lock");
    let mut killed = pinned
        .sandbox
        .command("strace", &pinned.sandbox.directory());
    killed.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-P"]);
    killed
        .arg(lock)
        .args(["-e", "inject=linkat:signal=KILL:when=1"]);
    killed.args([env!("CARGO_BIN_EXE_fleet"), "update", "demo", "v0.2.0"]);
    assert_eq!(pinned.sandbox.output(&mut killed).code, None);
    pinned.assert_word("interrupted", None);
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    pinned.assert_word("ok", None);
}

#[test]
fn without_a_commit_in_the_registry_nothing_can_be_told() {
    let pinned = Pinned::new();
    let registry = pinned.sandbox.read("fleet/fleet.toml");
    let without: String = registry
        .lines()
        .filter(|line| !line.starts_with("commit = "))
        .map(|line| format!("{line}\n"))
        .collect();
    pinned.sandbox.write("fleet/fleet.toml", &without);
    pinned.assert_word("unknown", None);
    let table = pinned.sandbox.fleet(&["status"]).stdout;
    assert!(
        table.contains("fleet.toml does not say which commit v0.1.0 stood for"),
        "{table}"
    );
    pinned.sandbox.fleet(&["update", "demo"]).succeeded();
    pinned.assert_word("ok", None);
}
