//! F18: after every command that writes into projects, and at the end of every test, nothing in them knows of the fleet.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::Sandbox;

/// The verbs that write into projects. What the others leave behind is seen at the end of the test.
const WRITING: [&str; 8] = [
    "adopt", "apply", "create", "harness", "init", "remove", "rollback", "update",
];

/// Tells whether a command may have written into a project.
pub(super) fn writes_into_projects(arguments: &[&str]) -> bool {
    let is_dry = |argument: &&str| matches!(*argument, "--dry-run" | "-n" | "--help");
    let verb = arguments.iter().find(|word| WRITING.contains(word));
    verb.is_some() && !arguments.iter().any(is_dry)
}

impl Sandbox {
    /// Says that the test has put something into a project that an audit finds.
    pub(crate) fn planted(&self) {
        self.is_planted.store(true, Ordering::Relaxed);
    }

    /// Fails the test where a project of any fleet in the sandbox knows of it. What cannot be read is the test's doing.
    #[track_caller]
    pub(super) fn assert_nothing_knows(&self, after: &str) {
        if self.is_planted.load(Ordering::Relaxed) {
            return;
        }
        for fleet in self.fleets() {
            let mut audit = self.command(env!("CARGO_BIN_EXE_fleet"), &fleet);
            let said = self.output(audit.args(["audit", "--json"]));
            let report: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
            let projects = report["projects"].as_array().cloned().unwrap_or_default();
            for project in projects {
                let traces = &project["traces"];
                let is_clean = traces.as_array().is_some_and(Vec::is_empty);
                assert!(is_clean, "after {after}: {:#}", project);
            }
        }
    }

    /// The directories with a registry, near the top.
    fn fleets(&self) -> Vec<PathBuf> {
        let found = walkdir::WalkDir::new(&self.root).max_depth(2).into_iter();
        let registries = found
            .flatten()
            .filter(|entry| entry.file_name() == "fleet.toml" && entry.file_type().is_file());
        let directory = |entry: walkdir::DirEntry| entry.path().parent().map(PathBuf::from);
        registries.filter_map(directory).collect()
    }
}
