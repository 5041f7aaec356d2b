//! `fleet plan` and `fleet apply`: fleet.toml and the operator's wishes against the world.

mod files;
mod refusals;

use serde_json::Value;

use crate::sandbox::{Sandbox, assert_same};

/// A fleet with two versions and these projects at the first.
pub(crate) fn fleet(names: &[&str]) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .projects(names, "v0.1.0")
}

/// Moves a pin behind fleet's back, as a person would.
pub(crate) fn move_by_hand(sandbox: &Sandbox, project: &str, version: &str) {
    let place = sandbox.place(project);
    sandbox.git(&place.join("engine"), &["checkout", "--quiet", version]);
    sandbox.git(
        &place,
        &["commit", "--quiet", "--all", "--message", "By hand"],
    );
}

/// Says that a project should be up or down, and does nothing else: as a command does that is cut off then.
pub(crate) fn wish(sandbox: &Sandbox, project: &str, want: &str) {
    let path = format!("fleet/.fleet/desired/{project}");
    let mut wish: Value = serde_json::from_str(&sandbox.read(&path)).expect("a wish");
    wish["want"] = want.into();
    sandbox.write(&path, &wish.to_string());
}

/// Kills the tmux server, and waits until nothing of it runs any more.
pub(crate) fn lose_all(sandbox: &Sandbox) {
    sandbox.kill(&sandbox.server());
    sandbox.wait_for("all to end", || sandbox.processes().is_empty());
}

