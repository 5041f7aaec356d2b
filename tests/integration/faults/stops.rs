//! F10: what the operator stops stays down, whatever is about to bring it back.

use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use crate::guardian::{Guardian, fleet_of, lives, start, stop_all, whole};
use crate::sandbox::Sandbox;

/// A fleet with `demo`, which heals, and `other`.
fn healing() -> Sandbox {
    fleet_of(&["demo", "other"])
        .setting("demo", "watch = \"heal\"")
        .setting("other", "watch = \"heal\"")
}

/// Has the guardian do something else from beginning to end, so that it would have brought back `demo` by now.
#[track_caller]
fn demo_stays_down(sandbox: &Sandbox, guardian: &Guardian) {
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    let lived = lives(sandbox, "demo");
    let before = guardian.said().matches("brought back `other`").count();
    guardian.signal(Signal::SIGHUP);
    sandbox.kill(&sandbox.tender_of("other"));
    guardian.says_times(sandbox, "brought back `other`", before + 1);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(lives(sandbox, "demo"), lived);
    whole(sandbox, "other");
    stop_all(sandbox);
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut fleet = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    fleet.args(arguments).stderr(Stdio::null()).spawn().unwrap()
}

/// F10: while the guardian brings it back, which takes as long as what the last life left takes to end.
#[test]
fn a_stop_while_the_guardian_acts_wins() {
    let sandbox = healing();
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &text.replace("200ms", "1s"));
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    let tender = sandbox.tender_of("demo");
    sandbox.kill(&tender);
    // Its next tender ends what the last has left: a child that ignores every signal but one.
    sandbox.wait_for("the guardian's act", || {
        !sandbox.running("units/demo.json").is_empty()
    });
    sandbox.fleet(&["stop", "demo"]).succeeded();
    demo_stays_down(&sandbox, &guardian);
}

/// F10: a stop at any moment of it, each from another process.
#[test]
fn a_stop_at_the_moment_of_a_death_wins() {
    let sandbox = healing();
    start(&sandbox, &["other"]);
    let guardian = Guardian::of(&sandbox);
    for _ in 0..4 {
        start(&sandbox, &["demo"]);
        sandbox.tender_of("demo").kill();
        let mut stop = run(&sandbox, &["stop", "demo"]);
        assert!(stop.wait().unwrap().success());
        assert_eq!(sandbox.status("demo")["verdict"], "down");
    }
    demo_stays_down(&sandbox, &guardian);
}

/// F10: while the guardian waits for the time of the next life.
#[test]
fn a_stop_while_the_guardian_waits_wins() {
    let sandbox = healing().setting("demo", "restart = { backoff = \"2s\" }");
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    // The first death is answered at once, the second after a wait.
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`");
    whole(&sandbox, "demo");
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "`demo` comes back in");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    demo_stays_down(&sandbox, &guardian);
}

/// F10: while attempts fail and are tried again.
#[test]
fn a_stop_between_two_attempts_wins() {
    let sandbox = healing().setting("demo", "env_file = \"demo.env\"");
    let may_read = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = sandbox.at("fleet/demo.env");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    sandbox.write("fleet/demo.env", "A=1\n");
    may_read(0o600);
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    may_read(0o644);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "trying again in");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    may_read(0o600);
    demo_stays_down(&sandbox, &guardian);
}

/// F10: during a start, with a guardian that watches both.
#[test]
fn a_stop_during_a_start_wins() {
    let sandbox = healing();
    start(&sandbox, &["other"]);
    let guardian = Guardian::of(&sandbox);
    for _ in 0..4 {
        let lived = lives(&sandbox, "demo");
        let mut starting = run(&sandbox, &["start", "demo"]);
        sandbox.wait_for("a life", || lives(&sandbox, "demo") > lived);
        sandbox.fleet(&["stop", "demo"]).succeeded();
        // It may have been stopped before it counted as started.
        starting.wait().unwrap();
        assert_eq!(sandbox.status("demo")["verdict"], "down");
        assert_eq!(sandbox.running("units/demo.json"), []);
    }
    demo_stays_down(&sandbox, &guardian);
}

/// F10: during an update that restarts what runs, before it and while the restart is under way.
#[test]
fn a_stop_during_an_update_wins() {
    let sandbox = healing();
    sandbox.release_as_it_is("v2");
    start(&sandbox, &["other"]);
    let guardian = Guardian::of(&sandbox);
    for (version, waits) in [("v2", true), ("v1", false), ("v2", true), ("v1", false)] {
        start(&sandbox, &["demo"]);
        let mut update = run(&sandbox, &["update", "demo", version, "--restart"]);
        if waits {
            let wish = || sandbox.read("fleet/.fleet/desired/demo");
            sandbox.wait_for("the restart", || wish().contains("restart"));
        }
        sandbox.fleet(&["stop", "demo"]).succeeded();
        update.wait().unwrap();
        assert_eq!(sandbox.status("demo")["verdict"], "down");
        assert_eq!(sandbox.status("demo")["desired"], "down");
        assert_eq!(sandbox.running("units/demo.json"), []);
    }
    demo_stays_down(&sandbox, &guardian);
}

/// F10: a stop of everything at the moment when the whole server goes.
#[test]
fn a_stop_at_the_moment_of_an_incident_wins() {
    let sandbox = healing();
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    sandbox.server().kill();
    let mut stop = run(&sandbox, &["stop", "demo"]);
    assert!(stop.wait().unwrap().success());
    guardian.says(&sandbox, "brought back `other`");
    demo_stays_down(&sandbox, &guardian);
}
