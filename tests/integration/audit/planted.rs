//! Each kind of trace, planted by hand in each place where one could be.

mod git;

use std::os::unix::fs::symlink;

use super::{audit, places};
use crate::sandbox::Sandbox;

/// A project in which something is to be planted.
fn one_project() -> Sandbox {
    let sandbox = super::one_project();
    sandbox.planted();
    sandbox
}

/// Something of the fleet's: its directory, with a file in it.
fn secret(sandbox: &Sandbox) -> String {
    let file = sandbox.directory().join(".fleet/state/demo.json");
    file.display().to_string()
}

/// Fails unless exactly this is found, each in its place.
#[track_caller]
fn assert_found(sandbox: &Sandbox, expected: &[&str]) {
    let report = audit(sandbox);
    assert_eq!(places(sandbox, &report, "traces"), expected, "{report:#}");
    let unread = &report["projects"][0]["unread"];
    assert_eq!(unread.as_array().map(Vec::len), Some(0), "{unread:#}");
}

/// Writes a file of the project.
fn write(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(&format!("fleet/projects/demo/{path}"), text);
}

fn git(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.git(&sandbox.place("demo"), arguments)
}

fn commit(sandbox: &Sandbox, message: &str) {
    git(sandbox, &["add", "--all"]);
    git(
        sandbox,
        &["commit", "--quiet", "--allow-empty", "--message", message],
    );
}

#[test]
fn in_a_file_as_it_was_committed() {
    let sandbox = one_project();
    write(
        &sandbox,
        "deep/notes.md",
        &format!("one\nsee {}\n", secret(&sandbox)),
    );
    commit(&sandbox, "Notes");
    write(&sandbox, "deep/notes.md", "clean");
    git(&sandbox, &["add", "--all"]);
    assert_found(&sandbox, &["deep/notes.md:2"]);
}

#[test]
fn in_a_file_as_it_is_staged() {
    let sandbox = one_project();
    write(&sandbox, "notes.md", &secret(&sandbox));
    git(&sandbox, &["add", "--all"]);
    write(&sandbox, "notes.md", "clean");
    assert_found(&sandbox, &["notes.md:1"]);
}

#[test]
fn in_a_file_as_it_is_in_the_work_tree() {
    let sandbox = one_project();
    write(&sandbox, "notes.md", "clean");
    commit(&sandbox, "Notes");
    write(
        &sandbox,
        "notes.md",
        &format!("\n\n\nexec fleet-tender {}", "x"),
    );
    assert_found(&sandbox, &["notes.md:4"]);
}

#[test]
fn far_down_a_large_file_and_across_its_windows() {
    let sandbox = one_project();
    let secret = secret(&sandbox);
    // The window's end is somewhere in the middle of these.
    let lines: String = (0..60_000).map(|n| format!("{n} {secret}x\n")).collect();
    write(
        &sandbox,
        "log.txt",
        &"a line without anything\n".repeat(100_000),
    );
    commit(&sandbox, "Log");
    write(&sandbox, "log.txt", &lines);
    let report = audit(&sandbox);
    let listed = report["projects"][0]["traces"].as_array().map(Vec::len);
    let more = report["projects"][0]["unlisted"].as_u64();
    assert_eq!(
        listed.map(|listed| listed as u64 + more.unwrap()),
        Some(60_000)
    );
}

#[test]
fn in_the_name_of_a_file() {
    let sandbox = one_project();
    write(&sandbox, "tools/fleet-tender", "");
    commit(&sandbox, "Tools");
    assert_found(&sandbox, &["tools/fleet-tender"]);
}

#[test]
fn where_a_link_leads() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    symlink(
        sandbox.directory().join("fleet.toml"),
        project.join("absolute"),
    )
    .unwrap();
    symlink("../../fleet.toml", project.join("relative")).unwrap();
    symlink("engine/run.sh", project.join("harmless")).unwrap();
    commit(&sandbox, "Links");
    assert_found(&sandbox, &["absolute:1", "absolute", "relative"]);
}
