//! `fleet doctor`: for each check the very fault, made with real files, git, tmux and processes, and found; and what
//! `--fix` does about it.

mod files;
mod hard;
mod installation;
mod left;
mod machine;
mod mirrors;
mod processes;
mod projects;
mod server;

use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

/// What one check says, of those findings that are not well.
fn findings(said: &Output, check: &str) -> Vec<Value> {
    let report: Value = serde_json::from_str(&said.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", said.text()));
    let checks = report["checks"].as_array().expect("it has checks");
    let found = checks.iter().find(|one| one["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no check `{check}` in {report:#}"));
    let findings = found["findings"].as_array().expect("it has findings");
    findings
        .iter()
        .filter(|one| one["verdict"] != "ok")
        .cloned()
        .collect()
}

fn doctor(sandbox: &Sandbox) -> Output {
    sandbox.fleet(&["doctor", "--json"])
}

/// Fails unless a check finds exactly one thing, and says these words of it: in the evidence, and in the remedy.
#[track_caller]
fn tells(said: &Output, check: &str, verdict: &str, evidence: &str, remedy: &str) -> Value {
    assert_eq!(said.code, Some(5), "{}", said.text());
    let found = findings(said, check);
    let [one] = found.as_slice() else {
        panic!("`{check}` has not found one thing: {found:#?}");
    };
    let has = |key: &str, words: &str| one[key].as_str().unwrap_or_default().contains(words);
    assert_eq!(one["verdict"], verdict, "{one:#}");
    assert!(
        has("evidence", evidence) && has("remedy", remedy),
        "{one:#}"
    );
    one.clone()
}

/// The same, of the sandbox's fleet.
#[track_caller]
fn finds(sandbox: &Sandbox, check: &str, verdict: &str, evidence: &str, remedy: &str) -> Value {
    tells(&doctor(sandbox), check, verdict, evidence, remedy)
}

/// Fails unless a check finds nothing.
#[track_caller]
fn is_well(sandbox: &Sandbox, check: &str) {
    let found = findings(&doctor(sandbox), check);
    assert_eq!(found, [] as [Value; 0], "{check}");
}

/// Fails unless `--fix` has something to do, says it beforehand, does it, writes it down, and has nothing to do then.
#[track_caller]
fn fixes(sandbox: &Sandbox, check: &str, words: &str) {
    let plan = sandbox.fleet(&["doctor", "--fix", "--dry-run"]);
    assert!(
        plan.stdout.contains(&format!("would {words}")),
        "{}",
        plan.text()
    );
    let planned = findings(&doctor(sandbox), check);
    assert!(!planned.is_empty(), "a dry run does nothing");
    let done = sandbox.fleet(&["doctor", "--fix"]);
    assert!(
        done.stderr.contains(&format!("fixed: {words}")),
        "{}",
        done.text()
    );
    is_well(sandbox, check);
    let history = sandbox.fleet(&["history", "--json"]);
    assert!(history.stdout.contains("\"doctor\""), "{}", history.text());
    let again = sandbox.fleet(&["doctor", "--fix"]);
    assert!(!again.stderr.contains("fixed: "), "{}", again.text());
}

/// A fleet with one project that runs.
fn running() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
        .started("demo", "demo is up")
}

/// A fleet with one project that does not run.
fn resting() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
}

#[test]
fn a_healthy_fleet_has_nothing_to_say() {
    let sandbox = running();
    let said = sandbox.fleet(&["doctor"]);
    let told = sandbox.normalise(&said.succeeded().stdout);
    insta::assert_snapshot!(told, @r"
    machine: 10 checks ok
    installation: 5 checks ok
    server: 7 checks ok
    files: 15 checks ok
    processes: 5 checks ok
    mirrors: 5 checks ok
    projects: 6 checks ok
      note     local-harness `lines`: 1 project of it clones only where `$ROOT/harness` exists [.gitmodules]
               -> `fleet harness set-url lines URL` names a place that others reach

    53 checks ok
    ");
    assert_eq!(said.stderr, "");
    let all = sandbox.fleet(&["doctor", "--all"]);
    assert!(
        all.succeeded().stdout.contains("git: git version"),
        "{}",
        all.text()
    );
    let fixed = sandbox.fleet(&["doctor", "--fix"]);
    assert_eq!(fixed.succeeded().stderr, "");
    let plan = sandbox.fleet(&["doctor", "--fix", "--dry-run"]);
    assert_eq!(
        plan.succeeded().stdout,
        "there is nothing that --fix would do\n"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["doctor"]).succeeded();
}

#[test]
fn outside_of_any_fleet_the_machine_is_checked() {
    let sandbox = Sandbox::new();
    let said = sandbox.fleet(&["doctor"]);
    let told = said.succeeded().text();
    assert!(told.contains("there is no `fleet.toml` here or above: only the machine is checked"));
    assert!(
        told.contains("machine: ") && !told.contains("files: "),
        "{told}"
    );
    // Where one is named, it must be there.
    sandbox.fleet(&["--fleet", "elsewhere", "doctor"]).exited(2);
}

#[test]
fn it_changes_nothing_where_it_is_not_asked_to() {
    let sandbox = resting();
    sandbox.write("fleet/.fleet/desired/.demo.4194304", "");
    sandbox.write("fleet/.fleet/desired/gone", "");
    let before = sandbox.world();
    doctor(&sandbox);
    sandbox.fleet(&["doctor", "--fix", "--dry-run"]);
    crate::sandbox::assert_same(&before, &sandbox.world());
}

#[test]
fn it_fits_80_columns() {
    let sandbox = resting();
    sandbox.write("fleet/.fleet/state/demo.json", "{");
    let shown = crate::doctor::screen(&sandbox, 80);
    assert!(
        shown.contains("wrong    states `demo`: cannot read the state"),
        "{shown}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
}

/// What it shows on a terminal this wide: tmux is one.
fn screen(sandbox: &Sandbox, width: usize) -> String {
    let socket = sandbox.root().join("tmux/screen");
    let program = format!("{} doctor; sleep 86400", env!("CARGO_BIN_EXE_fleet"));
    let fleet = sandbox.directory();
    let (fleet, width) = (fleet.to_str().expect("text"), width.to_string());
    let words = [
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        &width,
        "-y",
        "100",
        "-c",
        fleet,
        &program,
    ];
    sandbox.tmux_at(&socket, &words).succeeded();
    let mut shown = String::new();
    sandbox.wait_for("the summary", || {
        shown = sandbox.tmux_at(&socket, &["capture-pane", "-p"]).stdout;
        shown.contains("checks ok, 1 wrong\n") || shown.contains("does 1 thing")
    });
    sandbox.tmux_at(&socket, &["kill-server"]).succeeded();
    shown
}
