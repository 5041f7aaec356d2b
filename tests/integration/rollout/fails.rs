//! F17: a wave that fails goes back, and nothing after it is touched.

use super::background::RollOut;
use super::{UP, fleet_of};
use crate::sandbox::Sandbox;

/// Rolls a version out that does not do, and demands that only the canary was touched, and runs as before.
#[track_caller]
fn case(sandbox: &Sandbox, version: &str, reason: &str) {
    let said = sandbox.fleet(&["update", "--all", version, "--canary", "1", "--soak", "1s"]);
    said.exited(1);
    assert!(said.stdout.contains(reason), "{}", said.text());
    assert!(
        said.stderr.contains("wave 1 of 2 failed and went back"),
        "{}",
        said.text()
    );
    sandbox.has_no_roll_out();
    assert_eq!(sandbox.status("b")["process"]["restarts"], 0);
}

#[test]
fn a_canary_that_fails_goes_back_and_nothing_else_is_touched() {
    let sandbox = fleet_of(&["a", "b"]);
    let neighbour = sandbox.harness_of("b");
    insta::assert_snapshot!(sandbox.run("update --all crashes --canary 1 --soak 1s"), @r"
    NAME  WAVE  OUTCOME      VERSION  REASON
    a  1  went back  v0.1.0  died: exit status 7 after <age> s: error: no such table
    b     2     not touched  v0.1.0
    --- stderr
    wave 1 of 2 has failed, and goes back: `a`: died: exit status 7 after <age> s: error: no such table
    error: the roll-out of crashes has ended: wave 1 of 2 failed and went back
    hint: `fleet history a` and `fleet why a` say more
    hint: a version in `bad_refs` of fleet.toml is refused from then on: crashes
    --- exit code 1
    ");
    sandbox.runs_at("a", "v0.1.0", 3);
    case(&sandbox, "dies", "died: exit status 3");
    sandbox.runs_at("a", "v0.1.0", 5);
    case(
        &sandbox,
        "sick",
        "not healthy: its `status` answers with exit status 1: not ready",
    );
    sandbox.runs_at("a", "v0.1.0", 7);
    sandbox.runs_at("b", "v0.1.0", 1);
    assert_eq!(sandbox.harness_of("b").pid, neighbour.pid);
    let trail = sandbox.fleet(&["history", "--json"]).stdout;
    for part in [
        "wave 1 of 2 to crashes",
        "\"backed out\"",
        "wave 1 of 2 failed: `a`",
    ] {
        assert!(trail.contains(part), "no {part} in {trail}");
    }
    sandbox.over();
}

/// What comes back by itself has died all the same; and it is not parked before it is judged.
#[test]
fn a_crash_loop_that_heals_fails_at_its_first_death() {
    let sandbox = fleet_of(&["a", "b"]);
    sandbox.set("a", "watch = \"heal\"");
    sandbox.fleet(&["restart", "a"]).succeeded();
    case(&sandbox, "dies", "died: exit status 3");
    sandbox.runs_at("a", "v0.1.0", 3);
    case(&sandbox, "crashes", "died: exit status 7");
    sandbox.runs_at("a", "v0.1.0", 5);
    sandbox.over();
}

#[test]
fn where_a_later_wave_fails_the_earlier_ones_stay() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    insta::assert_snapshot!(sandbox.run("update --all picky --wave 1 --soak 300ms"), @r"
    NAME  WAVE  OUTCOME      VERSION          REASON
    a     1     moved        v0.1.0 -> picky
    b  2  went back  v0.1.0  died: exit status 9 after <age> s
    c     3     not touched  v0.1.0
    --- stderr
    wave 1 of 3: moved `a`; up for 300 ms
    wave 2 of 3 has failed, and goes back: `b`: died: exit status 9 after <age> s
    error: the roll-out of picky has ended: wave 2 of 3 failed and went back
    hint: `fleet history b` and `fleet why b` say more
    hint: a version in `bad_refs` of fleet.toml is refused from then on: picky
    hint: `fleet rollback a --restart` takes back what has moved and is healthy: `a`
    --- exit code 4
    ");
    sandbox.runs_at("a", "picky", 2);
    sandbox.runs_at("b", "v0.1.0", 3);
    sandbox.runs_at("c", "v0.1.0", 1);
    sandbox.has_no_roll_out();
    sandbox.over();
}

/// Most of the fleet dies at once, which puts the brake on: the cause has gone with the wave, and so does the brake.
#[test]
fn many_deaths_at_once_go_back_and_hold_nothing() {
    let names = ["a", "b", "c", "d"];
    let sandbox = fleet_of(&names);
    for name in names {
        sandbox.set(name, "watch = \"heal\"");
    }
    sandbox.fleet(&["restart", "--all"]).succeeded();
    sandbox
        .fleet(&["update", "--all", "dies", "--wave", "4", "--soak", "5s"])
        .exited(1);
    for name in names {
        sandbox.runs_at(name, "v0.1.0", 3);
    }
    let report = sandbox.fleet(&["status", "--json"]).stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["brake"]["engaged"], false);
    sandbox.over();
}

