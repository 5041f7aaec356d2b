//! Several projects at once.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn three() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .project("one", "v0.1.0")
        .project("two", "v0.1.0")
        .project("three", "v0.1.0")
        .setting("one", "labels = [\"research\"]")
        .setting("three", "labels = [\"research\", \"slow\"]")
}

#[test]
fn those_named_are_started_and_no_others() {
    let sandbox = three();
    assert_snapshot!(sandbox.run("start one two"), @r"
    --- stderr
    started `one`
    started `two`
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME   STATE  FOR  PIN  REF
    one  up  <age>  ok  v0.1.0
    three  down        ok   v0.1.0
    two  up  <age>  ok  v0.1.0
    --- stderr

    3 projects: 2 up, 1 down
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("start --all"), @r"
    --- stderr
    `one` is up already
    started `three`
    `two` is up already
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("stop --all"), @r"
    --- stderr
    stopped `one`
    stopped `three`
    stopped `two`
    --- exit code 0
    ");
}

#[test]
fn a_label_chooses() {
    let sandbox = three();
    assert_snapshot!(sandbox.run("start --label research"), @r"
    --- stderr
    started `one`
    started `three`
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("start --label nothing"), @r"
    --- stderr
    none of 3 projects is chosen
    --- exit code 0
    ");
    assert_eq!(sandbox.status("two")["verdict"], "down");
    assert_snapshot!(sandbox.run("stop --label slow"), @r"
    --- stderr
    stopped `three`
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn one_that_cannot_start_does_not_stop_the_others() {
    let sandbox = three().setting("two", "enabled = false");
    assert_snapshot!(sandbox.run("start --all"), @r"
    --- stderr
    started `one`
    started `three`
    error: `two` is disabled
    hint: `fleet enable two` allows it
    --- exit code 4
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME   STATE     FOR  PIN  REF
    one  up  <age>  ok  v0.1.0
    three  up  <age>  ok  v0.1.0
    two    disabled       ok   v0.1.0
    --- stderr

    3 projects: 2 up, 1 disabled
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn all_that_are_refused_are_refused_together() {
    let sandbox = three()
        .setting("two", "enabled = false")
        .setting("one", "enabled = false");
    assert_snapshot!(sandbox.run("start one two"), @r"
    --- stderr
    error: `one` is disabled
    hint: `fleet enable one` allows it
    error: `two` is disabled
    hint: `fleet enable two` allows it
    --- exit code 3
    ");
}

#[test]
fn twenty_projects_start_at_once() {
    let names: Vec<String> = (0..20).map(|number| format!("p{number:02}")).collect();
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    for name in &names {
        sandbox.wait_for_screen(name, &format!("{name} is up"));
    }
    assert_eq!(sandbox.running("run.sh p").len(), 20);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
