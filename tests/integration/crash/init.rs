//! `fleet init`, cut off.

use std::fs;

use super::{Moment, deadly, killed_at, moments};
use crate::sandbox::Sandbox;

/// Of the many moments, every how many-th is tried.
const STRIDE: usize = 7;

/// A home in which the built-in harness has been written out, and the moments of an init in it.
fn prepared(exists: bool) -> (Sandbox, Vec<Moment>) {
    let sandbox = Sandbox::new();
    sandbox.fleet(&["init", "home/first"]).succeeded();
    if exists {
        fs::create_dir(sandbox.at("home/second")).expect("the home is ours");
    }
    let moments = moments(&sandbox, &["init", "home/second"]);
    (sandbox, moments)
}

/// Cuts an init off at moments, and fails unless it completes when it is run again.
fn cut_off<'a>(sandbox: &Sandbox, exists: bool, moments: impl Iterator<Item = &'a Moment>) {
    for moment in moments {
        fs::remove_dir_all(sandbox.at("home/second")).expect("it was made");
        if exists {
            fs::create_dir(sandbox.at("home/second")).expect("the home is ours");
        }
        killed_at(sandbox, moment, &["init", "home/second"]);
        let again = sandbox.fleet(&["init", "home/second"]);
        let is_done = again.code == Some(3) && again.stderr.contains("there is a fleet at");
        assert!(
            again.code == Some(0) || is_done,
            "{moment:?}: {}",
            again.text()
        );
        let fleet = sandbox.at("home/second");
        sandbox.is_whole(&fleet);
        sandbox
            .fleet(&["--fleet", "home/second", "validate"])
            .succeeded();
        let mut left: Vec<_> = fs::read_dir(sandbox.at("home"))
            .expect("the home is ours")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.contains("second"))
            .collect();
        left.sort();
        assert_eq!(left, ["second"], "{moment:?}");
    }
}

/// The very first command of a person: the built-in harness and its mirror are made on the way.
#[test]
fn killed_in_an_empty_home_it_completes_when_it_is_run_again() {
    let sandbox = Sandbox::new();
    let moments = moments(&sandbox, &["init", "home/second"]);
    let moments = deadly(&moments);
    assert!(moments.len() > 100);
    for &moment in moments.iter().step_by(moments.len() / 15) {
        for below in ["home/second", "home/.cache", "home/.local"] {
            let _ = fs::remove_dir_all(sandbox.at(below)); // It may not have been made yet.
        }
        killed_at(&sandbox, moment, &["init", "home/second"]);
        let again = sandbox.fleet(&["init", "home/second"]);
        let is_done = again.code == Some(3) && again.stderr.contains("there is a fleet at");
        assert!(
            again.code == Some(0) || is_done,
            "{moment:?}: {}",
            again.text()
        );
        sandbox.is_whole(&sandbox.at("home/second"));
        let harness = sandbox.at("home/.local/share/agents/harness.git");
        sandbox.git(&harness, &["fsck", "--strict"]);
        sandbox
            .fleet(&["--fleet", "home/second", "create", "demo"])
            .succeeded();
    }
}

#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let (sandbox, moments) = prepared(false);
    cut_off(
        &sandbox,
        false,
        deadly(&moments).into_iter().step_by(STRIDE),
    );
}

#[test]
fn killed_while_it_fills_an_empty_directory_it_completes_when_it_is_run_again() {
    let (sandbox, moments) = prepared(true);
    // The last of them are the renames of what was built.
    cut_off(&sandbox, true, deadly(&moments).into_iter().rev().take(16));
}
