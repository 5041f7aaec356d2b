//! What must not end a guardian, nor make it do something foolish.

use std::fs;

use nix::sys::signal::Signal;

use super::{Guardian, fleet_of, lives, start, stop_all, whole};

#[test]
fn a_registry_that_is_not_valid_for_a_while() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", "[projects\n");
    guardian.says(&sandbox, "going on with fleet.toml as it was before");
    let tender = sandbox.running("units/demo.json").remove(0);
    sandbox.kill(&tender);
    guardian.says(&sandbox, "brought back `demo`");
    sandbox.write("fleet/fleet.toml", &text);
    whole(&sandbox, "demo");
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says_times(&sandbox, "brought back `demo`", 2);
    whole(&sandbox, "demo");
    assert_eq!(lives(&sandbox, "demo"), 3);
    stop_all(&sandbox);
}

#[test]
fn the_runtime_directory_deleted_and_made_anew() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    let guardian = Guardian::of(&sandbox);
    start(&sandbox, &["demo"]);
    stop_all(&sandbox);
    fs::remove_dir_all(sandbox.at("fleet/.fleet")).unwrap();
    start(&sandbox, &["demo", "other"]);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says(&sandbox, "brought back `demo`");
    whole(&sandbox, "demo");
    assert!(
        sandbox
            .fleet(&["watch"])
            .exited(3)
            .stderr
            .contains("another guardian")
    );
    stop_all(&sandbox);
}

#[test]
fn a_launch_that_fails_is_tried_again_with_ever_longer_waits() {
    let sandbox = fleet_of(&["demo", "other"])
        .setting("demo", "watch = \"heal\"")
        .setting("demo", "env_file = \"demo.env\"");
    sandbox.write("fleet/demo.env", "A=1\n");
    let may_read = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = sandbox.at("fleet/demo.env");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    may_read(0o600);
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    may_read(0o644);
    sandbox.kill(&sandbox.tender_of("demo"));
    guardian.says_times(&sandbox, "others may read the env_file", 2);
    may_read(0o600);
    guardian.says(&sandbox, "brought back `demo`");
    whole(&sandbox, "demo");
    // A wait each time, and no more attempts than waits.
    assert!(guardian.said().matches("trying again in").count() <= 4);
    stop_all(&sandbox);
}

#[test]
fn what_start_would_refuse_is_not_brought_back() {
    let names = ["dirty", "elsewhere", "interrupted", "other"];
    let sandbox = names[..3].iter().fold(fleet_of(&names), |sandbox, name| {
        sandbox.setting(name, "watch = \"heal\"")
    });
    start(&sandbox, &names);
    let guardian = Guardian::of(&sandbox);
    sandbox.write("fleet/projects/dirty/engine/run.sh", "echo changed\n");
    sandbox.write(
        "fleet/.fleet/journal/interrupted.json",
        "{\"version\":1,\"steps\":[]}",
    );
    let tenders = ["dirty", "elsewhere", "interrupted"].map(|name| sandbox.tender_of(name));
    let place = sandbox.place("elsewhere");
    fs::rename(&place, place.with_extension("away")).unwrap();
    tenders.iter().for_each(|tender| tender.kill());
    guardian.says(
        &sandbox,
        "left `dirty`: the engine of `dirty` has changed files",
    );
    guardian.says(&sandbox, "left `elsewhere`: `elsewhere` is not at");
    guardian.says(
        &sandbox,
        "left `interrupted`: a command on `interrupted` was interrupted",
    );
    assert!(!guardian.said().contains("brought back"));
    fs::rename(place.with_extension("away"), &place).unwrap();
    // It goes on for the others, and looks again when it is told to.
    guardian.signal(Signal::SIGHUP);
    guardian.says(&sandbox, "brought back `elsewhere`");
    whole(&sandbox, "elsewhere");
    fs::remove_file(sandbox.at("fleet/.fleet/journal/interrupted.json")).unwrap();
    stop_all(&sandbox);
}

#[test]
fn a_project_that_is_run_by_hand_meanwhile_is_left_alone() {
    let sandbox = fleet_of(&["demo", "other"]).setting("demo", "watch = \"heal\"");
    start(&sandbox, &["demo", "other"]);
    let guardian = Guardian::of(&sandbox);
    let tender = sandbox.tender_of("demo");
    // Somebody waits to have the directory, and gets it as soon as the tender is dead.
    let mut flock = sandbox.command("flock", &sandbox.place("demo"));
    let mut by_hand = flock.args([".", "sleep", "86421"]).spawn().unwrap();
    sandbox.kill(&tender);
    sandbox.wait_for("an end", || {
        let said = guardian.said();
        said.contains("is run by process") || said.contains("another run holds")
    });
    assert_eq!(lives(&sandbox, "demo"), 1);
    by_hand.kill().unwrap();
    by_hand.wait().unwrap();
    sandbox
        .running("sleep 86421")
        .iter()
        .for_each(|one| one.kill());
    stop_all(&sandbox);
}
