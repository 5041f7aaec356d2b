//! `fleet why`: each verdict and its sentence, made by changing the world behind fleet's back.

mod sentences;
mod unknown;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Two projects that run, so that the fleet's tmux server outlives the session of one.
fn two() -> Sandbox {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    sandbox
}

/// What `fleet why --json` says of a project.
#[track_caller]
fn why(sandbox: &Sandbox, project: &str) -> Value {
    let said = sandbox.fleet(&["why", project, "--json"]);
    assert_eq!(said.succeeded().stderr, "");
    serde_json::from_str(&said.stdout).unwrap()
}

/// The first two lines for people: the sentence, and what is next.
fn answer(sandbox: &Sandbox, project: &str) -> String {
    let said = sandbox.run(&format!("why {project}"));
    said.lines().take(2).collect::<Vec<_>>().join("\n")
}

/// What is said of something: each fact, and whether it is known.
fn facts<'a>(why: &'a Value, about: &str) -> Vec<(&'a str, bool)> {
    let facts = why["facts"].as_array().unwrap().iter();
    facts
        .filter(|fact| fact["about"] == about)
        .map(|fact| (fact["says"].as_str().unwrap(), fact["known"] == true))
        .collect()
}

/// What was looked for and not found.
fn absent(why: &Value) -> Vec<&str> {
    let absent = why["absent"].as_array().unwrap().iter();
    absent.map(|one| one["what"].as_str().unwrap()).collect()
}

/// Takes the audit trail away: that it is shown is another test's.
fn without_trail(sandbox: &Sandbox) {
    // There may be none.
    let _ = std::fs::remove_file(sandbox.at("fleet/.fleet/events.jsonl"));
}

