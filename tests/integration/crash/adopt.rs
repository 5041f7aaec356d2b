//! `fleet adopt`, cut off.

use super::{Moment, beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::{Sandbox, assert_same};

const ADOPT: [&str; 2] = ["adopt", "../src/demo"];

/// A fleet and a repository, and the moments of its adoption.
fn prepared() -> (Sandbox, Vec<Moment>) {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("first", "v0.1.0");
    sandbox.vendoring("src/demo", "v0.1.0");
    // What only the first command of a home makes is there from now on, as it is when it is cut off.
    sandbox.fleet(&ADOPT).succeeded();
    sandbox.fleet(&["remove", "demo"]).succeeded();
    let moments = moments(&sandbox, &ADOPT);
    sandbox.fleet(&["remove", "demo"]).succeeded();
    (sandbox, moments)
}

/// Cuts an adoption off at each of these moments, and fails unless it is done or not, and done when it is run again.
fn at_each(moments: &[&Moment], sandbox: &Sandbox, cut_off: impl Fn(usize, &Moment)) {
    let project = sandbox.at("src/demo");
    let (before, around) = (sandbox.tree(&project), beside(sandbox));
    let old = sandbox.read("fleet/fleet.toml");
    sandbox.fleet(&ADOPT).succeeded();
    let new = sandbox.read("fleet/fleet.toml");
    sandbox.fleet(&["remove", "demo"]).succeeded();
    for (number, moment) in moments.iter().enumerate() {
        cut_off(number, moment);
        let now = sandbox.read("fleet/fleet.toml");
        assert!(now == old || now == new, "{moment:?}: {now}");
        sandbox.fleet(&["status"]).succeeded();
        sandbox.fleet(&ADOPT).succeeded();
        assert_eq!(sandbox.read("fleet/fleet.toml"), new, "{moment:?}");
        assert_same(&before, &sandbox.tree(&project));
        assert_eq!(beside(sandbox), around, "{moment:?}");
        sandbox.fleet(&["remove", "demo"]).succeeded();
        assert_eq!(sandbox.read("fleet/fleet.toml"), old, "{moment:?}");
    }
}

#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let (sandbox, moments) = prepared();
    let moments = deadly(&moments);
    assert!(moments.len() > 5, "{moments:?}");
    at_each(&moments, &sandbox, |_, moment| {
        killed_at(&sandbox, moment, &ADOPT);
    });
}

#[test]
fn where_a_call_fails_it_says_so_and_completes_when_it_is_run_again() {
    let (sandbox, moments) = prepared();
    let errors = ["ENOSPC", "EACCES", "EIO"];
    at_each(&fallible(&moments), &sandbox, |number, moment| {
        let error = errors[number % errors.len()];
        let output = failing_at(&sandbox, moment, error, &ADOPT);
        is_said_clearly(&output, &format!("{error} at {moment:?}"));
    });
}
