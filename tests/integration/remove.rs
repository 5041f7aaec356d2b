//! `fleet remove`: out of the registry, with the files as they were, or to the trash; never while something runs.

mod guards;
mod trash;

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, assert_same};

#[test]
fn a_project_that_is_down_leaves_the_registry_and_keeps_its_files() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .started("demo", "demo is up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let before = sandbox.tree(&sandbox.project_at("demo"));
    assert_snapshot!(sandbox.run("remove demo"), @r"
    --- stderr
    removed `demo` from fleet.toml; its files are still at $ROOT/fleet/projects/demo
    --- exit code 0
    ");
    assert_same(&before, &sandbox.tree(&sandbox.project_at("demo")));
    assert!(!sandbox.read("fleet/fleet.toml").contains("demo"));
    for left in ["units/demo.json", "desired/demo", "state/demo.json"] {
        assert!(!sandbox.directory().join(".fleet").join(left).exists());
    }
}

#[test]
fn a_project_that_runs_stays() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .started("demo", "demo is up");
    let registry = sandbox.read("fleet/fleet.toml");
    assert_snapshot!(sandbox.run("remove demo"), @r"
    --- stderr
    error: `demo` has not been stopped
    hint: `fleet stop demo` first
    --- exit code 3
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    // Nobody would end its processes any more.
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.wait_until_is("demo", "crashed");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["remove", "demo"]).succeeded();
}

#[test]
fn a_project_whose_state_cannot_be_read_stays() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.write("fleet/.fleet/state/demo.json", "{");
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.fleet(&["remove", "demo"]).exited(1);
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
}
