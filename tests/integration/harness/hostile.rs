//! F13, F15: what a harness's repository calls its versions reaches no terminal as it is; a remote that never answers keeps
//! nothing alive.

use std::net::TcpListener;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::sandbox::Sandbox;

const NAMES: [&str; 4] = ["v9\u{202e}0.1", "v9\u{9b}31m", "v9\u{200b}", "v9\u{e0041}"];

#[test]
fn names_that_would_deceive_are_counted_and_not_shown() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let harness = sandbox.at("harness");
    for name in NAMES {
        sandbox.git(&harness, &["tag", name]);
        sandbox.git(&harness, &["branch", &format!("b{name}")]);
    }
    for words in [
        &["harness", "fetch"][..],
        &["harness", "refs"],
        &["harness", "refs", "--all"],
        &["harness", "refs", "--json"],
        &["harness", "list"],
        &["harness", "list", "--json"],
        &["update", "demo", "nothing"],
        &["create", "new", "--ref", "nothing"],
    ] {
        let said = sandbox.fleet(words).text();
        let odd: Vec<char> = said
            .chars()
            .filter(|c| !(*c == '\n' || (' '..='~').contains(c)))
            .collect();
        assert!(odd.is_empty(), "{words:?}: {said}: {odd:?}");
    }
    let said = sandbox.json(&["harness", "refs", "lines", "--json"]);
    assert_eq!(said["harnesses"][0]["nameless"], 8);
    let said = sandbox.fleet(&["harness", "refs", "lines"]);
    assert!(
        said.stderr
            .contains("8 refs with a name that nobody could type"),
        "{}",
        said.text()
    );
}

#[test]
fn who_is_ended_while_a_remote_does_not_answer_leaves_no_git_behind() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = silent.local_addr().expect("it listens");
    let url = format!("git://{address}/x.git");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        let command = command
            .args(["harness", "add", "silent", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut adding = command.spawn().expect("it can be run");
        // Kept open: a connection that is closed would end git.
        let _asked = silent.accept().expect("git asks");
        let id = i32::try_from(adding.id()).expect("it is a process id");
        kill(Pid::from_raw(id), signal).expect("it is our child");
        adding.wait().expect("it is our child");
        sandbox.wait_for("git to end", || sandbox.processes().is_empty());
    }
    assert!(!sandbox.read("fleet/fleet.toml").contains("silent"));
}
