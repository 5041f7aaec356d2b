//! Where looking is hard: pipes in the places of files, everything broken at once, many projects.

use std::fs;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use super::{doctor, findings, resting};
use crate::sandbox::{Sandbox, Stopwatch};

/// F22: nothing of it is waited for longer than it may take, and the rest is told.
#[test]
fn pipes_everywhere_hold_nobody_up() {
    let sandbox = resting();
    for path in [
        "fleet/projects/demo/.git/index",
        "fleet/.fleet/server.json",
        "fleet/.fleet/state/demo.json",
        "fleet/.fleet/rollout.json",
        "fleet/.gitignore",
        "fleet/projects/demo/.gitmodules",
        "fleet/projects/demo/engine/runner.toml",
    ] {
        let path = sandbox.at(path);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        mkfifo(&path, Mode::S_IRWXU).unwrap();
    }
    let began = Stopwatch::start();
    let said = doctor(&sandbox);
    assert_eq!(said.code, Some(5), "{}", said.text());
    began.assert_within(Duration::from_secs(30));
    let pins = findings(&said, "pin");
    assert_eq!(pins.len(), 1, "{pins:#?}");
    assert!(findings(&said, "git").is_empty());
    mkfifo(&sandbox.at("fleet/.fleet/journal/demo.json"), Mode::S_IRWXU).unwrap();
    let repaired = sandbox.fleet(&["doctor", "--fix"]);
    assert!(
        repaired.stdout.contains("journals `demo`"),
        "{}",
        repaired.text()
    );
    assert!(!repaired.stderr.contains("panicked"), "{}", repaired.text());
}

/// F22: what cannot look in time is unknown, and the rest is told.
#[test]
fn a_check_that_never_ends_is_unknown() {
    let sandbox = resting();
    sandbox.git(&sandbox.directory(), &["init", "--quiet"]);
    mkfifo(&sandbox.at("fleet/.gitignore"), Mode::S_IRWXU).unwrap();
    let said = doctor(&sandbox);
    let found = findings(&said, "ignored");
    assert_eq!(found[0]["verdict"], "unknown", "{found:#?}");
    assert!(findings(&said, "pin").is_empty());
}

#[test]
fn garbage_everywhere_is_no_panic() {
    let sandbox = resting();
    let garbage = "\u{0}{\"version\": 1}\n\u{feff}[[[";
    for directory in ["state", "units", "desired", "probes", "journal"] {
        for name in ["demo.json", "demo", "..json", "é.json"] {
            sandbox.write(&format!("fleet/.fleet/{directory}/{name}"), garbage);
        }
    }
    for name in [
        "server.json",
        "brake",
        "rollout.json",
        "socket",
        "events.jsonl",
    ] {
        sandbox.write(&format!("fleet/.fleet/{name}"), garbage);
    }
    sandbox.write("fleet/projects/demo/.git/config", "[core\n\u{0}");
    for words in [&["doctor"][..], &["doctor", "--fix"], &["doctor", "--json"]] {
        let said = sandbox.fleet(words);
        assert!(matches!(said.code, Some(1 | 5)), "{}", said.text());
        assert!(!said.stderr.contains("panicked"), "{}", said.text());
    }
}

/// As many programs are run for a hundred projects as for one.
#[test]
fn no_process_is_started_for_a_project() {
    let one = children(&many(1));
    assert_eq!(children(&many(40)), one);
}

fn many(number: usize) -> Sandbox {
    let names: Vec<String> = (0..number).map(|number| format!("p{number}")).collect();
    Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0")
}

fn children(sandbox: &Sandbox) -> usize {
    let log = sandbox.at("tmp/execs");
    let mut command = sandbox.command("strace", &sandbox.directory());
    command
        .args(["-f", "-qq", "-e", "trace=execve", "-o"])
        .arg(&log);
    command.args([env!("CARGO_BIN_EXE_fleet"), "doctor"]);
    sandbox.output(&mut command).succeeded();
    fs::read_to_string(log).unwrap().matches("execve(").count()
}

#[test]
fn the_json_says_which_format_it_has() {
    let sandbox = resting();
    let said = doctor(&sandbox);
    let report: Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["fleet"], "test");
    assert_eq!(report["root"], sandbox.directory().to_str().unwrap());
    let first = &report["checks"][0];
    assert_eq!(
        (&first["group"], &first["check"]),
        (&"machine".into(), &"git".into())
    );
    let keys: Vec<&String> = first["findings"][0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "about", "evidence", "fix", "remedy", "since", "source", "verdict"
        ]
    );
}
