//! The programs are installed anew while projects run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Output, Sandbox};

const PROGRAMS: [&str; 3] = ["fleet", "fleet-tender", "agents"];

/// Puts the programs into a directory, as an installer does: written beside, then renamed.
fn install(sandbox: &Sandbox) -> PathBuf {
    let directory = sandbox.root().join("bin");
    fs::create_dir_all(&directory).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_fleet")).parent().unwrap();
    for program in PROGRAMS {
        let beside = directory.join(format!("{program}.new"));
        fs::copy(built.join(program), &beside).unwrap();
        fs::rename(beside, directory.join(program)).unwrap();
    }
    directory
}

fn fleet(sandbox: &Sandbox, programs: &Path, arguments: &[&str]) -> Output {
    let program = programs.join("fleet");
    let mut command = sandbox.command(program.to_str().unwrap(), &sandbox.directory());
    sandbox.output(command.args(arguments))
}

#[test]
fn what_runs_goes_on_heals_and_can_be_stopped() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo life >> lives; echo ready; exec cat\n")
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"");
    let programs = install(&sandbox);
    let lives = || sandbox.read("fleet/projects/demo/lives").lines().count();
    fleet(&sandbox, &programs, &["start", "demo"]).succeeded();
    let tender = sandbox.tender_of("demo");
    install(&sandbox);
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its second life", || lives() == 2);
    // A change of fleet.toml has the next life ask the new program.
    sandbox.set("demo", "env = { COLOUR = \"red\" }");
    sandbox.wait_until_is("demo", "up");
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its third life", || lives() == 3);
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(status["process"]["restarts"], 2);
    assert_eq!(sandbox.tender_of("demo"), tender);
    fleet(&sandbox, &programs, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("cat"), []);
    assert!(!tender.is_alive());
}

#[test]
fn what_runs_goes_on_where_the_programs_are_gone() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo life >> lives; echo ready; exec cat\n")
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"");
    let programs = install(&sandbox);
    fleet(&sandbox, &programs, &["start", "demo"]).succeeded();
    fs::remove_dir_all(&programs).unwrap();
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its second life", || {
        sandbox.read("fleet/projects/demo/lives").lines().count() == 2
    });
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("cat"), []);
}
