//! `fleet status --check`: what counts as being as it should, for scripts.

use super::fleet;
use crate::sandbox::{Sandbox, exit};

#[test]
fn a_check_finds_what_is_not_as_it_should_be() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo ready; read -r line; exit 7\n")
        .project("demo", "v1");
    sandbox.fleet(&["status", "--check"]).exited(0);
    let sandbox = sandbox.started("demo", "ready");
    sandbox.fleet(&["status", "--check"]).exited(0);
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    sandbox.fleet(&["status", "--check"]).exited(5);
    sandbox.fleet(&["status", "--check", "--json"]).exited(5);
    sandbox.fleet(&["status"]).exited(0);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["status", "--check"]).exited(0);
    sandbox.write("fleet/projects/demo/engine/run.sh", "changed\n");
    sandbox.fleet(&["status", "--check"]).exited(5);
    sandbox.set("demo", "enabled = false");
    sandbox.fleet(&["status", "--check"]).exited(0);
}

/// Each of these alone is found, and none of it once the project is not enabled.
#[test]
fn whatever_is_not_as_asked_for_is_found_in_the_chosen_and_enabled() {
    let sandbox = fleet().project("other", "v0.1.0");
    let at = "2026-01-01T00:00:00Z";
    for (phase, code, found) in [
        ("finished", 0, 0),
        ("down", 0, 0),
        ("crashed", 7, 5),
        ("parked", 7, 5),
    ] {
        sandbox.is_dead("demo", phase, exit(code, at, "x"));
        sandbox.fleet(&["status", "--check"]).exited(found);
        sandbox.fleet(&["status", "--check", "other"]).exited(0);
        sandbox
            .fleet(&["status", "--check", "--state", "down"])
            .exited(0);
    }
    sandbox.write("fleet/.fleet/state/demo.json", "{");
    sandbox.fleet(&["status", "--check"]).exited(5);
    sandbox.set("demo", "enabled = false");
    sandbox.fleet(&["status", "--check"]).exited(0);
    // A check of nobody finds nothing.
    sandbox
        .fleet(&["status", "--check", "--label", "none"])
        .exited(0);
}

#[test]
fn who_was_asked_to_be_up_and_never_was_is_found() {
    let sandbox = fleet();
    let wish = "{\"version\": 1, \"want\": \"up\", \"since\": \"2026-01-01T00:00:00Z\"}";
    sandbox.write("fleet/.fleet/desired/demo", wish);
    sandbox.fleet(&["status", "--check"]).exited(5);
    sandbox.fleet(&["status", "--check", "--json"]).exited(5);
}
