//! `fleet create`, cut off.

use super::{Moment, beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;

/// Of the many moments of a build, every how many-th is tried.
const STRIDE: usize = 6;

/// How many moments at the end, where the project is put in its place and registered, are all tried.
const LAST: usize = 20;

/// A fleet with one project, and the moments of its creation.
fn prepared() -> (Sandbox, Vec<Moment>) {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    // The mirror is made first: another test is about that.
    sandbox.fleet(&["create", "first"]).succeeded();
    let moments = moments(&sandbox, &["create", "demo"]);
    (sandbox, moments)
}

/// Which moments are tried.
fn chosen<'a>(moments: &[&'a Moment]) -> Vec<&'a Moment> {
    let (build, last) = moments.split_at(moments.len().saturating_sub(LAST));
    build.iter().step_by(STRIDE).chain(last).copied().collect()
}

/// Fails unless there is nothing of the project yet, or all of it.
#[track_caller]
fn is_all_or_nothing(sandbox: &Sandbox, name: &str) {
    sandbox.fleet(&["validate"]).succeeded();
    sandbox.fleet(&["status"]).succeeded();
    let project = sandbox.project_at(name);
    if project.exists() {
        sandbox.is_whole(&project);
    } else {
        assert!(
            !sandbox
                .read("fleet/fleet.toml")
                .contains(&format!("[projects.{name}]"))
        );
    }
}

/// Runs the command again, and fails unless the project is then there, once, and nothing else.
#[track_caller]
fn completes(sandbox: &Sandbox, name: &str, what: &str) {
    let again = sandbox.fleet(&["create", name]);
    // It may have been done but for saying so.
    let is_done = again.code == Some(3) && again.stderr.contains("is registered already");
    assert!(again.code == Some(0) || is_done, "{what}: {}", again.text());
    sandbox.is_whole(&sandbox.project_at(name));
    let entry = format!("[projects.{name}]");
    assert_eq!(
        sandbox.read("fleet/fleet.toml").matches(&entry).count(),
        1,
        "{what}"
    );
    let unexpected: Vec<String> = beside(sandbox)
        .into_iter()
        .filter(|found| {
            !matches!(
                found.as_str(),
                ".fleet" | "fleet.toml" | "projects" | "first" | "demo"
            )
        })
        .filter(|found| !found.starts_with(['k', 'f']))
        .collect();
    assert!(unexpected.is_empty(), "{what}: {unexpected:?} left");
}

#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let (sandbox, moments) = prepared();
    let mut killed = 0;
    let tried = chosen(&deadly(&moments));
    for (number, moment) in tried.iter().enumerate() {
        let (name, what) = (format!("k{number}"), format!("{moment:?}"));
        let output = killed_at(&sandbox, moment, &["create", &name]);
        killed += usize::from(output.code != Some(0));
        is_all_or_nothing(&sandbox, &name);
        completes(&sandbox, &name, &what);
    }
    assert!(
        killed > 25 && killed * 2 > tried.len(),
        "{killed} of {}",
        tried.len()
    );
}

#[test]
fn where_a_call_fails_it_says_so_and_leaves_nothing_half_made() {
    let (sandbox, moments) = prepared();
    let errors = ["ENOSPC", "EACCES", "EIO"];
    let able = chosen(&fallible(&moments));
    for (number, (moment, error)) in able.into_iter().zip(errors.iter().cycle()).enumerate() {
        let (name, what) = (format!("f{number}"), format!("{error} at {moment:?}"));
        let output = failing_at(&sandbox, moment, error, &["create", &name]);
        is_said_clearly(&output, &what);
        is_all_or_nothing(&sandbox, &name);
        completes(&sandbox, &name, &what);
    }
}
