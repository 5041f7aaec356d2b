//! The schema of `fleet status --json`: what is printed is what it says, in many states.

use serde_json::Value;

use super::fleet;
use crate::sandbox::{Sandbox, exit};

/// Says what of a value is not as a schema has it: of the part of JSON Schema that ours is written in, every word of
/// which is known here.
fn faults(schema: &Value, value: &Value, root: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let fault = |what: String| format!("{at}: {what}");
    for (word, wanted) in schema.as_object().expect("a schema is an object") {
        match word.as_str() {
            "title" | "description" | "$schema" | "$defs" => {}
            // What numbers are called in Rust.
            "format"
                if ["int32", "uint32", "uint", "double"].contains(&wanted.as_str().unwrap()) => {}
            "format" => {
                assert_eq!(wanted, "date-time");
                let text = value.as_str().unwrap_or("2026-01-01T00:00:00Z");
                if text.len() < 20 || !text.ends_with('Z') || text.as_bytes()[10] != b'T' {
                    found.push(fault(format!("{text} is no time")));
                }
            }
            "type" => {
                let kinds = match wanted {
                    Value::Array(kinds) => kinds.clone(),
                    one => vec![one.clone()],
                };
                if !kinds.iter().any(|kind| is_a(value, kind.as_str().unwrap())) {
                    found.push(fault(format!("{value} is none of {kinds:?}")));
                }
            }
            "const" if value != wanted => found.push(fault(format!("{value} is not {wanted}"))),
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                found.push(fault(format!("{value} is not in {wanted}")))
            }
            "const" | "enum" => {}
            "minimum" => {
                if value
                    .as_f64()
                    .is_some_and(|number| number < wanted.as_f64().unwrap())
                {
                    found.push(fault(format!("{value} is less than {wanted}")));
                }
            }
            // What may be in such a text is tested where it is read.
            "pattern" => {}
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        found.push(fault(format!("there is no {name}")));
                    }
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        found.extend(faults(schema, value, root, &format!("{at}.{name}")));
                    }
                }
                let known = wanted.as_object().unwrap();
                for name in value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name)
                {
                    if !known.contains_key(name) {
                        found.push(format!("{at}.{name} is not in the schema"));
                    }
                }
            }
            "items" => {
                for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(faults(wanted, value, root, &format!("{at}[{number}]")));
                }
            }
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                found.extend(faults(root.pointer(pointer).unwrap(), value, root, at));
            }
            "anyOf" | "oneOf" => {
                let fits = |schema: &&Value| faults(schema, value, root, at).is_empty();
                if !wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|schema| fits(&schema))
                {
                    found.push(format!("{at}: {value} fits none of {wanted}"));
                }
            }
            other => panic!("this test does not know `{other}`"),
        }
    }
    found
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}

#[track_caller]
fn is_valid(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let schema: Value =
        serde_json::from_str(&sandbox.fleet(&["schema", "status"]).succeeded().stdout).unwrap();
    let said = sandbox.fleet(&[&["status", "--json"], arguments].concat());
    let report: Value = serde_json::from_str(&said.stdout).expect(&said.stderr);
    assert_eq!(faults(&schema, &report, &schema, "report"), [""; 0]);
    report
}

#[test]
fn the_schema_is_the_one_in_the_documents() {
    let said = fleet().fleet(&["schema", "status"]);
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/status.schema.json");
    assert_eq!(
        said.succeeded().stdout,
        std::fs::read_to_string(committed).unwrap()
    );
}

