//! Which start together, which before which, and how many may run.

use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// Projects of these names.
fn projects<const N: usize>(names: [&str; N]) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0")
}

/// Puts a line into `[fleet]`.
pub(crate) fn set(sandbox: &Sandbox, line: &str) {
    let text = sandbox.read("fleet/fleet.toml");
    let set = text.replacen("[fleet]\n", &format!("[fleet]\n{line}\n"), 1);
    sandbox.write("fleet/fleet.toml", &set);
}

/// Keeps a project's harness from being spawned, until that is let go.
pub(crate) struct Held<'a> {
    sandbox: &'a Sandbox,
    holder: Child,
}

impl<'a> Held<'a> {
    pub(crate) fn project(sandbox: &'a Sandbox, name: &str) -> Self {
        let lock = sandbox.at(&format!("fleet/.fleet/locks/{name}.spawn"));
        std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
        let mut holder = sandbox.command("flock", sandbox.root());
        holder.arg(&lock);
        holder.args(["sh", "-c", ": > held; exec sleep 86424"]);
        let holder = holder.spawn().unwrap();
        sandbox.wait_for("the lock", || sandbox.at("held").exists());
        Self { sandbox, holder }
    }

    pub(crate) fn let_go(mut self) {
        let holding = self.sandbox.running("sleep 86424");
        holding.iter().for_each(|process| process.kill());
        self.holder.wait().unwrap();
    }
}

/// Begins a command that is not waited for.
pub(crate) fn begin(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command: Command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    command.args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// How many tenders a project has.
pub(crate) fn tenders(sandbox: &Sandbox, name: &str) -> usize {
    sandbox
        .running(&format!(
            "fleet-tender {}/fleet/.fleet/units/{name}.json",
            sandbox.root().display()
        ))
        .len()
}

#[test]
fn no_more_start_at_once_than_the_fleet_allows() {
    let sandbox = projects(["a", "b", "c"]);
    set(&sandbox, "max_parallel_starts = 2");
    let held = Held::project(&sandbox, "a");
    let mut start = begin(&sandbox, &["start", "--all"]);
    sandbox.wait_for("the first wave", || {
        tenders(&sandbox, "a") == 1 && sandbox.running("run.sh b").len() == 1
    });
    // The next wave waits for the first: its terminal is not asked for.
    assert_eq!(tenders(&sandbox, "c"), 0);
    held.let_go();
    assert!(start.wait().unwrap().success());
    assert_eq!(sandbox.running("run.sh").len(), 3);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn what_comes_after_another_starts_when_that_one_runs() {
    let sandbox = projects(["first", "ingest", "other"]);
    sandbox.set("first", "after = [\"ingest\"]");
    let held = Held::project(&sandbox, "ingest");
    let mut start = begin(&sandbox, &["start", "--all"]);
    sandbox.wait_for("those that wait for nobody", || {
        tenders(&sandbox, "ingest") == 1 && sandbox.running("run.sh other").len() == 1
    });
    assert_eq!(tenders(&sandbox, "first"), 0);
    held.let_go();
    assert!(start.wait().unwrap().success());
    assert_eq!(sandbox.running("run.sh").len(), 3);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn what_comes_after_another_starts_without_it_too() {
    let sandbox = projects(["first", "ingest"]);
    sandbox.set("first", "after = [\"ingest\"]");
    sandbox.fleet(&["start", "first"]).succeeded();
    assert_eq!(sandbox.status("ingest")["verdict"], "down");
    sandbox.fleet(&["stop", "first"]).succeeded();
    // One that cannot be started holds nobody up.
    sandbox.fleet(&["disable", "ingest"]).succeeded();
    assert_snapshot!(sandbox.run("start --all"), @r"
    --- stderr
    started `first`
    error: `ingest` is disabled
    hint: `fleet enable ingest` allows it
    --- exit code 4
    ");
    sandbox.fleet(&["stop", "first"]).succeeded();
}

#[test]
fn no_more_run_than_the_fleet_allows() {
    let sandbox = projects(["a", "b", "c"]);
    set(&sandbox, "max_running = 2");
    sandbox.set("a", "after = [\"c\"]");
    // Who comes first in their order is started.
    assert_snapshot!(sandbox.run("start --all"), @r"
    --- stderr
    error: cannot start `a`: 2 projects may run, and 2 do: `b`, `c`
    hint: stop one, or raise `max_running` in `[fleet]` of fleet.toml
    started `b`
    started `c`
    --- exit code 4
    ");
    assert_eq!(sandbox.status("a")["desired"], serde_json::Value::Null);
    // What runs already counts; what is no more does not.
    sandbox.fleet(&["start", "a"]).exited(3);
    sandbox.fleet(&["stop", "b"]).succeeded();
    sandbox.fleet(&["start", "a"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 2);
    // To restart what runs takes no more.
    sandbox.fleet(&["restart", "a", "c"]).succeeded();
    assert_eq!(sandbox.running("run.sh").len(), 2);
    // Of what runs already nothing is ended to keep a limit that came later.
    set_most(&sandbox, 1);
    let before = sandbox.running("run.sh");
    let said = sandbox.run("restart a");
    assert!(
        said.contains("cannot start `a`: 1 project may run, and 1 do: `c`"),
        "{said}"
    );
    assert_eq!(sandbox.running("run.sh"), before);
    set_most(&sandbox, 3);
    sandbox.fleet(&["start", "--all"]).succeeded();
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

fn set_most(sandbox: &Sandbox, most: usize) {
    let text = sandbox.read("fleet/fleet.toml");
    let line = text.lines().find(|line| line.starts_with("max_running"));
    let set = text.replace(line.unwrap(), &format!("max_running = {most}"));
    sandbox.write("fleet/fleet.toml", &set);
}

#[test]
fn two_starts_at_once_do_not_run_more_than_the_fleet_allows() {
    let sandbox = projects(["a", "b", "c", "d"]);
    set(&sandbox, "max_running = 2");
    for _ in 0..5 {
        let mut starts = [["start", "a", "b"], ["start", "c", "d"]].map(|it| begin(&sandbox, &it));
        for start in &mut starts {
            start.wait().unwrap();
        }
        assert_eq!(sandbox.running("run.sh").len(), 2);
        sandbox.fleet(&["stop", "--all"]).succeeded();
    }
}
