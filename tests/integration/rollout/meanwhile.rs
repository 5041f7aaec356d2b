//! F10, F17: what an operator does with a project while a roll-out is about it counts more than the roll-out.

use super::background::RollOut;
use super::fleet_of;

#[test]
fn a_stop_in_the_soak_is_no_failure_and_it_stays_down() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 2 --soak 2s", 1);
    sandbox.fleet(&["stop", "a"]).succeeded();
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(0), "{said}");
    sandbox.is_at("a", "good", 2);
    assert_eq!(sandbox.status("a")["verdict"], "down");
    sandbox.runs_at("b", "good", 2);
    sandbox.runs_at("c", "good", 2);
    sandbox.over();
}

#[test]
fn what_was_stopped_goes_back_with_its_wave_and_stays_down() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 2 --soak 1h", 1);
    sandbox.fleet(&["stop", "a"]).succeeded();
    sandbox.kill(&sandbox.harness_of("b"));
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`b`: died: SIGKILL"), "{said}");
    sandbox.is_at("a", "v0.1.0", 3);
    assert_eq!(sandbox.status("a")["verdict"], "down");
    sandbox.runs_at("b", "v0.1.0", 3);
    sandbox.runs_at("c", "v0.1.0", 1);
    sandbox.over();
}

/// Nothing has proven the version: the roll-out does not go on by itself.
#[test]
fn where_every_canary_is_taken_away_it_waits_for_the_operator() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 2 --soak 1h", 1);
    sandbox.fleet(&["disable", "a"]).succeeded();
    sandbox.fleet(&["stop", "b"]).succeeded();
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("nobody is left to judge wave 1 of 2 by"),
        "{said}"
    );
    sandbox.runs_again("c", "v0.1.0");
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    for name in ["a", "b"] {
        sandbox.is_at(name, "v0.1.0", 3);
    }
    assert_eq!(sandbox.status("b")["verdict"], "down");
    sandbox.fleet(&["enable", "a"]).succeeded();
    sandbox.over();
}

#[test]
fn what_was_moved_or_removed_by_hand_is_left_alone() {
    let sandbox = fleet_of(&["a", "b", "c", "d"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --canary 3 --soak 1h", 1);
    sandbox
        .fleet(&["update", "a", "picky", "--restart"])
        .succeeded();
    let text = sandbox.read("fleet/fleet.toml");
    let (before, after) = text.split_once("[projects.b]").unwrap();
    let rest = after.find("[projects.").unwrap();
    sandbox.write("fleet/fleet.toml", &format!("{before}{}", &after[rest..]));
    sandbox.kill(&sandbox.harness_of("c"));
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("was removed meanwhile"), "{said}");
    assert!(said.contains("was moved by hand meanwhile"), "{said}");
    sandbox.runs_at("a", "picky", 3);
    sandbox.runs_at("c", "v0.1.0", 3);
    sandbox.runs_at("d", "v0.1.0", 1);
    let pinned = sandbox.git(&sandbox.project_at("b"), &["rev-parse", "HEAD:engine"]);
    assert_eq!(pinned, sandbox.version("good"));
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.over();
}

#[test]
fn a_restart_by_hand_takes_a_project_out_of_the_judgement() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 2 --soak 2s", 1);
    sandbox.fleet(&["restart", "a"]).succeeded();
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(0), "{said}");
    sandbox.runs_at("a", "good", 2);
    sandbox.over();
}

/// Somebody found out in time.
#[test]
fn a_version_that_becomes_bad_goes_no_further() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s", 1);
    let text = sandbox.read("fleet/fleet.toml");
    let text = text.replace(
        "[harnesses.lines]\n",
        "[harnesses.lines]\nbad_refs = [\"good\"]\n",
    );
    sandbox.write("fleet/fleet.toml", &text);
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("`good` is among the `bad_refs`"), "{said}");
    sandbox.runs_again("b", "v0.1.0");
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    sandbox.runs_at("a", "v0.1.0", 3);
    sandbox.over();
}

/// F4: while the registry is being edited it may not be whole. A soak goes on; the next wave waits for the operator.
#[test]
fn a_registry_that_is_broken_meanwhile_stops_it_before_the_next_wave() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s", 1);
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &format!("{text}\nbroken ="));
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("wave 1 of 2: moved `a`"), "{said}");
    assert!(said.contains("`fleet update --resume` goes on"), "{said}");
    let relabelled = text.replace("[projects.b]\n", "# mine\n[projects.b]\nlabels = [\"x\"]\n");
    sandbox.write("fleet/fleet.toml", &relabelled);
    sandbox.fleet(&["update", "--resume"]).succeeded();
    sandbox.runs_at("a", "good", 2);
    sandbox.runs_at("b", "good", 2);
    assert!(
        sandbox
            .read("fleet/fleet.toml")
            .contains("# mine\n[projects.b]\nlabels = [\"x\"]\n")
    );
    sandbox.over();
}

