//! One guardian, one project at a time: killed tenders and sessions.

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::{Guardian, fleet_of, lives, start, stop_all, whole};

#[test]
fn a_second_guardian_refuses_and_names_the_first() {
    let sandbox = fleet_of(&["demo"]);
    let guardian = Guardian::of(&sandbox);
    let said = sandbox.fleet(&["watch"]);
    assert!(
        said.exited(3)
            .stderr
            .contains(&format!("process {}", guardian.pid()))
    );
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: another guardian watches this fleet already: process <pid>
    hint: `ps -fp <pid>` shows it; one is enough
    --- exit code 3
    ");
    let (status, said) = guardian.end();
    assert!(status.success());
    assert_snapshot!(sandbox.normalise(&said), @r"
    guarding `test`, process <pid>: 1 project, 0 running
    the guardian ends; what runs goes on
    ");
}

#[test]
fn its_end_leaves_everything_running() {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let guardian = Guardian::of(&sandbox);
        guardian.signal(signal);
        guardian.says(&sandbox, "what runs goes on");
    }
    whole(&sandbox, "demo");
    assert_eq!(lives(&sandbox, "demo"), 1);
    stop_all(&sandbox);
}

#[test]
fn a_killed_session_is_a_death_and_comes_back_only_where_it_heals() {
    // The third keeps the server, which would end with its last session.
    let names = ["heals", "other", "stays"];
    let sandbox = fleet_of(&names).setting("heals", "watch = \"heal\"");
    start(&sandbox, &names);
    let guardian = Guardian::of(&sandbox);
    for session in ["=stays", "=heals"] {
        sandbox.tmux(&["kill-session", "-t", session]).succeeded();
    }
    guardian.says(&sandbox, "brought back `heals`: its session was killed");
    guardian.says(
        &sandbox,
        "left `stays`: its session was killed, and it does not heal",
    );
    whole(&sandbox, "heals");
    assert_eq!(sandbox.status("stays")["verdict"], "crashed");
    assert_eq!((lives(&sandbox, "heals"), lives(&sandbox, "stays")), (2, 1));
    stop_all(&sandbox);
}

#[test]
fn a_tender_that_is_told_to_end_was_not_stopped_by_its_operator() {
    let names = ["heals", "other"];
    let sandbox = fleet_of(&names).setting("heals", "watch = \"heal\"");
    start(&sandbox, &names);
    let guardian = Guardian::of(&sandbox);
    sandbox.tender_of("heals").signal(Signal::SIGTERM);
    guardian.says(
        &sandbox,
        "brought back `heals`: its tender was told to end by SIGTERM",
    );
    whole(&sandbox, "heals");
    assert_eq!(lives(&sandbox, "heals"), 2);
    stop_all(&sandbox);
}

#[test]
fn what_is_stopped_and_started_by_command_is_not_its_business() {
    let sandbox = fleet_of(&["demo"]).setting("demo", "watch = \"heal\"");
    let guardian = Guardian::of(&sandbox);
    start(&sandbox, &["demo"]);
    sandbox.fleet(&["restart", "demo"]).succeeded();
    whole(&sandbox, "demo");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["start", "demo"]).succeeded();
    whole(&sandbox, "demo");
    assert_eq!(lives(&sandbox, "demo"), 3);
    // It does see the last of these tenders.
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`: its tender was killed");
    whole(&sandbox, "demo");
    stop_all(&sandbox);
    let (_, said) = guardian.end();
    assert_snapshot!(sandbox.normalise(&said), @r"
    guarding `test`, process <pid>: 1 project, 0 running
    brought back `demo`: its tender was killed
    the guardian ends; what runs goes on
    ");
}

#[test]
fn what_is_started_by_command_has_not_died_for_the_brake() {
    let names = ["one", "two", "three"];
    let sandbox = names.iter().fold(fleet_of(&names), |sandbox, name| {
        sandbox.setting(name, "watch = \"heal\"")
    });
    let guardian = Guardian::of(&sandbox);
    for command in ["start", "stop", "start", "restart", "stop", "start"] {
        sandbox.fleet(&[command, "--all"]).succeeded();
    }
    // By then it has seen all that the commands wrote.
    sandbox.kill(&sandbox.tender_of("one"));
    guardian.says(&sandbox, "brought back `one`: its tender was killed");
    whole(&sandbox, "one");
    let deaths = sandbox.read("fleet/.fleet/deaths");
    assert!(deaths.contains("\"one\""), "{deaths}");
    assert!(
        !deaths.contains("\"two\"") && !deaths.contains("\"three\""),
        "{deaths}"
    );
    stop_all(&sandbox);
}

#[test]
fn one_that_is_killed_loses_nothing() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    start(&sandbox, &["demo", "other"]);
    Guardian::of(&sandbox).kill();
    sandbox.kill(&sandbox.tender_of("demo"));
    let guardian = Guardian::of(&sandbox);
    guardian.says(&sandbox, "brought back `demo`: its tender was killed");
    whole(&sandbox, "demo");
    guardian.kill();
    let guardian = Guardian::of(&sandbox);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`");
    whole(&sandbox, "demo");
    assert_eq!((lives(&sandbox, "demo"), lives(&sandbox, "other")), (3, 1));
    stop_all(&sandbox);
}

#[test]
fn healing_that_is_switched_on_afterwards_brings_back_what_was_lost() {
    let sandbox = fleet_of(&["demo", "other"]);
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "left `demo`");
    sandbox.set("demo", "watch = \"heal\"");
    guardian.says(&sandbox, "brought back `demo`");
    whole(&sandbox, "demo");
    stop_all(&sandbox);
}

#[test]
fn thirty_tenders_that_are_killed_at_once_all_come_back_once() {
    let names: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // One more keeps the server, which would end with its last session.
    let all = [&names[..], &["stays"]].concat();
    let sandbox = names.iter().fold(fleet_of(&all), |sandbox, name| {
        sandbox.setting(name, "watch = \"heal\"")
    });
    start(&sandbox, &all);
    let guardian = Guardian::of(&sandbox);
    let mut tenders = sandbox.running("fleet-tender");
    tenders.retain(|tender| !tender.command.contains("stays"));
    assert_eq!(tenders.len(), 30);
    tenders.iter().for_each(|tender| tender.kill());
    guardian.says_times(&sandbox, "brought back", 30);
    for name in &names {
        whole(&sandbox, name);
        assert_eq!(lives(&sandbox, name), 2);
    }
    assert_eq!(guardian.said().matches("brought back").count(), 30);
    stop_all(&sandbox);
}

#[test]
fn a_guardian_of_an_idle_fleet_never_wakes() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    let mut before = Vec::new();
    sandbox.wait_for("it to sleep", || {
        before = guardian.switches();
        sandbox.fleet(&["status"]).succeeded();
        before == guardian.switches()
    });
    // All of this happens, and none of it is a death.
    for number in 0..20 {
        let line = format!("line {number}");
        sandbox.fleet(&["send", "demo", &line]).succeeded();
        sandbox.wait_for_screen("demo", &format!("heard: {line}"));
        sandbox.fleet(&["status", "--json"]).succeeded();
    }
    assert_eq!(guardian.switches(), before);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`");
    assert_ne!(guardian.switches(), before);
    whole(&sandbox, "demo");
    stop_all(&sandbox);
}
