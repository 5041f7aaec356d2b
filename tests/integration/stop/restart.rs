//! `fleet restart`.

use insta::assert_snapshot;

use super::running;
use crate::sandbox::Sandbox;

#[test]
fn a_restart_is_another_run_of_the_same() {
    let sandbox =
        running("trap '' TERM; setsid sleep 86416 & echo ready; while :; do sleep 86416; done\n");
    let before = sandbox.processes();
    assert_snapshot!(sandbox.run("restart demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    let server = sandbox.server();
    let left = before
        .iter()
        .filter(|process| process.is_alive() && **process != server);
    assert_eq!(left.count(), 0);
    sandbox.wait_for_screen("demo", "ready");
    assert_eq!(sandbox.running("run.sh").len(), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn restarting_what_is_down_starts_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    assert_snapshot!(sandbox.run("restart demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_state_chooses_what_is_restarted() {
    let sandbox = running("echo ready; read -r line; exit 7\n")
        .project("good", "v1")
        .started("good", "ready")
        .project("off", "v1");
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    let good = sandbox.harness_of("good");
    assert_snapshot!(sandbox.run("restart --state crashed"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    sandbox.wait_until_is("demo", "up");
    assert_eq!(sandbox.harness_of("good"), good);
    assert_eq!(sandbox.status("off")["verdict"], "down");
    assert_snapshot!(sandbox.run("restart --state crahsed"), @r"
    --- stderr
    error: no project can be in the state `crahsed`
    hint: did you mean `crashed`?
    --- exit code 2
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn the_only_session_can_be_restarted_again_and_again() {
    // Its server ends with it: each start meets one that is about to go.
    let sandbox = running("echo ready; exec cat\n");
    for _ in 0..20 {
        sandbox.fleet(&["restart", "demo"]).succeeded();
    }
    assert_eq!(
        sandbox.running("run.sh").len() + sandbox.running("cat").len(),
        1
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_disabled_project_is_not_stopped_by_a_restart() {
    let sandbox = running("echo ready; exec cat\n");
    sandbox.set("demo", "enabled = false");
    let before = sandbox.harness_of("demo");
    assert_snapshot!(sandbox.run("restart demo"), @r"
    --- stderr
    error: `demo` is disabled
    hint: `fleet enable demo` allows it
    --- exit code 3
    ");
    assert_eq!(sandbox.harness_of("demo"), before);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_cannot_be_told_to_stop_runs_on() {
    let sandbox = running("echo ready; exec cat\n");
    let harness = sandbox.harness_of("demo");
    // A directory in which nobody can make a file, root included.
    let desired = sandbox.directory().join(".fleet/desired");
    std::fs::remove_dir_all(&desired).unwrap();
    std::os::unix::fs::symlink("/proc", &desired).unwrap();
    for verb in ["restart", "stop"] {
        sandbox.fleet(&[verb, "demo"]).exited(1);
        assert_eq!(sandbox.harness_of("demo"), harness);
    }
    std::fs::remove_file(&desired).unwrap();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(!harness.is_alive());
}

/// F10: the last wish is the stop, whenever it comes.
#[test]
fn a_stop_during_a_restart_wins() {
    let sandbox = running(
        "trap 'sleep 0.05; exit' TERM; echo ready; while :; do sleep 86416 & wait $!; done\n",
    );
    for _ in 0..10 {
        let mut restart = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        let mut restart = restart
            .args(["restart", "demo"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let wish = || std::fs::read_to_string(sandbox.at("fleet/.fleet/desired/demo")).unwrap();
        sandbox.wait_for("the restart to be under way", || wish().contains("restart"));
        sandbox.fleet(&["stop", "demo"]).succeeded();
        assert!(restart.wait().unwrap().success());
        let status = sandbox.status("demo");
        assert_eq!(
            (&status["verdict"], &status["desired"]),
            (&"down".into(), &"down".into())
        );
        assert_eq!(sandbox.running("run.sh"), []);
        sandbox.fleet(&["start", "demo"]).succeeded();
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_restart_that_cannot_start_again_leaves_no_wish_behind() {
    // What is refused by then was not foreseen: the harness changes its own files as it is stopped.
    let commands = "start = [\"sh\", \"{engine}/run.sh\"]\n\
                    stop = [\"sh\", \"-c\", \"echo >> {engine}/run.sh\", \"x\"]";
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest("v1", commands, "echo ready; exec cat\n")
        .project("demo", "v1")
        .setting("demo", "stop_grace = \"1s\"")
        .started("demo", "ready");
    assert_snapshot!(sandbox.run("restart demo"), @r"
    --- stderr
    error: the engine of `demo` has changed files
    hint: `git -C $ROOT/fleet/projects/demo/engine status` shows them; commit, stash or revert them
    --- exit code 3
    ");
    let status = sandbox.status("demo");
    assert_eq!(
        (&status["verdict"], &status["desired"], &status["reason"]),
        (&"down".into(), &"down".into(), &serde_json::Value::Null)
    );
}