/// Whose turn has not come is the operator's as well.
/// Tells whether a project's row says that it was moved by hand, and no version: the roll-out does not know it.
fn is_left_alone(said: &str, row: &str) -> bool {
    let mut lines = said.lines();
    let row = lines.find_map(|line| line.strip_prefix(row));
    let words = row.map(|row| row.split_whitespace().collect::<Vec<_>>());
    words.is_some_and(|words| words.join(" ") == "left alone was moved by hand meanwhile")
}

#[test]
fn what_is_moved_by_hand_before_its_wave_is_left_out_of_it() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s", 1);
    sandbox
        .fleet(&["update", "c", "picky", "--restart"])
        .succeeded();
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(0), "{said}");
    assert!(is_left_alone(&said, "c     3 "), "{said}");
    sandbox.runs_at("b", "good", 2);
    sandbox.runs_at("c", "picky", 2);
    sandbox.over();
}

/// That it is the version of the roll-out makes it no less the operator's.
#[test]
fn what_was_moved_to_the_very_version_by_hand_does_not_go_back() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    let rollout = RollOut::soaking(&sandbox, "update --all picky --canary 1 --soak 2s", 1);
    sandbox
        .fleet(&["update", "c", "picky", "--restart"])
        .succeeded();
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(4), "{said}");
    assert!(is_left_alone(&said, "c     2 "), "{said}");
    sandbox.runs_at("b", "v0.1.0", 3);
    sandbox.runs_at("c", "picky", 2);
    sandbox.over();
}

/// A wave that waits for a project which another command has in hand looks again once it has it.
#[test]
fn what_is_given_another_pin_while_its_wave_waits_for_it_is_left_alone() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s", 1);
    let lock = sandbox.at("fleet/.fleet/locks/b");
    let lock = std::fs::OpenOptions::new().write(true).open(lock).unwrap();
    lock.lock().unwrap();
    rollout.reaches(&sandbox, "moving", 2);
    let text = sandbox.read("fleet/fleet.toml");
    let (before, after) = text.split_once("[projects.b]").unwrap();
    let mine = after.replace(&sandbox.version("v0.1.0"), &sandbox.version("picky"));
    let mine = mine.replace("v0.1.0", "picky");
    sandbox.write("fleet/fleet.toml", &format!("{before}[projects.b]{mine}"));
    drop(lock);
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("was moved by hand meanwhile"), "{said}");
    let project = sandbox.project_at("b");
    let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    assert_eq!(pinned, sandbox.version("v0.1.0"));
    assert!(sandbox.read("fleet/fleet.toml").ends_with(&mine));
    sandbox.over();
}

/// A bad version is bad by whatever name.
#[test]
fn a_version_whose_commit_becomes_bad_goes_no_further() {
    let sandbox = fleet_of(&["a", "b"]);
    let rollout = RollOut::soaking(&sandbox, "update --all good --wave 1 --soak 2s", 1);
    let commit = sandbox.version("good");
    let text = sandbox.read("fleet/fleet.toml");
    let text = text.replace(
        "[harnesses.lines]\n",
        &format!("[harnesses.lines]\nbad_refs = [\"{commit}\"]\n"),
    );
    sandbox.write("fleet/fleet.toml", &text);
    let (code, said) = rollout.ends(&sandbox);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("`bad_refs` of harness `lines`, as"), "{said}");
    sandbox.runs_again("b", "v0.1.0");
    sandbox.fleet(&["update", "--back-out"]).succeeded();
    sandbox.over();
}

/// F2: of two that begin at once, one is refused, and nothing is moved twice.
#[test]
fn of_two_at_once_one_is_refused() {
    let sandbox = fleet_of(&["a", "b"]);
    let line = "update --all good --wave 1 --soak 300ms";
    let both = [(); 2].map(|()| RollOut::of(&sandbox, line));
    let mut codes = both.map(|one| one.ends(&sandbox).0);
    codes.sort();
    assert_eq!(codes, [Some(0), Some(3)]);
    sandbox.runs_at("a", "good", 2);
    sandbox.runs_at("b", "good", 2);
    sandbox.over();
}

impl crate::sandbox::Sandbox {
    /// Fails unless a project was not touched at all.
    #[track_caller]
    fn runs_again(&self, name: &str, version: &str) {
        self.runs_at(name, version, 1);
    }
}
