//! Commands on one project at the same time.

use super::fleet;
use crate::sandbox::Sandbox;

/// Runs commands at the same time, and returns their exit codes.
fn at_once<const N: usize>(sandbox: &Sandbox, commands: [&[&str]; N]) -> [Option<i32>; N] {
    std::thread::scope(|scope| {
        commands
            .map(|arguments| scope.spawn(|| sandbox.fleet(arguments).code))
            .map(|command| command.join().unwrap())
    })
}

#[test]
fn four_starts_at_once_are_one_run() {
    let sandbox = fleet();
    let codes = at_once(&sandbox, [&["start", "demo"]; 4]);
    assert_eq!(codes, [Some(0); 4]);
    assert_eq!(sandbox.running("run.sh").len(), 1);
    assert_eq!(sandbox.running("fleet-tender").len(), 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn two_projects_that_start_at_once_share_one_server() {
    let sandbox = fleet().project("other", "v0.1.0");
    for _ in 0..5 {
        let codes = at_once(&sandbox, [&["start", "demo"], &["start", "other"]]);
        assert_eq!(codes, [Some(0); 2]);
        assert_eq!(sandbox.running("tmux -u").len(), 1);
        assert_eq!(sandbox.running("run.sh").len(), 2);
        let codes = at_once(&sandbox, [&["stop", "demo"], &["stop", "other"]]);
        assert_eq!(codes, [Some(0); 2]);
        assert_eq!(sandbox.running("run.sh"), []);
    }
}

#[test]
fn after_starts_and_stops_at_once_the_last_wish_is_what_is_true() {
    let sandbox = fleet().setting("demo", "watch = \"heal\"");
    for _ in 0..8 {
        let (start, stop): (&[&str], &[&str]) = (&["start", "demo"], &["stop", "demo"]);
        let codes = at_once(&sandbox, [start, stop, start, stop]);
        assert_eq!(codes, [Some(0); 4]);
        let status = sandbox.status("demo");
        assert_eq!(status["verdict"], status["desired"], "{status:#}");
        let runs = usize::from(status["desired"] == "up");
        assert_eq!(sandbox.running("run.sh").len(), runs);
        assert_eq!(sandbox.running("fleet-tender").len(), runs);
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_command_that_holds_the_project_is_waited_for_no_longer_than_asked() {
    let sandbox = fleet();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let lock = sandbox.directory().join(".fleet/locks/demo");
    let mut holder = sandbox.command("flock", sandbox.root());
    let mut holder = holder
        .arg(&lock)
        .args(["sh", "-c", ": > held; exec sleep 86423"])
        .spawn()
        .unwrap();
    sandbox.wait_for("the lock", || sandbox.root().join("held").exists());
    insta::assert_snapshot!(sandbox.run("start demo --wait 100ms"), @r"
    --- stderr
    error: another command has held `$ROOT/fleet/.fleet/locks/demo` for 0 s
    hint: wait for the other command to end, then run this one again
    --- exit code 6
    ");
    sandbox
        .running("sleep 86423")
        .iter()
        .for_each(|process| process.kill());
    holder.wait().unwrap();
    assert_eq!(sandbox.running("run.sh"), []);
}
