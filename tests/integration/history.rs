//! The trail: one line per change, whatever becomes of its writers, and `fleet history`, which reads it.

mod damage;
mod writers;

use serde_json::Value;

use crate::sandbox::Sandbox;

const TRAIL: &str = "fleet/.fleet/events.jsonl";

/// A fleet with a project `demo` of the first of two versions.
fn fleet() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
}

impl Sandbox {
    /// What `fleet history --json` says, with these arguments.
    fn history(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = [&["history", "--json"], arguments].concat();
        let said = self.fleet(&arguments);
        serde_json::from_str(&said.succeeded().stdout).expect("it is JSON")
    }

    /// The trail in short: what, project, before -> after, outcome; commit ids and places are left out.
    fn trail(&self) -> Vec<String> {
        let text = |event: &Value, key: &str| {
            let text = event[key].as_str().unwrap_or("-").to_owned();
            let words = text.split(' ').filter(|word| {
                let is_commit = word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
                !is_commit
            });
            let text = words.collect::<Vec<_>>().join(" ");
            text.replace(&*self.root().to_string_lossy(), "$ROOT")
        };
        let line = |event: &Value| {
            let [what, project, before, after, outcome] =
                ["what", "project", "before", "after", "outcome"].map(|key| text(event, key));
            format!("{what} {project}: {before} > {after}: {outcome}")
        };
        // When a tender writes beside a command is not the command's to say.
        let events = self.history(&[]);
        let of_commands = events.iter().filter(|event| event["who"] != "tender");
        of_commands.map(line).collect()
    }
}

#[test]
fn every_change_is_one_line() {
    let sandbox = fleet();
    let stopped = "exec true\n";
    let sandbox = sandbox.script("v0.3.0", stopped);
    for (line, code) in [
        ("disable demo", 0),
        ("start demo", 3),
        ("enable demo", 0),
        ("start demo", 0),
        ("send demo hello", 0),
        ("update demo v0.2.0 --restart", 0),
        ("restart demo", 0),
        ("update demo v9", 3),
        ("remove demo", 3),
        ("create demo", 3),
        ("stop demo", 0),
        ("update demo v0.3.0", 0),
        ("start demo", 0),
        ("stop demo", 0),
        ("send demo hello", 1),
        ("remove demo", 0),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).exited(code);
    }
    insta::assert_snapshot!(sandbox.trail().join("\n"), @"
    create demo: - > lines v0.1.0 at $ROOT/fleet/projects/demo: done
    disable demo: true > false: done
    start demo: - > -: refused: `demo` is disabled
    enable demo: false > true: done
    start demo: down > up: done
    send demo: - > -: done
    update demo: v0.1.0 > v0.2.0: done
    restart demo: up > up: done
    update demo: - > -: refused: cannot update `demo`: harness `lines` has no version `v9`
    remove demo: - > -: refused: `demo` has not been stopped
    create demo: - > -: refused: `demo` is registered already, at $ROOT/fleet/projects/demo
    stop demo: up > down: done
    update demo: v0.2.0 > v0.3.0: done
    start demo: down > finished: done
    stop demo: finished > down: done
    send demo: - > -: failed: `demo` has no terminal: it does not run
    remove demo: lines v0.3.0 at $ROOT/fleet/projects/demo > -: done
    ");
}

#[test]
fn a_line_says_who_and_how_long_it_took() {
    let sandbox = fleet();
    sandbox
        .fleet(&["--fleet", ".", "update", "demo", "v0.2.0"])
        .succeeded();
    let events = sandbox.history(&["demo"]);
    let event = events.last().expect("it was updated");
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    let user = user
        .unwrap()
        .map_or_else(|| nix::unistd::getuid().to_string(), |user| user.name);
    let who = format!("{user} (fleet --fleet . update demo v0.2.0)");
    assert_eq!(event["who"], who);
    assert_eq!(event["version"], 1);
    assert!(event["seconds"].as_f64().is_some_and(|took| took > 0.0));
    assert!(event["pid"].as_u64().is_some());
    let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().duration_since(at);
    assert!((0..60).contains(&age.as_secs()), "{age:?}");
    let commit = |reference: &str| {
        let harness = sandbox.at("harness");
        sandbox.git(&harness, &["rev-parse", "--short=8", reference])
    };
    assert_eq!(event["before"], format!("v0.1.0 {}", commit("v0.1.0")));
    assert_eq!(event["after"], format!("v0.2.0 {}", commit("v0.2.0")));
}

