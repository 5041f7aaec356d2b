//! What cannot be told: it is said to be so, in time, and nothing is made of it.

use std::time::Duration;

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::{answer, facts, two, why};
use crate::sandbox::{Sandbox, Stopwatch};

/// F22: tmux does not answer.
#[test]
fn a_frozen_server_leaves_everything_else_told() {
    let sandbox = two();
    let server = sandbox.server();
    server.signal(Signal::SIGSTOP);
    let begun = Stopwatch::start();
    let told = why(&sandbox, "demo");
    begun.assert_within(Duration::from_secs(8));
    assert_eq!(told["project"]["verdict"], "up");
    for about in ["server", "session"] {
        let facts = facts(&told, about);
        let Some((says, false)) = facts.first() else {
            panic!("{facts:?}");
        };
        assert!(
            says.starts_with("cannot tell: tmux does not answer"),
            "{says}"
        );
    }
    // Nor can anybody tell then whether the session of a tender that has gone is there.
    sandbox.kill(&sandbox.tender_of("demo"));
    sandbox.wait_for("the harness to end", || {
        sandbox.running("run.sh demo").is_empty()
    });
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    demo has crashed: its tender has gone without a word, and tmux does not answer: `/usr/bin/tmux` has not answered within 5 s
    next: `fleet start demo` starts it again
    ");
    server.signal(Signal::SIGCONT);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F22: a state that is garbage.
#[test]
fn a_state_that_cannot_be_read_is_no_reason_to_guess() {
    let sandbox = two();
    let state = sandbox.read("fleet/.fleet/state/demo.json");
    sandbox.write("fleet/.fleet/state/demo.json", "garbage");
    sandbox.write("fleet/.fleet/desired/demo", "garbage");
    assert_snapshot!(answer(&sandbox, "demo"), @r"
    cannot tell how demo is: cannot read the state `$ROOT/fleet/.fleet/state/demo.json`: expected value at line 1 column 1
    next: nothing is done on a guess; remove the cause, and look again
    ");
    let told = why(&sandbox, "demo");
    for about in ["desired", "tender"] {
        let facts = facts(&told, about);
        assert!(matches!(facts[..], [(_, false)]), "{facts:?}");
    }
    // The others do not suffer.
    assert_eq!(why(&sandbox, "other")["project"]["verdict"], "up");
    sandbox.write("fleet/.fleet/state/demo.json", &state);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F22: git's files are not what they should be.
#[test]
fn a_fifo_in_place_of_an_index_does_not_hang_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let engine = sandbox.place("demo").join(".git/modules/engine/index");
    for index in [engine, sandbox.place("demo").join(".git/index")] {
        std::fs::remove_file(&index).unwrap();
        nix::unistd::mkfifo(&index, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let told = why(&sandbox, "demo");
        assert_eq!(told["project"]["pin"]["word"], "unknown");
        let unknown = facts(&told, "pin");
        assert!(unknown.iter().any(|(_, known)| !known), "{unknown:?}");
    }
}
