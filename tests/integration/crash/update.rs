//! `fleet update`, cut off.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Moment, beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;

/// A project that goes to and fro between two versions of its harness, with work of the user's in it.
pub(super) struct Shuttle {
    pub(super) sandbox: Sandbox,
    project: PathBuf,
    /// Whether it goes by `rollback`, which each time leads to the other version.
    goes_back: bool,
    /// What git says of the user's work.
    work: String,
    /// How many commits there must be.
    commits: usize,
    /// What is beside the registry and the projects.
    beside: Vec<String>,
}

impl Shuttle {
    pub(super) fn new(goes_back: bool) -> (Self, Vec<Moment>) {
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
        let mut moments = moments(&sandbox, &["update", "demo", "v0.2.0"]);
        let mut commits = 2;
        if goes_back {
            moments = super::moments(&sandbox, &["rollback", "demo"]);
            commits += 1;
        }
        let beside = beside(&sandbox);
        (
            Self {
                sandbox,
                project,
                goes_back,
                work,
                commits,
                beside,
            },
            moments,
        )
    }

    /// What is run next.
    pub(super) fn line(&self) -> Vec<&'static str> {
        if self.goes_back {
            vec!["rollback", "demo"]
        } else {
            vec!["update", "demo", self.next()]
        }
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
    pub(super) fn is_sound(&self, what: &str) {
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
    pub(super) fn completes(&mut self, what: &str) {
        let version = self.next();
        let wanted = self
            .sandbox
            .git(&self.sandbox.at("harness"), &["rev-parse", version]);
        // A rollback that was cut off after its end has been done: another one would undo it.
        let is_whole = !self.sandbox.at("fleet/.fleet/journal/demo.json").exists();
        let has_moved = self.git(&["rev-parse", "HEAD:engine"]) == wanted;
        if !(self.goes_back && is_whole && has_moved) {
            let again = self.sandbox.fleet(&self.line());
            assert!(again.code == Some(0), "{what}: {}", again.text());
        }
        self.commits += 1;
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
    dies_anywhere(Shuttle::new(false));
}

/// Kills it at every moment at which it changes something, and runs it again each time.
pub(super) fn dies_anywhere((mut shuttle, moments): (Shuttle, Vec<Moment>)) {
    let moments = deadly(&moments);
    let mut killed = 0;
    for &moment in &moments {
        let what = format!("{moment:?}");
        let output = killed_at(&shuttle.sandbox, moment, &shuttle.line());
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
    fails_anywhere(Shuttle::new(false));
}

/// Has one call after the other fail, and runs it again each time.
pub(super) fn fails_anywhere((mut shuttle, moments): (Shuttle, Vec<Moment>)) {
    for (moment, error) in fallible(&moments)
        .into_iter()
        .zip(["ENOSPC", "EACCES", "EIO"].iter().cycle())
    {
        let what = format!("{error} at {moment:?}");
        let output = failing_at(&shuttle.sandbox, moment, error, &shuttle.line());
        is_said_clearly(&output, &what);
        shuttle.is_sound(&what);
        shuttle.completes(&what);
    }
}

/// F1: of several projects, some have moved, some have not begun, and all have a journal.
#[test]
fn killed_among_several_projects_it_completes_when_it_is_run_again() {
    let (sandbox, projects) = several();
    let moments = moments(&sandbox, &["update", "--all", "v0.2.0"]);
    let known = beside(&sandbox);
    let mut killed = 0;
    for (count, moment) in deadly(&moments).into_iter().step_by(6).enumerate() {
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

/// F1: all journals of a run are begun together; what is open is shown with what to type, and settled one by one.
#[test]
fn killed_among_several_projects_each_is_settled_by_itself() {
    let (sandbox, projects) = several();
    let moments = moments(&sandbox, &["update", "--all", "v0.2.0"]);
    let word = |name: &str| sandbox.status(name)["pin"]["word"].clone();
    // After the journals, before any is closed. Which thread moves which project differs from run to run, and a moment counts
    // the calls of one thread: not every one comes up again.
    let deadly = deadly(&moments);
    let mut moves = deadly
        .into_iter()
        .filter(|moment| moment.place.contains("/projects/"));
    let found = moves.any(|moment| {
        sandbox.fleet(&["update", "--all", "v0.1.0"]).succeeded();
        killed_at(&sandbox, moment, &["update", "--all", "v0.2.0"]);
        projects.iter().all(|name| word(name) == "interrupted")
    });
    assert!(found, "{moments:?}");
    let shown = sandbox.fleet(&["status"]).succeeded().text();
    assert!(shown.contains("a command was interrupted"), "{shown}");
    let hint = format!("hint: `fleet update {}` completes", projects.join(" "));
    assert!(shown.contains(&hint), "{shown}");
    for (settled, name) in projects.iter().enumerate() {
        sandbox.fleet(&["update", name]).succeeded();
        sandbox.is_whole(&sandbox.project_at(name));
        for (place, other) in projects.iter().enumerate() {
            let expected = if place <= settled {
                "ok"
            } else {
                "interrupted"
            };
            assert_eq!(word(other), expected, "{other} after {name}");
        }
    }
}

/// F3: of several projects, all are told how it went with them, and the same command makes up for it.
#[test]
fn where_a_call_fails_among_several_projects_the_rest_goes_on() {
    let (sandbox, projects) = several();
    let moments = moments(&sandbox, &["update", "--all", "v0.2.0"]);
    let chosen = fallible(&moments).into_iter().step_by(7);
    for (count, (moment, error)) in chosen
        .zip(["ENOSPC", "EACCES", "EIO"].iter().cycle())
        .enumerate()
    {
        let what = format!("{error} at {moment:?}");
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        let output = failing_at(&sandbox, moment, error, &["update", "--all", version]);
        let is_told = output.code == Some(0) || output.text().contains(" failed");
        assert!(
            is_told || output.stderr.contains("error: "),
            "{what}: {}",
            output.text()
        );
        sandbox.fleet(&["validate"]).succeeded();
        sandbox.fleet(&["update", "--all", version]).succeeded();
        for name in projects {
            is_at(&sandbox, name, version, &what);
        }
    }
}

/// F1: what runs is restarted once, on the new version, however often the command is cut off.
#[test]
fn killed_around_a_restart_it_completes_when_it_is_run_again() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let moments = moments(&sandbox, &["update", "demo", "v0.2.0", "--restart"]);
    for (count, moment) in deadly(&moments).into_iter().step_by(11).enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        let line = ["update", "demo", version, "--restart"];
        killed_at(&sandbox, moment, &line);
        sandbox.fleet(&line).succeeded();
        is_at(&sandbox, "demo", version, &what);
        sandbox.wait_for_screen("demo", &format!("lines {version}: demo is up"));
        assert_eq!(sandbox.status("demo")["pin"]["word"], "ok", "{what}");
        assert_eq!(sandbox.running("run.sh demo").len(), 1, "{what}");
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F1: a tag that is followed on request is followed once, and nobody else asks again.
#[test]
fn killed_while_it_follows_a_moved_tag_it_completes_when_it_is_run_again() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let harness = sandbox.at("harness");
    let line = ["update", "demo", "moving", "--accept-moved-tag"];
    let moves_to = |version: &str| {
        sandbox.git(&harness, &["tag", "--force", "moving", version]);
    };
    moves_to("v0.1.0");
    sandbox.fleet(&["update", "demo", "moving"]).succeeded();
    moves_to("v0.2.0");
    let moments = moments(&sandbox, &line);
    for (count, moment) in deadly(&moments).into_iter().step_by(3).enumerate() {
        let what = format!("{moment:?}");
        let version = ["v0.1.0", "v0.2.0"][count % 2];
        moves_to(version);
        killed_at(&sandbox, moment, &line);
        sandbox.fleet(&line).succeeded();
        let project = sandbox.project_at("demo");
        sandbox.is_whole(&project);
        let wanted = sandbox.git(&harness, &["rev-parse", version]);
        assert_eq!(
            sandbox.git(&project, &["rev-parse", "HEAD:engine"]),
            wanted,
            "{what}"
        );
        let plainly = sandbox.fleet(&["update", "demo", "moving"]);
        assert!(plainly.code == Some(0), "{what}: {}", plainly.text());
    }
}

/// F1: the harness stood at another version than was pinned: what is taken back is that, what completes is the new one.
#[test]
fn killed_on_its_way_from_another_version_than_the_pinned_it_completes() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    sandbox.write("harness/run.sh", "echo third\n");
    sandbox.write("harness/added/in/the/third.txt", "new\n");
    sandbox.release_as_it_is("v0.3.0");
    let sandbox = sandbox.project("demo", "v0.1.0");
    let engine = sandbox.project_at("demo").join("engine");
    let stray = || sandbox.git(&engine, &["checkout", "--quiet", "v0.3.0"]);
    stray();
    let moments = moments(&sandbox, &["update", "demo"]);
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    let mut version = "v0.1.0";
    for (count, moment) in deadly(&moments).into_iter().enumerate() {
        let what = format!("{moment:?}");
        stray();
        // To where it is pinned, and to another one.
        let line: &[&str] = match count % 2 {
            0 => &["update", "demo"],
            _ if version == "v0.1.0" => &["update", "demo", "v0.2.0"],
            _ => &["update", "demo", "v0.1.0"],
        };
        version = line.get(2).copied().unwrap_or(version);
        killed_at(&sandbox, moment, line);
        let again = sandbox.fleet(line);
        assert!(again.code == Some(0), "{what}: {}", again.text());
        is_at(&sandbox, "demo", version, &what);
    }
}

/// F4: somebody edits the registry by hand while pins move and go back. The editor holds no lock: it reads, then replaces
/// the file or writes it in place. Each of its edits survives, byte for byte; or the command says that it could not write.
#[test]
fn edits_of_the_registry_by_hand_survive_those_of_commands() {
    for is_in_place in [false, true] {
        edits_survive(is_in_place);
    }
}

fn edits_survive(is_in_place: bool) {
    let (sandbox, projects) = several();
    let registry = sandbox.at("fleet/fleet.toml");
    let over = std::sync::atomic::AtomicBool::new(false);
    let (edits, texts) = std::thread::scope(|scope| {
        let editor = scope.spawn(|| {
            let mut edits = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let text = std::fs::read_to_string(&registry).expect("it is there");
                edits += 1;
                edit(&registry, &format!("{text}# edit {edits}\n"), is_in_place);
                // A person thinks; and no command can write while somebody else always does.
                std::thread::sleep(std::time::Duration::from_millis(7));
            }
            edits
        });
        // Whatever fails here, the editor ends: or the test would wait for it for ever.
        let texts = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let lines = ["update --all v0.2.0", "rollback --all"];
            let lines = lines.iter().cycle().take(6);
            let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
            words
                .map(|words| sandbox.fleet(&words))
                .filter(|output| output.code != Some(0))
                .map(|output| output.text())
                .collect::<Vec<_>>()
        }));
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        (editor.join().expect("it ended"), texts)
    });
    for text in texts.expect("every command has ended") {
        assert!(
            text.contains("fleet.toml") && text.contains("hint: "),
            "{text}"
        );
    }
    let text = sandbox.read("fleet/fleet.toml");
    let lost = (1..=edits).filter(|edit| !text.contains(&format!("# edit {edit}\n")));
    assert_eq!(lost.collect::<Vec<_>>(), [0; 0], "of {edits}: {text}");
    sandbox.fleet(&["update", "--all", "v0.2.0"]).succeeded();
    for name in projects {
        is_at(&sandbox, name, "v0.2.0", "after all");
    }
}