#[test]
fn nothing_to_do_and_dry_runs_leave_no_line() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let before = sandbox.read(TRAIL);
    for line in [
        "start demo",
        "update demo",
        "update demo v0.1.0",
        "enable demo",
        "stop demo --dry-run",
        "restart demo --dry-run",
        "update demo v0.2.0 --dry-run",
        "disable demo --dry-run",
        "create other --dry-run",
        "status",
        "logs demo",
        "list",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).succeeded();
    }
    assert_eq!(sandbox.read(TRAIL), before);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let stopped = sandbox.read(TRAIL);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.read(TRAIL), stopped);
}

#[test]
fn what_is_typed_into_a_terminal_is_not_in_the_trail() {
    let sandbox = fleet().started("demo", "is up");
    sandbox.fleet(&["send", "demo", "open sesame"]).succeeded();
    sandbox.fleet(&["send", "nobody", "open sesame"]);
    assert!(!sandbox.read(TRAIL).contains("sesame"));
    let events = sandbox.history(&["demo"]);
    let who = events.last().unwrap()["who"].as_str().unwrap().to_owned();
    assert!(who.ends_with("(fleet send demo …)"), "{who}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn making_a_fleet_and_its_demo_is_told() {
    let sandbox = Sandbox::new();
    sandbox.fleet(&["init", "fleet"]).succeeded();
    assert_eq!(sandbox.trail(), ["init -: - > made: done"]);
    sandbox.fleet(&["init", "--demo", "."]).succeeded();
    sandbox.fleet(&["stop", "--all"]).succeeded();
    let told: Vec<String> = sandbox
        .history(&["demo"])
        .iter()
        .map(|event| event["what"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(told, ["create", "start", "stop"]);
    let status = sandbox.git(&sandbox.directory(), &["status", "--porcelain"]);
    assert!(!status.contains(".fleet"), "{status}");
}

#[test]
fn whoever_stops_the_session_it_runs_in_is_told_of() {
    let shell = "echo ready; while read -r line; do sh -c \"$line\"; done\n";
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", shell)
        .project("demo", "v1")
        .started("demo", "ready");
    let fleet = env!("CARGO_BIN_EXE_fleet");
    let command = format!(
        "{fleet} --fleet {} stop demo",
        sandbox.directory().display()
    );
    sandbox.fleet(&["send", "demo", &command]).succeeded();
    sandbox.wait_for("the session to end", || sandbox.processes().is_empty());
    let told = sandbox.trail();
    let begun = "stop demo: - > -: begun, and ends this command";
    assert!(told.iter().any(|line| line == begun), "{told:#?}");
}

#[test]
fn the_repair_of_what_was_interrupted_is_told() {
    let sandbox = fleet();
    let directory = sandbox.directory();
    // The first `renameat2` or `rename` of the update's journal and commit: killed while the pin moves.
    let mut command = sandbox.command("strace", &directory);
    command
        .args(["-f", "-b", "execve", "-qq", "-o", "/dev/null"])
        .args([
            "-e",
            "trace=rename",
            "-e",
            "inject=rename:signal=KILL:when=2",
        ])
        .arg(env!("CARGO_BIN_EXE_fleet"))
        .args(["update", "demo", "v0.2.0"]);
    assert_ne!(sandbox.output(&mut command).code, Some(0));
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    let told = sandbox.history(&["demo"]);
    let repair = told.iter().find(|event| event["what"] == "repair");
    let repair = repair.unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(repair["before"], "interrupted");
    assert_eq!(repair["outcome"], "done");
    let why = repair["why"].as_str().unwrap();
    assert!(
        why.starts_with("a command was to move the pin from "),
        "{why}"
    );
}

#[test]
fn a_table_shows_it_newest_last() {
    let sandbox = fleet();
    sandbox.fleet(&["disable", "demo"]).succeeded();
    sandbox.fleet(&["start", "demo"]).exited(3);
    let shown = sandbox.fleet(&["history", "demo"]);
    let lines: Vec<&str> = shown.succeeded().stdout.lines().collect();
    assert_eq!(lines.len(), 4);
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(header, ["TIME", "PROJECT", "WHAT", "DETAILS", "WHO"]);
    for (line, words) in [
        (1, ["demo", "create", "lines v0.1.0", " at projects/demo"]),
        (
            2,
            ["demo", "disable", "true -> false", "(fleet disable demo)"],
        ),
        (
            3,
            [
                "demo",
                "start",
                "refused: `demo` is disabled",
                "(fleet start demo)",
            ],
        ),
    ] {
        for word in words {
            assert!(lines[line].contains(word), "{}", lines[line]);
        }
    }
    // The time is local: this is one of the zones that are never UTC.
    let mut elsewhere = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    elsewhere.args(["history"]).env("TZ", "XYZ-5:30");
    let elsewhere = sandbox.output(&mut elsewhere);
    let time = |text: &str| text.lines().nth(1).map(|line| line[..8].to_owned());
    assert_ne!(time(&elsewhere.succeeded().stdout), time(&shown.stdout));
}

#[test]
fn projects_times_and_numbers_are_chosen() {
    let sandbox = fleet().project("other", "v0.1.0");
    let old = r#"{"version":1,"at":"2001-02-03T04:05:06Z","who":"ada (fleet start gone)","pid":1,"project":"gone","what":"start","before":"down","after":"up","why":null,"outcome":"done","seconds":0.5}"#;
    let trail = format!("{old}\n{}", sandbox.read(TRAIL));
    sandbox.write(TRAIL, &trail);
    let projects = |arguments: &[&str]| -> Vec<String> {
        let events = sandbox.history(arguments);
        let project = |event: &Value| event["project"].as_str().unwrap_or("-").to_owned();
        events.iter().map(project).collect()
    };
    assert_eq!(projects(&[]), ["gone", "demo", "other"]);
    assert_eq!(projects(&["--limit", "1"]), ["other"]);
    assert_eq!(projects(&["demo", "other"]), ["demo", "other"]);
    assert_eq!(projects(&["--since", "2h"]), ["demo", "other"]);
    assert_eq!(projects(&["--since", "yesterday"]), ["demo", "other"]);
    assert_eq!(
        projects(&["--since", "2001-02-03"]),
        ["gone", "demo", "other"]
    );
    assert_eq!(projects(&["--since", "2001-02-03T04:06", "demo"]), ["demo"]);
    // A project that is not registered any more is still known; one that never was is not.
    assert_eq!(projects(&["gone"]), ["gone"]);
    assert_eq!(projects(&["nobody"]), [] as [&str; 0]);
    insta::assert_snapshot!(sandbox.run("history demi"), @"
    --- stderr
    the trail says nothing of `demi`
    hint: did you mean `demo`?
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("history --since soon"), @"
    --- stderr
    error: `soon` is no moment
    hint: write `<age>`, `<age>`, `yesterday`, `2026-11-20` or `2026-11-20T10:00`
    --- exit code 2
    ");
    let limited = sandbox.fleet(&["history", "--limit", "1"]);
    assert!(limited.succeeded().stderr.contains("there are older ones"));
}

#[test]
fn it_is_read_though_the_registry_is_not_valid() {
    let sandbox = fleet();
    sandbox.write("fleet/fleet.toml", "[[[ broken");
    assert_eq!(sandbox.history(&[]).len(), 1);
}
