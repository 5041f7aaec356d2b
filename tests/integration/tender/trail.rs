//! What the tender adds to the fleet's audit trail.

use super::*;

/// What and after of each event, in the order in which they were written.
fn events(bench: &Bench) -> Vec<(String, Value)> {
    let lines = bench.lines("events.jsonl");
    let events = lines.iter().filter(|line| !line.is_empty()).map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&event["who"], &event["project"]),
            (&json!("tender"), &json!("demo"))
        );
        (event["what"].as_str().unwrap().to_owned(), event)
    });
    events.collect()
}

#[track_caller]
fn wait_for_events(bench: &Bench, expected: &[&str]) -> Vec<Value> {
    let found = wait_for("all events", || {
        Some(events(bench)).filter(|events| events.len() >= expected.len())
    });
    let (what, events): (Vec<String>, Vec<Value>) = found.into_iter().unzip();
    assert_eq!(what, expected);
    events
}

#[test]
fn each_death_and_what_follows_it_is_a_line() {
    let bench = Bench::new();
    let mut unit = bench.unit_named("demo", "exit 7");
    unit["policy"] = policy(100, 2);
    bench.start_named(&unit);
    let expected = ["died", "restarted", "died", "restarted", "died", "parked"];
    let events = wait_for_events(&bench, &expected);
    assert_eq!(events[0]["why"], "exit status 7");
    assert_eq!(events[0]["after"], "restarts at once");
    let after = events[2]["after"].as_str().unwrap();
    assert!(after.starts_with("restarts in 0.1 s"), "{after}");
    assert_eq!(events[3]["why"], "restart 2");
    assert_eq!(events[4]["after"], "is parked");
    assert_eq!(
        events[5]["why"],
        "died 3 times within 1 min, at last with exit status 7"
    );
}

#[test]
fn the_end_of_the_work_and_a_lost_terminal_are_lines_and_a_stop_is_not() {
    let bench = Bench::new();
    bench.start_named(&bench.unit_named("demo", "exit 0"));
    wait_for_events(&bench, &["finished"]);
    let bench = Bench::new();
    bench.start_named(&bench.unit_named("demo", "exec sleep 1000"));
    let state = bench.wait_of("demo", "its life", |state| state["phase"] == "running");
    bench.wish_of("demo", "down");
    signal(&state["tender"]["pid"], Signal::SIGUSR1);
    bench.wait_of("demo", "its stop", |state| state["phase"] == "down");
    bench.start_named(&bench.unit_named("demo", "exec sleep 1000"));
    bench.wait_of("demo", "its life", |state| state["phase"] == "running");
    bench.tmux(&["kill-server"]);
    let events = wait_for_events(&bench, &["lost"]);
    assert_eq!(events[0]["why"], "its terminal went away");
}
