//! `fleet boot`: what should run and does not comes back; what should not stays.

use insta::assert_snapshot;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::guardian::{fleet_of, lives, start, stop_all, whole};
use crate::sandbox::Sandbox;

/// Runs a command, and leaves out which process the server was: that is told only where it is on record.
fn run(sandbox: &Sandbox, line: &str) -> String {
    sandbox
        .run(line)
        .replace(", process <pid>, has gone", " has gone")
}

/// Waits until nothing of a killed server is left but its files.
fn without_server(sandbox: &Sandbox) {
    sandbox.kill(&sandbox.server());
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
}

#[test]
fn a_fleet_that_is_as_it_should_be_is_left_alone() {
    let sandbox = fleet_of(&["demo", "other"]);
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    no project should run
    --- exit code 0
    ");
    start(&sandbox, &["demo"]);
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    1 project: 1 already up
    --- exit code 0
    ");
    assert_eq!(lives(&sandbox, "demo"), 1);
    stop_all(&sandbox);
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    no project should run
    --- exit code 0
    ");
}

#[test]
fn a_dry_run_prints_the_plan_and_does_nothing() {
    let sandbox = fleet_of(&["demo", "other"]);
    start(&sandbox, &["demo", "other"]);
    without_server(&sandbox);
    assert_snapshot!(run(&sandbox, "boot --dry-run"), @r"
    demo:
      start it
    other:
      start it
    --- stderr
    the tmux server has gone
    --- exit code 0
    ");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(lives(&sandbox, "demo"), 1);
}

/// F10: a restart that was cut off after it had told the tender to end: that takes a while.
#[test]
fn what_is_still_ending_for_a_restart_that_was_cut_off_comes_back() {
    after_a_restart_that_was_cut_off(|sandbox| {
        // It may be over before anybody sees it begin.
        let state = || sandbox.read("fleet/.fleet/state/demo.json");
        sandbox.wait_for("its end to begin", || !state().contains("\"running\""));
    });
}

#[test]
fn what_has_ended_for_a_restart_that_was_cut_off_comes_back() {
    after_a_restart_that_was_cut_off(|sandbox| {
        sandbox.wait_for("its end", || sandbox.processes().is_empty());
    });
}

/// However far the end of the old life has come, what is said and done is the same.
fn after_a_restart_that_was_cut_off(wait: impl Fn(&Sandbox)) {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    sandbox.write(
        "fleet/.fleet/desired/demo",
        "{\"version\": 1, \"want\": \"down\", \"since\": \"2026-01-01T00:00:00Z\", \"restart\": true}",
    );
    sandbox.tender_of("demo").signal(Signal::SIGUSR1);
    wait(&sandbox);
    assert_eq!(
        run(&sandbox, "boot"),
        "--- stderr\nbrought back `demo`: its restart was cut off\n1 project: 1 brought back\n--- exit code 0\n"
    );
    whole(&sandbox, "demo");
    assert_eq!(lives(&sandbox, "demo"), 2);
    stop_all(&sandbox);
}

#[test]
fn it_is_done_once_however_often_and_by_however_many() {
    let sandbox = fleet_of(&["demo", "other"]);
    start(&sandbox, &["demo", "other"]);
    without_server(&sandbox);
    let boot = || {
        let mut boot = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        boot.arg("boot").spawn().unwrap()
    };
    for mut boot in [boot(), boot(), boot()] {
        assert!(boot.wait().unwrap().success());
    }
    for name in ["demo", "other"] {
        whole(&sandbox, name);
        assert_eq!(lives(&sandbox, name), 2);
    }
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    2 projects: 2 already up
    --- exit code 0
    ");
    stop_all(&sandbox);
}

#[test]
fn one_that_cannot_be_started_does_not_stop_the_others() {
    let sandbox = fleet_of(&["demo", "dirty", "gone"]);
    start(&sandbox, &["demo", "dirty", "gone"]);
    without_server(&sandbox);
    sandbox.write("fleet/projects/dirty/engine/run.sh", "echo changed\n");
    let place = sandbox.place("gone");
    std::fs::rename(&place, place.with_extension("away")).unwrap();
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    the tmux server has gone
    brought back `demo`: its tmux server has gone
    error: the engine of `dirty` has changed files
    hint: `git -C $ROOT/fleet/projects/dirty/engine status` shows them; commit, stash or revert them
    error: `gone` is not at $ROOT/fleet/projects/gone
    hint: `fleet adopt $ROOT/fleet/projects/gone.away --name gone` corrects its location: it is probably there
    3 projects: 1 brought back, 2 not brought back
    --- exit code 4
    ");
    assert_eq!(lives(&sandbox, "demo"), 2);
    std::fs::rename(place.with_extension("away"), &place).unwrap();
    // The new server may seem to have begun before the life that the old one took with it: tmux tells whole seconds.
    let state = "fleet/.fleet/state/gone.json";
    let mut lost: Value = serde_json::from_str(&sandbox.read(state)).unwrap();
    lost["life"]["since"] = "2100-01-01T00:00:00Z".into();
    sandbox.write(state, &lost.to_string());
    let said = sandbox.fleet(&["boot", "--json"]);
    let said: Value = serde_json::from_str(&said.exited(4).stdout).unwrap();
    assert_eq!(said["up"], serde_json::json!(["demo"]));
    assert_eq!(said["back"], serde_json::json!(["gone"]));
    assert_eq!(said["failed"][0]["name"], "dirty");
    assert_eq!(
        said["concluded"],
        serde_json::json!(["the tmux server has gone"])
    );
    stop_all(&sandbox);
}

#[test]
fn an_interrupted_command_is_not_started_over() {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    without_server(&sandbox);
    let journal = "fleet/.fleet/journal/demo.json";
    sandbox.write(journal, "{\"version\":1,\"steps\":[]}");
    assert_snapshot!(run(&sandbox, "boot"), @r"
    --- stderr
    the tmux server has gone
    error: a command on `demo` was interrupted
    hint: `fleet start demo` completes it or takes it back, and starts it
    1 project: 1 not brought back
    --- exit code 3
    ");
    sandbox.fleet(&["start", "demo"]).succeeded();
    whole(&sandbox, "demo");
    stop_all(&sandbox);
}

#[test]
fn a_frozen_server_is_no_server_that_has_gone() {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    let server = sandbox.server();
    server.signal(nix::sys::signal::Signal::SIGSTOP);
    let said = sandbox.fleet(&["boot"]);
    assert!(
        said.exited(6).stderr.contains("has not answered"),
        "{}",
        said.text()
    );
    server.signal(nix::sys::signal::Signal::SIGCONT);
    assert_eq!(lives(&sandbox, "demo"), 1);
    stop_all(&sandbox);
}

#[test]
fn nothing_is_held_where_there_is_no_brake() {
    let sandbox = fleet_of(&["demo"]);
    assert_snapshot!(sandbox.run("go --dry-run"), @r"
    --- stderr
    the brake is off: nothing is held
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("go"), @r"
    --- stderr
    the brake is off: nothing is held
    --- exit code 0
    ");
}
