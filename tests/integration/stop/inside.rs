//! A stop that is asked for in the very session that it stops.

use super::running;
use crate::sandbox::Sandbox;

/// Reads commands and runs them.
const SHELL: &str = "echo ready; while read -r line; do sh -c \"$line\"; done\n";

fn stop_command(sandbox: &Sandbox, arguments: &str) -> String {
    let fleet = env!("CARGO_BIN_EXE_fleet");
    let directory = sandbox.directory();
    format!(
        "{fleet} --fleet {} stop {arguments} > $HOME/said 2>&1",
        directory.display()
    )
}

#[track_caller]
fn is_all_that_was_said(sandbox: &Sandbox) {
    let said = sandbox.read("home/said");
    // The shell may add that the command was terminated.
    let said = said.trim_end_matches("Terminated\n");
    assert_eq!(
        said,
        "warning: `demo` is where this command runs: it ends with it\n"
    );
}

#[test]
fn it_is_done_and_nothing_is_left() {
    let sandbox = running(SHELL);
    let command = stop_command(&sandbox, "demo");
    sandbox.fleet(&["send", "demo", &command]).succeeded();
    sandbox.wait_for("the session to end", || sandbox.processes().is_empty());
    let status = sandbox.status("demo");
    assert_eq!(
        (&status["verdict"], &status["desired"]),
        (&"down".into(), &"down".into())
    );
    is_all_that_was_said(&sandbox);
}

#[test]
fn the_others_are_stopped_first() {
    let sandbox = running(SHELL)
        .project("other", "v1")
        .started("other", "ready");
    let command = stop_command(&sandbox, "--all");
    sandbox.fleet(&["send", "demo", &command]).succeeded();
    sandbox.wait_for("both sessions to end", || sandbox.processes().is_empty());
    for project in ["demo", "other"] {
        assert_eq!(sandbox.status(project)["verdict"], "down");
    }
    is_all_that_was_said(&sandbox);
}

#[test]
fn another_project_is_stopped_from_a_session() {
    let sandbox = running(SHELL)
        .project("other", "v1")
        .started("other", "ready");
    let command = stop_command(&sandbox, "other") + "; echo that was $?";
    sandbox.fleet(&["send", "demo", &command]).succeeded();
    sandbox.wait_for_screen("demo", "that was 0");
    assert_eq!(sandbox.status("other")["verdict"], "down");
    insta::assert_snapshot!(sandbox.read("home/said"), @"stopped `other`");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_restart_of_the_own_project_is_refused_while_others_are_restarted() {
    let sandbox = running(SHELL)
        .project("other", "v1")
        .started("other", "ready");
    let (own, other) = (sandbox.harness_of("demo"), sandbox.harness_of("other"));
    let command =
        stop_command(&sandbox, "--all").replace(" stop ", " restart ") + "; echo that was $?";
    sandbox.fleet(&["send", "demo", &command]).succeeded();
    sandbox.wait_for_screen("demo", "that was 4");
    insta::assert_snapshot!(sandbox.read("home/said"), @r"
    error: `demo` is where this command runs: it would end before the new start
    hint: restart it from a terminal outside of it
    started `other`
    ");
    assert_eq!(sandbox.harness_of("demo"), own);
    assert_ne!(sandbox.harness_of("other"), other);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_window_that_was_opened_by_hand_is_inside_too() {
    let sandbox = running(SHELL);
    let own = sandbox.harness_of("demo");
    let command = stop_command(&sandbox, "demo").replace(" stop ", " restart ");
    let command = format!("{command}; echo $? > $HOME/code");
    sandbox
        .fleet_tmux(&["new-window", "-t", "=demo:", &command])
        .succeeded();
    let code = sandbox.root().join("home/code");
    sandbox.wait_for("its answer", || {
        std::fs::read_to_string(&code).is_ok_and(|text| text == "3\n")
    });
    assert_eq!(sandbox.harness_of("demo"), own);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
