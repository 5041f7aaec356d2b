//! F17: a version reaches the fleet wave by wave, and goes back by itself where it fails.

mod background;
mod fails;
mod interrupted;
mod meanwhile;

use crate::sandbox::Sandbox;

/// A harness's program that is well.
const UP: &str = "echo up\nwhile read -r line; do echo \"$line\"; done\n";

/// Projects at `v0.1.0` that run, and versions to roll out: `good`, `crashes` at once, `dies` after a moment, is `sick`
/// (it runs, and its `status` says no), and `picky`: it dies in a project called `b`.
fn fleet_of(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new()
        .harness(["v0.0.1"])
        .script("v0.1.0", UP)
        .script("crashes", "echo 'error: no such table'\nexit 7\n")
        .script("dies", "sleep 0.1\necho 'error: no luck'\nexit 3\n")
        .script("picky", &format!("test \"$1\" = b && exit 9\n{UP}"))
        .manifest(
            "sick",
            "start = [\"sh\", \"{engine}/run.sh\"]\nstatus = [\"sh\", \"-c\", \"echo not ready; exit 1\"]",
            &format!("trap '' TERM\n{UP}"),
        )
        .manifest(
            "good",
            "start = [\"sh\", \"{engine}/run.sh\"]\nstatus = [\"true\"]",
            UP,
        );
    for name in names {
        sandbox
            .fleet(&["create", name, "--ref", "v0.1.0"])
            .succeeded();
        // One of the versions ignores that it is to end.
        sandbox.set(name, "stop_grace = \"100ms\"");
    }
    sandbox.fleet(&[&["start"], names].concat()).succeeded();
    sandbox
}

impl Sandbox {
    /// What git has at a version of the harness.
    fn version(&self, version: &str) -> String {
        self.git(
            &self.at("harness"),
            &["rev-parse", &format!("{version}^{{}}")],
        )
    }

    /// Fails unless a project is at a version by every account, with so many commits of its own, and nothing else
    /// changed in it.
    #[track_caller]
    fn is_at(&self, name: &str, version: &str, commits: usize) {
        let project = self.project_at(name);
        let wanted = self.version(version);
        let pinned = self.git(&project, &["rev-parse", "HEAD:engine"]);
        assert_eq!(pinned, wanted, "`{name}` is not at {version}");
        let made = self.git(&project, &["rev-list", "--count", "HEAD"]);
        assert_eq!(made, commits.to_string(), "commits of `{name}`");
        self.is_whole(&project);
        let got = self.fleet(&["get", name, "--json"]);
        let entry: serde_json::Value = serde_json::from_str(&got.succeeded().stdout).unwrap();
        assert_eq!(
            (&entry["ref"], &entry["commit"]),
            (&version.into(), &wanted.into()),
            "{entry:#}"
        );
    }

    /// Fails unless a project runs at a version, by every account.
    #[track_caller]
    fn runs_at(&self, name: &str, version: &str, commits: usize) {
        self.is_at(name, version, commits);
        let status = self.wait_until_is(name, "up");
        assert_eq!(status["pin"]["running"], self.version(version).as_str());
        assert_eq!(status["pin"]["word"], "ok", "{status:#}");
    }