/// What the registry said of a project that was not where it said comes back too.
#[test]
fn an_entry_comes_back_as_it_was() {
    let sandbox = fleet_of(&["a"]).script("v0.1.1", UP);
    let (other, commit) = (sandbox.version("v0.1.1"), sandbox.version("v0.1.0"));
    let text = sandbox.read("fleet/fleet.toml");
    let text = text.replace("ref = \"v0.1.0\"\n", "ref = \"v0.1.1\"\n");
    sandbox.write("fleet/fleet.toml", &text.replace(&commit, &other));
    assert_eq!(sandbox.status("a")["pin"]["word"], "behind");
    let before = sandbox.read("fleet/fleet.toml");
    sandbox
        .fleet(&["update", "a", "crashes", "--canary", "1", "--soak", "1s"])
        .exited(1);
    assert_eq!(sandbox.read("fleet/fleet.toml"), before);
    let status = sandbox.wait_until_is("a", "up");
    assert_eq!(status["pin"]["head"], commit.as_str());
    sandbox.over();
}

/// A version that leaves changes in its own files cannot be taken back without losing them: that is said, and stays open.
#[test]
fn what_cannot_go_back_is_said_and_can_be_taken_back_later() {
    let sandbox = fleet_of(&["a"]).script("messy", "echo mine >> engine/run.sh\nexit 5\n");
    let said = sandbox.fleet(&["update", "a", "messy", "--canary", "1", "--soak", "1s"]);
    said.exited(1);
    assert!(
        said.stderr.contains("cannot take `a` back"),
        "{}",
        said.text()
    );
    sandbox
        .fleet(&["update", "a", "good", "--canary", "1"])
        .exited(3);
    let engine = sandbox.at("fleet/projects/a/engine");
    sandbox.git(&engine, &["checkout", "run.sh"]);
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.has_no_roll_out();
    sandbox.over();
}

/// What a guardian brings back has gone all the same; and a tender that nobody saw die is missed at once.
#[test]
fn a_killed_tender_fails_its_wave() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 1 --soak 1h", 1);
    sandbox.kill(&sandbox.tender_of("a"));
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`a`: its tender was killed"), "{said}");
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.runs_at("b", "v0.1.0", 1);
    sandbox.over();
}

#[test]
fn a_killed_server_fails_the_wave_that_was_in_it() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 1 --soak 1h", 1);
    sandbox.kill(&sandbox.server());
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(1), "{said}");
    sandbox.runs_at("a", "v0.1.0", 3);
    // The other one was no part of the wave: `boot` brings it back.
    sandbox.is_at("b", "v0.1.0", 1);
    sandbox.fleet(&["boot"]).succeeded();
    sandbox.runs_at("b", "v0.1.0", 1);
    sandbox.over();
}

/// F7: what the wave was lost to is no fault of the version; but nothing has proven it, and the reason is told.
#[test]
fn a_wave_whose_terminals_go_away_says_so_and_goes_back() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update a good --canary 1 --soak 1h", 1);
    sandbox.kill(&sandbox.server());
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(1), "{said}");
    let is_told = said.contains("its terminal went away") || said.contains("it was lost: ");
    assert!(is_told && !said.contains("it was ended"), "{said}");
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.over();
}
