//! The brake, as `boot`, the guardian and `go` obey it.

use serde_json::json;

use crate::guardian::{Guardian, fleet_of, lives, start, stop_all, whole};
use crate::sandbox::Sandbox;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Three projects, two of which die twice within a minute: that is most of them, and puts the brake on.
fn braked() -> (Sandbox, Guardian) {
    let sandbox = NAMES.iter().fold(fleet_of(&NAMES), |sandbox, name| {
        sandbox.setting(name, "watch = \"heal\"")
    });
    start(&sandbox, &NAMES);
    let guardian = Guardian::of(&sandbox);
    for name in ["a", "b"] {
        sandbox.kill(&sandbox.tender_of(name));
        guardian.says(&sandbox, &format!("brought back `{name}`"));
        whole(&sandbox, name);
    }
    sandbox.kill(&sandbox.tender_of("a"));
    guardian.says(
        &sandbox,
        "held `a`: the brake is on: 2 of 3 projects died within a minute",
    );
    (sandbox, guardian)
}

#[test]
fn the_guardian_holds_second_lives_and_goes_on_when_told() {
    let (sandbox, guardian) = braked();
    assert_eq!(lives(&sandbox, "a"), 2);
    // The first death of another is answered all the same.
    sandbox.kill(&sandbox.tender_of("c"));
    guardian.says(&sandbox, "brought back `c`");
    whole(&sandbox, "c");
    let said = sandbox.fleet(&["go"]);
    assert!(
        said.succeeded()
            .stderr
            .contains("it was on because 3 of 3 projects died within a minute")
    );
    guardian.says_times(&sandbox, "brought back `a`", 2);
    whole(&sandbox, "a");
    assert_eq!(lives(&sandbox, "a"), 3);
    stop_all(&sandbox);
}

#[test]
fn a_boot_refuses_until_the_brake_is_off() {
    let (sandbox, guardian) = braked();
    guardian.kill();
    let said = sandbox.fleet(&["go", "--dry-run"]);
    assert!(
        said.succeeded()
            .stdout
            .starts_with("would take the brake off")
    );
    let said = sandbox.fleet(&["boot"]);
    let said = &said.exited(3).stderr;
    assert!(
        said.contains("error: the brake is on: 2 of 3 projects died within a minute"),
        "{said}"
    );
    assert!(said.contains("`fleet go`"), "{said}");
    assert_eq!(lives(&sandbox, "a"), 2);
    sandbox.fleet(&["go"]).succeeded();
    let said = sandbox.fleet(&["boot", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    assert_eq!(said["back"], json!(["a"]));
    whole(&sandbox, "a");
    stop_all(&sandbox);
}
