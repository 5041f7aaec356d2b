//! Versions that fleet.toml calls bad, wherever they are in use.

use insta::assert_snapshot;
use serde_json::Value;

use super::Pinned;
use crate::sandbox::Sandbox;

/// Calls a version bad.
fn condemn(sandbox: &Sandbox, bad: &str) {
    let registry = sandbox.read("fleet/fleet.toml");
    let line = "default_ref = \"v0.1.0\"\n";
    let registry = registry.replace(line, &format!("{line}bad_refs = [\"{bad}\"]\n"));
    sandbox.write("fleet/fleet.toml", &registry);
}

fn bad(pinned: &Pinned) -> Value {
    pinned.sandbox.status("demo")["pin"]["bad"].clone()
}

#[test]
fn a_bad_version_in_use_is_told_by_status_why_and_start() {
    let mut pinned = Pinned::new();
    pinned.sandbox = pinned
        .sandbox
        .project("other", "v0.1.0")
        .project("third", "v0.2.0");
    condemn(&pinned.sandbox, "v0.1.0");
    let sandbox = &pinned.sandbox;
    assert_eq!(bad(&pinned), "v0.1.0");
    assert_eq!(sandbox.status("third")["pin"]["bad"], Value::Null);
    assert_snapshot!(sandbox.run("status"), @r"
    NAME   STATE  PIN  REF
    demo   down   ok   v0.1.0
    other  down   ok   v0.1.0
    third  down   ok   v0.2.0
    --- stderr

    3 projects: 3 down
    warning: `demo` and `other` use `v0.1.0`, one of the `bad_refs` of harness `lines`; `fleet update demo other REF` moves them to another version
    --- exit code 0
    ");
    sandbox.fleet(&["status", "--check"]).exited(5);
    sandbox.fleet(&["status", "third", "--check"]).succeeded();
    assert_snapshot!(sandbox.run("start demo third"), @r"
    --- stderr
    warning: `demo` uses `v0.1.0`, one of the `bad_refs` of harness `lines`; `fleet update demo REF` moves it to another version
    started `demo`
    started `third`
    --- exit code 0
    ");
    let warning = "`demo` uses `v0.1.0`, one of the `bad_refs` of harness `lines`";
    let told = sandbox.fleet(&["why", "demo"]).stdout;
    assert!(told.contains(warning), "{told}");
    // Moved, it still runs what it ran.
    sandbox.fleet(&["update", "demo", "v0.3.0"]).succeeded();
    assert_eq!(bad(&pinned), "v0.1.0");
    let said = sandbox.fleet(&["status", "demo"]).stderr;
    assert!(
        said.contains("`demo` still runs `v0.1.0`") && said.contains("`fleet restart demo`"),
        "{said}"
    );
    sandbox.fleet(&["restart", "demo"]).succeeded();
    assert_eq!(bad(&pinned), Value::Null);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_bad_version_is_known_by_its_commit_whatever_the_project_calls_it() {
    let pinned = Pinned::new();
    let commit = pinned.commit("v0.1.0");
    let harness = pinned.sandbox.at("harness");
    pinned.sandbox.git(
        &harness,
        &["tag", "--annotate", "--message", "no", "broken", "v0.1.0"],
    );
    let clean = pinned.sandbox.read("fleet/fleet.toml");
    // A tag that the mirror has not seen says nothing yet.
    condemn(&pinned.sandbox, "broken");
    assert_eq!(bad(&pinned), Value::Null);
    pinned.sandbox.fleet(&["harness", "fetch"]).succeeded();
    assert_eq!(bad(&pinned), "broken");
    for form in [&commit[..], &commit[..8], "refs/tags/broken"] {
        pinned.sandbox.write("fleet/fleet.toml", &clean);
        condemn(&pinned.sandbox, form);
        assert_eq!(bad(&pinned), form);
    }
    // Nor does a branch, wherever it is, but for those that follow it.
    pinned.sandbox.git(&harness, &["branch", "topic", "v0.1.0"]);
    pinned.sandbox.write("fleet/fleet.toml", &clean);
    condemn(&pinned.sandbox, "topic");
    pinned.sandbox.fleet(&["harness", "fetch"]).succeeded();
    assert_eq!(bad(&pinned), Value::Null);
}

#[test]
fn of_many_projects_the_number_is_told() {
    let names: Vec<String> = (0..7).map(|number| format!("p{number}")).collect();
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0");
    condemn(&sandbox, "v0.1.0");
    let said = sandbox.fleet(&["status"]).stderr;
    assert!(said.contains("warning: 7 projects use `v0.1.0`"), "{said}");
    assert!(
        said.contains("`fleet update --harness lines REF` moves them"),
        "{said}"
    );
}