/// Does as editors do: writes beside and renames, or writes in place, not all at once.
fn edit(path: &Path, text: &str, is_in_place: bool) {
    if is_in_place {
        let mut file = std::fs::File::create(path).expect("it is ours");
        for part in text.as_bytes().chunks(500) {
            file.write_all(part).expect("it is ours");
        }
    } else {
        let beside = path.with_file_name("edited");
        std::fs::write(&beside, text).expect("it is ours");
        std::fs::rename(&beside, path).expect("it is ours");
    }
}

/// Three projects at the first of two versions.
pub(super) fn several() -> (Sandbox, [&'static str; 3]) {
    let (sandbox, projects) = (
        Sandbox::new().harness(["v0.1.0", "v0.2.0"]),
        ["a", "b", "c"],
    );
    let create = |sandbox: Sandbox, name: &&str| sandbox.project(name, "v0.1.0");
    (projects.iter().fold(sandbox, create), projects)
}

/// Fails unless a project is whole, at a version, and registered so.
#[track_caller]
pub(super) fn is_at(sandbox: &Sandbox, name: &str, version: &str, what: &str) {
    let project = sandbox.project_at(name);
    sandbox.is_whole(&project);
    let wanted = sandbox.git(&sandbox.at("harness"), &["rev-parse", version]);
    let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    assert_eq!(pinned, wanted, "{what}");
    let record = sandbox
        .fleet(&["get", name, "--json"])
        .succeeded()
        .stdout
        .clone();
    assert!(
        record.contains(&wanted) && record.contains(version),
        "{what}: {record}"
    );
    assert!(
        !sandbox
            .at(&format!("fleet/.fleet/journal/{name}.json"))
            .exists(),
        "{what}"
    );
}
