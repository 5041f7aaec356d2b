//! `fleet stop` and `fleet restart`: afterwards nothing is alive, counted from outside.

mod hard;
mod inside;
mod restart;
mod without;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// A project `demo` that runs a script.
fn running(script: &str) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", script)
        .project("demo", "v1")
        .setting("demo", "stop_grace = \"1s\"")
        .started("demo", "ready")
}

#[test]
fn a_stopped_project_is_down_and_its_session_is_gone() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME   STATE  FOR  PIN  REF
    demo  down  <age>  ok  v0.1.0
    other  up  <age>  ok  v0.1.0
    --- stderr

    2 projects: 1 up, 1 down
    --- exit code 0
    ");
    assert_eq!(
        sandbox
            .tmux(&["list-sessions", "-F", "#{session_name}"])
            .stdout,
        "other\n"
    );
    assert_eq!(sandbox.running("run.sh demo"), []);
    assert_eq!(sandbox.running("run.sh other").len(), 1);
    sandbox.fleet(&["stop", "other"]).succeeded();
}

#[test]
fn stopping_what_is_down_changes_nothing() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    `demo` is down already
    --- exit code 0
    ");
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    `demo` is down already
    --- exit code 0
    ");
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}

#[test]
fn a_dry_run_prints_the_plan_and_stops_nothing() {
    let sandbox = running("echo ready; exec cat\n");
    assert_snapshot!(sandbox.run("stop demo --dry-run"), @r"
    demo:
      stop it
    --- exit code 0
    ");
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    assert_eq!(sandbox.status("demo")["desired"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_project_that_heals_stays_down_once_it_was_stopped() {
    let sandbox = running("setsid sh -c 'sleep 86404 & wait' & echo ready; exec cat\n");
    sandbox.set("demo", "watch = \"heal\"");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "ready");
    let harness = sandbox.harness_of("demo");
    let mut stop = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let mut stopping = stop.args(["stop", "demo"]).spawn().unwrap();
    harness.kill();
    assert!(stopping.wait().unwrap().success());
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(sandbox.running("run.sh"), []);
    assert_eq!(sandbox.running("sleep 86404"), []);
}

#[test]
fn a_crashed_project_can_be_stopped() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "setsid sleep 86405 & echo ready; read -r line; exit 7\n",
        )
        .project("demo", "v1")
        .started("demo", "ready");
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    assert_eq!(sandbox.running("sleep 86405"), []);
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE  FOR  PIN  REF
    demo  down  <age>  ok  v1
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
}

#[test]
fn a_parked_project_can_be_stopped() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "exit 7\n")
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"")
        .setting("demo", "restart = { give_up_after = 0 }");
    sandbox.fleet(&["start", "demo"]);
    sandbox.wait_until_is("demo", "parked");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}

#[test]
fn a_missing_project_can_be_stopped() {
    let sandbox = running("echo ready; exec cat\n");
    let demo = sandbox.place("demo");
    std::fs::rename(&demo, sandbox.root().join("elsewhere")).unwrap();
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.running("run.sh"), []);
}

#[test]
fn the_harness_is_asked_before_it_is_told() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest(
            "v1",
            "start = [\"sh\", \"{engine}/run.sh\"]\nstop = [\"sh\", \"-c\", \"echo please > asked; kill -USR1 $(cat pid); exec flock lock true\"]",
            "exec 9> lock; flock 9; echo $$ > pid; trap 'echo politely > ended; exit 0' USR1\n\
             trap 'echo by force > ended; exit 1' TERM; echo ready; while :; do sleep 86406 9>&- & wait; done\n",
        )
        .project("demo", "v1")
        .started("demo", "ready");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.read("fleet/projects/demo/asked"), "please\n");
    assert_eq!(sandbox.read("fleet/projects/demo/ended"), "politely\n");
}

#[test]
fn a_wish_that_cannot_be_read_is_written_anew() {
    let sandbox = running("echo ready; exec cat\n");
    let harness = sandbox.harness_of("demo");
    sandbox.write("fleet/.fleet/desired/demo", "\u{0}garbage");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(!harness.is_alive());
    assert_eq!(sandbox.status("demo")["desired"], "down");
}
