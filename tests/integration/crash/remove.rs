//! `fleet remove`, cut off: the project is whole and registered, or whole in the trash and unregistered, or the same command
//! makes it so.

use std::fs;

use super::{Moment, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::{Sandbox, assert_same};

const REMOVE: [&str; 4] = ["remove", "demo", "--delete-files", "--force"];

/// A fleet with a project that is stopped, and the moments of its removal.
fn prepared(words: &[&str]) -> (Sandbox, Vec<Moment>) {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("first", "v0.1.0")
        .project("demo", "v0.1.0");
    let moments = moments(&sandbox, words);
    take_back(&sandbox);
    (sandbox, moments)
}

/// Brings the project back, and a wish that a removal must forget.
fn take_back(sandbox: &Sandbox) {
    if let [trashed] = sandbox.trash().as_slice() {
        fs::rename(trashed, sandbox.project_at("demo")).expect("it is ours");
    }
    sandbox.fleet(&["adopt", "projects/demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(sandbox.at("fleet/.fleet/desired/demo").exists());
}

/// Cuts a removal off at each of these moments. What is found then is one of two, and the same command makes it the second.
fn at_each(
    words: &[&str],
    moments: &[&Moment],
    sandbox: &Sandbox,
    cut_off: impl Fn(usize, &Moment),
) {
    let project = sandbox.project_at("demo");
    let whole = sandbox.tree(&project);
    let deletes = words.contains(&"--delete-files");
    for (number, moment) in moments.iter().enumerate() {
        let registered = sandbox.read("fleet/fleet.toml");
        cut_off(number, moment);
        let what = format!("{moment:?}");
        sandbox.fleet(&["validate"]).succeeded();
        sandbox.fleet(&["status"]).succeeded();
        let is_registered = sandbox.read("fleet/fleet.toml").contains("[projects.demo]");
        let is_open = sandbox.at("fleet/.fleet/journal/demo.json").exists();
        let trash = sandbox.trash();
        assert_eq!(
            trash.len(),
            usize::from(deletes && !project.exists()),
            "{what}"
        );
        match trash.first() {
            Some(trashed) => assert_same(&whole, &sandbox.tree(trashed)),
            None => assert_same(&whole, &sandbox.tree(&project)),
        }
        // Only a journal may tell of one and the other.
        if deletes {
            assert!(is_open || is_registered == project.exists(), "{what}");
        }
        let again = sandbox.fleet(words);
        let is_done = again.code == Some(2) && !is_registered && !is_open;
        assert!(again.code == Some(0) || is_done, "{what}: {}", again.text());
        assert!(
            !sandbox.read("fleet/fleet.toml").contains("[projects.demo]"),
            "{what}"
        );
        assert_eq!(project.exists(), !deletes, "{what}");
        for left in [
            "journal/demo.json",
            "desired/demo",
            "units/demo.json",
            "state/demo.json",
        ] {
            assert!(
                !sandbox.at("fleet/.fleet").join(left).exists(),
                "{what}: {left}"
            );
        }
        take_back(sandbox);
        assert_eq!(sandbox.read("fleet/fleet.toml"), registered, "{what}");
        assert_same(&whole, &sandbox.tree(&project));
    }
    sandbox.is_whole(&project);
}

#[test]
fn killed_anywhere_on_the_way_to_the_trash_it_is_one_or_the_other() {
    let (sandbox, moments) = prepared(&REMOVE);
    let moments = deadly(&moments);
    assert!(moments.len() > 8, "{moments:?}");
    at_each(&REMOVE, &moments, &sandbox, |_, moment| {
        killed_at(&sandbox, moment, &REMOVE);
    });
}

#[test]
fn where_a_call_fails_on_the_way_to_the_trash_it_says_so() {
    let (sandbox, moments) = prepared(&REMOVE);
    let errors = ["ENOSPC", "EACCES", "EIO"];
    at_each(&REMOVE, &fallible(&moments), &sandbox, |number, moment| {
        let error = errors[number % errors.len()];
        let output = failing_at(&sandbox, moment, error, &REMOVE);
        is_said_clearly(&output, &format!("{error} at {moment:?}"));
    });
}

#[test]
fn killed_anywhere_without_its_files_it_is_registered_or_forgotten() {
    let words = &REMOVE[..2];
    let (sandbox, moments) = prepared(words);
    at_each(words, &deadly(&moments), &sandbox, |_, moment| {
        killed_at(&sandbox, moment, words);
    });
}

/// F1: what a removal left is completed by whatever command comes next, and does not mislead it.
#[test]
fn another_command_completes_a_removal_that_was_cut_off() {
    let (sandbox, moments) = prepared(&REMOVE);
    let rename = moments
        .iter()
        .find(|moment| moment.call == "renameat2" && !moment.fails)
        .expect("it moves the project");
    let after = moments.iter().position(|moment| moment == rename);
    let after = &moments[after.expect("it was just found") + 1];
    killed_at(&sandbox, after, &REMOVE);
    assert_eq!(sandbox.trash().len(), 1);
    assert!(sandbox.read("fleet/fleet.toml").contains("[projects.demo]"));
    let said = sandbox.fleet(&["create", "demo"]);
    assert!(
        said.succeeded()
            .stderr
            .contains("completed its interrupted removal"),
        "{}",
        said.text()
    );
    sandbox.is_whole(&sandbox.project_at("demo"));
    assert_eq!(sandbox.trash().len(), 1);
}
