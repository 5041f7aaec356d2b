//! F6: `kill -9` of a tender. Whoever begins the next life, nothing of the last is there any more.

use super::census::Census;
use crate::guardian::{Guardian, fleet_of, lives, start, stop_all, whole};
use crate::sandbox::Sandbox;

const ROUNDS: usize = 4;

/// Kills the tender of `demo`, has somebody bring it back, and counts lives meanwhile.
#[track_caller]
fn killed_and_brought_back(sandbox: &Sandbox, bring_back: impl Fn(usize)) {
    start(sandbox, &["demo", "other"]);
    let census = Census::of(&sandbox.place("demo"));
    for round in 1..=ROUNDS {
        whole(sandbox, "demo");
        sandbox.kill(&sandbox.tender_of("demo"));
        bring_back(round);
        sandbox.wait_for("the next life", || lives(sandbox, "demo") == round + 1);
    }
    whole(sandbox, "demo");
    census.end(ROUNDS + 1);
    stop_all(sandbox);
}

/// F6: the guardian begins it, after short waits.
#[test]
fn a_guardian_begins_no_life_beside_what_a_killed_tender_left() {
    let sandbox = fleet_of(&["demo", "other"])
        .setting("demo", "watch = \"heal\"")
        .setting("demo", "restart = { backoff = \"100ms\" }");
    let guardian = Guardian::of(&sandbox);
    killed_and_brought_back(&sandbox, |round| {
        guardian.says_times(&sandbox, "brought back `demo`", round);
    });
}

/// F6: `start` begins it.
#[test]
fn a_start_begins_no_life_beside_what_a_killed_tender_left() {
    let sandbox = fleet_of(&["demo", "other"]);
    killed_and_brought_back(&sandbox, |_| {
        sandbox.fleet(&["start", "demo"]).succeeded();
    });
}

/// F6: `boot` begins it.
#[test]
fn a_boot_begins_no_life_beside_what_a_killed_tender_left() {
    let sandbox = fleet_of(&["demo", "other"]);
    killed_and_brought_back(&sandbox, |_| {
        sandbox.fleet(&["boot"]).succeeded();
    });
}

/// F6: all three at once.
#[test]
fn whoever_comes_first_there_is_one_next_life() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    let _guardian = Guardian::of(&sandbox);
    killed_and_brought_back(&sandbox, |_| {
        let run = |verb: &[&str]| {
            let mut fleet = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
            let said = std::process::Stdio::null();
            fleet.args(verb).stderr(said).spawn().unwrap()
        };
        for mut command in [
            run(&["start", "demo"]),
            run(&["boot"]),
            run(&["start", "demo"]),
        ] {
            assert!(command.wait().unwrap().success());
        }
    });
}

/// F6: the default harness, with two agents behind shells, each with a child that left its session.
#[test]
fn agents_of_a_killed_tender_are_gone_before_the_next_ones_come() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "watch = \"heal\"");
    sandbox.set("demo", "stop_grace = \"1s\"");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let both = |lived: usize| {
        sandbox.wait_for("two whole agents", || {
            let whole = |agent: &str| !sandbox.running(&format!("sh alone.sh {agent}")).is_empty();
            let sleepers = sandbox.running("sleep 8640");
            let sleepers = sleepers
                .iter()
                .filter(|one| one.command.starts_with("sleep"));
            (sandbox.lives("one"), sandbox.lives("two")) == (lived, lived)
                && whole("one")
                && whole("two")
                && sleepers.count() == 4
        });
    };
    both(1);
    let guardian = Guardian::of(&sandbox);
    let census = Census::of(&sandbox.place("demo"));
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`");
    both(2);
    guardian.kill();
    for (round, verb) in [(3, &["start", "demo"][..]), (4, &["boot"])] {
        sandbox.kill(&sandbox.tender_of("demo"));
        sandbox.fleet(verb).succeeded();
        both(round);
    }
    census.end(4);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("sleep 8640"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
}