#[test]
fn a_world_that_is_as_it_should_be_needs_nothing() {
    let sandbox = fleet(&["demo"]);
    insta::assert_snapshot!(sandbox.run("plan --check"), @r"
    everything is as fleet.toml and your wishes say
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("apply"), @r"
    --- stderr
    there is nothing to do
    --- exit code 0
    ");
}

#[test]
fn every_difference_is_one_entry_with_what_does_it() {
    let sandbox = fleet(&["behind", "dirty", "down", "empty", "gone", "lost"]);
    sandbox.fleet(&["start", "down", "lost"]).succeeded();
    sandbox.wait_for_screen("down", "is up");
    sandbox.wait_for_screen("lost", "is up");
    move_by_hand(&sandbox, "behind", "v0.2.0");
    move_by_hand(&sandbox, "dirty", "v0.2.0");
    sandbox.write("fleet/projects/dirty/engine/run.sh", "changed");
    std::fs::remove_dir_all(sandbox.place("empty").join("engine")).unwrap();
    std::fs::rename(sandbox.place("gone"), sandbox.at("elsewhere")).unwrap();
    wish(&sandbox, "down", "down");
    sandbox.kill(&sandbox.tender_of("lost"));
    sandbox.wait_for("its session to end", || sandbox.running("lost").is_empty());
    let socket = sandbox.read("fleet/.fleet/socket");
    sandbox
        .tmux_at(
            std::path::Path::new(socket.trim()),
            &["new-session", "-d", "-s", "stranger", "cat"],
        )
        .succeeded();
    let first = sandbox.fleet(&["plan"]);
    assert_eq!(first.text(), sandbox.fleet(&["plan"]).text());
    let said = |text: &str| sandbox.normalise(&text.replace(socket.trim(), "SOCKET"));
    insta::assert_snapshot!(said(&first.text()), @r"
    behind
      - pinned at <commit>
      + pinned at v0.1.0 (<commit>): fleet update behind

    dirty
      - files of its engine are changed
      ! pinned at v0.1.0 (<commit>); cannot be done: the harness has changes: `run.sh`; see them: `git -C $ROOT/fleet/projects/dirty/engine status`

    down
      - up
      + down, as asked for: fleet stop down

    empty
      - its engine is missing
      + its engine at <commit>, as pinned: fleet apply

    gone
      - nothing is at projects/gone
      ! its repository; cannot be done: put it back, or correct its `location` in fleet.toml

    lost
      - down: its tender was killed
      + up, as asked for: fleet start lost

    session stranger
      - runs on the fleet's tmux server
      ? registered, or ended; yours to do: tmux -S SOCKET attach -t =stranger
    --- stderr

    6 projects: 4 to do with `fleet apply`, 2 that cannot be done, 1 left to you
    --- exit code 0
    ");
    sandbox.fleet(&["plan", "--check"]).exited(5);
    let before = sandbox.world();
    let dry = sandbox.fleet(&["apply", "--dry-run"]);
    assert_eq!(dry.succeeded().stdout, first.stdout);
    assert_same(&before, &sandbox.world());

    insta::assert_snapshot!(sandbox.run("apply -m tidy"), @r"
    --- stderr
    `behind`: <commit> -> v0.1.0 (<commit>)
    error: `dirty`: files of its engine are changed
      because: the harness has changes: `run.sh`; see them: `git -C $ROOT/fleet/projects/dirty/engine status`
    stopped `down`
    filled the engine of `empty`
    error: `gone`: nothing is at projects/gone
      because: put it back, or correct its `location` in fleet.toml
    brought back `lost`
    1 left to you: `fleet plan` says what
    --- exit code 4
    ");
    assert_eq!(sandbox.status("behind")["pin"]["word"], "ok");
    assert_eq!(sandbox.status("empty")["pin"]["word"], "ok");
    assert_eq!(sandbox.status("down")["verdict"], "down");
    assert_eq!(sandbox.status("lost")["verdict"], "up");
    assert_eq!(sandbox.status("dirty")["pin"]["word"], "dirty");
    let last = sandbox.fleet(&["plan"]);
    insta::assert_snapshot!(said(&last.text()), @r"
    dirty
      - files of its engine are changed
      ! pinned at v0.1.0 (<commit>); cannot be done: the harness has changes: `run.sh`; see them: `git -C $ROOT/fleet/projects/dirty/engine status`

    gone
      - nothing is at projects/gone
      ! its repository; cannot be done: put it back, or correct its `location` in fleet.toml

    session stranger
      - runs on the fleet's tmux server
      ? registered, or ended; yours to do: tmux -S SOCKET attach -t =stranger
    --- stderr

    2 projects: 2 that cannot be done, 1 left to you
    --- exit code 0
    ");
    let trail = sandbox.fleet(&["history", "behind", "--json"]);
    assert!(trail.stdout.contains("tidy"), "{}", trail.text());
    let log = sandbox.git(&sandbox.place("behind"), &["log", "--format=%B"]);
    assert!(!log.contains("tidy"), "{log}");
    sandbox.fleet(&["stop", "--all"]);
    let left = ["kill-session", "-t", "=stranger"];
    sandbox.tmux_at(std::path::Path::new(socket.trim()), &left);
}

#[test]
fn the_json_has_every_difference_and_its_remedy() {
    let sandbox = fleet(&["demo"]);
    move_by_hand(&sandbox, "demo", "v0.2.0");
    let said = sandbox.fleet(&["plan", "--json"]);
    let plan: Value = serde_json::from_str(&said.succeeded().stdout).unwrap();
    assert_eq!(plan["schema"], 1);
    let difference = &plan["projects"][0]["differences"][0];
    assert_eq!(difference["remedy"], "apply", "{plan:#}");
    assert_eq!(difference["what"], "move");
    assert_eq!(difference["command"], "fleet update demo");
    assert_eq!(plan["strangers"], serde_json::json!([]));
}

/// What nobody has asked to start is not started, however it came into the registry.
#[test]
fn a_mistyped_registry_starts_and_makes_nothing() {
    let sandbox = fleet(&["demo"]);
    let text = sandbox.read("fleet/fleet.toml");
    let entry = text[text.find("[projects.demo]").unwrap()..].to_owned();
    let again = entry
        .replace("[projects.demo]", "[projects.dmeo]")
        .replace("projects/demo", "projects/dmeo");
    let other = "[projects.other]\nharness = \"lines\"\nref = \"v0.2.0\"\nlocation = \"other\"\nwatch = \"heal\"\n";
    sandbox.write("fleet/fleet.toml", &format!("{text}\n{again}\n{other}"));
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "fleet/projects/demo", "fleet/other"],
    );
    let before = sandbox.tree(&sandbox.directory().join("projects"));
    // What is registered and there is made whole, and still is not started.
    sandbox.fleet(&["apply"]).exited(4);
    assert!(sandbox.directory().join("other/engine/run.sh").exists());
    assert_eq!(sandbox.processes(), []);
    assert_same(
        &before,
        &sandbox.tree(&sandbox.directory().join("projects")),
    );
    for name in ["demo", "dmeo", "other"] {
        assert_eq!(sandbox.status(name)["desired"], Value::Null, "{name}");
    }
    sandbox.fleet(&["apply"]).exited(4);
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn what_ended_by_itself_is_left_to_its_operator() {
    let sandbox = Sandbox::new()
        .harness(["v0.0.1"])
        .script("v0.1.0", "exit 7\n")
        .project("crashed", "v0.1.0")
        .project("disabled", "v0.0.1")
        .project("skewed", "v0.0.1");
    sandbox.fleet(&["start", "--all"]);
    sandbox.wait_until_is("crashed", "crashed");
    sandbox.wait_for_screen("skewed", "is up");
    sandbox.fleet(&["update", "skewed", "v0.1.0"]).succeeded();
    sandbox.kill(&sandbox.tender_of("disabled"));
    sandbox.wait_for("it to end", || {
        sandbox.running("run.sh disabled").is_empty()
    });
    sandbox.fleet(&["disable", "disabled"]).succeeded();
    insta::assert_snapshot!(sandbox.run("plan"), @r"
    crashed
      - it has crashed: exit status 7
      ? up, as asked for; yours to do: fleet start crashed

    skewed
      - runs <commit>, pinned at <commit>
      ? runs what is pinned; yours to do: fleet restart skewed
    --- stderr

    2 projects: 2 left to you
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("apply"), @r"
    --- stderr
    2 left to you: `fleet plan` says what
    --- exit code 0
    ");
    assert_eq!(sandbox.status("crashed")["verdict"], "crashed");
    assert_eq!(sandbox.status("skewed")["pin"]["word"], "skew");
    assert_eq!(sandbox.status("disabled")["process"]["pid"], Value::Null);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_ref_that_was_edited_by_hand_is_not_followed_in_silence() {
    let sandbox = fleet(&["demo"]);
    let text = sandbox.read("fleet/fleet.toml");
    let at = text.find("[projects.demo]").unwrap();
    let edited = text[at..].replace("ref = \"v0.1.0\"", "ref = \"v0.2.0\"");
    sandbox.write("fleet/fleet.toml", &format!("{}{edited}", &text[..at]));
    insta::assert_snapshot!(sandbox.run("plan"), @r"
    demo
      - fleet.toml has v0.2.0 with the commit <commit>
      ? v0.2.0 stands for <commit>; yours to do: fleet update demo v0.2.0 --accept-moved-tag
    --- stderr

    1 project: 1 left to you
    --- exit code 0
    ");
    sandbox.fleet(&["apply"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["ref"], "v0.2.0");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    // Without a commit, the ref is what counts.
    let lines = sandbox.read("fleet/fleet.toml");
    let lines = lines.lines().filter(|line| !line.starts_with("commit = "));
    let text = lines.collect::<Vec<_>>().join("\n");
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.fleet(&["apply"]).succeeded();
    let engine = sandbox.place("demo").join("engine");
    assert_eq!(sandbox.git(&engine, &["describe", "--tags"]), "v0.2.0");
    sandbox.fleet(&["plan", "--check"]).exited(0);
}
