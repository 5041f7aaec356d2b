//! Crash loops end; bursts of deaths are each answered once.

use insta::assert_snapshot;

use super::{healing, lives};
use crate::sandbox::{Sandbox, Stopwatch};

/// Five restarts without waits to speak of.
const FIVE_AT_ONCE: &str = "restart = { backoff = \"1ms\", give_up_after = 5 }";

#[test]
fn after_five_restarts_it_is_parked_with_the_reason() {
    let sandbox = healing("echo 'no configuration' >&2; exit 7\n").setting("demo", FIVE_AT_ONCE);
    sandbox.fleet(&["start", "demo"]);
    let status = sandbox.wait_until_is("demo", "parked");
    assert_eq!(lives(&sandbox), 6);
    assert_eq!(status["process"]["restarts"], 5);
    assert_eq!(status["process"]["exit"], 7);
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE   FOR  PIN  REF  REASON
    demo  parked  <age>  ok  v1  died 6 times within 1 h, at last with exit status 7: `no configuration`
    --- stderr

    1 project: 1 parked
    hint: `fleet start demo` tries again
    --- exit code 0
    ");
    assert!(
        sandbox
            .fleet(&["logs", "demo"])
            .stdout
            .contains("no configuration")
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_parked_project_is_tried_again_by_a_start() {
    let sandbox =
        healing("[ -e good ] || exit 7; echo ready; exec cat\n").setting("demo", FIVE_AT_ONCE);
    sandbox.fleet(&["start", "demo"]);
    sandbox.wait_until_is("demo", "parked");
    sandbox.write("fleet/projects/demo/good", "");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(status["process"]["restarts"], 0);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn ten_projects_that_are_killed_at_once_each_come_back_once() {
    let names: Vec<String> = (0..10).map(|number| format!("p{number}")).collect();
    let sandbox = names.iter().fold(
        Sandbox::new()
            .harness(["v0.1.0"])
            .script("v1", "echo life >> lives; echo ready; exec sleep 86418\n"),
        |sandbox, name| {
            sandbox
                .project(name, "v1")
                .setting(name, "watch = \"heal\"")
                // Every life is healthy: each restart is at once, and no brake holds it.
                .setting(name, "restart = { healthy_after = \"0s\" }")
        },
    );
    sandbox.fleet(&["start", "--all"]).succeeded();
    let count = || {
        let lives = |name| std::fs::read_to_string(sandbox.place(name).join("lives"));
        names
            .iter()
            .map(|name| lives(name).unwrap_or_default().lines().count())
            .collect::<Vec<_>>()
    };
    for round in 1..=3 {
        sandbox.wait_for("all of them", || {
            count() == [round; 10] && sandbox.running("sleep 86418").len() == 10
        });
        sandbox
            .running("sleep 86418")
            .iter()
            .for_each(|process| process.kill());
    }
    sandbox.wait_for("all of them", || count() == [4; 10]);
    sandbox.wait_for("one process each", || {
        sandbox.running("sleep 86418").len() == 10
    });
    for name in &names {
        let status = sandbox.wait_until_is(name, "up");
        assert_eq!(
            (&status["process"]["restarts"], &status["process"]["signal"]),
            (&3.into(), &9.into())
        );
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert_eq!(sandbox.running("sleep 86418"), []);
    assert_eq!(count(), [4; 10]);
}

/// F10: an operator's stop during a back-off.
#[test]
fn a_stop_during_a_back_off_wins_at_once() {
    let sandbox =
        healing("echo no luck; exit 7\n").setting("demo", "restart = { backoff = \"5m\" }");
    sandbox.fleet(&["start", "demo"]);
    sandbox.wait_for_screen("demo", "starting again in ");
    let begun = Stopwatch::start();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    begun.assert_within(std::time::Duration::from_secs(3));
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(lives(&sandbox), 2);
    assert_eq!(sandbox.running("fleet-tender"), []);
}

#[test]
fn a_stop_in_a_crash_loop_wins() {
    // As slow as a death can be made without a clock: each life waits for the last one's stubborn child.
    let sandbox = healing(
        "(setsid sh -c 'trap \"\" TERM; : > stubborn; exec sleep 86419' &)\n\
         until [ -e stubborn ]; do :; done; rm stubborn; exit 7\n",
    )
    .setting("demo", FIVE_AT_ONCE);
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let mut starting = start
        .args(["start", "demo"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    sandbox.wait_for("a first life", || lives(&sandbox) > 0);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    starting.wait().unwrap();
    let lived = lives(&sandbox);
    assert!(lived < 6, "{lived}");
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(sandbox.running("sleep 86419"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
}

/// What cannot be read is no reason to give anything up: a life begins as the last one did, and the next one looks again.
#[test]
fn a_mistake_in_the_registry_parks_nothing() {
    let sandbox = healing("echo ready; exec sleep 86431\n").started("demo", "ready");
    let valid = sandbox.read("fleet/fleet.toml");
    let dies = |life: usize| {
        sandbox.kill(&sandbox.only_one(|| sandbox.running("sleep 86431")));
        sandbox.wait_for("the next life", || {
            lives(&sandbox) == life && sandbox.running("sleep 86431").len() == 1
        });
    };
    sandbox.write("fleet/fleet.toml", &format!("{valid}\n[projects.x"));
    dies(2);
    std::fs::remove_file(sandbox.directory().join("fleet.toml")).unwrap();
    dies(3);
    sandbox.write("fleet/fleet.toml", &valid);
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(status["process"]["restarts"], 2);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// What fleet.toml says is obeyed at the next life, and the reason is the error and not a hint below it.
#[test]
fn what_left_the_registry_has_no_next_life() {
    let sandbox = healing("echo ready; exec sleep 86432\n").started("demo", "ready");
    let valid = sandbox.read("fleet/fleet.toml");
    let (without, _) = valid.split_once("[projects.demo]").unwrap();
    sandbox.write("fleet/fleet.toml", without);
    sandbox.kill(&sandbox.running("sleep 86432")[0]);
    let state = || sandbox.read("fleet/.fleet/state/demo.json");
    sandbox.wait_for("its end", || state().contains("\"phase\":\"parked\""));
    sandbox.write("fleet/fleet.toml", &valid);
    let status = sandbox.status("demo");
    let reason = status["reason"].as_str().unwrap_or_default();
    assert!(
        reason.starts_with("it is not in fleet.toml any more"),
        "{status:#}"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
