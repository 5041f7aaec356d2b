//! A plan in a file holds for the world that it was made in.

use super::{fleet, move_by_hand};
use crate::sandbox::{Sandbox, assert_same};

fn planned() -> Sandbox {
    let sandbox = fleet(&["demo", "other"]);
    move_by_hand(&sandbox, "demo", "v0.2.0");
    let said = sandbox.fleet(&["plan", "--out", "today.plan"]);
    assert!(said.succeeded().stderr.contains("`fleet apply "));
    sandbox
}

#[track_caller]
fn is_refused(sandbox: &Sandbox) -> String {
    let before = sandbox.world();
    let said = sandbox.fleet(&["apply", "today.plan"]);
    said.exited(3);
    assert_same(&before, &sandbox.world());
    sandbox.normalise(&said.text())
}

#[test]
fn a_plan_is_applied_while_the_world_is_as_it_was() {
    let sandbox = planned();
    let file = sandbox.read("fleet/today.plan");
    sandbox.fleet(&["plan", "--out", "today.plan"]).succeeded();
    assert_eq!(sandbox.read("fleet/today.plan"), file);
    insta::assert_snapshot!(sandbox.run("apply today.plan"), @r"
    --- stderr
    `demo`: <commit> -> v0.1.0 (<commit>)
    --- exit code 0
    ");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    // It has been done: the world is another one now.
    is_refused(&sandbox);
}

#[test]
fn a_world_that_has_moved_is_shown_and_refused() {
    let sandbox = planned();
    move_by_hand(&sandbox, "other", "v0.2.0");
    let said = is_refused(&sandbox);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "changed: other",
            "now:     other",
            "now:  + pinned at v0.1.0 (<commit>): fleet update other",
            "--- stderr",
            "error: the world has moved since the plan was made",
            "hint: `fleet plan` shows what there is to do now",
            "--- exit code 3",
        ]
    );
}

#[test]
fn a_registry_that_was_edited_is_refused() {
    let sandbox = planned();
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &format!("{text}# a comment\n"));
    assert!(is_refused(&sandbox).contains("fleet.toml"));
}

#[test]
fn what_a_plan_does_not_rest_on_may_change() {
    let sandbox = planned();
    sandbox.fleet(&["start", "other"]).succeeded();
    sandbox.fleet(&["stop", "other"]).succeeded();
    // Down again, as it was: nothing that the plan rests on is different.
    sandbox.fleet(&["apply", "today.plan"]).succeeded();
}

#[test]
fn a_plan_that_was_edited_is_refused() {
    let sandbox = planned();
    let text = sandbox.read("fleet/today.plan");
    sandbox.write(
        "fleet/today.plan",
        &text.replace("fleet update demo", "fleet update all"),
    );
    assert!(is_refused(&sandbox).contains("fleet update all"));
}

#[test]
fn a_plan_of_another_fleet_is_refused() {
    let sandbox = planned();
    let text = sandbox.read("fleet/today.plan");
    let identity = text.lines().nth(2).expect("the fleet's line").to_owned();
    sandbox.write(
        "fleet/today.plan",
        &text.replace(&identity, "fleet other 0123456789abcdef"),
    );
    assert!(is_refused(&sandbox).contains("planned: fleet other"));
}

#[test]
fn what_is_no_plan_is_no_plan() {
    let sandbox = planned();
    sandbox.write("fleet/today.plan", "\x1b[2Jrm -rf /\n");
    sandbox.fleet(&["apply", "today.plan"]).exited(2);
    sandbox.fleet(&["apply", "nowhere.plan"]).exited(2);
    sandbox
        .fleet(&["plan", "--out", "/proc/nowhere/x"])
        .exited(1);
    sandbox.write("fleet/today.plan", "fleet plan 1\n\x1b[2J\n");
    let said = sandbox.fleet(&["apply", "today.plan"]);
    said.exited(3);
    assert!(!said.text().contains('\x1b'), "{}", said.text());
}
