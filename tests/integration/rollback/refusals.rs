//! What `fleet rollback` refuses: it says what it found and the way out, and touches nothing.

use crate::sandbox::{Sandbox, assert_same};

use super::moved;

/// Fails unless a rollback is refused for a reason, with nothing touched.
#[track_caller]
fn is_refused(sandbox: &Sandbox, because: &str) {
    let before = sandbox.world();
    for line in [
        ["rollback", "demo"].as_slice(),
        &["rollback", "demo", "--dry-run"],
    ] {
        let said = sandbox.fleet(line);
        let stderr = &said.exited(3).stderr;
        assert!(
            stderr.contains(because) && stderr.contains("hint: "),
            "{stderr}"
        );
    }
    assert_same(&before, &sandbox.world());
}

#[test]
fn an_engine_that_never_moved() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    is_refused(
        &sandbox,
        "`engine` has not moved since the project's first commit",
    );
}

#[test]
fn a_version_that_must_not_be_used() {
    for bad in ["v0.1.0".to_owned(), String::new()] {
        let sandbox = moved();
        // By the tag, and by the commit.
        let commit = sandbox.git(&sandbox.at("harness"), &["rev-parse", "v0.1.0"]);
        let bad = if bad.is_empty() { commit } else { bad };
        let registry = sandbox.read("fleet/fleet.toml").replace(
            "[harnesses.lines]\n",
            &format!("[harnesses.lines]\nbad_refs = [\"{bad}\"]\n"),
        );
        sandbox.write("fleet/fleet.toml", &registry);
        is_refused(&sandbox, "is among the `bad_refs` of harness `lines`");
    }
}

#[test]
fn a_version_whose_manifest_does_not_load() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("harness/harness.toml", "nonsense");
    sandbox.release_as_it_is("v0.2.0");
    sandbox.release("v0.3.0");
    let sandbox = sandbox.project("demo", "v0.1.0");
    let project = sandbox.project_at("demo");
    for version in ["v0.2.0", "v0.3.0"] {
        sandbox.git(&project.join("engine"), &["checkout", "--quiet", version]);
        sandbox.git(
            &project,
            &["commit", "--quiet", "--all", "--message", version],
        );
    }
    is_refused(&sandbox, "cannot use harness `lines` at");
}

#[test]
fn an_engine_with_work_in_it() {
    let sandbox = moved();
    sandbox.write("fleet/projects/demo/engine/mine.txt", "work");
    is_refused(&sandbox, "the harness has changes: `mine.txt` (untracked)");
}

#[test]
fn a_project_on_another_branch_unless_it_is_meant() {
    let sandbox = moved();
    let project = sandbox.project_at("demo");
    sandbox.git(&project, &["switch", "--quiet", "--create", "side"]);
    is_refused(&sandbox, "not on the registered `main`");
    sandbox.fleet(&["rollback", "demo", "--here"]).succeeded();
    sandbox.is_whole(&project);
}

#[test]
fn a_project_that_is_a_shallow_clone() {
    let sandbox = moved();
    let project = sandbox.project_at("demo");
    let url = format!("file://{}", project.display());
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "--depth=1", &url, "shallow"],
    );
    std::fs::remove_dir_all(&project).expect("it is ours");
    std::fs::rename(sandbox.at("shallow"), &project).expect("it is ours");
    is_refused(&sandbox, "cannot tell what was pinned before");
}

#[test]
fn nobody_named() {
    let sandbox = moved();
    sandbox.fleet(&["rollback"]).exited(2);
    sandbox.fleet(&["rollback", "nobody"]).exited(2);
    sandbox.fleet(&["rollback", "demo", "v0.1.0"]).exited(2);
}
