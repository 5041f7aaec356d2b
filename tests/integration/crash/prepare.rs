//! What prepares a harness, cut off: the mark says only what is true, and the next attempt begins with nothing.

use super::{deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;
use crate::start::prepare::fleet;

/// Notes what it finds, and makes a file in two parts.
const SCRIPT: &str =
    "ls -A \"$1\" >> \"$HOME/found\"; echo one > \"$1/tool\"; echo two >> \"$1/tool\"\n";

/// A project whose harness is still to be prepared.
fn unprepared() -> Sandbox {
    let sandbox = fleet(SCRIPT).project("demo", "v0.1.0");
    forget(&sandbox);
    sandbox
}

fn forget(sandbox: &Sandbox) {
    let _ = std::fs::remove_dir_all(sandbox.at("home/.cache/agents"));
    sandbox.write("home/found", "");
}

/// Fails unless the mark, if there is one, is true, and nothing runs.
#[track_caller]
fn is_true(sandbox: &Sandbox, what: &str) {
    let cache = sandbox.cache_of("v1");
    if cache.with_extension("prepared").exists() {
        let made = std::fs::read_to_string(cache.join("tool"));
        assert_eq!(made.expect("it is marked"), "one\ntwo\n", "{what}");
    }
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
    sandbox.is_whole(&sandbox.project_at("demo"));
}

/// Fails unless all is prepared, from nothing each time, and nothing else is left.
#[track_caller]
fn is_complete(sandbox: &Sandbox, what: &str) {
    is_true(sandbox, what);
    assert_eq!(sandbox.beside_caches(), ["lock", "prepared"], "{what}");
    assert_eq!(sandbox.read("home/found"), "", "{what}");
    sandbox.fleet(&["update", "demo", "v0.1.0"]).succeeded();
    forget(sandbox);
}

/// F1: an update that prepares, killed anywhere.
#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let sandbox = unprepared();
    let moments = moments(&sandbox, &["update", "demo", "v1"]);
    is_complete(&sandbox, "at first");
    let moments = deadly(&moments);
    let mut killed = 0;
    for &moment in moments.iter().step_by(moments.len().div_ceil(25)) {
        let what = format!("{moment:?}");
        let output = killed_at(&sandbox, moment, &["update", "demo", "v1"]);
        killed += usize::from(output.code != Some(0));
        sandbox.fleet(&["status"]).succeeded();
        let again = sandbox.fleet(&["update", "demo", "v1"]);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        is_complete(&sandbox, &what);
    }
    assert!(killed > 12, "{killed} of {}", moments.len());
}

/// F3: a disk that is full or broken.
#[test]
fn where_a_call_fails_it_says_so_and_completes_when_it_is_run_again() {
    let sandbox = unprepared();
    let moments = moments(&sandbox, &["update", "demo", "v1"]);
    is_complete(&sandbox, "at first");
    let errors = ["ENOSPC", "EACCES", "EIO"].iter().cycle();
    for (moment, error) in fallible(&moments).into_iter().zip(errors).step_by(9) {
        let what = format!("{error} at {moment:?}");
        let output = failing_at(&sandbox, moment, error, &["update", "demo", "v1"]);
        is_said_clearly(&output, &what);
        is_true(&sandbox, &what);
        let again = sandbox.fleet(&["update", "demo", "v1"]);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        is_complete(&sandbox, &what);
    }
}
