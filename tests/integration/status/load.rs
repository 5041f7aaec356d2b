//! F22: a status under load, and where the world does not answer: what could be read is shown, in time; the rest is
//! unknown, and nothing is done because of it.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use serde_json::Value;

use super::fleet;
use crate::sandbox::{Output, Sandbox, Stopwatch};

/// Runs `fleet status --json` under strace, which `options` tell what to do and to write into `trace`.
fn traced(sandbox: &Sandbox, options: &[&str]) -> Output {
    let mut command = sandbox.command("strace", &sandbox.directory());
    command
        .args(["-f", "-qq", "-o"])
        .arg(sandbox.at("trace"))
        .args(options)
        .args([env!("CARGO_BIN_EXE_fleet"), "status", "--json"]);
    sandbox.output(&mut command)
}

fn projects(said: &Output) -> Vec<Value> {
    let report: Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    report["projects"].as_array().unwrap().clone()
}

/// F22: 1,000 projects, of which a few run.
#[test]
fn a_thousand_projects_are_shown_by_one_call_of_tmux() {
    let sandbox = fleet().project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    let many: String = (0..1000)
        .map(|number| {
            let name = format!("p{number:04}");
            fs::create_dir(sandbox.project_at(&name)).unwrap();
            format!(
                "\n[projects.{name}]\nharness = \"lines\"\nref = \"v0.1.0\"\nlocation = \"projects/{name}\"\n"
            )
        })
        .collect();
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &(registry + &many));
    let said = traced(&sandbox, &["-e", "trace=execve"]);
    let projects = projects(&said);
    assert_eq!(projects.len(), 1002);
    let up = |project: &&Value| project["verdict"] == "up";
    assert_eq!(projects.iter().filter(up).count(), 2);
    let trace = sandbox.read("trace");
    let run = trace.lines().filter(|line| line.contains(" = 0"));
    assert_eq!(run.count(), 2, "fleet and tmux, and nothing else:\n{trace}");
    sandbox.fleet(&["stop", "demo", "other"]).succeeded();
}

/// F22: EAGAIN on fork, and on new threads.
#[test]
fn where_no_process_can_be_made_the_server_is_unknown_and_the_rest_is_shown() {
    let sandbox = fleet().project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    let said = traced(
        &sandbox,
        &["-e", "inject=clone,clone3,fork,vfork:error=EAGAIN"],
    );
    let report: Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    assert!(report["server"]["alive"].is_null());
    let why = report["server"]["reason"].as_str().unwrap();
    assert!(why.contains("Resource temporarily unavailable"), "{why}");
    for project in projects(&said) {
        // Their tenders and processes live, whatever tmux would say.
        assert_eq!(
            (&project["verdict"], &project["pin"]["word"]),
            (&"up".into(), &"ok".into())
        );
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F22: somebody else listens at the fleet's socket, and never answers.
#[test]
fn a_socket_of_somebody_elses_is_given_a_deadline_and_not_believed() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let socket = sandbox.at(sandbox.read("fleet/.fleet/socket").trim_end());
    let aside = socket.with_extension("aside");
    fs::rename(&socket, &aside).unwrap();
    let stranger = UnixListener::bind(&socket).unwrap();
    // Only root can give it away; for everybody else it is a stranger all the same.
    let _ = chown(&socket, Some(65534), Some(65534));
    let begun = Stopwatch::start();
    let said = sandbox.fleet(&["status", "--json"]);
    begun.assert_within(Duration::from_secs(8));
    let report: Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    assert!(report["server"]["alive"].is_null(), "{report:#}");
    assert_eq!(report["projects"][0]["verdict"], "up");
    drop(stranger);
    fs::rename(&aside, &socket).unwrap();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F22: repositories that are corrupt in many ways do not disturb each other.
#[test]
fn corrupt_repositories_are_unknown_and_the_others_are_shown() {
    let sandbox = ["a", "b", "c", "d"]
        .iter()
        .fold(fleet(), |sandbox, name| sandbox.project(name, "v0.1.0"));
    sandbox.write("fleet/projects/a/.git/HEAD", "\0\0\0");
    sandbox.write("fleet/projects/b/.git/index", "DIRC\0\0\0\u{9}");
    fs::remove_dir_all(sandbox.place("c").join(".git/objects")).unwrap();
    sandbox.write("fleet/projects/d/engine/.git", "gitdir: nowhere\n");
    for (name, word) in [
        ("a", "unknown"),
        ("b", "unknown"),
        ("c", "unknown"),
        ("demo", "ok"),
    ] {
        assert_eq!(sandbox.status(name)["pin"]["word"], word, "{name}");
    }
    // An engine that is no repository is no engine.
    let word = sandbox.status("d")["pin"]["word"].clone();
    assert!(
        ["unknown", "missing"].contains(&word.as_str().unwrap()),
        "{word}"
    );
    sandbox.fleet(&["status", "--check"]).exited(5);
    for name in ["a", "b", "c", "d"] {
        sandbox.fleet(&["why", name]).succeeded();
    }
}
