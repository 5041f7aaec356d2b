//! `[operator]`: whom the trail knows, and no project.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::{Sandbox, environment};

/// Names that are nowhere else.
const NAME: &str = "Zyx Oddly-Named";
const CONTACT: &str = "zyx@oddly.invalid";
const AGENT: &str = "Qwyj the Machine";

fn with_operator(sandbox: Sandbox) -> Sandbox {
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{text}\n[operator]\nname = \"{NAME}\"\ncontact = \"{CONTACT}\"\n"),
    );
    sandbox
}

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let history = sandbox.fleet(&["history", "--json"]);
    serde_json::from_str(&history.succeeded().stdout).expect("it is JSON")
}

fn as_agent(sandbox: &Sandbox, given: &str, arguments: &[&str]) -> crate::sandbox::Output {
    let mut fleet = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    sandbox.output(fleet.env("FLEET_OPERATOR", given).args(arguments))
}

#[test]
fn the_trail_says_who_and_tells_an_agent_from_a_person() {
    let sandbox = with_operator(Sandbox::new().harness(["v0.1.0"])).project("demo", "v0.1.0");
    as_agent(&sandbox, &format!("ai:{AGENT}"), &["disable", "demo"]).succeeded();
    let told: Vec<Value> = events(&sandbox)
        .into_iter()
        .map(|event| event["operator"].clone())
        .collect();
    assert_eq!(
        told,
        [
            serde_json::json!({"name": NAME, "role": "human", "contact": CONTACT}),
            serde_json::json!({"name": AGENT, "role": "ai", "contact": null}),
        ]
    );
    let shown = sandbox.fleet(&["history"]).stdout;
    let shown: Vec<&str> = shown
        .lines()
        .skip(1)
        .filter_map(|line| Some(&line[line.find(", human (").or(line.find(", ai ("))?..]))
        .collect();
    assert_eq!(
        shown,
        [
            ", human (fleet create demo --ref v0.1.0)",
            ", ai (fleet disable demo)"
        ]
    );
    assert_snapshot!(sandbox.run("validate"), @r"
    --- stderr
    $ROOT/fleet/fleet.toml is valid: 1 project
    operated by Zyx Oddly-Named, human, zyx@oddly.invalid
    --- exit code 0
    ");
}

#[test]
fn without_an_operator_and_in_older_lines_it_is_the_account() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let old = "{\"version\":1,\"at\":\"2001-02-03T04:05:06Z\",\"who\":\"ada (fleet start gone)\",\"pid\":1,\"what\":\"start\",\"outcome\":\"done\"}\n";
    let trail = sandbox.read("fleet/.fleet/events.jsonl");
    sandbox.write("fleet/.fleet/events.jsonl", &format!("{old}{trail}"));
    let shown = sandbox.fleet(&["history"]).succeeded().stdout.clone();
    assert!(shown.contains("  ada (fleet start gone)\n"), "{shown}");
    assert!(
        shown.contains(" (fleet create demo --ref v0.1.0)\n"),
        "{shown}"
    );
    assert!(
        events(&sandbox)
            .iter()
            .all(|event| event["operator"].is_null())
    );
}

#[test]
fn a_role_that_there_is_not_is_refused_before_anything_is_done() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    for given in ["Ada", "robot:x", "ai:", "ai:a\nb"] {
        let refused = as_agent(&sandbox, given, &["disable", "demo"]);
        refused.exited(2);
        assert!(
            refused
                .stderr
                .starts_with("error: `$FLEET_OPERATOR` is not an operator\n")
        );
        assert!(
            refused
                .stderr
                .contains("hint: `export FLEET_OPERATOR=ai:NAME`")
        );
    }
    as_agent(&sandbox, "", &["disable", "demo"]).succeeded();
}

/// F18: whatever is done by such an operator, nothing of a project says so: no file, no object of git, no process.
#[test]
fn no_project_is_told_who_operates_it() {
    let sandbox = with_operator(Sandbox::new().harness(["v0.1.0", "v0.2.0"]));
    let given = format!("ai:{AGENT}");
    let run = |arguments: &[&str]| {
        as_agent(&sandbox, &given, arguments).succeeded();
    };
    run(&["create", "demo", "--ref", "v0.1.0"]);
    run(&["start", "demo"]);
    sandbox.wait_for_screen("demo", "lines v0.1.0: demo is up");
    run(&[
        "update",
        "demo",
        "v0.2.0",
        "--restart",
        "-m",
        "for a reason",
    ]);
    sandbox.wait_for_screen("demo", "lines v0.2.0: demo is up");
    run(&["send", "demo", "hello"]);
    run(&["rollback", "demo"]);
    for process in sandbox.processes() {
        let known = environment(process.pid);
        assert!(!says(&known), "{process:?} knows of the operator");
    }
    run(&["stop", "demo"]);
    let project = sandbox.place("demo");
    let mut looked = 0;
    for entry in walkdir::WalkDir::new(&project).into_iter().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!says(name.as_bytes()), "{name}");
        if entry.file_type().is_file() {
            looked += 1;
            let bytes = std::fs::read(entry.path()).expect("it can be read");
            assert!(!says(&bytes), "{}", entry.path().display());
        }
    }
    assert!(looked > 20, "{looked}");
    for repository in [project.clone(), project.join("engine")] {
        let objects = objects(&sandbox, &repository);
        assert!(
            objects.contains("\ntree ") || objects.contains("tree "),
            "{objects}"
        );
        assert!(!says(objects.as_bytes()), "{objects}");
    }
    sandbox.fleet(&["audit"]).succeeded();
}

/// All that git has of a repository, as text.
fn objects(sandbox: &Sandbox, repository: &Path) -> String {
    sandbox.git(repository, &["cat-file", "--batch-all-objects", "--batch"])
}

fn says(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let words = ["Zyx", "Oddly", "oddly.invalid", "Qwyj", "FLEET_OPERATOR"];
    words.iter().any(|word| text.contains(word))
}

#[test]
fn a_new_fleet_knows_who_made_it_and_its_agent_says_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.fleet(&["init", "fleet"]).succeeded();
    let text = sandbox.read("fleet/fleet.toml");
    assert!(
        text.contains("\n[operator]\nname = \"Ada Example\"\nrole = \"human\"\n"),
        "{text}"
    );
    let text = sandbox.read("fleet/agents.toml");
    assert!(
        text.contains("\nenv = { FLEET_OPERATOR = \"ai:orchestrator\" }"),
        "{text}"
    );
    assert_eq!(events(&sandbox)[0]["operator"]["name"], "Ada Example");
}
