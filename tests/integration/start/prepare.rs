//! `prepare` of a harness: once for each of its commits, before the first start with it.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const PREPARE: &str = "prepare = [\"sh\", \"{engine}/prepare.sh\", \"{cache}\"]\nstart = [\"sh\", \"{engine}/run.sh\"]";

fn fleet(prepare: &str) -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("harness/prepare.sh", prepare);
    sandbox.manifest("v1", PREPARE, "echo up; exec cat\n")
}

#[test]
fn it_runs_once_for_all_projects_and_again_for_another_commit() {
    let sandbox = fleet("echo once >> \"$HOME/prepared\"; echo made > \"$1/tool\"\n")
        .project("one", "v1")
        .project("two", "v1")
        .manifest("v2", PREPARE, "echo up again; exec cat\n");
    let prepared = || sandbox.read("home/prepared").lines().count();
    sandbox.fleet(&["start", "one", "two"]).succeeded();
    assert_eq!(prepared(), 1);
    sandbox.fleet(&["restart", "--all"]).succeeded();
    assert_eq!(prepared(), 1);
    sandbox
        .fleet(&["update", "one", "v2", "--restart"])
        .succeeded();
    assert_eq!(prepared(), 2);
    sandbox.wait_for_screen("one", "up again");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn where_it_fails_nothing_is_started_and_its_output_is_kept() {
    let sandbox = fleet("echo trying; echo 'no compiler' >&2; exit 4\n").project("demo", "v1");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: cannot prepare the harness at <commit>
      because: `sh` ended with exit status: 4: no compiler
    hint: its output is in $ROOT/fleet/.fleet/logs/demo.prepare
    --- exit code 1
    ");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(
        sandbox.read("fleet/.fleet/logs/demo.prepare"),
        "trying\nno compiler\n"
    );
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}
