//! F7: `kill -9` of the tmux server. All of it is gone within two seconds, and what was wanted comes back.

use std::time::Duration;

use super::census::Census;
use crate::guardian::{Guardian, fleet_of, lives, start, stop_all, whole};
use crate::sandbox::{Sandbox, Stopwatch};
use crate::start::order::{Held, begin, set, tenders};

const NAMES: [&str; 6] = ["back", "disabled", "finished", "heals", "parked", "stopped"];

/// A fleet in which two projects run and are wanted, one runs and is disabled, and three have ended: each in its way.
fn mixed() -> Sandbox {
    let sandbox = fleet_of(&NAMES)
        .setting("heals", "watch = \"heal\"")
        .setting("parked", "watch = \"heal\"")
        .script("ends", "exit 0\n");
    sandbox.fleet(&["update", "finished", "ends"]).succeeded();
    sandbox.fleet(&["start", "finished"]);
    sandbox.wait_until_is("finished", "finished");
    start(
        &sandbox,
        &["back", "disabled", "heals", "parked", "stopped"],
    );
    sandbox.fleet(&["stop", "stopped"]).succeeded();
    sandbox.fleet(&["disable", "parked"]).succeeded();
    sandbox.harness_of("parked").kill();
    sandbox.wait_until_is("parked", "parked");
    sandbox.fleet(&["enable", "parked"]).succeeded();
    sandbox.fleet(&["disable", "disabled"]).succeeded();
    sandbox
}

/// Kills the server, and proves that all that ran in it is gone within two seconds.
#[track_caller]
fn kill_server(sandbox: &Sandbox) {
    let (server, all) = (sandbox.server(), sandbox.processes());
    let begun = Stopwatch::start();
    server.kill();
    let is_guardian = |command: &str| command.ends_with("fleet watch");
    sandbox.wait_for("all of it to end", || {
        all.iter()
            .all(|process| is_guardian(&process.command) || !process.is_alive())
    });
    begun.assert_within(Duration::from_secs(2));
}

#[track_caller]
fn exactly_the_wanted_are_back(sandbox: &Sandbox) {
    for name in ["back", "heals"] {
        whole(sandbox, name);
        assert_eq!(lives(sandbox, name), 2);
    }
    for name in ["disabled", "parked", "stopped"] {
        assert_eq!(lives(sandbox, name), 1, "{name}");
    }
    assert_eq!(sandbox.running("fleet-tender").len(), 2);
    stop_all(sandbox);
}

/// F7, with a guardian.
#[test]
fn a_guardian_brings_back_exactly_what_a_killed_server_took() {
    let sandbox = mixed();
    let guardian = Guardian::of(&sandbox);
    let census = [
        Census::of(&sandbox.place("back")),
        Census::of(&sandbox.place("heals")),
    ];
    kill_server(&sandbox);
    guardian.says_times(&sandbox, "brought back", 2);
    for (name, census) in ["back", "heals"].iter().zip(census) {
        whole(&sandbox, name);
        census.end(2);
    }
    assert_eq!(guardian.said().matches("has gone, and").count(), 1);
    exactly_the_wanted_are_back(&sandbox);
}

/// F7, with `fleet boot`.
#[test]
fn a_boot_brings_back_exactly_what_a_killed_server_took() {
    let sandbox = mixed();
    kill_server(&sandbox);
    let said = sandbox.fleet(&["boot"]);
    let said = said.succeeded().stderr.clone();
    for line in [
        "the tmux server",
        "has gone",
        "left `disabled`: it is disabled",
        "left `finished`: it has finished",
        "left `parked`: it is parked",
        "brought back `back`: its tmux server has gone",
        "brought back `heals`: its tmux server has gone",
        "2 brought back",
    ] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
    assert!(!said.contains("`stopped`"), "{said}");
    exactly_the_wanted_are_back(&sandbox);
}

/// F7: the server and, at the same moment, the guardian and a tender, as when a machine runs out of memory.
#[test]
fn a_boot_right_after_everything_was_killed_waits_for_what_still_ends() {
    let sandbox = fleet_of(&["demo", "other"]);
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    let census = Census::of(&sandbox.place("demo"));
    let (server, tender) = (sandbox.server(), sandbox.tender_of("other"));
    guardian.kill();
    tender.kill();
    server.kill();
    sandbox.fleet(&["boot"]).succeeded();
    for name in ["demo", "other"] {
        whole(&sandbox, name);
        assert_eq!(lives(&sandbox, name), 2);
    }
    census.end(2);
    stop_all(&sandbox);
}

/// F7: what comes back comes in waves, as with a start.
#[test]
fn what_a_killed_server_took_comes_back_in_waves() {
    let sandbox = fleet_of(&["a", "b"]);
    set(&sandbox, "max_parallel_starts = 1");
    start(&sandbox, &["a", "b"]);
    kill_server(&sandbox);
    let held = Held::project(&sandbox, "a");
    let mut boot = begin(&sandbox, &["boot"]);
    sandbox.wait_for("the first wave", || tenders(&sandbox, "a") == 1);
    assert_eq!(tenders(&sandbox, "b"), 0);
    held.let_go();
    assert!(boot.wait().unwrap().success());
    for name in ["a", "b"] {
        whole(&sandbox, name);
        assert_eq!(lives(&sandbox, name), 2);
    }
    stop_all(&sandbox);
}

/// F7, with the default harness.
#[test]
fn agents_of_a_killed_server_come_back_once() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "stop_grace = \"1s\"");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let lived = |times: usize| {
        sandbox.wait_for("both agents", || {
            (sandbox.lives("one"), sandbox.lives("two")) == (times, times)
        });
        sandbox.wait_until_is("demo", "up");
    };
    lived(1);
    let census = Census::of(&sandbox.place("demo"));
    kill_server(&sandbox);
    sandbox.fleet(&["boot"]).succeeded();
    lived(2);
    let guardian = Guardian::of(&sandbox);
    kill_server(&sandbox);
    // The project and its two agents are one session: nobody can tell its end from its server's.
    guardian.says(&sandbox, "left `demo`");
    sandbox.fleet(&["boot"]).succeeded();
    lived(3);
    census.end(3);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("fleet-tender"), []);
}
