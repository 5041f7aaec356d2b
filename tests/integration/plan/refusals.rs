//! What a plan says that it cannot do, and does not.

use super::{fleet, lose_all, move_by_hand};

#[test]
fn what_cannot_be_done_does_not_stop_the_rest() {
    let sandbox = fleet(&["demo", "merging"]);
    for name in ["demo", "merging"] {
        move_by_hand(&sandbox, name, "v0.2.0");
    }
    let merging = sandbox.place("merging");
    let head = sandbox.git(&merging, &["rev-parse", "HEAD"]);
    sandbox.write(
        "fleet/projects/merging/.git/MERGE_HEAD",
        &format!("{head}\n"),
    );
    insta::assert_snapshot!(sandbox.run("apply"), @r"
    --- stderr
    `demo`: <commit> -> v0.1.0 (<commit>)
    error: `merging`: pinned at <commit>
      because: the project is in the middle of a merge; finish it, or `git -C $ROOT/fleet/projects/merging merge --abort`
    --- exit code 4
    ");
    assert_eq!(sandbox.git(&merging, &["rev-parse", "HEAD"]), head);
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn what_was_lost_with_its_server_comes_back_in_one_go() {
    let sandbox = fleet(&["one", "two", "three"]);
    sandbox.fleet(&["start", "--all"]).succeeded();
    lose_all(&sandbox);
    let said = sandbox.fleet(&["plan"]);
    assert_eq!(
        said.stdout
            .matches("+ up, as asked for: fleet start")
            .count(),
        3,
        "{}",
        said.text()
    );
    sandbox.fleet(&["apply"]).succeeded();
    for name in ["one", "two", "three"] {
        sandbox.wait_until_is(name, "up");
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn what_another_command_works_on_is_left_alone() {
    let sandbox = fleet(&["demo"]);
    move_by_hand(&sandbox, "demo", "v0.2.0");
    let mut plan = sandbox.command("flock", &sandbox.directory());
    plan.arg(".fleet/locks/demo")
        .args([env!("CARGO_BIN_EXE_fleet"), "plan"]);
    let said = sandbox.output(&mut plan);
    insta::assert_snapshot!(said.succeeded().text(), @r"
    demo
      - it is being changed
      ! left alone; cannot be done: another command is at work on `demo`
    --- stderr

    1 project: 1 that cannot be done
    --- exit code 0
    ");
}
