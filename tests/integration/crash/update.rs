//! `fleet update`, cut off.

use std::path::PathBuf;

use super::{Moment, beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;

/// A project that goes to and fro between two versions of its harness, with work of the user's in it.
struct Shuttle {
    sandbox: Sandbox,
    project: PathBuf,
    /// What git says of the user's work.
    work: String,
    /// How many commits there must be.
    commits: usize,
    /// What is beside the registry and the projects.
    beside: Vec<String>,
}

impl Shuttle {
    fn new() -> (Self, Vec<Moment>) {
        let sandbox = Sandbox::new().harness(["v0.1.0"]);
        sandbox.write("harness/added/in/the/second.txt", "new\n");
        sandbox.write("harness/run.sh", "echo changed\n");
        sandbox.release_as_it_is("v0.2.0");
        let sandbox = sandbox.project("demo", "v0.1.0");
        let project = sandbox.project_at("demo");
        for (file, text) in [
            ("staged", "one\n"),
            ("intended", "two\n"),
            ("untracked", "three\n"),
        ] {
            sandbox.write(&format!("fleet/projects/demo/{file}"), text);
        }
        sandbox.git(&project, &["add", "staged"]);
        sandbox.git(&project, &["add", "--intent-to-add", "intended"]);
        let work = sandbox.git(&project, &["status", "--porcelain=v2"]);
        let moments = moments(&sandbox, &["update", "demo", "v0.2.0"]);
        let beside = beside(&sandbox);
        (
            Self {
                sandbox,
                project,
                work,
                commits: 2,
                beside,
            },
            moments,
        )
    }

    /// Which version is next.
    fn next(&self) -> &'static str {
        if self.commits.is_multiple_of(2) {
            "v0.1.0"
        } else {
            "v0.2.0"
        }
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.project, arguments)
    }

    /// Fails unless registry and repository are readable, the user's work is there, and the pin's state is known.
    #[track_caller]
    fn is_sound(&self, what: &str) {
        self.sandbox.fleet(&["validate"]).succeeded();
        self.git(&["fsck", "--strict", "--full"]);
        let report = self.sandbox.fleet(&["status", "--json"]);
        let report: serde_json::Value =
            serde_json::from_str(&report.succeeded().stdout).expect("it is JSON");
        let word = &report["projects"][0]["pin"]["word"];
        assert!(
            ["ok", "interrupted"].iter().any(|known| word == known),
            "{what}: {word}"
        );
        for (file, text) in [
            ("staged", "one\n"),
            ("intended", "two\n"),
            ("untracked", "three\n"),
        ] {
            assert_eq!(
                self.sandbox.read(&format!("fleet/projects/demo/{file}")),
                text,
                "{what}"
            );
        }
    }

    /// Runs the command again, and fails unless it has then been done exactly once.
    #[track_caller]
    fn completes(&mut self, what: &str) {
        let version = self.next();
        let again = self.sandbox.fleet(&["update", "demo", version]);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        self.commits += 1;
        let wanted = self
            .sandbox
            .git(&self.sandbox.at("harness"), &["rev-parse", version]);
        assert_eq!(self.git(&["rev-parse", "HEAD:engine"]), wanted, "{what}");
        assert_eq!(
            self.git(&["-C", "engine", "rev-parse", "HEAD"]),
            wanted,
            "{what}"
        );
        assert_eq!(
            self.git(&["-C", "engine", "status", "--porcelain"]),
            "",
            "{what}"
        );
        assert_eq!(
            self.git(&["rev-list", "--count", "HEAD"]),
            self.commits.to_string(),
            "{what}"
        );
        assert_eq!(self.git(&["status", "--porcelain=v2"]), self.work, "{what}");
        let registry = self.sandbox.read("fleet/fleet.toml");
        assert!(
            registry.contains(&format!("ref = \"{version}\"\ncommit = \"{wanted}\"")),
            "{what}: {registry}"
        );
        assert_eq!(beside(&self.sandbox), self.beside, "{what}");
    }
}

#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let (mut shuttle, moments) = Shuttle::new();
    let moments = deadly(&moments);
    let mut killed = 0;
    for &moment in &moments {
        let what = format!("{moment:?}");
        let output = killed_at(
            &shuttle.sandbox,
            moment,
            &["update", "demo", shuttle.next()],
        );
        killed += usize::from(output.code != Some(0));
        shuttle.is_sound(&what);
        shuttle.completes(&what);
    }
    assert!(
        killed > 25 && killed * 2 > moments.len(),
        "{killed} of {}",
        moments.len()
    );
    for repository in [shuttle.project.clone(), shuttle.project.join("engine")] {
        shuttle
            .sandbox
            .git(&repository, &["fsck", "--strict", "--full"]);
    }
}

#[test]
fn where_a_call_fails_it_says_so_and_completes_when_it_is_run_again() {
    let (mut shuttle, moments) = Shuttle::new();
    for (moment, error) in fallible(&moments)
        .into_iter()
        .zip(["ENOSPC", "EACCES", "EIO"].iter().cycle())
    {
        let what = format!("{error} at {moment:?}");
        let output = failing_at(
            &shuttle.sandbox,
            moment,
            error,
            &["update", "demo", shuttle.next()],
        );
        is_said_clearly(&output, &what);
        shuttle.is_sound(&what);
        shuttle.completes(&what);
    }
}

/// F1: of several projects, some have moved, some have not begun, and all have a journal.
#[test]
fn killed_among_several_projects_it_completes_when_it_is_run_again() {
    let (sandbox, projects) = (
        Sandbox::new().harness(["v0.1.0", "v0.2.0"]),
        ["a", "b", "c"],
    );
    let sandbox = projects
        .iter()
        .fold(sandbox, |sandbox, name| sandbox.project(name, "v0.1.0"));
    let moments = moments(&sandbox, &["update", "--all", "v0.2.0"]);
    let known = beside(&sandbox);
    let mut killed = 0;
    for (count, moment) in moments.iter().step_by(9).enumerate() {
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        let output = killed_at(&sandbox, moment, &["update", "--all", version]);
        killed += usize::from(output.code != Some(0));
        sandbox.fleet(&["status"]).succeeded();
        sandbox.fleet(&["update", "--all", version]).succeeded();
        let wanted = sandbox.git(&sandbox.at("harness"), &["rev-parse", version]);
        for name in projects {
            let project = sandbox.project_at(name);
            sandbox.is_whole(&project);
            assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), wanted);
        }
        assert_eq!(beside(&sandbox), known, "{moment:?}");
    }
    assert!(killed > 5, "{killed}");
}
