//! Commands that were cut off, settled by `fleet doctor --fix` instead of by the same command.

use std::path::Path;

use serde_json::Value;

use super::{Moment, deadly, killed_at, moments};
use crate::sandbox::Sandbox;

/// How many moments of each command are tried.
const SAMPLES: usize = 15;

fn sample(moments: &[Moment]) -> Vec<&Moment> {
    let deadly = deadly(moments);
    let every = deadly.len().div_ceil(SAMPLES).max(1);
    deadly.into_iter().step_by(every).collect()
}

/// What a check says.
fn verdict(sandbox: &Sandbox, check: &str) -> Value {
    let said = sandbox.fleet(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    let checks = report["checks"].as_array().expect("it has checks");
    let found = checks.iter().find(|one| one["check"] == check);
    found.expect("it is checked")["verdict"].clone()
}

fn has_journal(sandbox: &Sandbox, name: &str) -> bool {
    sandbox
        .at(&format!("fleet/.fleet/journal/{name}.json"))
        .exists()
}

/// Has doctor find what is open and settle it; returns whether something was.
#[track_caller]
fn settle(sandbox: &Sandbox, name: &str, what: &str) -> bool {
    let was_open = has_journal(sandbox, name);
    let expected = if was_open { "wrong" } else { "ok" };
    assert_eq!(verdict(sandbox, "journals"), expected, "{what}");
    let fixed = sandbox.fleet(&["doctor", "--fix"]);
    assert_eq!(fixed.code, Some(0), "{what}: {}", fixed.text());
    assert!(!has_journal(sandbox, name), "{what}");
    assert_eq!(
        fixed.stderr.contains("complete or take back"),
        was_open,
        "{what}: {}",
        fixed.text()
    );
    sandbox.fleet(&["validate"]).succeeded();
    was_open
}

fn is_registered(sandbox: &Sandbox, name: &str) -> bool {
    sandbox
        .read("fleet/fleet.toml")
        .contains(&format!("[projects.{name}]"))
}

/// Fails unless a project is at the version that the registry says, one of the two.
#[track_caller]
fn is_at_one_of_two(sandbox: &Sandbox, name: &str, what: &str) {
    let project = sandbox.project_at(name);
    sandbox.is_whole(&project);
    let status = sandbox.status(name);
    assert_eq!(status["pin"]["word"], "ok", "{what}: {status:#}");
    let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    let of = |version: &str| sandbox.git(&sandbox.at("harness"), &["rev-parse", version]);
    assert!([of("v0.1.0"), of("v0.2.0")].contains(&pinned), "{what}");
}

/// F1
#[test]
fn an_update_and_a_rollback_are_completed_or_taken_back() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let moments_of_update = moments(&sandbox, &["update", "demo", "v0.2.0"]);
    let moments_of_rollback = moments(&sandbox, &["rollback", "demo"]);
    let mut open = 0;
    for (number, moment) in sample(&moments_of_update).into_iter().enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.2.0", "v0.1.0"][number % 2];
        killed_at(&sandbox, moment, &["update", "demo", version]);
        open += usize::from(settle(&sandbox, "demo", &what));
        is_at_one_of_two(&sandbox, "demo", &what);
        sandbox.fleet(&["update", "demo", version]).succeeded();
    }
    for moment in sample(&moments_of_rollback) {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &["rollback", "demo"]);
        open += usize::from(settle(&sandbox, "demo", &what));
        is_at_one_of_two(&sandbox, "demo", &what);
    }
    assert!(open > 10, "{open}");
}

/// F1
#[test]
fn a_creation_is_completed_or_leaves_nothing() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("first", "v0.1.0");
    let moments = moments(&sandbox, &["create", "demo"]);
    let (mut open, mut there) = (0, 0);
    // Most of it is building: the end is where it is placed and registered.
    let deadly = deadly(&moments);
    let (build, last) = deadly.split_at(deadly.len().saturating_sub(SAMPLES));
    let some = build.iter().step_by(build.len().div_ceil(SAMPLES).max(1));
    for (number, moment) in some.chain(last).enumerate() {
        let (name, what) = (format!("k{number}"), format!("{moment:?}"));
        killed_at(&sandbox, moment, &["create", &name]);
        open += usize::from(settle(&sandbox, &name, &what));
        let project = sandbox.project_at(&name);
        assert_eq!(project.exists(), is_registered(&sandbox, &name), "{what}");
        if project.exists() {
            there += 1;
            sandbox.is_whole(&project);
        }
        assert_eq!(half_built(&sandbox.at("fleet/projects")), 0, "{what}");
    }
    assert!(open > 10 && there > 2, "{open} {there}");
}

