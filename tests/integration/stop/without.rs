//! Stops of what has lost its tender, its session or its tmux server.

use insta::assert_snapshot;

use super::running;
use crate::sandbox::{Sandbox, Stopwatch};

const STUBBORN: &str = "trap '' TERM HUP; setsid sleep 86413 & setsid sleep 86414 &\n\
                        echo ready; exec sleep 86413\n";

fn stubborn() -> Sandbox {
    let sandbox = running(STUBBORN);
    sandbox.wait_for("its processes", || sandbox.running("sleep 8641").len() == 3);
    sandbox
}

#[track_caller]
fn nothing_is_left(sandbox: &Sandbox) {
    assert_eq!(sandbox.running("sleep 8641"), []);
    assert_eq!(sandbox.running("run.sh"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
    let status = sandbox.status("demo");
    assert_eq!(
        (&status["verdict"], &status["desired"]),
        (&"down".into(), &"down".into())
    );
}

#[test]
fn the_tender_was_killed() {
    let sandbox = stubborn();
    sandbox.kill(&sandbox.tender_of("demo"));
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "crashed", "{status:#}");
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`; 2 processes had to be killed
    --- exit code 0
    ");
    nothing_is_left(&sandbox);
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE  FOR  PIN  REF  REASON
    demo  down  <age>  ok  v1  its tender was killed while it ran
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
}

#[test]
fn the_session_was_killed() {
    let sandbox = stubborn();
    sandbox.tmux(&["kill-session", "-t", "=demo"]).succeeded();
    sandbox.wait_for("all of it to end", || {
        sandbox.running("sleep 8641").is_empty()
    });
    sandbox.wait_until_is("demo", "crashed");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    FOR  PIN  REF  REASON
    demo  crashed  <age>  ok  v1  its tmux server has gone
    --- stderr

    1 project: 1 crashed
    hint: `fleet boot` brings it back
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    nothing_is_left(&sandbox);
}

#[test]
fn the_server_was_killed() {
    let sandbox = stubborn();
    let server = sandbox.server();
    let begun = Stopwatch::start();
    sandbox.kill(&server);
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
    begun.assert_within(std::time::Duration::from_secs(2));
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    FOR  PIN  REF  REASON
    demo  crashed  <age>  ok  v1  its tmux server has gone
    --- stderr

    1 project: 1 crashed
    hint: `fleet boot` brings it back
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    nothing_is_left(&sandbox);
}

#[test]
fn the_server_and_the_tender_were_killed() {
    let sandbox = stubborn();
    let (server, tender) = (sandbox.server(), sandbox.tender_of("demo"));
    tender.kill();
    sandbox.kill(&server);
    sandbox.wait_for("both to end", || !tender.is_alive());
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`; 2 processes had to be killed
    --- exit code 0
    ");
    nothing_is_left(&sandbox);
}

#[test]
fn a_second_window_is_ended_with_the_session() {
    let sandbox = running("echo ready; exec cat\n");
    let mine = [
        "new-window",
        "-d",
        "-t",
        "=demo:",
        "-n",
        "mine",
        "sh",
        "-c",
        "trap '' HUP; while :; do sleep 86415; done",
    ];
    sandbox.tmux(&mine).succeeded();
    sandbox.wait_for("my window", || !sandbox.running("sleep 86415").is_empty());
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("fleet-tender"), []);
    assert_eq!(sandbox.running("sleep 86415"), []);
}

/// tmux continues the process of a window, with its group, once that is stopped: it starts the next `sleep` meanwhile.
#[test]
fn windows_that_start_things_anew_are_ended_with_the_session() {
    let sandbox = running("echo ready; exec cat\n");
    let restless = "trap '' HUP; while :; do sleep 86416 || sleep 86416; done";
    for _ in 0..8 {
        let window = ["new-window", "-d", "-t", "=demo:", "sh", "-c", restless];
        sandbox.tmux(&window).succeeded();
    }
    let sleeping = || sandbox.running("sleep 86416").len();
    // Each, and its shell, whose arguments name it too.
    sandbox.wait_for("the windows", || sleeping() == 16);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sleeping(), 0);
}

#[test]
fn tmux_is_not_installed_any_more() {
    let sandbox = running("echo ready; exec cat\n");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let said = sandbox.output(command.args(["stop", "demo"]).env("PATH", "/nowhere"));
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: nothing of `demo` runs any more, but its session may be left: `tmux` is not on PATH
    --- exit code 1
    ");
    assert_eq!(sandbox.running("run.sh"), []);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
