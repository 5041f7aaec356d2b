//! `fleet start`: what is up afterwards, and what is refused before anything is.

mod at_once;
mod environment;
mod limits;
mod many;
pub(crate) mod order;
pub(crate) mod prepare;
mod refusals;
mod room;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn fleet() -> Sandbox {
    Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0")
}

#[test]
fn a_started_project_is_up_and_speaks() {
    let sandbox = fleet();
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE  FOR  PIN  REF
    demo  up  <age>  ok  v0.1.0
    --- stderr

    1 project: 1 up
    --- exit code 0
    ");
    sandbox.wait_for_screen("demo", "lines v0.1.0: demo is up");
    assert_eq!(sandbox.running("run.sh demo").len(), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn starting_what_is_up_changes_nothing() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let before = sandbox.harness_of("demo");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    `demo` is up already
    --- exit code 0
    ");
    assert_eq!(sandbox.harness_of("demo"), before);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_dry_run_prints_the_plan_and_starts_nothing() {
    let sandbox = fleet();
    assert_snapshot!(sandbox.run("start demo --dry-run"), @r"
    demo:
      start it
    --- exit code 0
    ");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(sandbox.status("demo")["desired"], serde_json::Value::Null);
}

#[test]
fn a_missing_engine_is_filled_from_the_mirror() {
    let sandbox = fleet();
    let demo = sandbox.place("demo");
    sandbox.git(&demo, &["submodule", "deinit", "--force", "engine"]);
    std::fs::remove_dir_all(sandbox.root().join("harness")).unwrap();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "missing");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    sandbox.wait_for_screen("demo", "demo is up");
    assert_eq!(sandbox.git(&demo, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_project_that_crashed_is_started_again() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "test -e ../once && exec cat; : > ../once; exit 3\n")
        .project("demo", "v1");
    sandbox.fleet(&["start", "demo"]);
    sandbox.wait_until_is("demo", "crashed");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(status["process"]["restarts"], 0);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_start_takes_away_what_is_left_of_a_killed_run() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "setsid sleep 86403 & echo up; exec cat\n")
        .project("demo", "v1")
        .started("demo", "up");
    let left = sandbox.running("sleep 86403");
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert!(left.iter().all(|process| !process.is_alive()));
    sandbox.wait_for("its next life", || {
        sandbox.running("sleep 86403").len() == 1
    });
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_process_that_died_unrecorded_is_started_again() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .started("demo", "is up");
    let state = sandbox.directory().join(".fleet/state");
    let (harness, aside) = (sandbox.harness_of("demo"), sandbox.root().join("aside"));
    // The tender cannot write what becomes of it.
    std::fs::rename(&state, &aside).unwrap();
    harness.kill();
    sandbox.wait_for("its end", || !harness.is_alive());
    std::fs::rename(&aside, &state).unwrap();
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    assert_eq!(sandbox.running("run.sh").len(), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_ends_at_once_was_not_started_and_says_why() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo error: no such thing; exit 3\n")
        .project("demo", "v1");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: `demo` ended at once: exit status 3
      because: it said: error: no such thing
    hint: `fleet logs demo` shows its last screen
    --- exit code 1
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
