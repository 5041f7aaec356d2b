//! Incidents: many deaths with one cause are one row, one line and one plan.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, exit};

/// Names `p01`, `p02`, ...
fn names(number: usize) -> Vec<String> {
    (1..=number).map(|place| format!("p{place:02}")).collect()
}

/// A fleet with so many projects that are nothing but their states.
fn of_states(number: usize, phase: &str, exit_of: impl Fn(usize) -> Value) -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    for (place, name) in names(number).iter().enumerate() {
        sandbox.registered(name);
        sandbox.is_dead(name, phase, exit_of(place));
    }
    sandbox
}

fn report(sandbox: &Sandbox) -> Value {
    let said = sandbox.fleet(&["status", "--json"]);
    serde_json::from_str(&said.succeeded().stdout).unwrap()
}

/// F7: a killed tmux server is one incident, however many projects it had.
#[test]
fn a_killed_server_is_one_incident_of_all_that_it_had() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names(6), "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    sandbox.kill(&sandbox.server());
    sandbox.wait_for("the tenders to end", || {
        sandbox.running("fleet-tender").is_empty()
    });
    assert_snapshot!(sandbox.run("status"), @r"
    NAME                 STATE    FOR  PIN  REF     REASON
    p01, p02 and 4 more  crashed  <age>  ok  v0.1.0  its tmux server has gone
    --- stderr

    6 projects: 6 crashed
    warning: the tmux server has gone: 6 projects ended with it, <age> ago; `fleet boot` brings them back
    --- exit code 0
    ");
    let report = report(&sandbox);
    assert_eq!(report["projects"].as_array().unwrap().len(), 6);
    let incidents = report["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["cause"], "server");
    assert_eq!(incidents[0]["projects"], json!(names(6)));
    assert!(incidents[0]["since"].is_string());
    assert_eq!(incidents[0]["plan"], "`fleet boot` brings them back");

    // Those that were asked for are never folded.
    assert_snapshot!(sandbox.run("status p01 p02 p03"), @r"
    NAME  STATE    FOR  PIN  REF     REASON
    p01  crashed  <age>  ok  v0.1.0  its tmux server has gone
    p02  crashed  <age>  ok  v0.1.0  its tmux server has gone
    p03  crashed  <age>  ok  v0.1.0  its tmux server has gone
    --- stderr

    3 projects: 3 crashed
    warning: the tmux server has gone: 3 projects ended with it, <age> ago; `fleet boot` brings them back
    --- exit code 0
    ");
    // One that runs on a server of now has nothing to do with it, and the others' server has gone all the same.
    sandbox.fleet(&["start", "p06"]).succeeded();
    let said = sandbox.run("status");
    assert!(said.contains("p01, p02 and 3 more"), "{said}");
    assert!(
        said.contains("the tmux server has gone: 5 projects"),
        "{said}"
    );
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert_eq!(report_of_incidents(&sandbox), 0);
}

fn report_of_incidents(sandbox: &Sandbox) -> usize {
    report(sandbox)["incidents"].as_array().unwrap().len()
}

/// F8: after a reboot, likewise.
#[test]
fn a_restarted_machine_is_one_incident() {
    let sandbox = of_states(3, "running", |_| Value::Null);
    for name in names(3) {
        sandbox.rewrite_state(&name, |state| {
            state["tender"]["boot"] = "00000000-0000-4000-8000-000000000000".into();
        });
    }
    let report = report(&sandbox);
    assert_eq!(report["incidents"][0]["cause"], "reboot");
    assert_snapshot!(sandbox.run("status --fast"), @r"
    NAME              STATE    PIN      REF     REASON
    p01, p02 and p03  crashed  unknown  v0.1.0  the machine was restarted
    --- stderr

    3 projects: 3 crashed; pins: 3 unknown
    warning: the machine was restarted: 3 projects ended with it; `fleet boot` brings them back
    --- exit code 0
    ");
}

#[test]
fn forty_parked_projects_with_one_signature_are_one_row() {
    let at = |place: usize| format!("2026-01-01T{:02}:00:00Z", place % 24);
    let sandbox = of_states(42, "parked", |place| {
        let signature = if place < 40 {
            "exit status 3: no jobs"
        } else {
            ""
        };
        exit(3, &at(place), signature)
    });
    assert_snapshot!(sandbox.run("status --state parked"), @r"
    NAME                  STATE   FOR   PIN      REF     REASON
    p01, p02 and 38 more  parked  <age>  unknown  v0.1.0  exit status 3: no such table: jobs
    p41  parked  <age>  unknown  v0.1.0  exit status 3 after <age> s: no such table: jobs; there is no repository at `$ROOT/fleet/projects/p41`
    p42  parked  <age>  unknown  v0.1.0  exit status 3 after <age> s: no such table: jobs; there is no repository at `$ROOT/fleet/projects/p42`
    --- stderr

    42 projects: 42 parked; pins: 42 unknown
    hint: `fleet start --state parked` tries again
    --- exit code 0
    ");
    // They did not die together, so that is no incident; and machines are told of each.
    let report = report(&sandbox);
    assert_eq!(report["incidents"], json!([]));
    assert_eq!(report["projects"].as_array().unwrap().len(), 42);
}

#[test]
fn what_died_alike_within_a_minute_is_one_incident() {
    let sandbox = of_states(4, "crashed", |place| {
        let at = ["10:00:00", "10:00:20", "10:00:59", "11:00:00"][place];
        exit(3, &format!("2026-01-01T{at}Z"), "exit status 3: no jobs")
    });
    let report = report(&sandbox);
    assert_eq!(report["incidents"].as_array().unwrap().len(), 1);
    let incident = &report["incidents"][0];
    assert_eq!(
        (&incident["cause"], &incident["projects"]),
        (&json!("signature"), &json!(["p01", "p02", "p03"]))
    );
    let why = sandbox.fleet(&["why", "p04"]).succeeded().stdout.clone();
    assert!(why.contains("- others that died of the same"), "{why}");
    let why = sandbox.fleet(&["why", "p01"]).succeeded().stdout.clone();
    assert!(
        why.contains("3 projects died alike within a minute: exit status 3"),
        "{why}"
    );
}

#[test]
fn what_died_of_a_version_that_was_rolled_out_names_the_way_back() {
    let sandbox = of_states(4, "crashed", |place| {
        exit(place.try_into().unwrap(), "2026-01-01T10:00:00Z", "")
    });
    let moved = |name: &str| {
        format!(
            "{{\"version\":1,\"at\":\"2026-01-01T09:57:00Z\",\"who\":\"ada (fleet update)\",\"pid\":1,\"project\":\"{name}\",\
             \"what\":\"update\",\"before\":\"v0.0.9 bbbbbbbb\",\"after\":\"v0.1.0 aaaaaaaa\",\"why\":null,\
             \"outcome\":\"done\",\"seconds\":null}}\n"
        )
    };
    let trail: String = names(3).iter().map(|name| moved(name)).collect();
    sandbox.write("fleet/.fleet/events.jsonl", &trail);
    let report = report(&sandbox);
    let incident = &report["incidents"][0];
    assert_eq!(
        (&incident["cause"], &incident["projects"], &incident["plan"]),
        (
            &json!("rollout"),
            &json!(["p01", "p02", "p03"]),
            &json!("`fleet update p01 p02 p03 v0.0.9 --restart` takes them back")
        )
    );
    assert_eq!(
        incident["text"],
        "3 projects died of lines v0.1.0 (aaaaaaaa), rolled out shortly before"
    );
}

#[test]
fn a_brake_that_is_on_is_shown_with_what_takes_it_off() {
    let sandbox = of_states(1, "crashed", |_| Value::Null);
    sandbox.write(
        "fleet/.fleet/brake",
        &json!({
            "version": 1, "released": null,
            "engaged": {
                "since": {"at": "2026-01-01T00:00:00Z", "uptime": 1.0, "boot": "x"},
                "reason": "3 of 4 projects died within a minute", "projects": ["a", "b", "c"],
            },
        })
        .to_string(),
    );
    assert_snapshot!(sandbox.run("status --fast"), @r"
    NAME  STATE    FOR   PIN      REF     REASON
    p01  crashed  <age>  unknown  v0.1.0  there is no repository at `$ROOT/fleet/projects/p01`
    --- stderr

    1 project: 1 crashed
    warning: the brake is on for <age>: 3 of 4 projects died within a minute; `fleet go` takes it off
    hint: `fleet start p01` tries again
    --- exit code 0
    ");
    let report = report(&sandbox);
    assert_eq!(
        report["brake"],
        json!({
            "engaged": true, "since": "2026-01-01T00:00:00Z", "reason": "3 of 4 projects died within a minute",
            "projects": ["a", "b", "c"],
        })
    );
    sandbox.write("fleet/.fleet/brake", "garbage");
    let report = self::report(&sandbox);
    assert!(report["brake"]["engaged"].is_null());
    let said = sandbox.fleet(&["status"]).succeeded().stderr.clone();
    assert!(
        said.contains("cannot tell whether the brake is on"),
        "{said}"
    );
}
