//! The package's programs.

use std::fs;
use std::path::{Path, PathBuf};

use super::machine::with_program;
use super::{findings, finds, resting, running, tells};
use crate::sandbox::{Output, Sandbox};

/// Copies some of the built programs into a directory of their own.
fn installed(sandbox: &Sandbox, programs: &[&str]) -> PathBuf {
    let directory = sandbox.at("bin");
    fs::create_dir_all(&directory).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_fleet")).parent().unwrap();
    for program in programs {
        fs::copy(built.join(program), directory.join(program)).unwrap();
    }
    directory
}

/// Runs the copy, where PATH has the system's programs only.
fn doctor_of(sandbox: &Sandbox, directory: &Path) -> Output {
    let program = directory.join("fleet");
    let mut command = sandbox.command(program.to_str().unwrap(), &sandbox.directory());
    let usual = command.get_envs().find(|(name, _)| *name == "PATH");
    let usual = usual.and_then(|(_, path)| path).unwrap().to_owned();
    let rest = std::env::split_paths(&usual).skip(1);
    command.env("PATH", std::env::join_paths(rest).unwrap());
    sandbox.output(command.args(["doctor", "--json"]))
}

#[test]
fn programs_that_are_lacking_or_of_another_version_are_told() {
    let sandbox = resting();
    let directory = installed(&sandbox, &["fleet", "fleet-tender"]);
    let said = doctor_of(&sandbox, &directory);
    tells(
        &said,
        "programs-together",
        "wrong",
        "`agents` is neither beside `fleet` nor on PATH",
        "install the package again",
    );
    sandbox.write("bin/agents", "#!/bin/sh\necho agents 0.0.1\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(directory.join("agents"), mode).unwrap();
    let said = doctor_of(&sandbox, &directory);
    tells(
        &said,
        "versions",
        "wrong",
        "`agents` says \"agents 0.0.1\"",
        "install the package again",
    );
    assert!(findings(&said, "programs-together").is_empty());
}

#[test]
fn another_fleet_that_is_first_on_path_is_told() {
    let sandbox = resting();
    let said = with_program(&sandbox, "fleet", "echo another");
    tells(
        &said,
        "path",
        "warning",
        "PATH leads to another `fleet` first",
        "first in PATH",
    );
}

/// F26: what runs goes on, and the check says that it is of another build.
#[test]
fn tenders_of_another_build_are_told() {
    let sandbox = running();
    let directory = installed(&sandbox, &["fleet", "fleet-tender", "agents"]);
    let said = doctor_of(&sandbox, &directory);
    tells(
        &said,
        "skew",
        "warning",
        "1 tender of another build",
        "`fleet restart demo`",
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_harness_that_speaks_another_protocol_is_told() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.write(
        "fleet/projects/demo/engine/runner.toml",
        "protocol = 7\nversion = \"9\"\n",
    );
    finds(
        &sandbox,
        "protocol",
        "wrong",
        "speaks protocol 7",
        "`fleet update demo REF`",
    );
}
