//! Starts where little is allowed.

use super::fleet;
use crate::sandbox::Sandbox;

/// The soft and the hard limit of a process's open files.
fn open_files(pid: i32) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let mut words = line.split_whitespace().skip(3).map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn the_server_may_open_as_many_files_as_the_hard_limit_allows() {
    let sandbox = fleet();
    let line = format!(
        "ulimit -S -n 64; exec {} start demo",
        env!("CARGO_BIN_EXE_fleet")
    );
    let mut command = sandbox.command("sh", &sandbox.directory());
    sandbox.output(command.args(["-c", &line])).succeeded();
    let (soft, hard) = open_files(sandbox.server().pid);
    assert_eq!(soft, hard);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_project_is_worked_on_by_a_path_with_blanks_and_quotes() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let place = sandbox.root().join("odd $HOME; 'place' \"#{pid}\" ü");
    let place = place.to_str().unwrap();
    sandbox
        .fleet(&["create", "demo", "--location", place])
        .succeeded();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "demo is up");
    let cwd = std::fs::read_link(format!("/proc/{}/cwd", sandbox.harness_of("demo").pid));
    assert_eq!(cwd.unwrap().to_str(), Some(place));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_small_limit_of_open_files_is_enough_for_many_projects() {
    let names: Vec<String> = (0..12).map(|number| format!("p{number:02}")).collect();
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0");
    for arguments in [
        "start --all",
        "status --check",
        "restart --all",
        "stop --all",
    ] {
        let line = format!(
            "ulimit -n 64; exec {} {arguments}",
            env!("CARGO_BIN_EXE_fleet")
        );
        let mut command = sandbox.command("sh", &sandbox.directory());
        sandbox.output(command.args(["-c", &line])).succeeded();
    }
    assert_eq!(sandbox.running("run.sh"), []);
}
