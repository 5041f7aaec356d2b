//! The sentence on each verdict, and what is next.

use insta::assert_snapshot;
use serde_json::json;

use super::{absent, answer, facts, two, why};
use crate::sandbox::{Sandbox, boot, exit};

fn ends_when_told(status: i32) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", &format!("echo ready; read -r line; exit {status}\n"))
        .project("demo", "v1")
        .started("demo", "ready")
}

fn tender_has_gone(sandbox: &Sandbox) {
    sandbox.wait_for("the tender to end", || {
        let unit = format!(
            "fleet-tender {}",
            sandbox.at("fleet/.fleet/units/demo.json").display()
        );
        sandbox.running(&unit).is_empty()
    });
}

#[test]
fn a_killed_harness_that_is_not_healed_has_crashed() {
    let sandbox = two();
    sandbox.harness_of("demo").kill();
    sandbox.wait_until_is("demo", "crashed");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed, <age> ago: SIGKILL after <age> s
    next: `fleet start demo` tries again
    ");
    let why = why(&sandbox, "demo");
    assert_eq!(facts(&why, "last exit").len(), 2);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_killed_harness_that_is_healed_is_up_again() {
    let sandbox = two();
    sandbox.set("demo", "watch = \"heal\"");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    let before = sandbox.harness_of("demo");
    before.kill();
    sandbox.wait_for("the next life", || {
        let pid = sandbox.status("demo")["process"]["pid"].as_i64();
        pid.is_some_and(|pid| pid != i64::from(before.pid))
    });
    sandbox.wait_until_is("demo", "up");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is up, for <age>: restarted once; last: SIGKILL after <age> s
    next: nothing is due; `fleet stop demo` ends it
    ");
    let why = why(&sandbox, "demo");
    assert_eq!(why["arithmetic"]["deaths"], 1);
    assert_eq!(why["arithmetic"]["answer"], "restarted");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn an_exit_status_is_a_crash_and_0_the_end_of_the_work() {
    let sandbox = ends_when_told(7);
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed, <age> ago: exit status 7 after <age> s: end
    next: `fleet start demo` tries again
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let sandbox = ends_when_told(0);
    sandbox.fleet(&["send", "demo", "end"]).succeeded();
    sandbox.wait_until_is("demo", "finished");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has finished, <age> ago: exit status 0 after <age> s
    next: nothing is due; `fleet start demo` runs it again
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_session_that_was_killed_by_hand_is_told_from_everything_else() {
    let sandbox = two();
    sandbox.tmux(&["kill-session", "-t", "=demo"]).succeeded();
    tender_has_gone(&sandbox);
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed, <age> ago: its session was killed
    next: `fleet start demo` starts it again
    ");
    let why = why(&sandbox, "demo");
    let tender = facts(&why, "tender");
    assert!(
        tender
            .iter()
            .any(|(says, _)| says.contains("was killed by hand")),
        "{tender:?}"
    );
    assert!(absent(&why).contains(&"a session of its name"));
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F6: what is said of a killed tender.
#[test]
fn a_tender_that_was_killed_left_no_word() {
    let sandbox = two();
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.wait_for("the harness to end", || {
        sandbox.running("run.sh demo").is_empty()
    });
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed: its tender has gone without a word, as after SIGKILL
    next: `fleet start demo` starts it again
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F7: what is said of a killed server.
#[test]
fn a_server_that_was_killed_is_gone_and_for_one_alone_nobody_can_tell_why() {
    let sandbox = two();
    sandbox.fleet(&["stop", "other"]).succeeded();
    sandbox.kill(&sandbox.server());
    tender_has_gone(&sandbox);
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed, <age> ago: its tmux server has gone
    next: `fleet boot` brings it back
    ");
    let cannot_tell = "cannot tell: whether the server was killed, or ended with its last session";
    assert!(facts(&why(&sandbox, "demo"), "tender").contains(&(cannot_tell, false)));
    sandbox.fleet(&["start", "other"]).succeeded();
    // Another server answers now; this project's has gone nevertheless.
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed, <age> ago: its tmux server has gone
    next: `fleet boot` brings it back
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is down, for <age>
    next: nothing is due; `fleet start demo` starts it
    ");
}

#[test]
fn a_directory_that_is_not_there_is_missing() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    std::fs::rename(sandbox.place("demo"), sandbox.at("elsewhere")).unwrap();
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is missing: its directory is not there
    next: nothing is due; put it back at $ROOT/fleet/projects/demo, or correct `location` in fleet.toml
    ");
}

#[test]
fn a_disabled_project_says_what_allows_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.fleet(&["disable", "demo"]).succeeded();
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is down and disabled
    next: `fleet enable demo` allows it to start
    ");
}

/// F27: who else holds the project's directory.
#[test]
fn a_run_by_hand_is_told_with_its_process() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let mut holder = sandbox.command("flock", sandbox.root());
    let mut holder = holder
        .arg(sandbox.place("demo"))
        .args(["-c", "echo held; exec cat"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    sandbox.wait_until_is("demo", "up (by hand)");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is up, and was started by hand: process <pid> runs it
    next: nothing is due; who started it ends it
    ");
    let says = format!("held by process {}, which is not its tender", holder.id());
    assert_eq!(facts(&why(&sandbox, "demo"), "directory"), [(&*says, true)]);
    drop(holder.stdin.take());
    holder.wait().unwrap();
}

/// F8: what is said after a reboot.
#[test]
fn a_restarted_machine_is_the_cause_of_what_ended_with_it() {
    let sandbox = two();
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.rewrite_state("demo", |state| {
        state["tender"]["boot"] = "00000000-0000-4000-8000-000000000000".into();
    });
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed: the machine was restarted while it ran
    next: `fleet boot` brings it back
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_parked_project_says_what_it_died_of() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.registered("demo");
    sandbox.is_dead("demo", "parked", exit(3, "2026-01-01T00:00:00Z", "three"));
    sandbox.rewrite_state("demo", |state| {
        state["reason"] = "died 11 times within 1 h, at last with exit status 3".into();
        state["last_exit"]["oom"] = "the kernel ended it for want of memory".into();
    });
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo is parked, for <age>: died 11 times within 1 h, at last with exit status 3; the kernel ended it for want of memory
    next: `fleet start demo` tries again
    ");
    let why = why(&sandbox, "demo");
    assert_eq!(why["said"], json!(["no such table: jobs"]));
    assert!(facts(&why, "last exit").contains(&("the kernel ended it for want of memory", true)));
    assert!(!absent(&why).contains(&"a sign that memory ran out"));
}

#[test]
fn a_wait_is_told_with_its_end_and_under_the_brake_with_what_ends_it() {
    let sandbox = two();
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split_whitespace().next().unwrap().parse().unwrap();
    sandbox.rewrite_state("demo", |state| {
        state["phase"] = "waiting".into();
        state["due"] =
            json!({"at": "2026-01-01T00:00:00Z", "uptime": uptime + 300.0, "boot": boot()});
        state["last_exit"] = exit(3, "2026-01-01T00:00:00Z", "three");
    });
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "crashed");
    assert_eq!(
        status["reason"],
        "exit status 3 after 0.5 s: no such table: jobs"
    );
    let next = status["next"].as_str().unwrap();
    let left: f64 = next["restart due in ".len()..next.len() - " min".len()]
        .parse()
        .unwrap();
    assert!((3.0..=5.0).contains(&left), "{next}");
    let next = why(&sandbox, "demo")["next"].clone();
    assert_eq!(next["at"], "2026-01-01T00:00:00Z");
    let text = next["text"].as_str().unwrap();
    assert!(
        text.ends_with("; `fleet stop demo` keeps it down"),
        "{text}"
    );
    sandbox.write(
        "fleet/.fleet/brake",
        &json!({
            "version": 1, "released": null,
            "engaged": {
                "since": {"at": "2026-01-01T00:00:00Z", "uptime": 1.0, "boot": "x"},
                "reason": "3 of 4 projects died within a minute", "projects": [],
            },
        })
        .to_string(),
    );
    let why = why(&sandbox, "demo");
    assert_eq!(
        why["next"],
        json!({"text": "`fleet go` lets it go on", "at": null})
    );
    assert_eq!(
        facts(&why, "brake"),
        [("on: 3 of 4 projects died within a minute", true)]
    );
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
