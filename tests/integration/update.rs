//! `fleet update`: the pin moves, and nothing else does.

mod engine;
mod mentions;
mod prepare;
mod refusals;
mod several;
mod upstream;

use crate::sandbox::{Sandbox, assert_same};

/// A fleet with one project, and three versions of its harness.
fn one_project() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0", "v0.3.0"])
        .project("demo", "v0.1.0")
}

#[test]
fn an_update_is_one_commit_with_one_gitlink() {
    let sandbox = one_project();
    let project = sandbox.project_at("demo");
    let registry = format!("# mine\n{}", sandbox.read("fleet/fleet.toml"));
    let registry = registry.replace(
        "\nref = \"v0.1.0\"\n",
        "\nref = \"v0.1.0\"   # as Ada said\n",
    );
    sandbox.write("fleet/fleet.toml", &registry);
    let before = sandbox.git(&project, &["rev-parse", "HEAD"]);
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    `demo`: v0.1.0 -> v0.2.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&project);
    let log = sandbox.git(
        &project,
        &["log", "-1", "--raw", "--format=%an <%ae>, %cn <%ce>: %B%P"],
    );
    let log = log.replace(&before, "(the commit before)");
    insta::assert_snapshot!(sandbox.normalise(&log), @r"
    Ada Example <ada@example.org>, Ada Example <ada@example.org>: Move engine to v0.2.0(the commit before)

    :160000 160000 <commit> <commit> M	engine
    ");
    let harness = sandbox.at("harness");
    let [old, new] = ["v0.1.0", "v0.2.0"].map(|tag| sandbox.git(&harness, &["rev-parse", tag]));
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), new);
    assert_eq!(
        sandbox.git(&project.join("engine"), &["rev-parse", "HEAD"]),
        new
    );
    let expected = registry
        .replace("ref = \"v0.1.0\"   #", "ref = \"v0.2.0\"   #")
        .replace(&old, &new);
    assert_eq!(sandbox.read("fleet/fleet.toml"), expected);
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    `demo` is at v0.2.0 already
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), expected);
    insta::assert_snapshot!(sandbox.run("status demo"), @r"
    NAME  STATE  PIN  REF
    demo  down   ok   v0.2.0
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
}

