//! The sandbox itself: what the other tests rest on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::Sandbox;

#[test]
fn a_process_left_behind_fails_the_test_and_is_ended() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("sh", sandbox.root());
    sandbox
        .output(command.args(["-c", "setsid tail -f /dev/null > /dev/null 2>&1 &"]))
        .succeeded();
    sandbox.wait_for("the process left behind", || sandbox.processes().len() == 1);
    let left = sandbox.processes().remove(0);
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(sandbox)));
    let said = dropped.expect_err("dropping it must fail the test");
    assert!(
        said.downcast_ref::<String>()
            .is_some_and(|said| said.contains("tail -f /dev/null"))
    );
    assert!(!Path::new(&format!("/proc/{}/cwd", left.pid)).exists());
}

#[test]
fn a_tmux_server_outside_is_never_asked() {
    let sandbox = Sandbox::new();
    let outside = Path::new("/tmp/tmux-0/default");
    let asked = catch_unwind(AssertUnwindSafe(|| {
        sandbox.tmux_at(outside, &["list-sessions"])
    }));
    assert!(asked.is_err());
}

#[test]
fn its_harness_has_its_versions_and_speaks() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let harness = sandbox.root().join("harness");
    assert_eq!(sandbox.git(&harness, &["tag"]), "v0.1.0\nv0.2.0");
    assert!(
        sandbox
            .read("fleet/fleet.toml")
            .contains("default_ref = \"v0.1.0\"")
    );
    let said = sandbox.output(sandbox.command("sh", &harness).args(["run.sh", "demo"]));
    assert_eq!(said.succeeded().stdout, "lines v0.2.0: demo is up\n");
}

#[test]
fn nothing_of_the_callers_environment_comes_in() {
    let sandbox = Sandbox::new();
    let said = sandbox.output(&mut sandbox.command("env", sandbox.root()));
    for variable in [
        "TMUX=",
        "TMUX_PANE=",
        "FLEET_DIR=",
        "CARGO_HOME=",
        "SSH_AUTH_SOCK=",
    ] {
        assert!(
            !said.stdout.lines().any(|line| line.starts_with(variable)),
            "{variable}"
        );
    }
    let directory = sandbox.root().to_string_lossy().into_owned();
    assert!(
        said.stdout
            .contains(&format!("TMUX_TMPDIR={directory}/tmux"))
    );
}

/// F18: a trace fails the test that made it, at once and at its end.
#[test]
fn a_trace_of_the_fleet_in_a_project_fails_the_test() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.write("fleet/projects/demo/.git/hooks/fleet-sync", "");
    let update = || sandbox.fleet(&["update", "demo"]);
    let said = catch_unwind(AssertUnwindSafe(update)).expect_err("it is found");
    let said = said.downcast_ref::<String>().expect("it says what");
    assert!(said.contains("after update demo") && said.contains("fleet-sync"));
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(sandbox)));
    let said = dropped.expect_err("it is still there");
    let said = said.downcast_ref::<String>().expect("it says when");
    assert!(said.contains("after the whole test"));
}
