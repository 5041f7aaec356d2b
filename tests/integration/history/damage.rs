//! A trail that is torn, or cannot be written, stands in nobody's way.

use std::fs;

use super::{TRAIL, fleet};

#[test]
fn a_torn_last_line_costs_itself_only() {
    let sandbox = fleet();
    sandbox.fleet(&["disable", "demo"]).succeeded();
    let text = sandbox.read(TRAIL);
    sandbox.write(TRAIL, &text[..text.len() - 20]);
    sandbox.fleet(&["enable", "demo"]).succeeded();
    sandbox.fleet(&["disable", "demo"]).succeeded();
    let shown = sandbox.fleet(&["history", "demo"]);
    assert_eq!(shown.succeeded().stdout.lines().count(), 1 + 3);
    assert_eq!(
        shown.stderr,
        "warning: 1 line of the trail cannot be read: cut off, or written by something else\n"
    );
    assert_eq!(sandbox.history(&["demo"]).len(), 3);
    assert_eq!(sandbox.read(TRAIL).lines().count(), 4);
}

#[test]
fn a_writer_that_is_killed_at_its_line_leaves_a_trail_that_goes_on() {
    let sandbox = fleet();
    let before = sandbox.history(&[]).len();
    let trail = sandbox.at(TRAIL);
    let mut command = sandbox.command("strace", &sandbox.directory());
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(&trail)
        .args(["-e", "inject=write:signal=KILL"])
        .arg(env!("CARGO_BIN_EXE_fleet"))
        .args(["disable", "demo"]);
    assert_ne!(sandbox.output(&mut command).code, Some(0));
    // What it did is done; only nobody is left to tell of it.
    assert_eq!(sandbox.history(&[]).len(), before);
    assert_eq!(sandbox.status("demo")["verdict"], "disabled");
    sandbox.fleet(&["enable", "demo"]).succeeded();
    assert_eq!(sandbox.history(&[]).len(), before + 1);
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_line_is_told_and_costs_that_line() {
    let sandbox = fleet();
    let text = sandbox.read(TRAIL);
    // Blank lines mean nothing. After them there is room for 30 bytes, as far as a limit of 8 blocks is concerned.
    let room = 8 * 512 - 30 - text.len();
    sandbox.write(TRAIL, &format!("{text}{}", "\n".repeat(room)));
    let fleet = env!("CARGO_BIN_EXE_fleet");
    let line = format!("trap '' XFSZ; ulimit -f 8; exec {fleet} disable demo");
    let mut command = sandbox.command("sh", &sandbox.directory());
    let said = sandbox.output(command.args(["-c", &line]));
    let warning = "the disk took a part of a line only; it may be full";
    assert!(said.succeeded().stderr.contains(warning), "{}", said.text());
    assert_eq!(sandbox.read(TRAIL).len(), 8 * 512);
    sandbox.fleet(&["enable", "demo"]).succeeded();
    let shown = sandbox.fleet(&["history", "--json"]);
    assert!(shown.succeeded().stderr.contains("1 line of the trail"));
    let whats: Vec<_> = sandbox
        .history(&[])
        .iter()
        .map(|event| event["what"].clone())
        .collect();
    assert_eq!(whats, ["create", "enable"]);
}

#[test]
fn a_disk_that_is_full_is_told() {
    let sandbox = fleet();
    let mut command = sandbox.command("strace", &sandbox.directory());
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(sandbox.at(TRAIL))
        .args(["-e", "inject=write:error=ENOSPC"])
        .arg(env!("CARGO_BIN_EXE_fleet"))
        .args(["disable", "demo"]);
    let said = sandbox.output(&mut command);
    assert!(
        said.succeeded()
            .stderr
            .starts_with("warning: `fleet history` will not know of this: cannot write `"),
        "{}",
        said.text()
    );
    assert_eq!(sandbox.status("demo")["verdict"], "disabled");
}

#[test]
fn a_trail_that_cannot_be_written_is_a_warning() {
    let sandbox = fleet();
    // Whoever runs the tests may be root, whom no mode keeps from writing: a directory keeps everybody.
    fs::remove_file(sandbox.at(TRAIL)).unwrap();
    fs::create_dir(sandbox.at(TRAIL)).unwrap();
    for line in ["disable demo", "enable demo", "start demo", "stop demo"] {
        let words: Vec<&str> = line.split(' ').collect();
        let said = sandbox.fleet(&words);
        let warnings = said.succeeded().stderr.matches("warning: ").count();
        assert_eq!(warnings, 1, "{}", said.text());
    }
    let said = sandbox.fleet(&["history"]);
    let error = "is not a plain file";
    assert!(said.exited(1).stderr.contains(error), "{}", said.text());
}

#[test]
fn a_fleet_whose_runtime_directory_was_deleted_begins_anew() {
    let sandbox = fleet();
    fs::remove_dir_all(sandbox.at("fleet/.fleet")).unwrap();
    assert_eq!(
        sandbox.run("history"),
        "--- stderr\nnothing was changed\n--- exit code 0\n"
    );
    sandbox.fleet(&["disable", "demo"]).succeeded();
    assert_eq!(sandbox.history(&[]).len(), 1);
}
