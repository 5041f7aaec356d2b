//! The projects, and their pins.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{doctor, findings, finds, fixes, is_well, resting};

#[test]
fn a_project_that_is_not_where_it_was_is_told() {
    let sandbox = resting();
    let place = sandbox.project_at("demo");
    fs::rename(&place, sandbox.at("fleet/projects/moved")).unwrap();
    finds(
        &sandbox,
        "location",
        "wrong",
        "its directory cannot be found",
        "`fleet why demo`",
    );
    assert!(findings(&doctor(&sandbox), "pin").is_empty());
    sandbox.write("fleet/projects/demo", "");
    finds(
        &sandbox,
        "location",
        "wrong",
        "it is no directory",
        "`fleet why demo`",
    );
    fs::remove_file(&place).unwrap();
    fs::rename(sandbox.at("fleet/projects/moved"), &place).unwrap();
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&place, Some(12345), None).unwrap();
        finds(
            &sandbox,
            "location",
            "warning",
            "it is of user 12345",
            "`sudo chown -R",
        );
        std::os::unix::fs::chown(&place, Some(0), None).unwrap();
    }
    is_well(&sandbox, "location");
}

#[test]
fn a_pin_that_is_not_ok_is_told_with_what_to_type() {
    let sandbox = resting();
    let (place, engine) = (
        sandbox.project_at("demo"),
        sandbox.project_at("demo").join("engine"),
    );
    sandbox.write("fleet/projects/demo/engine/run.sh", "changed\n");
    finds(
        &sandbox,
        "pin",
        "warning",
        "dirty: files of its harness were changed",
        "engine status`",
    );
    sandbox.git(&engine, &["checkout", "--quiet", "--", "."]);
    sandbox.git(&engine, &["fetch", "--quiet", "--tags", "origin"]);
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    finds(
        &sandbox,
        "pin",
        "warning",
        "moved: another commit is checked out",
        "submodule update engine`",
    );
    sandbox.git(&place, &["add", "engine"]);
    sandbox.git(&engine, &["checkout", "--quiet", "v0.1.0"]);
    let staged = finds(
        &sandbox,
        "pin",
        "warning",
        "staged: the index pins another commit",
        "restore --staged engine`",
    );
    assert_eq!(staged["about"], "demo");
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    sandbox.git(&place, &["commit", "--quiet", "--message", "by hand"]);
    finds(
        &sandbox,
        "pin",
        "warning",
        "behind: HEAD pins another commit",
        "`fleet update demo`",
    );
    sandbox.fleet(&["update", "demo"]).succeeded();
    is_well(&sandbox, "pin");
    fs::remove_dir_all(&engine).unwrap();
    fs::create_dir(&engine).unwrap();
    finds(
        &sandbox,
        "pin",
        "wrong",
        "missing: there is no harness in it",
        "`fleet start demo`",
    );
}

#[test]
fn a_bad_version_in_use_is_told() {
    let sandbox = resting();
    let text = sandbox.read("fleet/fleet.toml");
    let bad = text.replace("default_ref", "bad_refs = [\"v0.1.0\"]\ndefault_ref");
    sandbox.write("fleet/fleet.toml", &bad);
    finds(
        &sandbox,
        "bad-refs",
        "warning",
        "is among the `bad_refs` of harness `lines`",
        "`fleet update demo REF`",
    );
}

#[test]
fn configuration_that_leads_elsewhere_is_told() {
    let sandbox = resting();
    let (place, engine) = (
        sandbox.project_at("demo"),
        sandbox.project_at("demo").join("engine"),
    );
    let origin = sandbox.git(&engine, &["remote", "get-url", "origin"]);
    sandbox.git(
        &engine,
        &[
            "remote",
            "set-url",
            "origin",
            "https://example.org/other.git",
        ],
    );
    finds(
        &sandbox,
        "whence",
        "warning",
        "git's configuration leads elsewhere",
        "`fleet harness set-url lines",
    );
    sandbox.git(&engine, &["remote", "set-url", "origin", &origin]);
    is_well(&sandbox, "whence");
    let modules = place.join(".gitmodules");
    let text = fs::read_to_string(&modules).unwrap();
    fs::write(
        &modules,
        text.replace(&origin, "https://example.org/other.git"),
    )
    .unwrap();
    finds(
        &sandbox,
        "whence",
        "warning",
        ".gitmodules says https://example.org/other.git",
        "`fleet harness set-url lines",
    );
}

#[test]
fn a_lock_that_is_older_than_the_boot_is_removed_and_another_is_told() {
    let sandbox = resting();
    let lock = sandbox.project_at("demo").join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    // Somebody may be at work just now.
    is_well(&sandbox, "index-lock");
    let made = |ago: Duration| {
        let file = fs::File::options().write(true).open(&lock).unwrap();
        file.set_modified(SystemTime::now() - ago).unwrap();
    };
    made(Duration::from_secs(120));
    let found = finds(
        &sandbox,
        "index-lock",
        "warning",
        "a git is at work, or was killed",
        "if no git runs there: `rm ",
    );
    assert_eq!(found["about"], "demo");
    assert!(found["fix"].is_null() || up_for() < Duration::from_secs(130));
    made(up_for() + Duration::from_secs(3600));
    fixes(&sandbox, "index-lock", "remove `");
    assert!(!lock.exists());
}

fn up_for() -> Duration {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    let seconds = text.split_whitespace().next().unwrap();
    Duration::from_secs_f64(seconds.parse().unwrap())
}
