//! `fleet harness set-url` and `fleet harness add`, cut off.

use super::{beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;

/// Projects whose harness goes to and fro between two places.
struct Shuttle {
    sandbox: Sandbox,
    places: [String; 2],
    turns: usize,
    beside: Vec<String>,
    projects: &'static [&'static str],
}

impl Shuttle {
    fn new(projects: &'static [&'static str]) -> Self {
        let sandbox = Sandbox::new().harness(["v0.1.0"]);
        let create = |sandbox: Sandbox, name: &&str| sandbox.project(name, "v0.1.0");
        let sandbox = projects.iter().fold(sandbox, create);
        sandbox.git(
            sandbox.root(),
            &["clone", "--quiet", "--mirror", "harness", "copy.git"],
        );
        let places = ["harness", "copy.git"].map(|place| sandbox.at(place).display().to_string());
        let one = sandbox.project_at("one");
        sandbox.write("fleet/projects/one/staged", "one\n");
        sandbox.write("fleet/projects/one/intended", "two\n");
        sandbox.git(&one, &["add", "staged"]);
        sandbox.git(&one, &["add", "--intent-to-add", "intended"]);
        let mut shuttle = Self {
            sandbox,
            places,
            turns: 0,
            beside: Vec::new(),
            projects,
        };
        // Both places have their copies from now on.
        for _ in 0..2 {
            shuttle.completes("at first");
        }
        shuttle.beside = beside(&shuttle.sandbox);
        shuttle
    }

    fn next(&self) -> [String; 4] {
        let place = &self.places[(self.turns + 1) % 2];
        ["harness", "set-url", "lines", place].map(str::to_owned)
    }

    /// Fails unless each project is at one of the places, with the user's work in it.
    #[track_caller]
    fn is_sound(&self, what: &str) {
        self.sandbox.fleet(&["validate"]).succeeded();
        for name in self.projects {
            let project = self.sandbox.project_at(name);
            self.sandbox.git(&project, &["fsck", "--strict"]);
            let words = [
                "config",
                "--blob",
                "HEAD:.gitmodules",
                "submodule.engine.url",
            ];
            let said = self.sandbox.git(&project, &words);
            assert!(self.places.contains(&said), "{what}: {said}");
        }
        let said = self.sandbox.fleet(&["status", "--json"]);
        assert!(said.code == Some(0), "{what}: {}", said.text());
    }

    /// Runs the command again, and fails unless all of it has then been done exactly once.
    #[track_caller]
    fn completes(&mut self, what: &str) {
        let words = self.next();
        let again = self.sandbox.fleet(&words.each_ref().map(String::as_str));
        assert!(again.code == Some(0), "{what}: {}", again.text());
        self.turns += 1;
        let place = &words[3];
        for name in self.projects {
            let project = self.sandbox.project_at(name);
            let git = |words: &[&str]| self.sandbox.git(&project, words);
            for of in [&["--file", ".gitmodules"][..], &[]] {
                let words = [&["config"], of, &["submodule.engine.url"]].concat();
                assert_eq!(&git(&words), place, "{what}");
            }
            let origin = git(&["-C", "engine", "remote", "get-url", "origin"]);
            assert_eq!(&origin, place, "{what}");
            let count = git(&["rev-list", "--count", "HEAD"]);
            assert_eq!(count, (self.turns + 1).to_string(), "{what}");
            let work = ["A  staged", " A intended"];
            let expected: Vec<&str> = if *name == "one" {
                work.into_iter().rev().collect()
            } else {
                Vec::new()
            };
            let status = self.sandbox.output(
                self.sandbox
                    .command("git", &project)
                    .args(["status", "--porcelain"]),
            );
            let status: Vec<&str> = status.stdout.lines().collect();
            assert_eq!(status, expected, "{what}");
        }
        let registry = self.sandbox.read("fleet/fleet.toml");
        assert!(
            registry.contains(&format!("url = \"{place}\"\n")),
            "{what}: {registry}"
        );
        if !self.beside.is_empty() {
            assert_eq!(beside(&self.sandbox), self.beside, "{what}");
        }
    }
}

