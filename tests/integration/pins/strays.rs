//! Sessions on the fleet's server that no registered project owns: told, and ended when that is asked for.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Pinned;
use crate::sandbox::Sandbox;

/// Two projects that run, of which `demo` is then taken out of fleet.toml, or called otherwise, by hand.
fn edited(name: Option<&str>) -> Sandbox {
    let sandbox = Pinned::new().sandbox.project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    sandbox.wait_for_screen("demo", "is up");
    let registry = sandbox.read("fleet/fleet.toml");
    let start = registry.find("[projects.demo]").unwrap();
    let end = registry.find("[projects.other]").unwrap();
    let entry = match name {
        Some(name) => {
            registry[start..end].replace("[projects.demo]", &format!("[projects.{name}]"))
        }
        None => String::new(),
    };
    let registry = [&registry[..start], &entry, &registry[end..]].concat();
    sandbox.write("fleet/fleet.toml", &registry);
    sandbox
}

fn strays(sandbox: &Sandbox) -> Value {
    let said = sandbox.fleet(&["status", "--json"]);
    let report: Value = serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
    report["strays"].clone()
}

#[test]
fn a_project_that_was_taken_out_by_hand_while_it_ran_can_still_be_seen_and_stopped() {
    let sandbox = edited(None);
    assert_eq!(
        strays(&sandbox),
        json!([{"session": "demo", "show": "fleet attach demo", "end": "fleet stop demo"}])
    );
    let said = sandbox.fleet(&["status", "other"]).stderr;
    assert!(
        said.contains("warning: the session `demo` on this fleet's tmux server is of no project"),
        "{said}"
    );
    assert!(
        sandbox
            .fleet(&["logs", "demo"])
            .succeeded()
            .stdout
            .contains("is up")
    );
    assert_snapshot!(sandbox.run("stop demo --dry-run"), @r"
    demo:
      stop it
    --- exit code 0
    ");
    assert_eq!(sandbox.running("run.sh demo").len(), 1);
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert!(sandbox.running("run.sh demo").is_empty());
    assert_eq!(strays(&sandbox), json!([]));
    assert_eq!(sandbox.status("other")["verdict"], "up");
    // It has left nothing that a later project of its name would inherit, and is unknown now.
    for directory in ["state", "units", "desired"] {
        let left = std::fs::read_dir(sandbox.at("fleet/.fleet").join(directory)).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            left.iter()
                .all(|name| name.to_string_lossy().starts_with("other")),
            "{left:?}"
        );
    }
    sandbox.fleet(&["stop", "demo"]).exited(2);
    for command in ["start", "restart", "logs", "attach"] {
        sandbox.fleet(&[command, "demo"]).exited(2);
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_project_that_was_renamed_by_hand_while_it_ran_is_told_for_what_it_is() {
    let sandbox = edited(Some("renamed"));
    let status = sandbox.status("renamed");
    assert_eq!(status["verdict"], "up (by hand)");
    assert_eq!(strays(&sandbox)[0]["end"], "fleet stop demo");
    assert_snapshot!(sandbox.run("start renamed"), @r"
    --- stderr
    error: `renamed` is run by process <pid> under the name `demo`, which fleet.toml has no more
    hint: `fleet stop demo` ends it
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("stop renamed"), @r"
    --- stderr
    error: `renamed` is run by process <pid> under the name `demo`, which fleet.toml has no more
    hint: `fleet stop demo` ends it
    --- exit code 3
    ");
    // A stop that was cut off before it forgot the name is completed by the same command.
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    // Named together with one that is registered.
    sandbox.fleet(&["stop", "demo", "other"]).succeeded();
    sandbox.write(
        "fleet/.fleet/state/demo.json",
        &state.replace("\"running\"", "\"down\""),
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(!sandbox.at("fleet/.fleet/state/demo.json").exists());
    sandbox.fleet(&["start", "renamed"]).succeeded();
    assert_eq!(sandbox.status("renamed")["verdict"], "up");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_session_that_somebody_made_there_is_told_with_what_ends_it() {
    let sandbox = Pinned::new().sandbox;
    sandbox.fleet(&["start", "demo"]).succeeded();
    for name in ["by-hand", "It's mine"] {
        sandbox
            .fleet_tmux(&["new-session", "-d", "-s", name, "cat"])
            .succeeded();
    }
    let strays = strays(&sandbox);
    let end = |index: usize| strays[index]["end"].as_str().unwrap().to_owned();
    // What fleet says to type, typed.
    let mine = end(0);
    assert!(
        mine.starts_with("tmux -S '") && mine.ends_with(r"-t '=It'\''s mine'"),
        "{mine}"
    );
    let mut shell = sandbox.command("sh", sandbox.root());
    sandbox.output(shell.args(["-c", &mine])).succeeded();
    assert_eq!(end(1), "fleet stop by-hand");
    sandbox.fleet(&["stop", "by-hand"]).succeeded();
    sandbox.wait_for("its program to end", || sandbox.running("cat").is_empty());
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "up");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