#[test]
fn what_is_not_as_the_schema_has_it_is_found() {
    let sandbox = fleet();
    let schema: Value =
        serde_json::from_str(&sandbox.fleet(&["schema", "status"]).succeeded().stdout).unwrap();
    let good = is_valid(&sandbox, &[]);
    let breaks: [fn(&mut Value); 6] = [
        |report| report["schema"] = 2.into(),
        |report| report["projects"][0]["verdict"] = "fine".into(),
        |report| report["projects"][0]["pin"]["word"] = Value::Null,
        |report| report["projects"][0]["since"] = "yesterday".into(),
        |report| report["server"]["alive"] = "yes".into(),
        |report| {
            report["projects"][0].as_object_mut().unwrap().remove("due");
        },
    ];
    for one in breaks {
        let mut report = good.clone();
        one(&mut report);
        assert_eq!(
            faults(&schema, &report, &schema, "report").len(),
            1,
            "{report:#}"
        );
    }
}

#[test]
fn what_is_printed_is_what_the_schema_says_in_many_states() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
        .project("gone", "v0.1.0")
        .project("off", "v0.1.0")
        .project("moved", "v0.1.0");
    is_valid(&sandbox, &[]);
    sandbox.fleet(&["start", "demo"]).succeeded();
    std::fs::rename(sandbox.place("gone"), sandbox.at("elsewhere")).unwrap();
    sandbox.set("off", "enabled = false\nlabels = [\"rest\"]");
    let engine = sandbox.place("moved").join("engine");
    sandbox.git(&engine, &["checkout", "--quiet", "HEAD~0"]);
    sandbox.git(
        &engine,
        &["commit", "--quiet", "--allow-empty", "--message", "x"],
    );
    let at = "2026-01-01T00:00:00Z";
    for (name, phase) in [
        ("a", "crashed"),
        ("b", "crashed"),
        ("c", "crashed"),
        ("d", "parked"),
        ("e", "finished"),
        ("f", "running"),
    ] {
        sandbox.registered(name);
        sandbox.is_dead(name, phase, exit(7, at, "exit status #"));
    }
    sandbox.registered("torn");
    sandbox.write("fleet/.fleet/state/torn.json", "{");
    sandbox.write("fleet/.fleet/journal/moved.json", "{}");
    sandbox.write("fleet/.fleet/rollout.json", "{");
    sandbox.write("fleet/.fleet/brake", "{");
    sandbox
        .tmux(&["new-session", "-d", "-s", "stray", "cat"])
        .succeeded();
    let report = is_valid(&sandbox, &["--probe"]);
    let mut verdicts: Vec<&str> = report["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["verdict"].as_str().unwrap())
        .collect();
    verdicts.sort_unstable();
    verdicts.dedup();
    assert_eq!(
        verdicts,
        [
            "crashed", "disabled", "down", "finished", "missing", "parked", "unknown", "up"
        ]
    );
    for part in ["incidents", "strays"] {
        assert!(!report[part].as_array().unwrap().is_empty(), "{report:#}");
    }
    sandbox.tmux(&["kill-session", "-t", "=stray"]).succeeded();
    std::fs::remove_file(sandbox.at("fleet/.fleet/rollout.json")).unwrap();
    std::fs::remove_file(sandbox.at("fleet/.fleet/brake")).unwrap();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

const DOCUMENT: &str = include_str!("../../../docs/status.md");

#[test]
fn the_example_in_the_documents_is_valid() {
    let schema: Value =
        serde_json::from_str(&fleet().fleet(&["schema", "status"]).succeeded().stdout).unwrap();
    let example = DOCUMENT.split("```json\n").nth(1).unwrap();
    let example: Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
    assert_eq!(faults(&schema, &example, &schema, "example"), [""; 0]);
}

#[test]
fn every_verdict_and_pin_word_is_in_the_documents() {
    let schema: Value =
        serde_json::from_str(&fleet().fleet(&["schema", "status"]).succeeded().stdout).unwrap();
    for kind in ["Verdict", "PinWord"] {
        let words = schema["$defs"][kind]["oneOf"].as_array().unwrap();
        assert!(words.len() > 9, "{schema:#}");
        for word in words {
            let row = format!("| `{}` |", word["const"].as_str().unwrap());
            assert!(DOCUMENT.contains(&row), "{row}");
        }
    }
}
