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
    let said = is_refused(&sandbox);
    assert!(said.contains("fleet update all"), "{said}");
    assert!(said.contains("is not as `fleet plan` wrote it"), "{said}");
    // Line ends that another system writes are no other world either.
    sandbox.write("fleet/today.plan", &text.replace('\n', "\r\n"));
    let said = is_refused(&sandbox);
    assert!(said.contains("is not as `fleet plan` wrote it"), "{said}");
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
    let said = is_refused(&sandbox);
    assert!(said.contains("planned: fleet other"), "{said}");
    assert!(said.contains("the plan is another fleet's"), "{said}");
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

/// A ref that was mistyped by hand, without its commit: that nothing was done about it is no "nothing to do".
#[test]
fn what_is_left_to_the_operator_is_counted_and_not_denied() {
    let sandbox = fleet(&["demo"]);
    let text = sandbox.read("fleet/fleet.toml");
    let mistyped = text.replace("ref = \"v0.1.0\"", "ref = \"v0.2.0\"");
    sandbox.write("fleet/fleet.toml", &mistyped);
    let said = sandbox.fleet(&["plan", "--out", "a plan"]);
    assert!(
        !said.succeeded().stderr.contains("does it"),
        "{}",
        said.text()
    );
    insta::assert_snapshot!(sandbox.run("apply"), @r"
    --- stderr
    1 left to you: `fleet plan` says what
    --- exit code 0
    ");
    sandbox.write("fleet/fleet.toml", &text);
    move_by_hand(&sandbox, "demo", "v0.2.0");
    let said = sandbox.fleet(&["plan", "--out", "a plan"]).stderr;
    assert!(said.contains("`fleet apply 'a plan'` does it"), "{said}");
}

/// The same, put right by what is shown: neither has the tag moved, nor is the project where its ref says.
#[test]
fn a_ref_that_was_edited_without_its_commit_is_told_and_put_right() {
    let sandbox = fleet(&["demo"]);
    let text = sandbox.read("fleet/fleet.toml");
    let edited = text.replace("ref = \"v0.1.0\"", "ref = \"v0.2.0\"");
    sandbox.write("fleet/fleet.toml", &edited);
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo` is at <commit> already, as fleet.toml says; but v0.2.0 stands for <commit>
    --- exit code 0
    ");
    let said = sandbox.fleet(&["update", "demo", "v0.2.0"]);
    said.exited(3);
    let otherwise = "or `ref` in fleet.toml was edited without its `commit`";
    assert!(said.stderr.contains(otherwise), "{}", said.text());
    let plan = sandbox.fleet(&["plan"]).stdout;
    let (_, line) = plan.split_once("yours to do: fleet ").expect(&plan);
    let line = line.lines().next().expect("it is one");
    let words: Vec<&str> = line.split(' ').collect();
    sandbox.fleet(&words).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["ref"], "v0.2.0");
    let pinned = sandbox.git(&sandbox.project_at("demo"), &["rev-parse", "HEAD:engine"]);
    let wanted = sandbox.git(&sandbox.at("harness"), &["rev-parse", "v0.2.0^{}"]);
    assert_eq!(pinned, wanted);
    sandbox.fleet(&["plan", "--check"]).succeeded();
}
