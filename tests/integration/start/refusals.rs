//! Starts that are refused: nothing runs after them. F24: what tmux would start silently, and wrongly, is among them.

use std::fs;

use insta::assert_snapshot;

use super::fleet;
use crate::sandbox::Sandbox;

/// Nothing runs, and no terminal was ever asked for.
#[track_caller]
fn nothing_was_started(sandbox: &Sandbox) {
    assert_eq!(sandbox.processes(), []);
    assert_eq!(sandbox.sockets(), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_disabled_project_is_refused() {
    let sandbox = fleet().setting("demo", "enabled = false");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: `demo` is disabled
    hint: `fleet enable demo` allows it
    --- exit code 3
    ");
    nothing_was_started(&sandbox);
}

/// F24.
#[test]
fn a_project_that_is_not_there_is_refused() {
    let sandbox = fleet();
    fs::rename(sandbox.place("demo"), sandbox.root().join("elsewhere")).unwrap();
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: `demo` is not at $ROOT/fleet/projects/demo
    hint: put it back at $ROOT/fleet/projects/demo, or correct `location` in fleet.toml
    --- exit code 3
    ");
    nothing_was_started(&sandbox);
}

#[test]
fn an_engine_with_changed_files_is_refused() {
    let sandbox = fleet();
    sandbox.write("fleet/projects/demo/engine/run.sh", "echo mine\n");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: the engine of `demo` has changed files
    hint: `git -C $ROOT/fleet/projects/demo/engine status` shows them; commit, stash or revert them
    --- exit code 3
    ");
    nothing_was_started(&sandbox);
    assert_eq!(
        sandbox.read("fleet/projects/demo/engine/run.sh"),
        "echo mine\n"
    );
}

#[test]
fn an_engine_at_another_commit_is_refused() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let engine = sandbox.place("demo").join("engine");
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: the engine of `demo` is not at the commit that `demo` pins
    hint: `git -C $ROOT/fleet/projects/demo submodule update engine` puts it there
    --- exit code 3
    ");
    nothing_was_started(&sandbox);
}

#[test]
fn the_way_out_of_a_staged_move_works() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let (demo, engine) = (sandbox.place("demo"), sandbox.place("demo").join("engine"));
    sandbox.git(&engine, &["checkout", "--quiet", "v0.2.0"]);
    sandbox.git(&demo, &["add", "engine"]);
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: the engine of `demo` is not at the commit that `demo` pins
    hint: `git -C $ROOT/fleet/projects/demo commit` pins where it is, which is staged
    --- exit code 3
    ");
    sandbox.git(&demo, &["commit", "--quiet", "--message", "move"]);
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "lines v0.2.0");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F24.
#[test]
fn a_program_that_is_not_installed_is_refused() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest("v1", "start = [\"no-such-program\", \"x\"]", "")
        .project("demo", "v1");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: cannot find the program `no-such-program`
    hint: install `no-such-program`, or put its directory on PATH and start again
    --- exit code 1
    ");
    nothing_was_started(&sandbox);
}

/// F24.
#[test]
fn a_program_of_the_engine_that_is_not_executable_is_refused() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest("v1", "start = [\"{engine}/run.sh\"]", "exec cat\n")
        .project("demo", "v1");
    let said = sandbox.fleet(&["start", "demo"]);
    assert!(
        said.exited(1).stderr.contains("engine/run.sh`"),
        "{}",
        said.text()
    );
    nothing_was_started(&sandbox);
}

#[test]
fn an_env_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = fleet();
    sandbox.write("secrets", "TOKEN=x\n");
    let file = sandbox.root().join("secrets");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.set("demo", &format!("env_file = \"{}\"", file.display()));
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: others may read the env_file `$ROOT/secrets`
    hint: `chmod 600 $ROOT/secrets`
    --- exit code 3
    ");
    nothing_was_started(&sandbox);
}

#[test]
fn an_env_file_that_is_a_pipe_is_not_waited_for() {
    let sandbox = fleet();
    let file = sandbox.root().join("secrets");
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    sandbox.set("demo", &format!("env_file = \"{}\"", file.display()));
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: cannot read the env_file `$ROOT/secrets`
      because: it is not a plain file
    --- exit code 1
    ");
    nothing_was_started(&sandbox);
}

#[test]
fn a_run_by_hand_is_refused_and_shown() {
    let sandbox = Sandbox::new().agents_project();
    let demo = sandbox.place("demo");
    sandbox.agents(&demo, &["up"]).succeeded();
    let before = sandbox.running("alone.sh");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: `demo` is run by process <pid> already, not by this fleet
    hint: stop that run first: `ps -fp <pid>` shows it
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE         PIN  REF     REASON
    demo  up (by hand)  ok  v0.1.0  process <pid> runs it
    --- stderr

    1 project: 1 up (by hand)
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    error: `demo` is run by process <pid>, not by this fleet
    hint: stop that run where it was started: `ps -fp <pid>` shows it
    --- exit code 3
    ");
    assert!(before.iter().all(|process| process.is_alive()));
    sandbox.agents(&demo, &["down"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!((sandbox.lives("one"), sandbox.lives("two")), (1, 1));
}

#[test]
fn a_project_that_is_not_registered_is_named() {
    assert_snapshot!(fleet().run("start demmo"), @r"
    --- stderr
    error: there is no project `demmo` in `fleet.toml`
    hint: did you mean `demo`?
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
}

#[test]
fn no_project_at_all_is_a_mistake() {
    assert_snapshot!(fleet().run("start"), @r"
    --- stderr
    error: no project is named
    hint: name one, or choose several with `--all` or `--label LABEL`
    --- exit code 2
    ");
}
