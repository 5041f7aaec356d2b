//! The whole server at once.

use insta::assert_snapshot;

use super::{Guardian, fleet_of, lives, start, stop_all, whole};

#[test]
fn what_a_server_took_with_it_is_one_incident() {
    let sandbox = fleet_of(&["a", "b", "c"]).setting("a", "watch = \"heal\"");
    start(&sandbox, &["a", "b", "c"]);
    let guardian = Guardian::of(&sandbox);
    sandbox.kill(&sandbox.server());
    guardian.says_times(&sandbox, "brought back", 3);
    for name in ["a", "b", "c"] {
        whole(&sandbox, name);
        assert_eq!(lives(&sandbox, name), 2);
    }
    stop_all(&sandbox);
    let (_, said) = guardian.end();
    assert_snapshot!(sandbox.normalise(&said), @r"
    guarding `test`, process <pid>: 3 projects, 3 running
    the tmux server, process <pid>, has gone, and 3 sessions with it
    brought back `a`: its tmux server has gone
    brought back `b`: its tmux server has gone
    brought back `c`: its tmux server has gone
    the guardian ends; what runs goes on
    ");
}

#[test]
fn a_server_that_ends_because_all_was_stopped_is_nothing() {
    let sandbox = fleet_of(&["a", "b"]);
    start(&sandbox, &["a", "b"]);
    let guardian = Guardian::of(&sandbox);
    let server = sandbox.server();
    stop_all(&sandbox);
    sandbox.wait_for("the server to end", || !server.is_alive());
    start(&sandbox, &["a"]);
    stop_all(&sandbox);
    let (_, said) = guardian.end();
    assert_snapshot!(sandbox.normalise(&said), @r"
    guarding `test`, process <pid>: 2 projects, 2 running
    the guardian ends; what runs goes on
    ");
    assert_eq!((lives(&sandbox, "a"), lives(&sandbox, "b")), (2, 1));
}

#[test]
fn a_server_that_is_told_to_end_by_hand_takes_all_and_all_comes_back() {
    let sandbox = fleet_of(&["a", "b"]);
    start(&sandbox, &["a", "b"]);
    let guardian = Guardian::of(&sandbox);
    sandbox.tmux(&["kill-server"]).succeeded();
    guardian.says_times(&sandbox, "brought back", 2);
    whole(&sandbox, "a");
    whole(&sandbox, "b");
    stop_all(&sandbox);
}

#[test]
fn a_server_that_goes_again_and_again_is_waited_for() {
    let sandbox = fleet_of(&["a", "b"]);
    start(&sandbox, &["a", "b"]);
    let guardian = Guardian::of(&sandbox);
    for round in 1..=2 {
        sandbox.kill(&sandbox.server());
        guardian.says_times(&sandbox, "brought back", round * 2);
        whole(&sandbox, "a");
        whole(&sandbox, "b");
    }
    let killed = std::time::Instant::now();
    sandbox.kill(&sandbox.server());
    guardian.says_times(&sandbox, "brought back", 6);
    // The third loss in a row waits for a second or two, less a fifth of it by chance.
    assert!(killed.elapsed().as_secs_f64() > 0.8);
    stop_all(&sandbox);
}