#[test]
fn without_a_ref_it_goes_back_to_what_is_registered() {
    let sandbox = one_project();
    let project = sandbox.project_at("demo");
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo` is at v0.1.0 already
    --- exit code 0
    ");
    // By hand, as people who never heard of fleet do it.
    sandbox.git(&project.join("engine"), &["checkout", "--quiet", "v0.3.0"]);
    sandbox.git(
        &project,
        &["commit", "--quiet", "--all", "--message", "Try the newest"],
    );
    let registry = sandbox.read("fleet/fleet.toml");
    insta::assert_snapshot!(sandbox.run("status demo"), @r"
    NAME  STATE  PIN     REF     REASON
    demo  down  behind  v0.1.0  pinned at <commit>, fleet.toml wants <commit>
    --- stderr

    1 project: 1 down
    hint: `fleet update demo` moves it to what fleet.toml wants
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("update demo"), @r"
    --- stderr
    `demo`: <commit> -> v0.1.0 (<commit>)
    --- exit code 0
    ");
    sandbox.is_whole(&project);
    assert_eq!(
        sandbox.git(&project, &["log", "--format=%s"]),
        "Move engine to v0.1.0\nTry the newest\nStart with lines v0.1.0"
    );
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
}

#[test]
fn a_branch_and_a_commit_are_versions_too() {
    let sandbox = one_project();
    sandbox.write("harness/run.sh", "cat\n");
    sandbox.git(
        &sandbox.at("harness"),
        &["commit", "--quiet", "--all", "--message", "Say less"],
    );
    let tip = sandbox.git(&sandbox.at("harness"), &["rev-parse", "HEAD"]);
    insta::assert_snapshot!(sandbox.run("update demo main"), @r"
    --- stderr
    `demo`: v0.1.0 -> main (<commit>)
    --- exit code 0
    ");
    let project = sandbox.project_at("demo");
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), tip);
    let second = sandbox.git(&sandbox.at("harness"), &["rev-parse", "v0.2.0"]);
    sandbox.fleet(&["update", "demo", &second]).succeeded();
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), second);
    sandbox.is_whole(&project);
}

#[test]
fn of_several_projects_one_that_fails_does_not_stop_the_others() {
    let sandbox = one_project()
        .project("notes", "v0.1.0")
        .project("other", "v0.2.0");
    sandbox.write("fleet/projects/notes/engine/mine.txt", "work");
    insta::assert_snapshot!(sandbox.run("update --all v0.2.0"), @r"
    NAME   FROM             TO               OUTCOME    REASON
    demo  v0.1.0 <commit>  v0.2.0 <commit>  moved
    notes                                    refused    the harness has changes: `mine.txt` (untracked)
    other                                    unchanged  at v0.2.0 already
    --- stderr
    hint: see them: `git -C $ROOT/fleet/projects/notes/engine status`
    hint: put them aside: `git -C $ROOT/fleet/projects/notes/engine stash --include-untracked`
    3 projects: 1 moved, 1 refused, 1 unchanged
    --- exit code 4
    ");
    for name in ["demo", "other"] {
        sandbox.is_whole(&sandbox.project_at(name));
    }
    insta::assert_snapshot!(sandbox.run("list"), @r"
    NAME   HARNESS  REF     LOCATION
    demo   lines    v0.2.0  projects/demo
    notes  lines    v0.1.0  projects/notes
    other  lines    v0.2.0  projects/other
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/projects/notes/engine/mine.txt"), "work");
    insta::assert_snapshot!(sandbox.run("update demo notes nope"), @r"
    NAME   OUTCOME  REASON
    demo   refused  harness `lines` has no version `nope`
    notes  refused  harness `lines` has no version `nope`
    --- stderr
    hint: its newest is `v0.3.0`; it has `v0.3.0`, `v0.2.0` and `v0.1.0`
    2 projects: 2 refused
    --- exit code 3
    ");
}

#[test]
fn a_dry_run_tells_the_steps_and_takes_none() {
    let sandbox = one_project().project("other", "v0.2.0");
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update --all v0.2.0 --dry-run"), @r"
    demo:
      move the pin from <commit> to <commit> (v0.2.0) and commit that
      write v0.2.0 into fleet.toml
    `other` is at v0.2.0 already
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0 --restart --dry-run"), @r"
    demo:
      move the pin from <commit> to <commit> (v0.2.0) and commit that
      write v0.2.0 into fleet.toml
    --- exit code 0
    ");
    assert_same(&before, &sandbox.world());
}

#[test]
fn work_that_is_staged_or_not_stays_exactly_as_it_was() {
    let sandbox = one_project();
    let project = sandbox.project_at("demo");
    let work = sandbox.unfinished_work(&project);
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    assert_eq!(
        sandbox.git(&project, &["diff", "--name-only", "HEAD~1", "HEAD"]),
        "engine"
    );
    work.is_untouched(&sandbox, &project);
}

#[test]
fn a_running_project_takes_the_new_version_with_restart_only() {
    let sandbox = one_project();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let shows = |text: &str| sandbox.fleet(&["logs", "demo"]).stdout.contains(text);
    sandbox.wait_for("the first version", || shows("lines v0.1.0: demo is up"));
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0"), @r"
    --- stderr
    `demo`: v0.1.0 -> v0.2.0 (<commit>)
    hint: `fleet restart demo` makes it take effect
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("status demo"), @r"
    NAME  STATE  FOR  PIN   REF     REASON
    demo  up  <age>  skew  v0.2.0  runs <commit>, pinned at <commit>; restart to take effect
    --- stderr

    1 project: 1 up
    hint: `fleet restart demo` has it run what is pinned
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0 --restart"), @r"
    --- stderr
    `demo` is at v0.2.0 already
    started `demo`
    --- exit code 0
    ");
    sandbox.wait_for("the second version", || shows("lines v0.2.0: demo is up"));
    insta::assert_snapshot!(sandbox.run("update demo v0.3.0 --restart"), @r"
    --- stderr
    `demo`: v0.2.0 -> v0.3.0 (<commit>)
    started `demo`
    --- exit code 0
    ");
    sandbox.wait_for("the third version", || shows("lines v0.3.0: demo is up"));
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_dry_run_does_not_guess_what_comes_after_a_repair() {
    let sandbox = one_project();
    let journal = "fleet/.fleet/journal/demo.json";
    sandbox.write(journal, "{\"version\": 1, \"steps\": []}");
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0 --dry-run"), @r"
    --- stderr
    error: a command on `demo` was interrupted, and a dry run repairs nothing
    hint: the same command without `--dry-run` first completes it or takes it back
    --- exit code 3
    ");
    assert!(sandbox.at(journal).exists());
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    assert!(!sandbox.at(journal).exists());
}
