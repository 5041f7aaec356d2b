//! F17: cut off, a roll-out is gone on with, or taken back.

use nix::sys::signal::Signal;

use super::background::RollOut;
use super::{UP, fleet_of};

#[test]
fn ctrl_c_in_the_soak_says_what_to_type_and_a_resume_goes_on() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 1h", 1);
    let notice = sandbox.fleet(&["status"]).stderr;
    assert!(notice.contains("wave 1 of 2 soaks, "), "{notice}");
    rollout.signal(Signal::SIGINT);
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(130), "{said}");
    insta::assert_snapshot!(said, @r"
    error: SIGINT interrupted the roll-out: wave 1 of 2 soaks
    hint: `fleet update --resume` goes on with the roll-out, `fleet update --back-out` takes it back
    ");
    // It has changed what it had, and says where it stands.
    sandbox.runs_at("a", "good", 2);
    sandbox.runs_at("b", "v0.1.0", 1);
    let notice = sandbox.fleet(&["status"]).stderr;
    let wanted =
        "a roll-out of good was interrupted in wave 1 of 2; `fleet update --resume` goes on";
    assert!(notice.contains(wanted), "{notice}");
    let why = sandbox.fleet(&["why", "a"]).stdout;
    assert!(
        why.contains("wave 1 of 2 to good, which soaks: v0.1.0 -> good; it was interrupted"),
        "{why}"
    );
    insta::assert_snapshot!(sandbox.run("update b good --canary 1"), @r"
    --- stderr
    error: a roll-out of good was interrupted in wave 1 of 2, and is not over
    hint: `fleet update --resume` goes on with it
    hint: `fleet update --back-out` takes it back
    --- exit code 3
    ");
    insta::assert_snapshot!(sandbox.run("update --resume --dry-run"), @r"
    wave 1 of 2, which soaks: `a`
    wave 2 of 2, which has not begun: `b`
    --- exit code 0
    ");
    sandbox.shortens_the_soak();
    sandbox.fleet(&["update", "--resume"]).succeeded();
    sandbox.runs_at("a", "good", 2);
    sandbox.runs_at("b", "good", 2);
    sandbox.has_no_roll_out();
    sandbox.over();
}

impl crate::sandbox::Sandbox {
    /// Makes the soak of the roll-out that was interrupted short.
    fn shortens_the_soak(&self) {
        let path = "fleet/.fleet/rollout.json";
        let mut rollout: serde_json::Value = serde_json::from_str(&self.read(path)).unwrap();
        rollout["soak"] = 0.1.into();
        self.write(path, &rollout.to_string());
    }
}

#[test]
fn a_back_out_takes_all_back_that_was_moved() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    // The soak of the first wave is over, that of the second is not.
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s -m trial", 2);
    rollout.signal(Signal::SIGTERM);
    assert_eq!(rollout.ends(&sandbox).0, Some(130));
    insta::assert_snapshot!(sandbox.run("update --back-out --dry-run"), @r"
    wave 1 of 3 goes back: `a`
    wave 2 of 3 goes back: `b`
    wave 3 of 3 stays where it is: `c`
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("update --back-out"), @r"
    NAME  WAVE  OUTCOME      VERSION
    a     1     went back    v0.1.0
    b     2     went back    v0.1.0
    c     3     not touched  v0.1.0
    --- stderr
    the roll-out of good is taken back
    --- exit code 0
    ");
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "v0.1.0", 3);
    sandbox.runs_at("c", "v0.1.0", 1);
    assert!(sandbox.fleet(&["history", "a"]).stdout.contains("trial"));
    sandbox.has_no_roll_out();
    sandbox.over();
}

#[test]
fn a_second_roll_out_is_refused_and_so_is_a_resume_of_one_that_runs() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update a good --canary 1 --soak 1h", 1);
    let pid = rollout.pid();
    for line in [
        "update b good --canary 1",
        "update b good --canary 1 --dry-run",
        "update --resume",
        "update --back-out",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let said = sandbox.fleet(&words);
        said.exited(3);
        let wanted = format!("process {pid} is at wave 1 of 1");
        assert!(said.stderr.contains(&wanted), "{}", said.text());
    }
    // What is no roll-out works, in it and beside it: nothing is locked.
    sandbox
        .fleet(&["update", "b", "good", "--wait", "1s"])
        .succeeded();
    sandbox.fleet(&["restart", "b"]).succeeded();
    rollout.killed(&sandbox);
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "good", 2);
    sandbox.over();
}

