//! A fleet's directory that has been copied or moved while its projects run: what is in `.fleet/` speaks of others then.

use super::{running, second};
use crate::sandbox::Sandbox;

fn copy(sandbox: &Sandbox) {
    let (here, there) = (sandbox.directory(), sandbox.root().join("second"));
    let mut command = sandbox.command("cp", sandbox.root());
    sandbox
        .output(command.arg("-a").args([here, there]))
        .succeeded();
}

#[test]
fn a_copy_does_not_take_what_the_original_runs_for_its_own() {
    let sandbox = running();
    copy(&sandbox);
    let said = second(&sandbox, &["status", "--json"]);
    assert!(
        said.stdout.contains("\"verdict\": \"down\""),
        "{}",
        said.text()
    );
    second(&sandbox, &["send", "demo", "hello"]).exited(1);
    second(&sandbox, &["stop", "--all"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 1);
    second(&sandbox, &["start", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 2);
    second(&sandbox, &["restart", "demo"]).succeeded();
    second(&sandbox, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 1);
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh"), []);
}

#[test]
fn a_new_fleet_where_a_moved_one_was_leaves_that_one_alone() {
    let sandbox = running();
    let (here, there) = (sandbox.directory(), sandbox.root().join("second"));
    std::fs::rename(&here, &there).unwrap();
    // What is made here now is another directory, though with the same name.
    let mut command = sandbox.command("cp", sandbox.root());
    sandbox
        .output(command.arg("-a").args([&there, &here]))
        .succeeded();
    std::fs::remove_dir_all(here.join(".fleet")).unwrap();
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 2);
    second(&sandbox, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    assert_eq!(sandbox.running("run.sh").len(), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh"), []);
}
