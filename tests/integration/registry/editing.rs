//! `fleet enable` and `fleet disable`: one value changes.

use std::os::unix::fs::MetadataExt as _;

use super::{WRITTEN, written};
use crate::sandbox::Sandbox;

#[test]
fn enable_and_disable_change_one_value_and_no_other_byte() {
    let sandbox = written(WRITTEN);
    insta::assert_snapshot!(sandbox.run("enable notes"), @r"
    --- stderr
    enabled `notes`
    --- exit code 0
    ");
    assert_eq!(
        sandbox.read("fleet/fleet.toml"),
        WRITTEN.replace("enabled = false", "enabled = true")
    );
    insta::assert_snapshot!(sandbox.run("disable --all"), @r"
    --- stderr
    disabled `demo`
    disabled `notes`
    --- exit code 0
    ");
    let disabled = sandbox.read("fleet/fleet.toml");
    let without: String = disabled
        .lines()
        .filter(|line| *line != "enabled = false")
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(without, WRITTEN);
    sandbox.fleet(&["enable", "demo"]).succeeded();
    assert!(sandbox.read("fleet/fleet.toml").contains("# the first\n"));
}

#[test]
fn what_is_so_already_is_not_written_again() {
    let sandbox = written(WRITTEN);
    let file = sandbox.at("fleet/fleet.toml");
    let before = file.metadata().expect("it was just written");
    insta::assert_snapshot!(sandbox.run("disable notes"), @r"
    --- stderr
    `notes` is disabled already
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("enable demo notes --dry-run"), @r"
    notes:
      write enabled = true into fleet.toml
    --- stderr
    `demo` is enabled already
    --- exit code 0
    ");
    let after = file.metadata().expect("it was just written");
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
    assert_eq!(sandbox.read("fleet/fleet.toml"), WRITTEN);
}

#[test]
fn a_registry_that_is_a_link_or_read_by_others_stays_so() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let sandbox = Sandbox::new();
    sandbox.write("elsewhere/registry.toml", WRITTEN);
    sandbox.write("fleet/README.md", "");
    let real = sandbox.at("elsewhere/registry.toml");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("../elsewhere/registry.toml", sandbox.at("fleet/fleet.toml")).expect("it is ours");
    sandbox.fleet(&["enable", "notes"]).succeeded();
    assert!(sandbox.at("fleet/fleet.toml").is_symlink());
    assert!(
        sandbox
            .read("elsewhere/registry.toml")
            .contains("enabled = true")
    );
    let mode = real.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