/// F1: each project is at the old place or the new one, and all of it at the new one when the command is run again.
#[test]
fn killed_anywhere_it_completes_when_it_is_run_again() {
    let mut shuttle = Shuttle::new(&["one"]);
    let words = shuttle.next();
    let moments = moments(&shuttle.sandbox, &words.each_ref().map(String::as_str));
    shuttle.turns += 1;
    let moments = deadly(&moments);
    let mut killed = 0;
    for &moment in &moments {
        let what = format!("{moment:?}");
        let words = shuttle.next();
        let output = killed_at(
            &shuttle.sandbox,
            moment,
            &words.each_ref().map(String::as_str),
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
}

/// F1: of several projects, some are at the new place, some at the old one, and fleet.toml waits for all.
#[test]
fn killed_among_several_projects_it_completes_when_it_is_run_again() {
    let mut shuttle = Shuttle::new(&["one", "three", "two"]);
    let words = shuttle.next();
    let moments = moments(&shuttle.sandbox, &words.each_ref().map(String::as_str));
    shuttle.turns += 1;
    let mut killed = 0;
    for moment in deadly(&moments).into_iter().step_by(8) {
        let what = format!("{moment:?}");
        let words = shuttle.next();
        let words = words.each_ref().map(String::as_str);
        killed += usize::from(killed_at(&shuttle.sandbox, moment, &words).code != Some(0));
        shuttle.is_sound(&what);
        shuttle.completes(&what);
    }
    assert!(killed > 5, "{killed}");
}

/// F3: a disk that is full, read-only or broken.
#[test]
fn where_a_call_fails_it_says_so_and_completes_when_it_is_run_again() {
    let mut shuttle = Shuttle::new(&["one"]);
    let words = shuttle.next();
    let moments = moments(&shuttle.sandbox, &words.each_ref().map(String::as_str));
    shuttle.turns += 1;
    let errors = ["ENOSPC", "EACCES", "EIO"];
    for (moment, error) in fallible(&moments).into_iter().zip(errors.iter().cycle()) {
        let what = format!("{error} at {moment:?}");
        let words = shuttle.next();
        let words = words.each_ref().map(String::as_str);
        let output = failing_at(&shuttle.sandbox, moment, error, &words);
        is_said_clearly(&output, &what);
        shuttle.is_sound(&what);
        shuttle.completes(&what);
    }
}

/// F1: the registry is the old text or the new one, and the copy whole.
#[test]
fn an_addition_that_is_killed_anywhere_completes_when_it_is_run_again() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "--mirror", "harness", "copy.git"],
    );
    let before = sandbox.read("fleet/fleet.toml");
    let add = ["harness", "add", "runner", "../copy.git"];
    // What only the first command of a home makes is there from now on, as it is when it is cut off.
    sandbox.fleet(&add).succeeded();
    let cache = sandbox.at("home/.cache/fleet/mirrors");
    let forget = || {
        sandbox.write("fleet/fleet.toml", &before);
        std::fs::remove_dir_all(&cache).expect("it is a cache");
    };
    forget();
    let moments = moments(&sandbox, &add);
    let (after, known) = (sandbox.read("fleet/fleet.toml"), beside(&sandbox));
    for moment in deadly(&moments) {
        forget();
        killed_at(&sandbox, moment, &add);
        let text = sandbox.read("fleet/fleet.toml");
        assert!(text == before || text == after, "{moment:?}: {text}");
        sandbox.fleet(&add).succeeded();
        assert_eq!(sandbox.read("fleet/fleet.toml"), after);
        sandbox.fleet(&["harness", "fetch", "runner"]).succeeded();
        assert_eq!(
            std::fs::read_dir(&cache).expect("it was made").count(),
            2,
            "{moment:?}"
        );
        sandbox.fleet(&["disable", "nobody"]);
        assert_eq!(beside(&sandbox), known, "{moment:?}");
    }
}
