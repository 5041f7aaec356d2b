//! What a version needs is prepared before the first pin moves to it.

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, assert_same};
use crate::start::prepare::fleet;

/// Notes when it runs what the project pins then, and does as the other version of it does.
const NOTES: &str =
    "git -C \"$HOME/../fleet/projects/demo\" rev-parse HEAD:engine >> \"$HOME/prepared\"\n";

fn two_versions() -> Sandbox {
    fleet(NOTES).prepared_by("v2", NOTES).project("demo", "v1")
}

#[test]
fn it_is_prepared_before_any_pin_moves_and_without_a_restart() {
    let sandbox = two_versions();
    let harness = sandbox.at("harness");
    assert_snapshot!(sandbox.run("update demo v2 --dry-run"), @r"
    demo:
      prepare the harness at <commit>
      move the pin from <commit> to <commit> (v2) and commit that
      write v2 into fleet.toml
    --- exit code 0
    ");
    assert!(!sandbox.at("home/prepared").exists());
    sandbox.fleet(&["update", "demo", "v2"]).succeeded();
    let old = sandbox.git(&harness, &["rev-parse", "v1"]);
    assert_eq!(sandbox.read("home/prepared"), format!("{old}\n"));
    assert_eq!(sandbox.beside_caches(), ["lock", "prepared"]);
    sandbox.is_whole(&sandbox.project_at("demo"));
    assert_snapshot!(sandbox.run("update demo v1 --dry-run"), @r"
    demo:
      prepare the harness at <commit>
      move the pin from <commit> to <commit> (v1) and commit that
      write v1 into fleet.toml
    --- exit code 0
    ");
}

#[test]
fn with_a_restart_it_is_prepared_while_the_old_version_runs() {
    let script = "ps -eo args > \"$HOME/processes\"\n";
    let sandbox = fleet("true\n")
        .manifest(
            "v0",
            "start = [\"sh\", \"{engine}/run.sh\", \"{name}\"]",
            "echo up; read -r line\n",
        )
        .prepared_by("v2", script)
        .project("demo", "v0")
        .started("demo", "up");
    assert_snapshot!(sandbox.run("update demo v2 --restart --dry-run"), @r"
    demo:
      prepare the harness at <commit>
      move the pin from <commit> to <commit> (v2) and commit that
      write v2 into fleet.toml
      stop it
      start it
    --- exit code 0
    ");
    sandbox
        .fleet(&["update", "demo", "v2", "--restart"])
        .succeeded();
    assert!(
        sandbox
            .read("home/processes")
            .contains("engine/run.sh demo")
    );
    sandbox.wait_for_screen("demo", "up v2");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn where_it_fails_nothing_has_changed() {
    let sandbox = fleet("true\n")
        .prepared_by("bad", "echo 'no network' >&2; exit 7\n")
        .project("one", "v1")
        .project("two", "v1");
    sandbox.fleet(&["start", "one"]).succeeded();
    let (before, running) = (sandbox.world(), sandbox.harness_of("one"));
    let said = sandbox.fleet(&["update", "--all", "bad", "--restart"]);
    said.exited(1);
    for name in ["one", "two"] {
        let row = format!("{name}   failed   cannot prepare the harness at ");
        assert!(said.stdout.contains(&row), "{}", said.text());
    }
    assert!(
        said.stdout
            .contains("exit status: 7: no network (its output is in ")
    );
    assert_same(&before, &sandbox.world());
    assert_eq!(sandbox.harness_of("one"), running);
    let journals = std::fs::read_dir(sandbox.at("fleet/.fleet/journal"));
    assert_eq!(journals.expect("it is there").count(), 0);
    sandbox.fleet(&["stop", "one"]).succeeded();
}

#[test]
fn the_projects_of_another_harness_go_on() {
    let sandbox = fleet("true\n")
        .prepared_by("v2", "exit 7\n")
        .project("one", "v1");
    sandbox.git(sandbox.root(), &["clone", "--quiet", "harness", "other"]);
    sandbox.write("other/prepare.sh", "true\n");
    sandbox.git(
        &sandbox.at("other"),
        &["commit", "--quiet", "--all", "--message", "Good"],
    );
    sandbox.git(&sandbox.at("other"), &["tag", "--force", "v2"]);
    let registry = sandbox.read("fleet/fleet.toml");
    let url = sandbox.at("other").display().to_string();
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{registry}\n[harnesses.other]\nurl = \"{url}\"\n"),
    );
    sandbox
        .fleet(&["create", "two", "--harness", "other", "--ref", "v1"])
        .succeeded();
    sandbox.fleet(&["update", "--all", "v2"]).exited(4);
    assert_eq!(sandbox.status("one")["pin"]["ref"], "v1");
    assert_eq!(sandbox.status("two")["pin"]["ref"], "v2");
    sandbox.is_whole(&sandbox.project_at("two"));
}
