//! Healing: what dies comes back, once, and never beside itself. Counted from outside.

mod agents;
mod loops;

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use crate::sandbox::Sandbox;

/// A project `demo` that heals and runs a script. The script's first lines write `twice` where another life, or what
/// one left, is still there.
fn healing(script: &str) -> Sandbox {
    let alone = "exec 9> lock; flock --nonblock 9 || echo another >> twice; echo life >> lives\n";
    Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", &format!("{alone}{script}"))
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"")
        .setting("demo", "stop_grace = \"1s\"")
}

fn lives(sandbox: &Sandbox) -> usize {
    crate::guardian::lives(sandbox, "demo")
}

const STUBBORN_CHILDREN: &str = "setsid sleep 86417 &\n\
    (setsid sh -c 'trap \"\" TERM HUP INT; sleep 86417' &)\necho ready; exec cat\n";

#[test]
fn a_killed_harness_comes_back_with_its_end_on_record() {
    let sandbox = healing("echo ready; exec cat\n").started("demo", "ready");
    for (number, signal) in [
        (9, Signal::SIGKILL),
        (11, Signal::SIGSEGV),
        (15, Signal::SIGTERM),
    ] {
        let before = sandbox.harness_of("demo");
        let lived = lives(&sandbox);
        before.signal(signal);
        sandbox.wait_for("the next life", || lives(&sandbox) == lived + 1);
        let status = sandbox.wait_until_is("demo", "up");
        assert_eq!(status["process"]["signal"], number);
        assert_eq!(status["process"]["restarts"], lived);
        assert_ne!(status["process"]["pid"], before.pid);
    }
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE  FOR  PIN  REF  REASON
    demo  up  <age>  ok  v1  restarted 3 times; last: SIGTERM after <age> s
    --- stderr

    1 project: 1 up
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(lives(&sandbox), 4);
}

#[test]
fn no_life_begins_before_the_children_of_the_last_are_gone() {
    let sandbox = healing(STUBBORN_CHILDREN).started("demo", "ready");
    for life in 2..=4 {
        sandbox.wait_for("the children", || sandbox.running("sleep 86417").len() >= 2);
        sandbox.harness_of("demo").kill();
        sandbox.wait_for("the next life", || lives(&sandbox) == life);
        sandbox.wait_until_is("demo", "up");
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("sleep 86417"), []);
}

#[test]
fn without_healing_it_stays_down_with_its_last_screen() {
    let sandbox = healing("echo ready; read -r line; echo 'last words'; exit 7\n")
        .setting("demo", "labels = []")
        .started("demo", "ready");
    let text = sandbox
        .read("fleet/fleet.toml")
        .replace("watch = \"heal\"", "watch = \"off\"");
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.fleet(&["restart", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "ready");
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    assert_eq!(lives(&sandbox), 2);
    let shown = sandbox.normalise(&sandbox.fleet(&["logs", "demo"]).stdout);
    assert_snapshot!(shown, @r"
    ready
    end
    last words

    [<time> UTC] `demo` ended with exit status 7; to start it again: fleet start demo
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_disabled_project_is_not_healed() {
    let sandbox = healing("echo ready; exec cat\n").started("demo", "ready");
    sandbox.fleet(&["disable", "demo"]).succeeded();
    sandbox.harness_of("demo").kill();
    let status = sandbox.wait_until_is("demo", "parked");
    assert!(
        status["reason"].as_str().unwrap().contains("disabled"),
        "{status:#}"
    );
    assert_eq!(lives(&sandbox), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "disabled");
}

#[test]
fn a_healed_life_uses_the_pin_and_the_settings_of_now() {
    let sandbox = healing("echo ready $1; exec cat\n")
        .started("demo", "ready")
        .script("v2", "echo 'the next version'; exec cat\n");
    sandbox.fleet(&["update", "demo", "v2"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "skew");
    sandbox.harness_of("demo").kill();
    sandbox.wait_for_screen("demo", "the next version");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_harness_stopped_from_its_terminal_is_continued() {
    let sandbox = healing("echo ready; exec cat\n").started("demo", "ready");
    let harness = sandbox.harness_of("demo");
    sandbox
        .tmux(&["send-keys", "-t", "=demo:", "C-z"])
        .succeeded();
    sandbox.wait_for("the reason", || {
        let reason = sandbox.status("demo")["reason"].clone();
        reason
            .as_str()
            .is_some_and(|reason| reason.contains("continued"))
    });
    sandbox.fleet(&["send", "demo", "still there?"]).succeeded();
    sandbox.wait_for_screen("demo", "still there?\nstill there?");
    assert_eq!(sandbox.harness_of("demo"), harness);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn after_a_killed_tender_nothing_begins_before_all_of_it_is_gone() {
    let sandbox = healing(STUBBORN_CHILDREN).started("demo", "ready");
    for life in 2..=4 {
        sandbox.wait_for("the children", || sandbox.running("sleep 86417").len() >= 2);
        sandbox.kill(&sandbox.tender_of("demo"));
        assert_eq!(
            sandbox.wait_until_is("demo", "crashed")["process"]["pid"],
            serde_json::Value::Null
        );
        sandbox.fleet(&["start", "demo"]).succeeded();
        sandbox.wait_for("the next life", || lives(&sandbox) == life);
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("sleep 86417"), []);
}
