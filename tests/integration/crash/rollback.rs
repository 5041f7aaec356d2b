//! `fleet rollback`, cut off. Done twice it would be undone: whoever runs it again must find it done once.

use super::update::{Shuttle, dies_anywhere, fails_anywhere, is_at, several};
use super::{beside, deadly, killed_at, moments};
use crate::sandbox::Sandbox;

#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    dies_anywhere(Shuttle::new(true));
}

#[test]
fn where_a_call_fails_it_says_so_and_completes_when_it_is_run_again() {
    fails_anywhere(Shuttle::new(true));
}

fn journals(sandbox: &Sandbox) -> usize {
    let entries = std::fs::read_dir(sandbox.at("fleet/.fleet/journal"));
    entries.expect("it was made").count()
}

fn pin(sandbox: &Sandbox, name: &str) -> String {
    sandbox.git(&sandbox.project_at(name), &["rev-parse", "HEAD:engine"])
}

/// F1: some have gone back, some have not, and of some the journal is closed: all go back once.
#[test]
fn killed_among_several_projects_each_goes_back_once() {
    let (sandbox, projects) = several();
    sandbox.fleet(&["update", "--all", "v0.2.0"]).succeeded();
    let moments = moments(&sandbox, &["rollback", "--all"]);
    let known = beside(&sandbox);
    let harness = sandbox.at("harness");
    let (mut killed, mut commits) = (0, 3);
    // Now at v0.1.0, and each rollback leads to the other. Towards the end, where journals are closed one by one, all.
    let deadly = deadly(&moments);
    let late = deadly.len().saturating_sub(12);
    let chosen = deadly
        .iter()
        .enumerate()
        .filter(|(place, _)| place % 8 == 0 || *place >= late);
    for (count, (_, moment)) in chosen.enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.2.0", "v0.1.0"][count % 2];
        let wanted = sandbox.git(&harness, &["rev-parse", version]);
        let output = killed_at(&sandbox, moment, &["rollback", "--all"]);
        killed += usize::from(output.code != Some(0));
        let is_done = projects.iter().all(|name| pin(&sandbox, name) == wanted);
        if !(is_done && journals(&sandbox) == 0) {
            let again = sandbox.fleet(&["rollback", "--all"]);
            assert!(again.code == Some(0), "{what}: {}", again.text());
        }
        commits += 1;
        for name in projects {
            is_at(&sandbox, name, version, &what);
            let project = sandbox.project_at(name);
            let counted = sandbox.git(&project, &["rev-list", "--count", "HEAD"]);
            assert_eq!(counted, commits.to_string(), "{what}: {name}");
        }
        assert_eq!(beside(&sandbox), known, "{what}");
    }
    assert!(killed > 8, "{killed}");
}

/// F1: cut off between the pin and the restart, it is known for a rollback that is not over.
#[test]
fn killed_around_a_restart_it_goes_back_once() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let line = ["rollback", "demo", "--restart"];
    let moments = moments(&sandbox, &line);
    let harness = sandbox.at("harness");
    for (count, moment) in deadly(&moments).into_iter().step_by(13).enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.2.0", "v0.1.0"][count % 2];
        let wanted = sandbox.git(&harness, &["rev-parse", version]);
        killed_at(&sandbox, moment, &line);
        let is_done = pin(&sandbox, "demo") == wanted && journals(&sandbox) == 0;
        if !is_done {
            let again = sandbox.fleet(&line);
            assert!(again.code == Some(0), "{what}: {}", again.text());
        }
        is_at(&sandbox, "demo", version, &what);
        sandbox.wait_for_screen("demo", &format!("lines {version}: demo is up"));
        assert_eq!(sandbox.status("demo")["pin"]["word"], "ok", "{what}");
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
