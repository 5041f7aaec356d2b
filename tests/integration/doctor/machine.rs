//! The machine's programs, kernel and limits.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use super::{doctor, findings, finds, is_well, resting, tells};
use crate::sandbox::{Output, Sandbox};

/// Runs it with another program first on PATH.
pub(super) fn with_program(sandbox: &Sandbox, name: &str, script: &str) -> Output {
    let file = format!("first/{name}");
    sandbox.write(&file, &format!("#!/bin/sh\n{script}\n"));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.at(&file), mode).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let usual = command.get_envs().find(|(name, _)| *name == "PATH");
    let usual = usual.and_then(|(_, path)| path).unwrap().to_owned();
    let path = std::iter::once(sandbox.at("first")).chain(std::env::split_paths(&usual));
    command.env("PATH", std::env::join_paths(path).unwrap());
    sandbox.output(command.args(["doctor", "--json"]))
}

/// Runs it while system calls of a kind fail.
fn without(sandbox: &Sandbox, call: &str, error: &str) -> Output {
    let mut command = sandbox.command("strace", &sandbox.directory());
    let log = sandbox.at("tmp/calls");
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:error={error}"),
    );
    command.args(["-f", "-b", "execve", "-qq", "-o"]).arg(log);
    command.args(["-e", &trace, "-e", &inject, env!("CARGO_BIN_EXE_fleet")]);
    sandbox.output(command.args(["doctor", "--json"]))
}

#[test]
fn programs_that_are_too_old_are_told() {
    let sandbox = resting();
    let said = with_program(&sandbox, "git", "echo git version 1.9.1");
    tells(
        &said,
        "git",
        "wrong",
        "git version 1.9.1 is too old",
        "install git 2.30",
    );
    fs::remove_file(sandbox.at("first/git")).unwrap();
    let said = with_program(&sandbox, "tmux", "echo tmux 2.9a");
    tells(
        &said,
        "tmux",
        "wrong",
        "tmux 2.9a is too old",
        "install tmux 3.2",
    );
    let said = with_program(&sandbox, "tmux", "exit 3");
    tells(
        &said,
        "tmux",
        "wrong",
        "ended with exit status: 3",
        "install tmux",
    );
}

#[test]
fn a_program_that_hangs_is_not_waited_for() {
    let sandbox = resting();
    let said = with_program(&sandbox, "tmux", "exec sleep 86400");
    tells(
        &said,
        "tmux",
        "wrong",
        "has not answered within 5 s",
        "install tmux",
    );
}

#[test]
fn without_git_it_says_so_and_checks_the_rest() {
    let sandbox = resting();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let said = sandbox.output(command.env("PATH", "/nowhere").args(["doctor", "--json"]));
    tells(&said, "git", "wrong", "`git` is not on PATH", "install git");
    tells(
        &said,
        "tmux",
        "wrong",
        "`tmux` is not on PATH",
        "install tmux",
    );
    assert!(findings(&said, "registry").is_empty() && findings(&said, "pin").is_empty());
}

#[test]
fn a_kernel_or_file_system_that_lacks_something_is_told() {
    let sandbox = resting();
    let said = without(&sandbox, "pidfd_open", "ENOSYS");
    tells(
        &said,
        "kernel",
        "wrong",
        "no process descriptors",
        "5.4 or newer",
    );
    let said = without(&sandbox, "renameat2", "EINVAL");
    tells(
        &said,
        "exchange",
        "warning",
        "cannot be exchanged",
        "a local file system",
    );
}

#[test]
fn limits_below_what_may_run_are_told() {
    let sandbox = resting();
    is_well(&sandbox, "limits");
    let line = format!(
        "ulimit -n 64; exec {} doctor --json",
        env!("CARGO_BIN_EXE_fleet")
    );
    let said = sandbox.output(
        sandbox
            .command("sh", &sandbox.directory())
            .args(["-c", &line]),
    );
    tells(
        &said,
        "limits",
        "warning",
        "max_running is 200",
        "`max_running = ",
    );
}

#[test]
fn a_clock_that_went_back_is_told() {
    let sandbox = resting();
    let file = fs::File::open(sandbox.at("fleet/fleet.toml")).unwrap();
    let later = SystemTime::now() + Duration::from_secs(3 * 3600);
    file.set_modified(later).unwrap();
    finds(
        &sandbox,
        "clock",
        "warning",
        "`fleet.toml` was written 2h in the future",
        "`timedatectl`",
    );
}

#[test]
fn a_git_that_knows_nobody_is_told() {
    let sandbox = resting();
    sandbox.write("home/.gitconfig", "[user]\n\tname = Ada\n");
    finds(
        &sandbox,
        "identity",
        "warning",
        "git knows no user.email",
        "`git config --global user.name NAME`",
    );
}

#[test]
fn a_harness_whose_program_is_not_there_is_told() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest("v1", "start = [\"no-such-program\", \"{name}\"]", "")
        .project("demo", "v1");
    let found = finds(
        &sandbox,
        "programs",
        "wrong",
        "starts `no-such-program`",
        "install `no-such-program`",
    );
    assert_eq!(found["about"], "demo");
    assert!(doctor(&sandbox).text().contains("fleet start demo"));
}
