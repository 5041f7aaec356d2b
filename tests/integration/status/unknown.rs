//! What cannot be told, and what a status does about it: it says so, in time, and changes nothing.

use std::time::Duration;

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::fleet;
use crate::sandbox::Stopwatch;

/// F22: a state that is garbage.
#[test]
fn a_state_that_cannot_be_read_is_unknown_and_the_others_are_shown() {
    let sandbox = fleet().project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    for garbage in ["", "{\"version\": 1, \"na", "\u{0}\u{1}\u{2}"] {
        sandbox.write("fleet/.fleet/state/demo.json", garbage);
        assert_eq!(sandbox.status("demo")["verdict"], "unknown");
        assert_eq!(sandbox.status("other")["verdict"], "up");
        sandbox.fleet(&["start", "demo"]).exited(1);
    }
    assert_snapshot!(sandbox.run("status"), @r"
    NAME   STATE    FOR  PIN  REF     REASON
    demo   unknown       ok   v0.1.0  cannot read the state `$ROOT/fleet/.fleet/state/demo.json`: expected value at line 1 column 1
    other  up  <age>  ok  v0.1.0
    --- stderr

    2 projects: 1 unknown, 1 up
    --- exit code 0
    ");
    sandbox.fleet(&["status", "--check"]).exited(5);
    assert_eq!(sandbox.running("run.sh demo").len(), 1);
    sandbox.write("fleet/.fleet/state/demo.json", &state);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_state_of_a_newer_version_is_unknown() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    sandbox.write(
        "fleet/.fleet/state/demo.json",
        &state.replace("\"version\":1", "\"version\":99"),
    );
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    PIN  REF     REASON
    demo  unknown  ok   v0.1.0  cannot read the state `$ROOT/fleet/.fleet/state/demo.json`: it is of version 99, and this program knows version 1 only
    --- stderr

    1 project: 1 unknown
    --- exit code 0
    ");
    sandbox.write("fleet/.fleet/state/demo.json", &state);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F22: tmux is frozen by SIGSTOP.
#[test]
fn a_frozen_server_is_given_a_deadline() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let server = sandbox.server();
    server.signal(Signal::SIGSTOP);
    let begun = Stopwatch::start();
    let said = sandbox.run("status");
    begun.assert_within(Duration::from_secs(8));
    assert_snapshot!(said, @r"
    NAME  STATE  FOR  PIN  REF
    demo  up  <age>  ok  v0.1.0
    --- stderr

    1 project: 1 up; tmux does not answer: `/usr/bin/tmux` has not answered within 5 s
    --- exit code 0
    ");
    let begun = Stopwatch::start();
    let logs = sandbox.run("logs demo");
    begun.assert_within(Duration::from_secs(8));
    assert!(
        logs.contains("has not answered within 5 s") && logs.contains("exit code 6"),
        "{logs}"
    );
    server.signal(Signal::SIGCONT);
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F8: ids are used again.
#[test]
fn a_process_id_that_is_used_again_is_not_taken_for_alive() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let pid = sandbox.harness_of("demo").pid;
    let tender = sandbox.tender_of("demo");
    sandbox.kill(&tender);
    sandbox.wait_for("the harness to end", || {
        sandbox.running("run.sh").is_empty()
    });
    // This very process stands for one that has got the same id since.
    let me = std::process::id().to_string();
    let state = sandbox
        .read("fleet/.fleet/state/demo.json")
        .replace(&format!("\"pid\":{pid},"), &format!("\"pid\":{me},"))
        .replace(
            &format!("\"pid\":{},", tender.pid),
            &format!("\"pid\":{me},"),
        );
    sandbox.write("fleet/.fleet/state/demo.json", &state);
    assert_eq!(sandbox.status("demo")["verdict"], "crashed");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}

/// F8: another boot.
#[test]
fn another_boot_is_the_end_of_all_processes() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.kill(&sandbox.tender_of("demo"));
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    assert!(state.contains(boot.trim()));
    sandbox.write(
        "fleet/.fleet/state/demo.json",
        &state.replace(boot.trim(), "00000000-0000-4000-8000-000000000000"),
    );
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    PIN  REF     REASON
    demo  crashed  ok   v0.1.0  the machine was restarted while it ran
    --- stderr

    1 project: 1 crashed
    hint: `fleet boot` brings it back
    --- exit code 0
    ");
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
