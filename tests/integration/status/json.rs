//! The shape of `fleet status --json`: what programs rely on.

use serde_json::{Value, json};

use super::fleet;

/// Replaces values by the names of their kinds.
fn kinds(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(number) if number.is_i64() => json!("integer"),
        Value::Number(_) => json!("number"),
        Value::String(text) if is_commit(text) => json!("commit"),
        Value::String(text) if is_time(text) => json!("time"),
        Value::String(_) => json!("text"),
        Value::Array(values) => values.iter().map(kinds).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), kinds(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// RFC 3339 in UTC.
fn is_time(text: &str) -> bool {
    let date = text
        .get(..11)
        .is_some_and(|date| date.ends_with('T') && date.starts_with("20"));
    date && text.ends_with('Z')
}

fn report(sandbox: &crate::sandbox::Sandbox, arguments: &[&str]) -> Value {
    let said = sandbox.fleet(&[&["status", "--json"], arguments].concat());
    assert_eq!(said.succeeded().stderr, "");
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn nothing_is_known_of_what_never_ran() {
    let sandbox = fleet().setting("demo", "labels = [\"research\"]");
    let report = report(&sandbox, &[]);
    let project = json!({
        "name": "text", "location": "text", "enabled": "boolean", "labels": ["text"], "watch": "text",
        "desired": "null", "verdict": "text", "since": "null", "reason": "null", "next": "null", "due": "null",
        "process": {"pid": "null", "since": "null", "exit": "null", "signal": "null", "restarts": "integer"},
        "harness": {"name": "text", "healthy": "null", "probed": "null"},
        "pin": {"word": "text", "ref": "text", "wanted": "commit", "head": "commit", "index": "commit",
                "checkout": "commit", "dirty": "boolean", "running": "null", "runner": "null", "bad": "null",
                "reason": "null"},
    });
    assert_eq!(
        kinds(&report),
        json!({
            "schema": "integer", "fleet": "text",
            "server": {"alive": "boolean", "pid": "null", "since": "null", "reason": "null"},
            "brake": {"engaged": "boolean", "since": "null", "reason": "null", "projects": []},
            "guardian": "null", "rollout": "null", "incidents": [], "strays": [],
            "projects": [project],
        })
    );
    assert_eq!(report["schema"], 1);
    assert_eq!(report["fleet"], "test");
    assert_eq!(report["server"]["alive"], false);
}

#[test]
fn everything_is_known_of_what_runs() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let report = report(&sandbox, &[]);
    assert_eq!(
        kinds(&report["server"]),
        json!({"alive": "boolean", "pid": "integer", "since": "time", "reason": "null"})
    );
    assert_eq!(report["server"]["pid"], sandbox.server().pid);
    let demo = &report["projects"][0];
    let words = ["name", "desired", "verdict", "watch"].map(|field| demo[field].as_str().unwrap());
    assert_eq!(words, ["demo", "up", "up", "off"]);
    assert_eq!(demo["location"], sandbox.place("demo").to_str().unwrap());
    assert_eq!(kinds(&demo["since"]), "time");
    assert_eq!(
        kinds(&demo["process"]),
        json!({"pid": "integer", "since": "time", "exit": "null", "signal": "null", "restarts": "integer"})
    );
    let head = sandbox.git(
        &sandbox.place("demo").join("engine"),
        &["rev-parse", "HEAD"],
    );
    assert_eq!(
        demo["pin"],
        json!({"word": "ok", "ref": "v0.1.0", "wanted": head, "head": head, "index": head, "checkout": head,
               "dirty": false, "running": head,
               "runner": env!("CARGO_PKG_VERSION"), "bad": null, "reason": null})
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_fast_status_does_not_look_for_changed_files() {
    let sandbox = fleet();
    sandbox.write("fleet/projects/demo/engine/run.sh", "changed\n");
    let fast = report(&sandbox, &["--fast"]);
    assert_eq!(fast["projects"][0]["pin"]["dirty"], Value::Null);
    assert_eq!(fast["projects"][0]["pin"]["word"], "ok");
    let slow = report(&sandbox, &[]);
    assert_eq!(slow["projects"][0]["pin"]["dirty"], true);
    assert_eq!(slow["projects"][0]["pin"]["word"], "dirty");
}
