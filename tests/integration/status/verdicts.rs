//! Verdicts on runs that have ended, with cause and age.

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::fleet;
use crate::sandbox::Sandbox;

fn ends_when_told(status: i32) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            &format!("echo ready; read -r line; echo bye; exit {status}\n"),
        )
        .project("demo", "v1")
        .started("demo", "ready")
}

#[test]
fn an_exit_status_is_a_crash_with_its_code() {
    let sandbox = ends_when_told(7);
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    let status = sandbox.wait_until_is("demo", "crashed");
    assert_eq!(
        (&status["process"]["exit"], &status["process"]["signal"]),
        (&7.into(), &().into())
    );
    assert_eq!(status["process"]["pid"], serde_json::Value::Null);
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    FOR  PIN  REF  REASON
    demo  crashed  <age>  ok  v1  exit status 7 after <age> s: bye
    --- stderr

    1 project: 1 crashed
    hint: `fleet start demo` tries again
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_signal_is_a_crash_with_its_name() {
    let sandbox = ends_when_told(7);
    sandbox.harness_of("demo").signal(Signal::SIGSEGV);
    let status = sandbox.wait_until_is("demo", "crashed");
    assert_eq!(
        (&status["process"]["exit"], &status["process"]["signal"]),
        (&().into(), &11.into())
    );
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    FOR  PIN  REF  REASON
    demo  crashed  <age>  ok  v1  SIGSEGV after <age> s
    --- stderr

    1 project: 1 crashed
    hint: `fleet start demo` tries again
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn an_exit_with_0_is_the_end_of_the_work_even_where_it_heals() {
    let sandbox = ends_when_told(0);
    sandbox.set("demo", "watch = \"heal\"");
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    let status = sandbox.wait_until_is("demo", "finished");
    assert_eq!(status["process"]["exit"], 0);
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE     FOR  PIN  REF  REASON
    demo  finished  <age>  ok  v1  exit status 0 after <age> s
    --- stderr

    1 project: 1 finished
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_directory_that_is_not_there_is_missing() {
    let sandbox = fleet();
    std::fs::rename(sandbox.place("demo"), sandbox.root().join("elsewhere")).unwrap();
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    PIN      REF     REASON
    demo  missing  missing  v0.1.0  its directory is not there
    --- stderr

    1 project: 1 missing
    hint: `fleet why demo` looks where it may be now
    --- exit code 0
    ");
    sandbox.fleet(&["status", "--check"]).exited(5);
}

#[test]
fn a_process_that_is_frozen_is_up_and_says_so() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let harness = sandbox.harness_of("demo");
    harness.signal(Signal::SIGSTOP);
    sandbox.wait_for("the reason", || {
        sandbox.status("demo")["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("SIGSTOP"))
    });
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE  FOR  PIN  REF     REASON
    demo  up  <age>  ok  v0.1.0  stopped by SIGSTOP; `kill -CONT <pid>` lets it go on
    --- stderr

    1 project: 1 up
    --- exit code 0
    ");
    harness.signal(Signal::SIGCONT);
    sandbox.wait_for("no reason", || sandbox.status("demo")["reason"].is_null());
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_disabled_project_that_runs_is_up() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["disable", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE     FOR  PIN  REF
    demo  disabled  <age>  ok  v0.1.0
    --- stderr

    1 project: 1 disabled
    hint: `fleet enable demo` allows it to start
    --- exit code 0
    ");
}