fn half_built(projects: &Path) -> usize {
    let entries = std::fs::read_dir(projects).expect("it is there").flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'))
        .count()
}

/// F1
#[test]
fn a_removal_is_completed_or_taken_back() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("first", "v0.1.0")
        .project("demo", "v0.1.0");
    let remove = ["remove", "demo", "--delete-files", "--force"];
    let back = |sandbox: &Sandbox| {
        if let [trashed] = sandbox.trash().as_slice() {
            std::fs::rename(trashed, sandbox.project_at("demo")).expect("it is ours");
            sandbox.fleet(&["adopt", "projects/demo"]).succeeded();
        }
    };
    let moments = moments(&sandbox, &remove);
    back(&sandbox);
    let mut open = 0;
    for moment in deadly(&moments) {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &remove);
        open += usize::from(settle(&sandbox, "demo", &what));
        let project = sandbox.project_at("demo");
        assert_eq!(project.exists(), is_registered(&sandbox, "demo"), "{what}");
        assert_eq!(sandbox.trash().is_empty(), project.exists(), "{what}");
        back(&sandbox);
    }
    assert!(open > 2, "{open}");
    sandbox.is_whole(&sandbox.project_at("demo"));
}

/// F1: an adoption is one write; doctor has nothing to settle, but what is half written.
#[test]
fn an_adoption_is_done_or_not() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("first", "v0.1.0");
    sandbox.vendoring("src/demo", "v0.1.0");
    let adopt = ["adopt", "../src/demo"];
    let moments = moments(&sandbox, &adopt);
    sandbox.fleet(&["remove", "demo"]).succeeded();
    for moment in sample(&moments) {
        let what = format!("{moment:?}");
        killed_at(&sandbox, moment, &adopt);
        settle(&sandbox, "demo", &what);
        if is_registered(&sandbox, "demo") {
            sandbox.fleet(&["remove", "demo"]).succeeded();
        }
        let left = std::fs::read_dir(sandbox.directory())
            .expect("it is there")
            .flatten();
        let left = left.filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(".fleet.toml")
        });
        assert_eq!(left.count(), 0, "{what}");
    }
}

/// F17: whether a roll-out goes on or back is its operator's to say: it is found, and what to type works.
#[test]
fn a_roll_out_that_was_cut_off_is_told_and_left_to_its_operator() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .projects(&["a", "b"], "v0.1.0")
        .started("a", "a is up")
        .started("b", "b is up");
    let line = |version| ["update", "--all", version, "--canary", "1", "--soak", "0s"];
    let moments = moments(&sandbox, &line("v0.2.0"));
    let mut open = 0;
    for (number, moment) in sample(&moments).into_iter().enumerate().step_by(3) {
        let what = format!("{moment:?}");
        let version = ["v0.1.0", "v0.2.0"][number / 3 % 2];
        killed_at(&sandbox, moment, &line(version));
        if sandbox.at("fleet/.fleet/rollout.json").exists() {
            open += 1;
            let fixed = sandbox.fleet(&["doctor", "--fix"]);
            assert_eq!(fixed.code, Some(5), "{what}: {}", fixed.text());
            assert!(
                fixed.stdout.contains("`fleet update --resume` goes on"),
                "{}",
                fixed.text()
            );
            assert!(
                !has_journal(&sandbox, "a") && !has_journal(&sandbox, "b"),
                "{what}"
            );
            sandbox.fleet(&["update", "--resume"]).succeeded();
        }
        sandbox.fleet(&line(version)).succeeded();
        assert_eq!(verdict(&sandbox, "roll-out"), "ok", "{what}");
    }
    assert!(open > 1, "{open}");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
