//! F1, F17: a roll-out, cut off, is gone on with or taken back.

use super::{Moment, deadly, failing_at, fallible, is_said_clearly, killed_at, moments_of};
use crate::sandbox::Sandbox;

/// A harness's program that is well.
const UP: &str = "echo up\nwhile read -r line; do echo \"$line\"; done\n";

/// Of so many moments at most one of these many is tried: each costs seconds.
const SAMPLES: usize = 14;

/// Two projects that run, and three versions: two are good.
fn two_projects() -> Sandbox {
    let sandbox = Sandbox::new()
        .harness(["v0.0.1"])
        .script("v0.1.0", UP)
        .script("v0.2.0", &format!("echo two\n{UP}"))
        .script("bad", "exit 7\n")
        .project("a", "v0.1.0")
        .project("b", "v0.1.0");
    sandbox.fleet(&["start", "a", "b"]).succeeded();
    sandbox
}

/// Chooses among the moments before which a command is killed.
fn sample(moments: &[Moment]) -> Vec<&Moment> {
    let deadly = deadly(moments);
    let every = deadly.len().div_ceil(SAMPLES).max(1);
    deadly.into_iter().step_by(every).collect()
}

fn is_open(sandbox: &Sandbox) -> bool {
    sandbox.at("fleet/.fleet/rollout.json").exists()
}

/// Fails unless a project runs at a version and is whole; returns how many commits it has.
#[track_caller]
fn runs_at(sandbox: &Sandbox, name: &str, version: &str, what: &str) -> usize {
    let project = sandbox.project_at(name);
    let wanted = sandbox.git(&sandbox.at("harness"), &["rev-parse", version]);
    let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    assert_eq!(pinned, wanted, "{what}: `{name}` is not at {version}");
    let status = sandbox.wait_until_is(name, "up");
    assert_eq!(status["pin"]["word"], "ok", "{what}: {status:#}");
    assert_eq!(status["pin"]["ref"], version, "{what}");
    assert_eq!(status["pin"]["running"], wanted.as_str(), "{what}");
    assert_eq!(
        sandbox.git(&project, &["status", "--porcelain"]),
        "",
        "{what}"
    );
    let commits = sandbox.git(&project, &["rev-list", "--count", "HEAD"]);
    commits.parse().unwrap()
}

/// The command that rolls a version out.
fn roll_out(version: &str) -> [&str; 7] {
    ["update", "--all", version, "--wave", "1", "--soak", "50ms"]
}

#[test]
fn killed_anywhere_a_roll_out_is_gone_on_with() {
    let sandbox = two_projects();
    let moments = moments_of(&sandbox, &roll_out("v0.2.0"), 0);
    let (mut commits, mut open) = (2, 0);
    for (count, moment) in sample(&moments).into_iter().enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        killed_at(&sandbox, moment, &roll_out(version));
        open += usize::from(is_open(&sandbox));
        let again = if is_open(&sandbox) {
            sandbox.fleet(&["update", "--resume"])
        } else {
            sandbox.fleet(&roll_out(version))
        };
        assert_eq!(again.code, Some(0), "{what}: {}", again.text());
        commits += 1;
        for name in ["a", "b"] {
            assert_eq!(runs_at(&sandbox, name, version, &what), commits, "{what}");
        }
        assert!(!is_open(&sandbox), "{what}");
    }
    assert!(open > 7, "{open}");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn killed_anywhere_a_roll_out_is_taken_back() {
    let sandbox = two_projects();
    let moments = moments_of(&sandbox, &roll_out("v0.2.0"), 0);
    let mut at = "v0.2.0";
    for moment in sample(&moments) {
        let what = format!("{moment:?}");
        let version = if at == "v0.1.0" { "v0.2.0" } else { "v0.1.0" };
        killed_at(&sandbox, moment, &roll_out(version));
        if is_open(&sandbox) {
            let back = sandbox.fleet(&["update", "--back-out"]);
            assert_eq!(back.code, Some(0), "{what}: {}", back.text());
        } else {
            // It had not begun, or was over.
            at = sandbox.status("b")["pin"]["ref"]
                .as_str()
                .map_or(at, |it| if it == version { version } else { at });
        }
        for name in ["a", "b"] {
            runs_at(&sandbox, name, at, &what);
        }
        assert!(!is_open(&sandbox), "{what}");
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn killed_anywhere_a_wave_that_failed_goes_back() {
    let sandbox = two_projects();
    let moments = moments_of(&sandbox, &roll_out("bad"), 1);
    let before = runs_at(&sandbox, "b", "v0.1.0", "");
    for moment in sample(&moments) {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &roll_out("bad"));
        if is_open(&sandbox) {
            let again = sandbox.fleet(&["update", "--resume"]);
            assert_eq!(again.code, Some(1), "{what}: {}", again.text());
        }
        runs_at(&sandbox, "a", "v0.1.0", &what);
        assert_eq!(runs_at(&sandbox, "b", "v0.1.0", &what), before, "{what}");
        assert!(!is_open(&sandbox), "{what}");
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F3: what cannot be written leaves it where it was, and open.
#[test]
fn where_a_call_fails_a_roll_out_says_so_and_is_gone_on_with() {
    let sandbox = two_projects();
    let moments = moments_of(&sandbox, &roll_out("v0.2.0"), 0);
    let moments = fallible(&moments);
    let every = moments.len().div_ceil(SAMPLES).max(1);
    let errors = ["ENOSPC", "EACCES", "EIO"].iter().cycle();
    for (count, (moment, error)) in moments.into_iter().step_by(every).zip(errors).enumerate() {
        let what = format!("{error} at {moment:?}");
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        let said = failing_at(&sandbox, moment, error, &roll_out(version));
        is_said_clearly(&said, &what);
        if is_open(&sandbox) {
            sandbox.fleet(&["update", "--resume"]);
        }
        // One that could not be moved at all has gone back, or was left out.
        sandbox.fleet(&roll_out(version));
        for name in ["a", "b"] {
            runs_at(&sandbox, name, version, &what);
        }
        assert!(!is_open(&sandbox), "{what}");
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