/// What is told of `demo`, but for what depends on who started this test: where its server lives.
fn told(sandbox: &Sandbox) -> String {
    let told = sandbox.run("why demo");
    let told = told
        .lines()
        .filter(|line| !line.contains("/proc/PID/cgroup"));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_is_told_of_what_runs() {
    let sandbox = two();
    without_trail(&sandbox);
    assert_snapshot!(told(&sandbox), @r"
    demo is up, for <age>
    next: nothing is due; `fleet stop demo` ends it

    KNOWN
    registry   enabled [default]
               watch = off: what died stays dead [default]
    desired  up [.fleet/desired/demo, <age> ago]
    server  process <pid> answers [tmux, <age> ago]
               process <pid> is the one on record [.fleet/server.json, <age> ago]
    session    there, with the windows `[harness]` [tmux]
    tender  process <pid> lives [/proc]
               it last wrote `running` [.fleet/state/demo.json, <age> ago]
    process  process <pid> lives [.fleet/state/demo.json, <age> ago]
               begun by version 0.1.0 [.fleet/state/demo.json]
    directory  held by process <pid>, its tender [/proc/locks]
    pin        ok [the five below]
               wanted: v0.1.0, which is <commit> [fleet.toml:11]
               upstream: v0.1.0 is still <commit> [its mirror, last fetched, <age> ago]
               recorded: <commit> [the project's HEAD]
               staged: <commit> [the project's index]
               checked out: <commit>, unchanged [engine/]
               running: <commit>, begun by version 0.1.0 [its life]

    LOOKED FOR, AND NOT FOUND
    - a death [.fleet/state/demo.json]
    - an answer of the harness in this life [.fleet/probes/demo.json]
    - another run in its directory [/proc/locks]
    - a command that works on it [.fleet/locks/demo]
    - a command that was cut off [.fleet/journal/demo.json]
    - untracked files of the harness [engine/]
    - a brake that is on [.fleet/brake]
    - others that died of the same [the states of 2 projects]
    - a guardian [.fleet/locks/.guardian]
    - a line about it in the trail [.fleet/events.jsonl]

    POLICY
    - watch = off: a death is final, until the next `fleet start`
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn nothing_is_made_up_of_what_never_ran() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    without_trail(&sandbox);
    assert_snapshot!(sandbox.run("why demo"), @r"
    demo is down
    next: nothing is due; `fleet start demo` starts it

    KNOWN
    registry   enabled [default]
               watch = off: what died stays dead [default]
    server     no tmux server listens [tmux]
    pin        ok [the five below]
               wanted: v0.1.0, which is <commit> [fleet.toml:11]
               upstream: v0.1.0 is still <commit> [its mirror, last fetched, <age> ago]
               recorded: <commit> [the project's HEAD]
               staged: <commit> [the project's index]
               checked out: <commit>, unchanged [engine/]

    LOOKED FOR, AND NOT FOUND
    - a wish of the operator's [.fleet/desired/demo]
    - a record of a server [.fleet/server.json]
    - a session of its name [tmux]
    - a tender's record [.fleet/state/demo.json]
    - anybody who holds its directory [/proc/locks]
    - a command that works on it [.fleet/locks/demo]
    - a command that was cut off [.fleet/journal/demo.json]
    - a commit that runs [its life]
    - untracked files of the harness [engine/]
    - a brake that is on [.fleet/brake]
    - others that died of the same [the states of 1 project]
    - a guardian [.fleet/locks/.guardian]
    - a line about it in the trail [.fleet/events.jsonl]

    POLICY
    - watch = off: a death is final, until the next `fleet start`
    --- exit code 0
    ");
}

#[test]
fn a_project_that_is_not_registered_is_a_mistake() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    assert_snapshot!(sandbox.run("why demo"), @r"
    --- stderr
    error: there is no project `demo` in `fleet.toml`
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
}

#[test]
fn machines_are_told_the_same() {
    let sandbox = two();
    let why = why(&sandbox, "demo");
    let fields: Vec<&String> = why.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "absent",
            "arithmetic",
            "at",
            "brake",
            "facts",
            "fleet",
            "guardian",
            "history",
            "incident",
            "name",
            "next",
            "project",
            "said",
            "schema",
            "sentence"
        ]
    );
    assert_eq!(
        (&why["schema"], &why["fleet"], &why["name"]),
        (&json!(1), &json!("test"), &json!("demo"))
    );
    assert_eq!(why["project"], sandbox.status("demo"));
    assert_eq!(
        why["arithmetic"],
        json!({
            "heals": false, "deaths": 0, "give_up_after": 10, "window": 3600.0, "streak": 0, "healthy_after": 600.0,
            "answer": "left", "wait": null,
            "text": ["watch = off: a death is final, until the next `fleet start`"],
        })
    );
    for fact in why["facts"].as_array().unwrap() {
        let fields: Vec<&String> = fact.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["about", "known", "says", "since", "source"]);
        assert_ne!(fact["source"], "", "{fact}");
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn it_starts_no_more_programs_than_a_status() {
    let sandbox = two();
    let mut command = sandbox.command("strace", &sandbox.directory());
    let trace = sandbox.at("trace");
    command
        .args(["-f", "-qq", "-e", "trace=execve", "-o"])
        .arg(&trace)
        .args([env!("CARGO_BIN_EXE_fleet"), "why", "demo"]);
    sandbox.output(&mut command).succeeded();
    let trace = sandbox.read("trace");
    let run = trace.lines().filter(|line| line.contains(" = 0"));
    let run: Vec<&str> = run.collect();
    // The program itself, and tmux.
    assert_eq!(run.len(), 2, "{run:#?}");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn untracked_files_of_the_harness_are_named() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let found = "untracked files of the harness";
    assert!(absent(&why(&sandbox, "demo")).contains(&found));
    sandbox.write("fleet/projects/demo/engine/mine.txt", "mine\n");
    let why = why(&sandbox, "demo");
    assert!(!absent(&why).contains(&found));
    let pin = facts(&why, "pin");
    assert!(
        pin.contains(&("1 untracked file: `mine.txt`", true)),
        "{pin:?}"
    );
}

#[test]
fn what_the_trail_says_of_it_is_shown() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let line = |what: &str, project: &str| {
        format!(
            "{{\"version\":1,\"at\":\"2026-01-01T09:57:00Z\",\"who\":\"ada (fleet {what})\",\"pid\":1,\
             \"project\":\"{project}\",\"what\":\"{what}\",\"before\":\"down\",\"after\":\"up\",\"why\":null,\
             \"outcome\":\"done\",\"seconds\":null}}\n"
        )
    };
    sandbox.write(
        "fleet/.fleet/events.jsonl",
        &[line("start", "demo"), line("stop", "other")].concat(),
    );
    sandbox.write(
        "fleet/.fleet/desired/demo",
        "{\"version\": 1, \"want\": \"up\", \"since\": \"2026-01-01T00:00:00Z\"}",
    );
    let why = why(&sandbox, "demo");
    assert_eq!(why["history"].as_array().unwrap().len(), 1);
    assert_eq!(
        facts(&why, "desired"),
        [("up, asked for by ada (fleet start)", true)]
    );
    let said = sandbox.run("why demo");
    assert!(
        said.contains("<age> ago  start: down -> up [ada (fleet start)]"),
        "{said}"
    );
}

#[test]
fn several_are_told_of_one_after_the_other() {
    let sandbox = two();
    let first_words = |arguments: &[&str]| -> Vec<String> {
        let said = sandbox.fleet(arguments);
        let told = said.succeeded().stdout.split("\n\n");
        told.filter_map(|part| Some(part.trim().split_once(" is up, ")?.0.to_owned()))
            .collect()
    };
    assert_eq!(first_words(&["why", "other", "demo"]), ["demo", "other"]);
    // As hints of `status` choose them.
    assert_eq!(first_words(&["why", "--state", "up"]), ["demo", "other"]);
    assert_eq!(first_words(&["why", "demo"]), ["demo"]);
    // JSON is an object for one name, and an array wherever there could be several.
    let names = |arguments: &[&str]| -> Vec<String> {
        let said = sandbox.fleet(arguments);
        let told: Vec<Value> = serde_json::from_str(&said.succeeded().stdout).unwrap();
        told.iter().map(|why| why["name"].to_string()).collect()
    };
    let both = ["\"demo\"", "\"other\""];
    assert_eq!(names(&["why", "demo", "other", "--json"]), both);
    assert_eq!(names(&["why", "--state", "up", "--json"]), both);
    assert!(names(&["why", "--state", "parked", "--json"]).is_empty());
    assert_eq!(why(&sandbox, "demo")["name"], "demo");
    // Of a name that nobody knows nothing is told.
    let said = sandbox.fleet(&["why", "demo", "othr"]);
    assert_eq!((said.code, &*said.stdout), (Some(2), ""));
    let said = sandbox.fleet(&["why"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("no project is named"),
        "{}",
        said.stderr
    );
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn who_asked_is_told_as_history_tells_it() {
    let sandbox = two();
    let mut stop = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    stop.env("FLEET_OPERATOR", "ai:night shift");
    sandbox.output(stop.args(["stop", "demo"])).succeeded();
    assert_eq!(
        facts(&why(&sandbox, "demo"), "desired"),
        [("down, asked for by night shift, ai (fleet stop demo)", true)]
    );
    let said = sandbox.run("why demo");
    assert!(
        said.contains("[night shift, ai (fleet stop demo)]"),
        "{said}"
    );
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
