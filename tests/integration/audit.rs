//! `fleet audit`: what is found, and what is not, in projects that fleet has worked on.
//!
//! F18: every command of every test is followed by an audit, in the sandbox; here is what an audit is worth.

mod harmless;
mod hostile;
mod planted;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// A fleet with one project.
pub(crate) fn one_project() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
}

/// What `fleet audit --json` says; its exit code must go with that.
#[track_caller]
pub(crate) fn audit(sandbox: &Sandbox) -> Value {
    let said = sandbox.fleet(&["audit", "--json"]);
    let report: Value = serde_json::from_str(&said.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", said.text()));
    assert_eq!(report["schema"], 1);
    said.exited(if report["proven"] == true { 0 } else { 5 });
    report
}

/// The places of one kind of finding, in the first project, without what differs from run to run.
pub(crate) fn places(sandbox: &Sandbox, report: &Value, kind: &str) -> Vec<String> {
    let found = report["projects"][0][kind].as_array().expect("a list");
    let place = |found: &Value| found["place"].as_str().expect("a text").to_owned();
    let shown = found
        .iter()
        .map(|found| sandbox.normalise(&place(found)).trim_end().to_owned());
    shown.collect()
}

/// Fails unless everything was read and nothing found.
#[track_caller]
pub(crate) fn assert_proven(sandbox: &Sandbox) -> Value {
    let report = audit(sandbox);
    assert_eq!(report["proven"], true, "{report:#}");
    report
}

/// F18: in whatever way a project was worked on, nothing in it knows.
#[test]
fn nothing_knows_of_the_fleet_in_projects_that_it_has_worked_on() {
    let sandbox = one_project();
    let first = assert_proven(&sandbox);
    for line in [
        "update demo v0.2.0",
        "start demo",
        "update demo v0.1.0 --restart",
        "disable demo",
        "enable demo",
        "status --probe",
        "restart demo",
        "stop demo",
        "create other --ref v0.2.0 --start",
        "stop other",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).succeeded();
        assert_proven(&sandbox);
    }
    let last = assert_proven(&sandbox);
    let commits = |report: &Value| report["projects"][0]["looked"]["commits"].as_u64();
    assert_eq!(commits(&first).map(|commits| commits + 2), commits(&last));
    let both = last["looked"]["repositories"].as_u64();
    assert_eq!(both, Some(4), "two projects, each with its engine");
}

/// F18: nor of what the default harness's runner writes.
#[test]
fn nothing_knows_of_the_fleet_where_agents_have_run() {
    let sandbox = Sandbox::new().agents_project().started("demo", "");
    sandbox.wait_for_screen("demo/one", "one is up");
    assert_proven(&sandbox);
    // What the agents have made is theirs, and looked at once it is tracked.
    let project = sandbox.place("demo");
    sandbox.git(&project, &["add", "--all"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "Work"]);
    let report = assert_proven(&sandbox);
    let files = report["projects"][0]["looked"]["files"].as_u64();
    assert!(files > Some(8), "{report:#}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_proven(&sandbox);
}

#[test]
fn an_audit_says_what_it_has_looked_at() {
    let sandbox = one_project().project("other", "v0.2.0");
    sandbox.planted();
    insta::assert_snapshot!(sandbox.run("audit"), @r#"
    NAME   TRACES  FILES  COMMITS  REFS  NOTES  REFLOG  SETTINGS  HOOKS
    demo   none    3      3        4     0      2       15        0
    other  none    3      3        4     0      2       15        0
    --- stderr

    2 projects: nothing in them knows of this fleet; looked at 4 repositories, 6 files, 6 commits, 8 refs, 6 other files of git's
    --- exit code 0
    "#);
    let hook = sandbox.place("demo").join(".git/hooks/fleet-sync");
    sandbox.write("fleet/projects/demo/.git/hooks/fleet-sync", "#!/bin/sh\n");
    assert!(hook.is_file());
    insta::assert_snapshot!(sandbox.run("audit"), @r#"
    NAME   TRACES  FILES  COMMITS  REFS  NOTES  REFLOG  SETTINGS  HOOKS
    demo   1       3      3        4     0      2       15        1
    other  none    3      3        4     0      2       15        0

    demo: .git/hooks/fleet-sync
      fleet-sync
      a hook that is named after the program
    --- stderr

    2 projects: 1 trace of this fleet; looked at 4 repositories, 6 files, 6 commits, 8 refs, 6 other files of git's
    --- exit code 5
    "#);
    insta::assert_snapshot!(sandbox.run("audit other"), @r#"
    NAME   TRACES  FILES  COMMITS  REFS  NOTES  REFLOG  SETTINGS  HOOKS
    other  none    3      3        4     0      2       15        0
    --- stderr

    1 project: nothing in it knows of this fleet; looked at 2 repositories, 3 files, 3 commits, 4 refs, 3 other files of git's
    --- exit code 0
    "#);
    sandbox.fleet(&["audit", "nobody"]).exited(2);
    sandbox.fleet(&["audit", "--label", "none"]).exited(0);
}

#[test]
fn the_json_has_counts_for_each_project_and_for_all() {
    let sandbox = one_project();
    let report = audit(&sandbox);
    let looked = &report["projects"][0]["looked"];
    assert_eq!(looked, &report["looked"]);
    for (kind, number) in [
        ("repositories", 2),
        ("files", 3),
        ("commits", 3),
        ("notes", 0),
        ("hooks", 0),
    ] {
        assert_eq!(looked[kind], number, "{kind} in {looked:#}");
    }
    let keys = report["projects"][0].as_object().expect("an object").keys();
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [
            "location", "looked", "mentions", "name", "proven", "skipped", "traces", "unlisted",
            "unread"
        ]
    );
}
