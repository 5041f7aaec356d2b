//! `fleet.toml` and `.fleet`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{doctor, findings, finds, fixes, is_well, resting, running, tells};

#[test]
fn every_error_of_a_registry_is_told_and_what_needs_none_is_checked() {
    let sandbox = resting();
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{text}wtach = \"heal\"\nlabels = 3\n"),
    );
    let said = doctor(&sandbox);
    assert_eq!(said.code, Some(5));
    let found = findings(&said, "registry");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0]["source"]
            .as_str()
            .unwrap()
            .starts_with("fleet.toml:")
    );
    tells(
        &said,
        "pin",
        "unknown",
        "nobody knows which projects there are",
        "`fleet validate`",
    );
    assert!(findings(&said, "states").is_empty() && findings(&said, "answers").is_empty());
    // What is known of projects is nobody's stray now.
    let done = sandbox.fleet(&["doctor", "--fix"]);
    assert!(!done.stderr.contains("fixed"), "{}", done.text());
    let shown = sandbox.fleet(&["doctor"]).stdout;
    assert!(shown.contains("location, pin, bad-refs"), "{shown}");
}

#[test]
fn a_registry_that_is_lost_is_told() {
    let sandbox = running();
    let text = sandbox.read("fleet/fleet.toml");
    fs::remove_file(sandbox.at("fleet/fleet.toml")).unwrap();
    finds(&sandbox, "registry", "wrong", "there is no `", "git -C");
    assert!(findings(&doctor(&sandbox), "answers").is_empty());
    sandbox.write("fleet/fleet.toml", &text);
    is_well(&sandbox, "registry");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_schema_that_is_not_there_is_told() {
    let sandbox = resting();
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("#:schema ./fleet.schema.json\n{text}"),
    );
    finds(
        &sandbox,
        "schema",
        "warning",
        "is not there",
        "`fleet schema > ./fleet.schema.json`",
    );
    sandbox.write("fleet/fleet.schema.json", "{}");
    is_well(&sandbox, "schema");
}

#[test]
fn what_others_may_read_is_made_private() {
    let sandbox = running();
    let set = |path: &str, mode: u32| {
        fs::set_permissions(sandbox.at(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("fleet/.fleet", 0o755);
    finds(&sandbox, "permissions", "wrong", "mode 0755", "`chmod 700");
    fixes(&sandbox, "permissions", "let nobody else read or write");
    set("fleet/.fleet/units/demo.json", 0o644);
    finds(
        &sandbox,
        "permissions",
        "wrong",
        "others may read its unit (mode 0644)",
        "`chmod 600",
    );
    fixes(&sandbox, "permissions", "let nobody else read or write");
    let mode = fs::metadata(sandbox.at("fleet/.fleet/units/demo.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// Only root can make a fleet of somebody else's, or that cannot be written.
#[test]
fn a_fleet_of_another_users_is_looked_at_and_not_written() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let sandbox = resting();
    let other = Some(12345);
    sandbox.write("fleet/.fleet/desired/.demo.4194304", "");
    for path in ["fleet", "fleet/.fleet"] {
        std::os::unix::fs::chown(sandbox.at(path), other, None).unwrap();
    }
    finds(
        &sandbox,
        "permissions",
        "wrong",
        "it is of user 12345",
        "`sudo chown",
    );
    let refused = sandbox.fleet(&["doctor", "--fix"]);
    refused.exited(3);
    assert!(
        refused.stderr.contains("is of user 12345"),
        "{}",
        refused.text()
    );
    for path in ["fleet", "fleet/.fleet"] {
        std::os::unix::fs::chown(sandbox.at(path), Some(0), None).unwrap();
    }
}

#[test]
fn what_git_would_take_is_ignored_and_what_it_tracks_is_told() {
    let sandbox = resting();
    let fleet = sandbox.directory();
    sandbox.git(&fleet, &["init", "--quiet"]);
    sandbox.write("fleet/.gitignore", "# mine");
    finds(
        &sandbox,
        "ignored",
        "wrong",
        "git does not ignore /.fleet/ and /projects/",
        "/.fleet/ /projects/",
    );
    fixes(
        &sandbox,
        "ignored",
        "add to .gitignore: /.fleet/ /projects/",
    );
    assert_eq!(
        sandbox.read("fleet/.gitignore"),
        "# mine\n/.fleet/\n/projects/\n"
    );
    sandbox.write("fleet/.fleet/notes", "");
    sandbox.git(&fleet, &["add", "--force", ".fleet/notes"]);
    finds(
        &sandbox,
        "ignored",
        "wrong",
        "git tracks files of `.fleet`",
        "rm -r --cached .fleet",
    );
}

#[test]
fn files_that_are_torn_newer_or_no_files_are_told() {
    let sandbox = running();
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    sandbox.write("fleet/.fleet/state/demo.json", &state[..state.len() / 2]);
    let found = finds(
        &sandbox,
        "states",
        "wrong",
        "cannot read the state",
        "`rm -r",
    );
    assert_eq!(found["about"], "demo");
    sandbox.write(
        "fleet/.fleet/state/demo.json",
        &state.replacen("\"version\":1", "\"version\":9", 1),
    );
    finds(
        &sandbox,
        "states",
        "wrong",
        "it is of version 9",
        "a newer fleet may have written it",
    );
    sandbox.write("fleet/.fleet/state/demo.json", &state);
    for (name, cure) in [
        ("units/demo.json", "`fleet restart demo` writes it anew"),
        ("desired/demo", "`fleet start demo` or `fleet stop demo`"),
        ("brake", "`rm -r"),
        ("deaths", "`rm -r"),
    ] {
        let path = sandbox.at("fleet/.fleet").join(name);
        let before = fs::read(&path);
        let _ = fs::remove_file(&path);
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        finds(&sandbox, "states", "wrong", "it is not a plain file", cure);
        fs::remove_file(&path).unwrap();
        if let Ok(before) = before {
            fs::write(&path, before).unwrap();
        }
    }
    is_well(&sandbox, "states");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn env_files_that_others_may_read_are_made_private_and_others_told() {
    let sandbox = resting();
    let path = sandbox.at("home/demo.env");
    sandbox.set("demo", &format!("env_file = \"{}\"", path.display()));
    finds(
        &sandbox,
        "env-files",
        "wrong",
        "cannot be read",
        "`install -m 600 /dev/null",
    );
    sandbox.write("home/demo.env", "TOKEN=x\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    finds(
        &sandbox,
        "env-files",
        "wrong",
        "others may read its env_file (mode 0640)",
        "`chmod 600",
    );
    fixes(&sandbox, "env-files", "let nobody else read or write");
    sandbox.write("home/demo.env", "TOKEN=x\nnonsense\n");
    finds(
        &sandbox,
        "env-files",
        "wrong",
        "line 2 of the env_file",
        "edit ",
    );
}
