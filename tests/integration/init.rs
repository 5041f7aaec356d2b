//! `fleet init`: a new orchestrator repository, and the demo.

use std::fs;
use std::path::Path;

use crate::sandbox::{Sandbox, assert_same};

/// Runs `fleet` in a directory of the home.
fn fleet_in(sandbox: &Sandbox, directory: &Path, line: &str) -> String {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), directory);
    let output = sandbox.output(command.args(line.split_whitespace()));
    sandbox.normalise(&output.text())
}

#[test]
fn a_new_fleet_is_a_repository_with_one_commit() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("init fleet"), @r"
    --- stderr
    made the fleet $ROOT/fleet
    hint: `cd $ROOT/fleet`, then `fleet create NAME` makes a project
    --- exit code 0
    ");
    let fleet = sandbox.directory();
    let files = sandbox.git(&fleet, &["ls-files", "--format=%(objectmode) %(path)"]);
    insta::assert_snapshot!(files, @r"
    100644 .gitignore
    100644 .gitmodules
    100644 agents.toml
    160000 engine
    100644 fleet.toml
    100644 prompts/orchestrator.md
    ");
    assert_eq!(sandbox.git(&fleet, &["rev-list", "--count", "--all"]), "1");
    let author = sandbox.git(&fleet, &["log", "--format=%an <%ae>, %cn <%ce>: %s"]);
    insta::assert_snapshot!(author, @r"
    Ada Example <ada@example.org>, Ada Example <ada@example.org>: Start with agents v0.2.0
    ");
    sandbox.is_whole(&fleet);
    insta::assert_snapshot!(sandbox.run("validate"), @r"
    --- stderr
    $ROOT/fleet/fleet.toml is valid: 0 projects
    operated by Ada Example, human
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("status"), @r"
    --- stderr
    no project is registered
    hint: `fleet create NAME` makes one
    --- exit code 0
    ");
    // Runtime state and projects are not git's business.
    sandbox.fleet(&["create", "notes"]).succeeded();
    assert_eq!(
        sandbox.git(&fleet, &["status", "--porcelain"]),
        " M fleet.toml"
    );
}

#[test]
fn an_empty_directory_becomes_a_fleet() {
    let sandbox = Sandbox::new();
    let empty = sandbox.at("home/empty");
    fs::create_dir(&empty).expect("the home is ours");
    insta::assert_snapshot!(fleet_in(&sandbox, &empty, "init"), @r"
    --- stderr
    made the fleet $ROOT/home/empty
    hint: `cd $ROOT/home/empty`, then `fleet create NAME` makes a project
    --- exit code 0
    ");
    sandbox.is_whole(&empty);
    assert!(fleet_in(&sandbox, &empty, "list").ends_with("exit code 0\n"));
    let left: Vec<_> = fs::read_dir(sandbox.at("home"))
        .expect("the home is ours")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains("empty"))
        .collect();
    assert_eq!(left, ["empty"]);
}

#[test]
fn a_place_that_is_taken_is_refused_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("home/full/notes.txt", "mine");
    sandbox.write("home/old/fleet.toml", "[fleet]\n");
    sandbox.write("home/file", "mine");
    sandbox.write("home/repository/src/main.rs", "");
    sandbox.git(&sandbox.at("home/repository"), &["init", "--quiet"]);
    let before = sandbox.tree(&sandbox.at("home"));
    insta::assert_snapshot!(sandbox.run("init home/full"), @r"
    --- stderr
    error: `$ROOT/home/full` is not empty
    hint: name a directory that is empty or not there: `fleet init DIR`
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("init home/old"), @r"
    --- stderr
    error: there is a fleet at $ROOT/home/old already
    hint: `fleet --fleet $ROOT/home/old status` shows it
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("init home/repository/new"), @r"
    --- stderr
    error: `$ROOT/home/repository/new` is inside the repository $ROOT/home/repository
    hint: choose a place outside, or one that its .gitignore names
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("init home/repository/.git/new"), @r"
    --- stderr
    error: `$ROOT/home/repository/.git/new` is inside the repository $ROOT/home/repository/.git
    hint: choose a place outside, or one that its .gitignore names
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("init home/repository"), @r"
    --- stderr
    error: `$ROOT/home/repository` is not empty
    hint: name a directory that is empty or not there: `fleet init DIR`
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("init home/file"), @r"
    --- stderr
    error: cannot look into `$ROOT/home/file`
      because: Not a directory (os error 20)
    hint: name a directory that is empty or not there: `fleet init DIR`
    --- exit code 1
    ");
    insta::assert_snapshot!(sandbox.run("init home/file/below"), @r"
    --- stderr
    error: cannot look into `$ROOT/home/file/below`
      because: Not a directory (os error 20)
    hint: name a directory that is empty or not there: `fleet init DIR`
    --- exit code 1
    ");
    assert_same(&before, &sandbox.tree(&sandbox.at("home")));
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let before = sandbox.tree(sandbox.root());
    insta::assert_snapshot!(sandbox.run("init --demo fleet --dry-run"), @r"
    make a repository at $ROOT/fleet, with fleet.toml, engine/, agents.toml and prompts/
    create the project `demo` in it, start it, and show it
    --- exit code 0
    ");
    let mut after = sandbox.tree(sandbox.root());
    // The built-in harness may be written out: that is no part of a fleet.
    after.retain(|path, _| !path.starts_with("home/.local") && !path.starts_with("output"));
    let mut before = before;
    before.retain(|path, _| !path.starts_with("output"));
    assert_same(&before, &after);
}

#[test]
fn the_demo_runs_is_shown_and_goes_without_a_trace() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("init --demo fleet"), @r#"
    NAME  STATE  FOR  PIN  REF
    demo  up  <age>  ok  v0.1.0

    Next:
      cd $ROOT/fleet
      fleet send demo/scribe "hello"      type into an agent's terminal
      fleet logs demo/scribe              read it
      fleet update demo v0.2.0 --restart  move it to the next version of its harness
      fleet attach demo/scribe            look at it live; Ctrl-b d leaves it

    To clean up:
      fleet --fleet $ROOT/fleet stop --all && rm -rf $ROOT/fleet
    --- stderr
    made the fleet $ROOT/fleet
    created `demo` at $ROOT/fleet/projects/demo, with agents v0.1.0 (<commit>)
    its harness agents: runs the agents listed in agents.toml
    hint: its harness is at $ROOT/home/.local/share/agents/harness.git: the project can be cloned only where that path exists; `fleet harness set-url agents URL` says where else it is
    started `demo`
    --- exit code 0
    "#);
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox.fleet(&["status", "--check"]).succeeded();
    sandbox
        .fleet(&["send", "demo/scribe", "good morning"])
        .succeeded();
    let notes = sandbox.project_at("demo").join("notes.md");
    sandbox.wait_for("the scribe to write it down", || {
        fs::read_to_string(&notes).is_ok_and(|notes| notes.ends_with("- good morning\n"))
    });
    sandbox.fleet(&["stop", "--all"]).succeeded();
    let left = sandbox.processes();
    assert!(
        left.iter().all(|left| left.command.contains("tmux")),
        "{left:#?}"
    );
    sandbox.wait_for("the tmux server to end", || sandbox.processes().is_empty());
    fs::remove_dir_all(sandbox.directory()).expect("nothing holds it");
}

#[test]
fn the_demo_makes_its_own_directory() {
    let sandbox = Sandbox::new();
    let home = sandbox.at("home");
    assert!(fleet_in(&sandbox, &home, "init --demo --quiet").ends_with("exit code 0\n"));
    let stopped = fleet_in(&sandbox, &home, "--fleet fleet-demo stop --all");
    assert!(stopped.ends_with("exit code 0\n"), "{stopped}");
}

#[test]
fn a_demo_that_was_cut_off_goes_on() {
    let sandbox = Sandbox::new();
    let home = sandbox.at("home");
    // What is there when the first command was killed after it had made the fleet.
    assert!(fleet_in(&sandbox, &home, "init fleet-demo").ends_with("exit code 0\n"));
    let resumed = fleet_in(&sandbox, &home, "init --demo");
    assert!(resumed.contains("demo  up"), "{resumed}");
    let again = fleet_in(&sandbox, &home, "init --demo");
    assert!(again.contains("`demo` is up already"), "{again}");
    let stopped = fleet_in(&sandbox, &home, "--fleet fleet-demo stop --all");
    assert!(stopped.ends_with("exit code 0\n"), "{stopped}");
}

#[test]
fn a_place_that_the_repository_around_it_ignores_is_fine() {
    let sandbox = Sandbox::new();
    let around = sandbox.at("around");
    fs::create_dir(&around).expect("the sandbox is writable");
    sandbox.git(&around, &["init", "--quiet"]);
    let refused = fleet_in(&sandbox, &around, "init --demo");
    assert!(refused.ends_with("exit code 3\n"), "{refused}");
    fs::write(around.join(".gitignore"), "/fleet-demo/\n").expect("the sandbox is writable");
    let made = fleet_in(&sandbox, &around, "init --demo");
    assert!(made.ends_with("exit code 0\n"), "{made}");
    assert_eq!(
        sandbox.git(&around, &["status", "--porcelain"]),
        "?? .gitignore"
    );
    let stopped = fleet_in(&sandbox, &around, "--fleet fleet-demo stop --all");
    assert!(stopped.ends_with("exit code 0\n"), "{stopped}");
}
