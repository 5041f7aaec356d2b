//! What runs and should not, and the other way round.

use std::fs;

use nix::sys::signal::Signal;

use super::{finds, is_well, running};
use crate::sandbox::Sandbox;

/// F6: what a killed tender left is found by its mark, wherever it hides.
#[test]
fn what_a_killed_tender_left_is_told_and_ended_by_what_it_names() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "setsid sh -c 'sleep 86411; true' &\necho ready; exec cat\n",
        )
        .project("demo", "v1")
        .started("demo", "ready");
    sandbox.wait_for("what hides", || !sandbox.running("sleep 86411").is_empty());
    is_well(&sandbox, "orphans");
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.wait_for("the harness to end", || {
        sandbox.status("demo")["verdict"] != "up"
    });
    let found = finds(
        &sandbox,
        "orphans",
        "wrong",
        "of a life whose tender is gone",
        "`fleet stop demo`",
    );
    assert_eq!(found["about"], "demo");
    assert!(found["fix"].is_null());
    finds(
        &sandbox,
        "lost",
        "wrong",
        "its tender is gone: it was running",
        "`fleet boot`",
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(sandbox.running("sleep 86411").is_empty());
    is_well(&sandbox, "orphans");
    is_well(&sandbox, "lost");
}

#[test]
fn a_tender_that_stands_still_is_told() {
    let sandbox = running();
    let tender = sandbox.tender_of("demo");
    // A tmux that runs lets it go on.
    let server = sandbox.server();
    server.signal(Signal::SIGSTOP);
    tender.signal(Signal::SIGSTOP);
    sandbox.wait_for("it to stand still", || {
        fs::read_to_string(format!("/proc/{}/stat", tender.pid))
            .unwrap()
            .contains(") T ")
    });
    let remedy = format!("`kill -CONT {}`", tender.pid);
    finds(&sandbox, "still", "wrong", "its tender, process", &remedy);
    tender.signal(Signal::SIGCONT);
    server.signal(Signal::SIGCONT);
    is_well(&sandbox, "still");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F27: `.fleet` was deleted while all ran.
#[test]
fn a_tender_whose_state_is_gone_is_told_with_what_ends_it() {
    let sandbox = running();
    let (tender, harness) = (sandbox.tender_of("demo"), sandbox.harness_of("demo"));
    fs::remove_dir_all(sandbox.at("fleet/.fleet")).unwrap();
    let remedy = format!("`kill {}`", tender.pid);
    finds(
        &sandbox,
        "tenders",
        "wrong",
        "there is no state of it",
        &remedy,
    );
    tender.signal(Signal::SIGTERM);
    sandbox.wait_for("both to end", || tender.has_ended() && harness.has_ended());
    is_well(&sandbox, "tenders");
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn two_that_tend_one_are_told() {
    let sandbox = running();
    // Something that stands for another tender: it was given the same unit.
    let tail = fs::read_dir("/usr/bin")
        .unwrap()
        .flatten()
        .find(|one| one.file_name() == "tail");
    let Some(tail) = tail else { return };
    let other = sandbox.at("first/fleet-tender");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::copy(tail.path(), &other).unwrap();
    let unit = sandbox.at("fleet/.fleet/units/demo.json");
    let mut second = sandbox.command(other.to_str().unwrap(), sandbox.root());
    let null = std::process::Stdio::null;
    let mut second = second.arg(&unit).arg("-f").stdout(null()).spawn().unwrap();
    sandbox.wait_for("it to run", || sandbox.running("fleet-tender").len() == 2);
    finds(
        &sandbox,
        "tenders",
        "wrong",
        "2 processes tend it at once",
        "`ps -fp ",
    );
    second.kill().unwrap();
    second.wait().unwrap();
    is_well(&sandbox, "tenders");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_was_asked_to_start_and_never_did_is_told() {
    let sandbox = running();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    is_well(&sandbox, "lost");
    let wish = "{\"version\": 1, \"want\": \"up\", \"since\": \"2026-01-01T00:00:00Z\"}";
    sandbox.write("fleet/.fleet/desired/demo", wish);
    fs::remove_file(sandbox.at("fleet/.fleet/state/demo.json")).unwrap();
    finds(
        &sandbox,
        "lost",
        "wrong",
        "it was asked to start, and never did",
        "`fleet start demo`",
    );
    let wish = wish
        .replace("\"up\"", "\"down\"")
        .replace('}', ", \"restart\": true}");
    sandbox.write("fleet/.fleet/desired/demo", &wish);
    finds(
        &sandbox,
        "lost",
        "wrong",
        "its restart was cut off",
        "`fleet start demo`",
    );
}
