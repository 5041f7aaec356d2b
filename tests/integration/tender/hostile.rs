//! F9: harnesses that do not behave.

use super::*;

#[test]
fn what_exits_at_once_is_parked_with_the_reason() {
    let bench = Bench::new();
    bench.start(&bench.unit("echo begun >> lives; exit 3"));
    let state = bench.wait_for_phase("parked");
    assert_eq!(
        state["reason"],
        "died 6 times within 1 min, at last with exit status 3"
    );
    assert_eq!(bench.lines("lives").len(), 6);
    assert_eq!(state["last_exit"]["signature"], "exit status 3");
}

#[test]
fn what_exits_0_has_finished_or_comes_back_as_it_was_asked() {
    let bench = Bench::new();
    let mut unit = bench.unit("echo begun >> lives; [ $(wc -l < lives) -lt 3 ] || exec sleep 1000");
    unit["policy"]["restart"]["on"] = json!("always");
    bench.start(&unit);
    let state = bench.wait_for_restarts(2);
    assert_eq!(state["last_exit"]["code"], 0);
    let bench = Bench::new();
    bench.start(&bench.unit("echo begun >> lives; exit 0"));
    let state = bench.wait_for_phase("finished");
    assert_eq!(state["restarts"], 0);
    assert_eq!(bench.lines("lives").len(), 1);
}

#[test]
fn what_says_nothing_dies_without_last_words() {
    let bench = Bench::new();
    let mut unit = bench.unit("kill -SEGV $$");
    unit["policy"]["heal"] = json!(false);
    bench.start(&unit);
    let state = bench.wait_for_phase("crashed");
    assert_eq!(state["last_exit"]["said"], json!([]));
    assert_eq!(state["last_exit"]["signature"], "SIGSEGV");
    assert_eq!(state["last_exit"]["oom"], Value::Null);
}

/// Each life leaves children that forked twice, left the session and ignore signals, and dies by itself.
#[test]
fn a_loop_of_lives_that_leave_children_leaves_none_to_the_next() {
    let bench = Bench::new();
    let mut unit = bench.unit(&format!(
        "trap '' TERM; {HARNESS} until [ $(wc -l < pids) -ge $(($(wc -l < lives) * 3)) ]; do sleep 0.01; done; exit 7"
    ));
    unit["policy"] = policy(1, 2);
    bench.start(&unit);
    bench.wait_for_phase("parked");
    assert_eq!(bench.lines("lives").len(), 3);
    assert_eq!(bench.lines("pids").len(), 9);
    assert_eq!(bench.lines("met"), [""; 0]);
    assert_eq!(bench.living(), [0; 0]);
}

/// A daemon is no life: its starter has ended, and what it left is ended with it.
#[test]
fn what_turns_into_a_daemon_has_finished_and_leaves_nothing() {
    let bench = Bench::new();
    bench.start(&bench.unit(
        "(setsid sh -c 'echo $$ > daemon; exec sleep 1000' > /dev/null 2>&1 &); until [ -s daemon ]; do sleep 0.01; done",
    ));
    let state = bench.wait_for_phase("finished");
    assert_eq!(bench.living(), [0; 0]);
    assert!(state["last_exit"]["killed"].as_u64().unwrap() <= 1);
}

/// A gigabyte would take its time on a busy machine: a tenth of it is far more than anybody may keep.
#[test]
fn what_prints_without_end_costs_no_memory() {
    let bench = Bench::new();
    let mut unit = bench.unit(
        "head -c 100000000 /dev/zero | tr '\\0' 'x' | fold -w 150; echo begun >> lives; echo; echo the end; exit 7",
    );
    unit["policy"]["heal"] = json!(false);
    bench.start(&unit);
    wait_for("all of it", || bench.lines("lives").first().cloned());
    let state = bench.wait_for_phase("crashed");
    let server = bench.tmux(&["display-message", "-p", "#{pid}"]);
    let most = |pid: &str| -> u64 {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
        kibibytes.parse().unwrap()
    };
    assert!(most(&state["tender"]["pid"].to_string()) < 20_000);
    assert!(most(server.trim()) < 60_000);
    let said = state["last_exit"]["said"].as_array().unwrap();
    assert_eq!(said.last().unwrap(), "the end");
    assert!(said.iter().all(|line| line.as_str().unwrap().len() <= 210));
}
