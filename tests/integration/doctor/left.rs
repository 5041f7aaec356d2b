//! What commands that were killed, and names that are no more, have left.

use std::fs::{self, File};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{doctor, findings, finds, fixes, is_well, resting, running};
use crate::sandbox::boot;

#[test]
fn what_is_left_of_a_name_is_forgotten_where_nothing_runs() {
    let sandbox = resting();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let text = sandbox.read("fleet/fleet.toml");
    let table = text.find("[projects.demo]").unwrap();
    sandbox.write("fleet/fleet.toml", &text[..table]);
    let found = finds(
        &sandbox,
        "strays",
        "warning",
        "of a name that fleet.toml does not have",
        "`fleet stop demo`",
    );
    assert_eq!(found["about"], "demo");
    fixes(
        &sandbox,
        "strays",
        "forget `demo`, which is not in fleet.toml",
    );
    assert!(!sandbox.at("fleet/.fleet/state/demo.json").exists());
}

#[test]
fn what_runs_under_a_name_that_is_no_more_is_left_alone() {
    let sandbox = running();
    let text = sandbox.read("fleet/fleet.toml");
    let table = text.find("[projects.demo]").unwrap();
    sandbox.write("fleet/fleet.toml", &text[..table]);
    let found = finds(
        &sandbox,
        "strays",
        "warning",
        "fleet.toml does not have",
        "`fleet stop demo`",
    );
    assert!(found["fix"].is_null());
    finds(
        &sandbox,
        "sessions",
        "warning",
        "its session is of no project in fleet.toml",
        "`fleet stop demo` ends it",
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
    is_well(&sandbox, "strays");
    is_well(&sandbox, "sessions");
}

#[test]
fn half_written_files_of_killed_writers_are_removed() {
    let sandbox = resting();
    // No process has the highest id that a kernel may give: it begins to count again below.
    sandbox.write("fleet/.fleet.toml.4194304", "");
    finds(
        &sandbox,
        "left-over",
        "warning",
        "a half-written file",
        "`rm ",
    );
    fixes(&sandbox, "left-over", "remove `");
    let own = format!("fleet/.fleet/desired/.demo.{}", std::process::id());
    sandbox.write(&own, "");
    is_well(&sandbox, "left-over");
    fs::remove_file(sandbox.at(&own)).unwrap();
    fs::create_dir(sandbox.at("fleet/projects/.other.new-4194304")).unwrap();
    let found = finds(
        &sandbox,
        "left-over",
        "warning",
        "has left half a project",
        "`rm -rf",
    );
    assert!(found["fix"].is_null());
}

#[test]
fn files_of_yours_that_are_called_like_half_written_ones_are_none() {
    let sandbox = resting();
    let yours = [
        "fleet/.notes.4194304",
        "fleet/.env.20261120",
        "elsewhere/.notes.4194304",
    ];
    yours.iter().for_each(|file| sandbox.write(file, "mine"));
    let link = sandbox.at("fleet/.fleet/elsewhere");
    std::os::unix::fs::symlink(sandbox.at("elsewhere"), link).unwrap();
    is_well(&sandbox, "left-over");
    sandbox.fleet(&["doctor", "--fix"]);
    assert!(yours.iter().all(|file| sandbox.at(file).exists()));
}

#[test]
fn a_lock_of_a_command_that_stands_still_is_told() {
    let sandbox = resting();
    fs::create_dir_all(sandbox.at("fleet/.fleet/locks")).unwrap();
    let lock = sandbox.at("fleet/.fleet/locks/demo");
    File::create(&lock).unwrap();
    let mut holder = sandbox.command("flock", sandbox.root());
    let mut holder = holder.arg(&lock).args(["sleep", "86400"]).spawn().unwrap();
    sandbox.wait_for("the lock", || !sandbox.running("sleep 86400").is_empty());
    is_well(&sandbox, "locks");
    let processes = sandbox.running("86400");
    processes.iter().for_each(|one| one.signal(Signal::SIGSTOP));
    let stopped = || {
        let text = fs::read_to_string(format!("/proc/{}/stat", holder.id())).unwrap();
        text.contains(") T ")
    };
    sandbox.wait_for("it to stand still", stopped);
    let found = finds(
        &sandbox,
        "locks",
        "wrong",
        "was stopped by a signal",
        "`kill -CONT ",
    );
    assert_eq!(found["about"], "demo");
    processes.iter().for_each(|one| one.signal(Signal::SIGCONT));
    processes.iter().for_each(crate::sandbox::Process::kill);
    holder.wait().unwrap();
}

#[test]
fn a_journal_that_cannot_be_read_is_told_and_left() {
    let sandbox = resting();
    sandbox.write(
        "fleet/.fleet/journal/demo.json",
        "{\"version\": 9, \"steps\": []}",
    );
    let found = finds(
        &sandbox,
        "journals",
        "wrong",
        "has format 9",
        "look at the project with git",
    );
    assert!(found["fix"].is_null());
    sandbox.fleet(&["doctor", "--fix"]).exited(5);
    assert!(sandbox.at("fleet/.fleet/journal/demo.json").exists());
}

#[test]
fn a_brake_that_is_on_is_told() {
    let sandbox = resting();
    let on = json!({"version": 1, "engaged": {
        "since": {"at": "2026-01-01T00:00:00Z", "uptime": 1.0, "boot": boot()},
        "reason": "12 of 20 projects died within a minute", "projects": ["demo"],
    }});
    sandbox.write("fleet/.fleet/brake", &on.to_string());
    finds(
        &sandbox,
        "brake",
        "warning",
        "12 of 20 projects died within a minute",
        "`fleet go`",
    );
    sandbox.fleet(&["go"]).succeeded();
    is_well(&sandbox, "brake");
}

#[test]
fn a_large_trash_is_worth_a_note_and_no_fault() {
    let sandbox = resting();
    sandbox.write("fleet/.fleet/trash/old-1/file", "");
    let file = File::options()
        .write(true)
        .open(sandbox.at("fleet/.fleet/trash/old-1/file"))
        .unwrap();
    file.set_len(3 << 30).unwrap();
    let said = sandbox.fleet(&["doctor"]);
    assert!(
        said.succeeded().stdout.contains("trash: 1 entry, 3.0 GiB"),
        "{}",
        said.text()
    );
    fs::create_dir_all(sandbox.at("fleet/.fleet/logs")).unwrap();
    fs::rename(
        sandbox.at("fleet/.fleet/trash/old-1"),
        sandbox.at("fleet/.fleet/logs/old"),
    )
    .unwrap();
    let said = sandbox.fleet(&["doctor"]);
    assert!(
        said.succeeded().stdout.contains("logs: 1 entry, 3.0 GiB"),
        "{}",
        said.text()
    );
}

#[test]
fn a_probe_that_was_killed_is_cleared() {
    let sandbox = resting();
    sandbox.write("fleet/.fleet/probe/fleet.toml", "[fleet]\nname = \"p\"\n");
    finds(
        &sandbox,
        "probe",
        "wrong",
        "its trial is still there",
        "fleet harness probe",
    );
    fixes(
        &sandbox,
        "probe",
        "end and remove what a killed probe has left",
    );
    assert!(!sandbox.at("fleet/.fleet/probe").exists());
    assert!(findings(&doctor(&sandbox), "locks").is_empty());
}
