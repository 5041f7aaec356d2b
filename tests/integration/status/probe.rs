//! `fleet status --probe`: what the harness says of itself, asked on request and remembered.

use crate::sandbox::Sandbox;

/// A project whose harness is well unless there is a file `sick` in the project.
fn probed() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .manifest(
            "v1",
            "start = [\"sh\", \"{engine}/run.sh\"]\nstatus = [\"sh\", \"-c\", \"test ! -e sick\"]",
            "echo is up; exec cat\n",
        )
        .project("demo", "v1")
        .started("demo", "is up")
}

#[test]
fn a_sick_harness_is_degraded_until_it_says_otherwise_or_is_restarted() {
    let sandbox = probed();
    // Nobody has asked, so nobody knows.
    assert!(sandbox.status("demo")["harness"]["healthy"].is_null());
    sandbox.fleet(&["status", "--probe", "--check"]).succeeded();
    assert_eq!(sandbox.status("demo")["harness"]["healthy"], true);

    sandbox.write("fleet/projects/demo/sick", "");
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["status", "--probe", "--check"]).exited(5);
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "degraded");
    assert_eq!(status["harness"]["healthy"], false);
    assert!(status["harness"]["probed"].is_string());

    // What another life said does not count for this one.
    sandbox.fleet(&["restart", "demo"]).succeeded();
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "up");
    assert!(status["harness"]["healthy"].is_null());
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_does_not_run_is_not_asked() {
    let sandbox = probed();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.write("fleet/projects/demo/sick", "");
    sandbox.fleet(&["status", "--probe"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}
