//! `fleet start` and `fleet stop`, cut off: one harness or none, never two, and none that nobody knows.

use insta::assert_snapshot;

use super::{Moment, deadly, killed_at, moments, under_strace};
use crate::sandbox::Sandbox;

/// A project that runs, and the moments of its start.
fn running() -> (Sandbox, Vec<Moment>) {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let moments = moments(&sandbox, &["start", "demo"]);
    (sandbox, moments)
}

fn harnesses(sandbox: &Sandbox) -> usize {
    let processes = sandbox.processes();
    let is_harness = |command: &str| command.contains("engine/run.sh");
    processes
        .iter()
        .filter(|process| is_harness(&process.command))
        .count()
}

/// Stops the project, and fails unless nothing of it is left.
#[track_caller]
fn stops(sandbox: &Sandbox, what: &str) {
    let stopped = sandbox.fleet(&["stop", "demo"]);
    assert!(stopped.code == Some(0), "{what}: {}", stopped.text());
    assert_eq!(harnesses(sandbox), 0, "{what}");
    sandbox.wait_for("the tmux server to end", || sandbox.processes().is_empty());
}

#[test]
fn a_start_that_was_killed_anywhere_completes_when_it_is_run_again() {
    let (sandbox, moments) = running();
    stops(&sandbox, "at first");
    let moments = deadly(&moments);
    let mut killed = 0;
    for &moment in &moments {
        let what = format!("{moment:?}");
        let output = killed_at(&sandbox, moment, &["start", "demo"]);
        killed += usize::from(output.code != Some(0));
        sandbox.fleet(&["status"]).succeeded();
        let again = sandbox.fleet(&["start", "demo"]);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        sandbox.fleet(&["status", "--check"]).succeeded();
        assert_eq!(harnesses(&sandbox), 1, "{what}");
        stops(&sandbox, &what);
    }
    assert!(killed * 2 > moments.len(), "{killed} of {}", moments.len());
}

#[test]
fn a_start_that_was_killed_anywhere_can_be_stopped() {
    let (sandbox, moments) = running();
    stops(&sandbox, "at first");
    for moment in deadly(&moments) {
        killed_at(&sandbox, moment, &["start", "demo"]);
        stops(&sandbox, &format!("{moment:?}"));
    }
}

#[test]
fn a_stop_that_was_killed_anywhere_completes_when_it_is_run_again() {
    let (sandbox, _) = running();
    let moments = moments(&sandbox, &["stop", "demo"]);
    for moment in deadly(&moments) {
        sandbox.wait_for("the tmux server to end", || sandbox.processes().is_empty());
        sandbox.fleet(&["start", "demo"]).succeeded();
        killed_at(&sandbox, moment, &["stop", "demo"]);
        stops(&sandbox, &format!("{moment:?}"));
    }
}

#[test]
fn a_restart_that_was_killed_anywhere_completes_when_it_is_run_again() {
    let (sandbox, _) = running();
    let moments = moments(&sandbox, &["restart", "demo"]);
    let moments = deadly(&moments);
    let mut owed = 0;
    for &moment in &moments {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &["restart", "demo"]);
        // One look: a moment later, what the killed command had asked of tmux may have been done.
        let look = sandbox.fleet(&["status", "demo", "--json", "--check"]);
        let report: serde_json::Value = serde_json::from_str(&look.stdout).expect("it is JSON");
        let status = &report["projects"][0];
        // Whatever is left undone, the wish is on record: whoever brings back what should run finds it.
        assert_eq!(status["desired"], "up", "{what}: {status:#}");
        if status["verdict"] == "down" {
            owed += 1;
            let reason = status["reason"].as_str().unwrap_or_default();
            let is_told = [
                "its restart was interrupted",
                "was asked to start, but never did",
            ];
            assert!(is_told.contains(&reason), "{what}: {status:#}");
            look.exited(5);
        }
        let again = sandbox.fleet(&["restart", "demo"]);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        sandbox.fleet(&["status", "--check"]).succeeded();
        assert_eq!(harnesses(&sandbox), 1, "{what}");
    }
    assert!(owed > 2, "{owed} of {}", moments.len());
    stops(&sandbox, "in the end");
}

#[test]
fn a_stop_after_a_restart_that_was_killed_anywhere_wins() {
    let (sandbox, _) = running();
    let moments = moments(&sandbox, &["restart", "demo"]);
    for moment in deadly(&moments).into_iter().step_by(2) {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &["restart", "demo"]);
        stops(&sandbox, &what);
        let status = sandbox.status("demo");
        assert_eq!(status["desired"], "down", "{what}");
        assert_eq!(status["verdict"], "down", "{what}");
        sandbox.fleet(&["status", "--check"]).succeeded();
        sandbox.fleet(&["start", "demo"]).succeeded();
    }
    stops(&sandbox, "in the end");
}

#[test]
fn an_update_with_a_restart_that_was_killed_anywhere_completes_when_it_is_run_again() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let update = |version| ["update", "demo", version, "--restart"];
    let moments = moments(&sandbox, &update("v0.2.0"));
    let moments = deadly(&moments);
    for (number, &moment) in moments
        .iter()
        .enumerate()
        .skip(moments.len() / 3)
        .step_by(2)
    {
        let what = format!("{moment:?}");
        let version = ["v0.1.0", "v0.2.0"][number / 2 % 2];
        killed_at(&sandbox, moment, &update(version));
        let again = sandbox.fleet(&update(version));
        assert!(again.code == Some(0), "{what}: {}", again.text());
        // It runs, and it runs what is pinned.
        sandbox.fleet(&["status", "--check"]).succeeded();
        assert_eq!(harnesses(&sandbox), 1, "{what}");
        sandbox.wait_for_screen("demo", &format!("lines {version}"));
    }
    stops(&sandbox, "in the end");
}

/// F3: a full disk takes no new file, so that the wish is written over the one that is there.
#[test]
fn what_fills_the_disk_can_be_stopped() {
    let (sandbox, _) = running();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let inject = "inject=rename,renameat,renameat2:error=ENOSPC";
    let said = under_strace(&sandbox, &["-e", inject], &["stop", "demo"]);
    said.succeeded();
    assert_eq!(harnesses(&sandbox), 0);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_snapshot!(sandbox.run("boot"), @r"
    --- stderr
    no project should run
    --- exit code 0
    ");
}