    /// Fails unless no roll-out is open.
    #[track_caller]
    fn has_no_roll_out(&self) {
        assert!(!self.at("fleet/.fleet/rollout.json").exists());
        let report = self.fleet(&["status", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
        assert!(report["rollout"].is_null(), "{report:#}");
    }

    /// Ends everything.
    #[track_caller]
    fn over(&self) {
        self.fleet(&["stop", "--all"]).succeeded();
    }
}

#[test]
fn wave_by_wave_all_of_it_moves_and_what_is_down_stays_down() {
    let sandbox = fleet_of(&["a", "b", "c", "d"]);
    sandbox.fleet(&["stop", "a"]).succeeded();
    insta::assert_snapshot!(sandbox.run("update --all good --canary 1 --wave 2 --soak 100ms"), @r"
    NAME  WAVE  OUTCOME  VERSION
    b     1     moved    v0.1.0 -> good
    c     2     moved    v0.1.0 -> good
    d     2     moved    v0.1.0 -> good
    a     3     moved    v0.1.0 -> good
    --- stderr
    wave 1 of 3: moved `b`; up for 100 ms
    wave 2 of 3: moved `c` and `d`; up for 100 ms
    wave 3 of 3: moved `a`, of which nothing is judged
    --- exit code 0
    ");
    for name in ["b", "c", "d"] {
        sandbox.runs_at(name, "good", 2);
    }
    sandbox.is_at("a", "good", 2);
    assert_eq!(sandbox.status("a")["verdict"], "down");
    // Each harness was asked once, and its answer is remembered.
    assert_eq!(sandbox.status("b")["harness"]["healthy"], true);
    sandbox.has_no_roll_out();
    sandbox.over();
}

#[test]
fn a_dry_run_prints_the_very_waves_and_changes_nothing() {
    let sandbox = fleet_of(&["a", "b"]);
    sandbox.fleet(&["stop", "a"]).succeeded();
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update --all good --canary 1 --soak 1m --dry-run"), @r"
    wave 1 of 2, which must then stay up for 1 min:
    b:
      move the pin from <commit> to <commit> (good) and commit that
      write good into fleet.toml
      stop it
      start it
    wave 2 of 2, of which nothing runs:
    a:
      move the pin from <commit> to <commit> (good) and commit that
      write good into fleet.toml
    --- exit code 0
    ");
    crate::sandbox::assert_same(&before, &sandbox.world());
    sandbox.has_no_roll_out();
    sandbox.over();
}

#[test]
fn where_nothing_runs_there_is_no_canary() {
    let sandbox = fleet_of(&["a"]);
    sandbox.over();
    insta::assert_snapshot!(sandbox.run("update a good --canary 1"), @r"
    --- stderr
    error: no project that is to move runs, so none can be a canary
    hint: `fleet start a` starts one
    hint: `fleet harness probe lines good` tries the version in a throw-away project
    --- exit code 3
    ");
    sandbox.is_at("a", "v0.1.0", 1);
    // Without canaries nothing has to run.
    sandbox
        .fleet(&["update", "a", "good", "--wave", "1"])
        .succeeded();
    sandbox.is_at("a", "good", 2);
}

#[test]
fn what_is_refused_is_left_out_before_anything_moves() {
    let sandbox = fleet_of(&["a", "b", "c"]);
    sandbox.write("fleet/projects/b/engine/run.sh", "mine\n");
    let said = sandbox.fleet(&[
        "update", "--all", "good", "--canary", "1", "--soak", "100ms",
    ]);
    said.exited(4);
    let refused = said.stderr.find("cannot update `b`").unwrap();
    assert!(
        refused < said.stderr.find("wave 1 of 2").unwrap(),
        "{}",
        said.text()
    );
    sandbox.runs_at("a", "good", 2);
    sandbox.runs_at("c", "good", 2);
    assert_eq!(sandbox.read("fleet/projects/b/engine/run.sh"), "mine\n");
    sandbox.has_no_roll_out();
    // All that is left is as it should be, or refused.
    sandbox
        .fleet(&["update", "a", "c", "good", "--canary", "1"])
        .succeeded();
    sandbox
        .fleet(&["update", "b", "good", "--canary", "1"])
        .exited(3);
    sandbox.over();
}

#[test]
fn what_makes_no_roll_out_is_a_usage_error() {
    let sandbox = fleet_of(&["a"]);
    for line in [
        "update a good --soak 1s",
        "update a good --canary 0",
        "update a good --canary 1 --here",
        "update --resume --canary 1",
        "update --resume --all",
        "update --resume --back-out",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).exited(2);
    }
    // These are refused: there is none.
    sandbox.fleet(&["update", "--resume"]).exited(3);
    sandbox.fleet(&["update", "--back-out"]).exited(3);
    sandbox.is_at("a", "v0.1.0", 1);
    sandbox.over();
}
