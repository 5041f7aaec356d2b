//! Processes that do not want to be stopped.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::running;
use crate::sandbox::{Sandbox, Stopwatch};

/// Stops `demo` and proves that nothing of it is left, in time: its grace of 1 s and two more.
#[track_caller]
fn stop(sandbox: &Sandbox) -> String {
    let begun = Stopwatch::start();
    let said = sandbox.run("stop demo");
    begun.assert_within(Duration::from_secs(3));
    let left: Vec<_> = sandbox
        .processes()
        .into_iter()
        .filter(|process| !process.command.contains("tmux"))
        .collect();
    assert_eq!(left, []);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    said
}

#[test]
fn who_left_the_session_is_ended() {
    let sandbox =
        running("setsid sleep 86407 & setsid sh -c 'sleep 86407 & wait' & echo ready; exec cat\n");
    sandbox.wait_for("all three", || sandbox.running("sleep 86407").len() == 3);
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
}

#[test]
fn who_forked_twice_is_ended() {
    let sandbox = running("(setsid sh -c '(sleep 86408 &) &' &); echo ready; exec cat\n");
    sandbox.wait_for("the grandchild", || {
        sandbox.running("sleep 86408").len() == 1
    });
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
}

#[test]
fn who_ignores_signals_is_killed_and_counted() {
    let sandbox =
        running("trap '' TERM HUP INT; setsid sleep 86409 & echo ready; exec sleep 86409\n");
    sandbox.wait_for("both", || sandbox.running("sleep 86409").len() == 2);
    let begun = Instant::now();
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`; 2 processes had to be killed
    --- exit code 0
    ");
    assert!(begun.elapsed() >= Duration::from_secs(1), "not its grace");
}

#[test]
fn who_forgot_its_environment_is_ended() {
    let sandbox = running("setsid env -i sleep 86410 & echo ready; exec cat\n");
    sandbox.wait_for("the child", || sandbox.running("sleep 86410").len() == 1);
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
}

#[test]
fn who_was_stopped_is_ended() {
    let sandbox = running("echo ready; exec cat\n");
    sandbox.harness_of("demo").signal(Signal::SIGSTOP);
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
}

#[test]
fn who_needs_its_grace_has_it() {
    let sandbox = running(
        "trap 'sleep 0.3; echo saved > saved; exit 0' TERM; echo ready; while :; do sleep 86411 & wait; done\n",
    );
    assert_snapshot!(stop(&sandbox), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/projects/demo/saved"), "saved\n");
}

#[test]
fn who_fills_its_terminal_is_ended() {
    let sandbox = running("echo ready; read -r line; exec yes\n");
    sandbox.fleet(&["send", "demo", "go on"]).succeeded();
    sandbox.wait_for_screen("demo", "y\ny\ny\n");
    stop(&sandbox);
}

#[test]
fn a_stop_command_that_hangs_does_not_use_up_the_grace() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest(
            "v1",
            "start = [\"sh\", \"{engine}/run.sh\"]\nstop = [\"sleep\", \"86412\"]",
            "trap 'echo saved > saved; exit 0' TERM; echo ready; while :; do sleep 86412 & wait; done\n",
        )
        .project("demo", "v1")
        .setting("demo", "stop_grace = \"1s\"")
        .started("demo", "ready");
    stop(&sandbox);
    assert_eq!(sandbox.read("fleet/projects/demo/saved"), "saved\n");
}

#[test]
fn a_frozen_tmux_server_does_not_keep_a_project_up() {
    let sandbox = running("setsid sleep 86419 & echo ready; exec sleep 86419\n");
    let harness = sandbox.harness_of("demo");
    let server = sandbox.server();
    server.signal(Signal::SIGSTOP);
    let begun = Stopwatch::start();
    let said = sandbox.fleet(&["stop", "demo"]);
    // It asks several times, and waits as long as that may take only once.
    begun.assert_within(std::time::Duration::from_secs(10));
    server.signal(Signal::SIGCONT);
    said.exited(1);
    assert!(
        said.stderr.contains("nothing of `demo` runs any more"),
        "{}",
        said.text()
    );
    assert!(!harness.is_alive());
    assert_eq!(sandbox.running("sleep 86419"), []);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
