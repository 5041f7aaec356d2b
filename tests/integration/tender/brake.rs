//! The brake: what most of a fleet died of together does not come back for a second time by itself.

use super::*;

const MORTAL: &str = "echo begun >> $NAME.lives; until [ -e die ]; do sleep 0.02; done; exit 7";

fn begin(bench: &Bench, name: &str, script: &str) {
    let mut unit = bench.unit_named(name, script);
    unit["environment"]["NAME"] = json!(name);
    unit["policy"] = policy(100, 1000);
    bench.start_named(&unit);
    bench.wait_of(name, "its first life", |state| state["phase"] == "running");
}

fn release(bench: &Bench) {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    let released =
        json!({ "at": "2026-01-01T00:00:00Z", "uptime": uptime + 0.01, "boot": boot.trim() });
    let brake = json!({ "version": 1, "engaged": null, "released": released });
    fs::write(bench.path("brake.new"), brake.to_string()).unwrap();
    fs::rename(bench.path("brake.new"), bench.path("brake")).unwrap();
}

#[test]
fn most_of_a_fleet_that_dies_is_held_before_its_second_restart_until_the_brake_is_off() {
    let bench = Bench::new();
    let mortal = ["a", "b", "c"];
    for name in mortal {
        begin(&bench, name, MORTAL);
    }
    begin(&bench, "steady", "exec sleep 1000");
    fs::write(bench.path("die"), "").unwrap();
    let held = |name| {
        bench.wait_of(name, "the brake", |state| {
            state["phase"] == "waiting" && state["reason"] == "held by the brake"
        })
    };
    for name in mortal {
        let state = held(name);
        assert_eq!(state["due"], Value::Null);
        // The first restart was not held, and what waits sleeps.
        assert_eq!(state["restarts"], 1);
        sleeps(&state);
    }
    assert_eq!(bench.state_of("steady").unwrap()["phase"], "running");
    // To look is not to let go, and a stop goes first.
    let a = bench.state_of("a").unwrap();
    signal(&a["tender"]["pid"], Signal::SIGUSR1);
    sleeps(&a);
    bench.wish_of("a", "down");
    signal(&a["tender"]["pid"], Signal::SIGUSR1);
    bench.wait_of("a", "its stop", |state| state["phase"] == "down");
    fs::remove_file(bench.path("die")).unwrap();
    release(&bench);
    for name in ["b", "c"] {
        let state = bench.state_of(name).unwrap();
        signal(&state["tender"]["pid"], Signal::SIGUSR1);
        let state = bench.wait_of(name, "its third life", |state| state["phase"] == "running");
        assert_eq!(state["restarts"], 2);
        assert_eq!(state["reason"], Value::Null);
    }
}

#[test]
fn one_crash_loop_among_three_is_held_by_nobody() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        begin(&bench, name, "exec sleep 1000");
    }
    let mut unit = bench.unit_named("loops", "exit 7");
    unit["policy"] = policy(1, 5);
    bench.start_named(&unit);
    bench.wait_of("loops", "its end", |state| state["phase"] == "parked");
    assert!(!bench.path("brake").exists());
    wait_for("all six deaths on record", || {
        let deaths = bench.lines("deaths");
        (deaths.iter().filter(|line| !line.is_empty()).count() == 6).then_some(())
    });
}

#[test]
fn a_stop_is_no_death_and_a_lost_terminal_is_one() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        begin(&bench, name, "exec sleep 1000");
    }
    let a = bench.state_of("a").unwrap();
    bench.wish_of("a", "down");
    signal(&a["tender"]["pid"], Signal::SIGUSR1);
    bench.wait_of("a", "its stop", |state| state["phase"] == "down");
    assert!(!bench.path("deaths").exists());
    bench.tmux(&["kill-server"]);
    bench.wait_of("b", "its loss", |state| state["phase"] == "lost");
    wait_for("the record of it", || {
        let deaths = bench.lines("deaths");
        deaths
            .iter()
            .any(|line| line.contains("\"b\""))
            .then_some(())
    });
}
