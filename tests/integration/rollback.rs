//! `fleet rollback`: the pin before the last move, by the project's own history.

mod refusals;

use crate::sandbox::{Sandbox, assert_same};

/// A fleet with one project that was moved once.
fn moved() -> Sandbox {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0", "v0.3.0"])
        .project("demo", "v0.1.0");
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    sandbox
}

fn subjects(sandbox: &Sandbox) -> String {
    sandbox.git(&sandbox.project_at("demo"), &["log", "--format=%s"])
}

#[test]
fn pin_ref_and_commit_are_back_as_a_new_commit() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let registry = sandbox.read("fleet/fleet.toml");
    let project = sandbox.project_at("demo");
    let files = sandbox.tree(&project.join("engine"));
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    sandbox.write("fleet/projects/demo/mine", "work\n");
    sandbox.git(&project, &["add", "mine"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "My work"]);
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("rollback demo --dry-run"), @r"
    demo:
      move the pin from <commit> to <commit> (v0.1.0) and commit that
      write v0.1.0 into fleet.toml
    --- exit code 0
    ");
    assert_same(&before, &sandbox.world());
    insta::assert_snapshot!(sandbox.run("rollback demo -m leaks"), @r"
    --- stderr
    `demo`: v0.2.0 -> v0.1.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&project);
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    assert_same(&files, &sandbox.tree(&project.join("engine")));
    assert_eq!(
        subjects(&sandbox),
        "Move engine to v0.1.0\nMy work\nMove engine to v0.2.0\nStart with lines v0.1.0"
    );
    assert_eq!(
        sandbox.git(&project, &["diff", "--name-only", "HEAD~1", "HEAD"]),
        "engine"
    );
    let history = sandbox
        .fleet(&["history", "demo"])
        .succeeded()
        .stdout
        .clone();
    assert!(
        history.contains("rollback") && history.contains("leaks"),
        "{history}"
    );
    // What was rolled back can be rolled back.
    sandbox.fleet(&["rollback", "demo"]).succeeded();
    assert!(subjects(&sandbox).starts_with("Move engine to v0.2.0\nMove engine to v0.1.0\n"));
}

#[test]
fn several_go_back_each_to_its_own_and_those_without_stay() {
    let sandbox = moved().project("late", "v0.1.0").project("notes", "v0.3.0");
    sandbox.fleet(&["update", "notes", "v0.1.0"]).succeeded();
    insta::assert_snapshot!(sandbox.run("rollback --all"), @r"
    NAME   FROM             TO               OUTCOME  REASON
    demo  v0.2.0 <commit>  v0.1.0 <commit>  moved
    late                                     refused  `engine` has not moved since the project's first commit
    notes  v0.1.0 <commit>  v0.3.0 <commit>  moved
    --- stderr
    hint: name the version: `fleet update NAME REF`
    3 projects: 2 moved, 1 refused
    --- exit code 4
    ");
    for name in ["demo", "late", "notes"] {
        sandbox.is_whole(&sandbox.project_at(name));
    }
}

#[test]
fn a_pin_that_was_moved_by_hand_is_what_goes_back_and_is_told() {
    let sandbox = moved();
    let project = sandbox.project_at("demo");
    sandbox.git(&project.join("engine"), &["checkout", "--quiet", "v0.3.0"]);
    sandbox.git(
        &project,
        &["commit", "--quiet", "--all", "--message", "Try the newest"],
    );
    insta::assert_snapshot!(sandbox.run("rollback demo"), @r"
    --- stderr
    `demo` was moved to <commit> by hand, in its commit <commit> (Try the newest): that is what goes back
    `demo`: <commit> -> v0.2.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&project);
    assert!(subjects(&sandbox).starts_with("Move engine to v0.2.0\nTry the newest\n"));
}

#[test]
fn what_no_tag_names_goes_back_by_its_id() {
    let sandbox = moved();
    let harness = sandbox.at("harness");
    sandbox.write("harness/extra", "new\n");
    sandbox.git(&harness, &["add", "--all"]);
    sandbox.git(&harness, &["commit", "--quiet", "--message", "Untagged"]);
    let tip = sandbox.git(&harness, &["rev-parse", "HEAD"]);
    sandbox.fleet(&["update", "demo", "main"]).succeeded();
    sandbox.fleet(&["update", "demo", "v0.3.0"]).succeeded();
    let said = sandbox.fleet(&["rollback", "demo"]);
    let short = &tip[..8];
    assert_eq!(
        said.succeeded().stderr,
        format!("`demo`: v0.3.0 -> {short}\n")
    );
    let registry = sandbox.read("fleet/fleet.toml");
    let wanted = format!("ref = \"{tip}\"\ncommit = \"{tip}\"");
    assert!(registry.contains(&wanted), "{registry}");
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo` is at <commit> already
    --- exit code 0
    ");
}

#[test]
fn a_running_project_takes_the_old_version_with_restart_only() {
    let sandbox = moved();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "lines v0.2.0: demo is up");
    sandbox
        .fleet(&["rollback", "demo", "--restart"])
        .succeeded();
    sandbox.wait_for_screen("demo", "lines v0.1.0: demo is up");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    sandbox.fleet(&["rollback", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "skew");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F12: whatever is staged, half staged, meant to be added or hidden stays as it was.
#[test]
fn work_that_is_staged_or_not_stays_exactly_as_it_was() {
    let sandbox = moved();
    let project = sandbox.project_at("demo");
    let work = sandbox.unfinished_work(&project);
    sandbox.fleet(&["rollback", "demo"]).succeeded();
    assert_eq!(
        sandbox.git(&project, &["diff", "--name-only", "HEAD~1", "HEAD"]),
        "engine"
    );
    work.is_untouched(&sandbox, &project);
}
