//! The wait before a life: how long, over what it lasts, and what ends it.

use super::*;

/// Dies at once, each time.
const LOOPS: &str = "echo begun >> lives; exit 7";

/// Starts a unit that dies at once and waits this long before its second restart.
fn waiting(bench: &Bench, backoff: u32) -> Value {
    let mut unit = bench.unit(LOOPS);
    unit["policy"] = policy(backoff, 10);
    bench.start(&unit);
    bench.wait_for_phase("waiting")
}

#[test]
fn the_first_restart_is_at_once_and_the_next_ones_wait_ever_longer() {
    let bench = Bench::new();
    let mut unit = bench.unit("date +%s.%N >> times; exit 7");
    unit["policy"] = policy(200, 4);
    bench.start(&unit);
    bench.wait_for_phase("parked");
    let times: Vec<f64> = bench
        .lines("times")
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    let waits: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 4);
    // Shortened by a fifth at most; a busy machine may only prolong them.
    for (wait, least) in waits.iter().zip([0.0, 0.16, 0.32, 0.64]) {
        assert!(*wait >= least, "{waits:?}");
    }
    assert!(waits[0] < waits[3], "{waits:?}");
}

#[test]
fn a_wait_is_told_with_its_end_and_nothing_wakes_the_tender_meanwhile() {
    let bench = Bench::new();
    let state = waiting(&bench, 60_000);
    assert_eq!(bench.lines("lives").len(), 2);
    assert_eq!(
        (&state["restarts"], &state["streak"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(state["last_exit"]["code"], 7);
    let uptime = |when: &Value| when["uptime"].as_f64().unwrap();
    let left = uptime(&state["due"]) - uptime(&state["deaths"][1]);
    assert!((48.0..=60.0).contains(&left), "{state}");
    sleeps(&state);
}

/// F10: a stop during a back-off.
#[test]
fn a_stop_ends_a_wait_and_a_look_alone_does_not() {
    let bench = Bench::new();
    let state = waiting(&bench, 60_000);
    bench.tell();
    sleeps(&state);
    assert_eq!(bench.state().unwrap(), state);
    bench.wish("down");
    bench.tell();
    let state = bench.wait_for_phase("down");
    assert_eq!(state["due"], Value::Null);
    assert_eq!(bench.lines("lives").len(), 2);
}

/// F10: a stop while somebody else moves the files, and while the unit is made anew.
#[test]
fn a_stop_ends_the_wait_for_a_lock_and_for_a_new_unit() {
    let bench = Bench::new();
    let lock = fs::File::create(bench.path("spawn.lock")).unwrap();
    let held = Flock::lock(lock, FlockArg::LockExclusive).unwrap();
    bench.start(&bench.unit(LOOPS));
    bench.wait_for_phase("starting");
    let asked = Stopwatch::start();
    bench.wish("down");
    bench.tell();
    bench.wait_for_phase("down");
    drop(held);
    bench.wish("up");
    let mut unit = bench.unit(LOOPS);
    unit["refresh"] = json!({
        "watched": [[bench.path("unit.json"), "-"]],
        "command": ["/bin/sh", "-c", "echo $$ > refreshing; exec sleep 1000"],
    });
    bench.start(&unit);
    bench.wait_for_lines("refreshing", 1);
    bench.wish("down");
    bench.tell();
    bench.wait_for_phase("down");
    asked.assert_within(Duration::from_secs(20));
    assert_eq!(bench.lines("lives").len(), 0);
    let refreshing = format!("/proc/{}", bench.lines("refreshing")[0]);
    assert!(!Path::new(&refreshing).exists());
}

#[test]
fn a_healthy_life_is_followed_at_once_again() {
    let bench = Bench::new();
    let mut unit = bench.unit("echo begun >> lives; until [ -e die ]; do sleep 0.02; done; rm die");
    unit["policy"] = policy(300_000, 10);
    unit["policy"]["restart"]["on"] = json!("always");
    unit["policy"]["restart"]["healthy_after"] = json!({ "secs": 0, "nanos": 200_000_000 });
    bench.start(&unit);
    for life in 1..=4 {
        bench.wait_for_lines("lives", life);
        let state = bench.wait_for_restarts(u64::try_from(life).unwrap() - 1);
        let since: jiff::Timestamp = state["since"].as_str().unwrap().parse().unwrap();
        wait_for("health", || {
            let age = jiff::Timestamp::now().duration_since(since);
            (age.as_millis() > 400).then_some(())
        });
        fs::write(bench.path("die"), "").unwrap();
    }
    let state = bench.wait_for_restarts(4);
    assert_eq!(state["streak"], 1);
    assert_eq!(state["deaths"].as_array().unwrap().len(), 4);
}

/// F5, F6: what a tender knows survives it, and its own end counts once.
#[test]
fn deaths_count_over_the_end_of_a_tender_and_its_own_is_one_more() {
    let bench = Bench::new();
    let mut unit = bench.unit("echo begun >> lives; exec sleep 1000");
    unit["policy"] = policy(1, 10);
    bench.start(&unit);
    let first = bench.wait_for_phase("running");
    signal(&first["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_restarts(1);
    assert_eq!(
        (&state["streak"], &state["last_exit"]["signal"]),
        (&json!(1), &json!(9))
    );
    unit["keeps_history"] = json!(true);
    bench.write(&unit);
    for killed in 1..=3_u64 {
        let state = bench.state().unwrap();
        kill_tender(&state);
        bench.start_again();
        let next = wait_for("another tender", || {
            bench
                .state()
                .filter(|next| next["phase"] == "running" && next["tender"] != state["tender"])
        });
        assert_eq!(next["streak"], 1 + killed);
        assert_eq!(next["restarts"], 1 + killed);
        assert_eq!(next["deaths"].as_array().unwrap().len() as u64, 1 + killed);
        assert_eq!(next["last_exit"]["code"], Value::Null);
        assert_eq!(next["last_exit"]["signature"], "its tender was killed");
    }
    // Its next death is one of that row.
    let state = bench.state().unwrap();
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_restarts(5);
    assert_eq!(state["streak"], 5);
    // Who is started by the operator begins anew.
    kill_tender(&state);
    unit["keeps_history"] = json!(false);
    bench.start(&unit);
    let state = wait_for("a new beginning", || {
        bench
            .state()
            .filter(|state| state["phase"] == "running" && state["streak"] == 0)
    });
    assert_eq!(state["deaths"], json!([]));
    assert_eq!(
        (&state["restarts"], &state["last_exit"]),
        (&json!(0), &Value::Null)
    );
}

/// F6: a tender that is killed while it waits.
#[test]
fn a_tender_that_was_killed_while_it_waited_had_no_life_to_lose() {
    let bench = Bench::new();
    let mut unit = bench.unit(LOOPS);
    unit["policy"] = policy(60_000, 10);
    unit["policy"]["restart"]["backoff_max"] = json!({ "secs": 60, "nanos": 0 });
    bench.start(&unit);
    let state = bench.wait_for_phase("waiting");
    kill_tender(&state);
    unit["keeps_history"] = json!(true);
    bench.write(&unit);
    bench.start_again();
    let next = wait_for("another tender's wait", || {
        bench
            .state()
            .filter(|next| next["phase"] == "waiting" && next["tender"] != state["tender"])
    });
    // Two before, and that of the life which came then.
    assert_eq!(next["streak"], 3);
    assert_eq!(next["deaths"].as_array().unwrap().len(), 3);
    assert_eq!(bench.lines("lives").len(), 3);
}

/// F7: the terminal's server is no fault of what runs there.
#[test]
fn a_killed_server_is_no_death_and_a_killed_session_is_one() {
    let bench = Bench::new();
    let mut unit = bench.unit("echo begun >> lives; exec sleep 1000");
    let session = bench.start(&unit);
    bench.wait_for_phase("running");
    unit["keeps_history"] = json!(true);
    bench.write(&unit);
    bench.tmux(&["kill-session", "-t", &session]);
    let state = bench.wait_for_phase("lost");
    assert_eq!(state["due"], Value::Null);
    wait_until_gone(&state["tender"]["pid"]);
    bench.start_again();
    let state = bench.wait_for_phase("running");
    assert_eq!(
        (&state["streak"], &state["restarts"]),
        (&json!(1), &json!(1))
    );
    let server = bench.tmux(&["display-message", "-p", "#{pid}"]);
    signal(
        &json!(server.trim().parse::<i32>().unwrap()),
        Signal::SIGKILL,
    );
    bench.wait_for_phase("lost");
    wait_until_gone(&state["tender"]["pid"]);
    bench.tmux(&["new-session", "-d", "-s", "keep", "exec sleep 100000"]);
    bench.start_again();
    let state = bench.wait_for_phase("running");
    assert_eq!(
        (&state["streak"], &state["restarts"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn a_key_that_was_meant_for_a_dead_life_does_not_end_the_tender() {
    let bench = Bench::new();
    let mut unit = bench.unit(LOOPS);
    unit["policy"] = policy(60_000, 10);
    let session = bench.start(&unit);
    let state = bench.wait_for_phase("waiting");
    bench.wait_for_screen(&session, "starting again in");
    for key in ["C-c", "C-\\", "C-z", "C-c"] {
        bench.tmux(&["send-keys", "-t", &session, key]);
    }
    // What was typed has arrived once it shows.
    bench.tmux(&["send-keys", "-t", &session, "typed"]);
    bench.wait_for_screen(&session, "typed");
    assert_eq!(bench.state().unwrap(), state);
    // A process that tells it to end is obeyed.
    signal(&state["tender"]["pid"], Signal::SIGINT);
    let state = bench.wait_for_phase("lost");
    assert_eq!(state["reason"], "its tender was told to end by SIGINT");
}

fn kill_tender(state: &Value) {
    signal(&state["tender"]["pid"], Signal::SIGKILL);
    wait_until_gone(&state["tender"]["pid"]);
}

/// tmux 3.3a may never bury the process of a pane: a zombie has ended too.
fn wait_until_gone(pid: &Value) {
    let place = format!("/proc/{pid}/status");
    wait_for("its end", || {
        let status = fs::read_to_string(&place).unwrap_or_default();
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    });
}
