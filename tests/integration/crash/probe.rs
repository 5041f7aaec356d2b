//! `fleet harness probe`, cut off: what is left of it is ended and removed by the next one.

use super::{deadly, killed_at, moments};
use crate::probe::{PROBE, fleet, nothing_is_left};

/// F1: killed anywhere, with a harness whose children hide.
#[test]
fn what_a_probe_left_that_was_killed_anywhere_is_cleared_by_the_next() {
    let sandbox =
        fleet("setsid sh -c 'sleep 86402; true' &\nsetsid sleep 86401 &\necho up; exec cat\n");
    // What only the first command of a home makes is there from now on, as it is when it is cut off.
    sandbox.fleet(&PROBE).succeeded();
    let moments = moments(&sandbox, &PROBE);
    nothing_is_left(&sandbox);
    let moments = deadly(&moments);
    let (mut killed, mut left) = (0, 0);
    // Two probes for each take a second: some, mostly of the time when something runs.
    let late = moments.len() / 2;
    let (before, after) = moments.split_at(late);
    let some = |part: &[_]| part.len().div_ceil(20);
    let chosen = before.iter().step_by(3 * some(before));
    for &moment in chosen.chain(after.iter().step_by(some(after))) {
        let what = format!("{moment:?}");
        let output = killed_at(&sandbox, moment, &PROBE);
        killed += usize::from(output.code != Some(0));
        left += usize::from(!sandbox.running("sleep 8640").is_empty());
        // It is no part of the fleet, whatever is left of it.
        let list = sandbox.fleet(&["list", "--json"]);
        assert!(!list.succeeded().stdout.contains("trial"), "{what}");
        let next = sandbox.fleet(&PROBE);
        assert!(next.code == Some(0), "{what}: {}", next.text());
        nothing_is_left(&sandbox);
    }
    assert!(
        killed > 12 && left > 0,
        "{killed} and {left} of {}",
        moments.len()
    );
}