#[test]
fn all_waves_go_to_the_commit_that_a_branch_was_at_when_it_began() {
    let sandbox = fleet_of(&["a", "b"]);
    let meant = sandbox.version("main");
    let rollout = RollOut::soaking(&sandbox, "update --all main --wave 1 --soak 1h", 1);
    rollout.signal(Signal::SIGINT);
    assert_eq!(rollout.ends(&sandbox).0, Some(130));
    let sandbox = sandbox.script("v0.9.0", UP);
    assert_ne!(sandbox.version("main"), meant);
    sandbox.fleet(&["harness", "fetch"]);
    sandbox.shortens_the_soak();
    sandbox.fleet(&["update", "--resume"]).succeeded();
    for name in ["a", "b"] {
        let pinned = sandbox.git(&sandbox.project_at(name), &["rev-parse", "HEAD:engine"]);
        assert_eq!(pinned, meant, "`{name}`");
    }
    sandbox.over();
}

/// F8, F17: after a reboot nothing runs, which is nobody's fault: a resume starts the wave again, and soaks it anew.
#[test]
fn a_resume_after_a_reboot_starts_the_wave_again() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 1h", 1);
    rollout.killed(&sandbox);
    for process in sandbox.processes() {
        process.kill();
    }
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
    let another = "01234567-89ab-cdef-0123-456789abcdef";
    for name in ["a", "b"] {
        sandbox.rewrite_state(name, |state| {
            state["phase"] = "running".into();
            for process in ["/tender", "/life/process"] {
                state.pointer_mut(process).unwrap()["boot"] = another.into();
            }
        });
    }
    sandbox.shortens_the_soak();
    sandbox.fleet(&["update", "--resume"]).succeeded();
    sandbox.runs_at("a", "good", 2);
    // The roll-out keeps signals from itself, not from what it starts.
    let server = std::fs::read_to_string(format!("/proc/{}/status", sandbox.server().pid));
    assert!(server.unwrap().contains("SigBlk:\t0000000000000000\n"));
    // The machine's restart ended this one before its wave began: it is moved, and left to `boot`.
    sandbox.is_at("b", "good", 2);
    sandbox.fleet(&["boot"]).succeeded();
    sandbox.runs_at("b", "good", 2);
    sandbox.over();
}

/// A project that died while nobody watched has failed its wave.
#[test]
fn a_resume_finds_what_died_meanwhile() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 1h", 1);
    rollout.killed(&sandbox);
    sandbox.kill(&sandbox.harness_of("a"));
    sandbox.wait_until_is("a", "crashed");
    let said = sandbox.fleet(&["update", "--resume"]);
    said.exited(1);
    assert!(said.stdout.contains("died: SIGKILL"), "{}", said.text());
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "v0.1.0", 1);
    sandbox.has_no_roll_out();
    sandbox.over();
}

/// The operator's last word counts, also where nobody carries the roll-out out. Then nothing has proven the version.
#[test]
fn what_was_rolled_back_before_a_resume_is_left_alone() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 1h", 1);
    rollout.killed(&sandbox);
    sandbox.fleet(&["rollback", "a", "--restart"]).succeeded();
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.shortens_the_soak();
    let said = sandbox.fleet(&["update", "--resume"]);
    said.exited(3);
    let wanted = "nobody is left to judge wave 1 of 2 by";
    assert!(said.stderr.contains(wanted), "{}", said.text());
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "v0.1.0", 1);
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.has_no_roll_out();
    sandbox.over();
}

/// That it was brought back makes it no better.
#[test]
fn a_resume_finds_what_died_meanwhile_and_was_brought_back() {
    let sandbox = fleet_of(&["a", "b"]);
    sandbox.set("a", "watch = \"heal\"");
    sandbox.fleet(&["restart", "a"]).succeeded();
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 1h", 1);
    rollout.killed(&sandbox);
    let dead = sandbox.harness_of("a");
    sandbox.kill(&dead);
    sandbox.wait_for("another life", || {
        let state = sandbox.status("a");
        state["verdict"] == "up" && state["restarts"] != 0
    });
    sandbox.shortens_the_soak();
    let said = sandbox.fleet(&["update", "--resume"]);
    said.exited(1);
    assert!(said.stdout.contains("died: SIGKILL"), "{}", said.text());
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "v0.1.0", 1);
    sandbox.has_no_roll_out();
    sandbox.over();
}
