//! `fleet apply`, cut off. What it does is done by what other verbs do; here they come one after the other.

use super::{Moment, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::plan::{fleet, move_by_hand, wish};
use crate::sandbox::Sandbox;

/// Puts a world into disorder: a pin behind, an engine missing, one that runs and should not.
fn disorder(sandbox: &Sandbox) {
    move_by_hand(sandbox, "behind", "v0.2.0");
    std::fs::remove_dir_all(sandbox.place("empty").join("engine")).expect("it is there");
    if sandbox.status("down")["verdict"] != "up" {
        sandbox.fleet(&["start", "down"]).succeeded();
    }
    wish(sandbox, "down", "down");
}

fn world() -> Sandbox {
    let sandbox = fleet(&["behind", "down", "empty"]);
    disorder(&sandbox);
    sandbox
}

/// Applies until there is nothing left to do: once, or, after a repair, twice.
#[track_caller]
fn completes(sandbox: &Sandbox, moment: &Moment) {
    sandbox.fleet(&["validate"]).succeeded();
    for _ in 0..2 {
        let said = sandbox.fleet(&["apply"]);
        assert!(said.code == Some(0), "{moment:?}: {}", said.text());
    }
    let left = sandbox.fleet(&["plan", "--check"]);
    assert!(left.code == Some(0), "{moment:?}: {}", left.text());
    for name in ["behind", "empty"] {
        sandbox.is_whole(&sandbox.place(name));
    }
    assert_eq!(sandbox.status("down")["verdict"], "down", "{moment:?}");
}

/// F1.
#[test]
fn an_apply_that_was_killed_anywhere_completes_when_it_is_run_again() {
    let sandbox = world();
    let moments = moments(&sandbox, &["apply"]);
    let deadly = deadly(&moments);
    assert!(deadly.len() > 20, "{}", deadly.len());
    // A move and a stop that are killed have tests of their own: every third moment will do.
    for moment in deadly.into_iter().step_by(3) {
        disorder(&sandbox);
        killed_at(&sandbox, moment, &["apply"]);
        completes(&sandbox, moment);
    }
}

/// F3.
#[test]
fn where_a_call_fails_an_apply_says_so_and_completes_when_it_is_run_again() {
    let sandbox = world();
    let moments = moments(&sandbox, &["apply"]);
    for moment in fallible(&moments).into_iter().step_by(6) {
        disorder(&sandbox);
        let said = failing_at(&sandbox, moment, "ENOSPC", &["apply"]);
        is_said_clearly(&said, &format!("{moment:?}"));
        completes(&sandbox, moment);
    }
}
