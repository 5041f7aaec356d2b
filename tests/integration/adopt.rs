//! `fleet adopt`: a repository that somebody made with git alone becomes a project, and not a byte of it changes.

mod hostile;
mod refusals;
mod scan;
mod shapes;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

impl Sandbox {
    /// A repository at a place relative to the root, with the harness of [`Self::harness`] as a submodule at `engine`, at
    /// a revision: by git alone.
    pub(super) fn vendoring(&self, place: &str, revision: &str) -> PathBuf {
        let project = self.at(place);
        self.write(&format!("{place}/README"), "mine\n");
        self.git(&project, &["init", "--quiet"]);
        let url = self.at("harness").display().to_string();
        self.submodule(&project, &url, "engine");
        let engine = project.join("engine");
        self.git(&engine, &["checkout", "--quiet", revision]);
        self.git(&project, &["add", "--all"]);
        self.git(&project, &["commit", "--quiet", "--message", "Mine"]);
        project
    }

    /// Adds a submodule from a path of this machine, which git allows only to who insists.
    pub(super) fn submodule(&self, project: &Path, url: &str, path: &str) {
        let allow = "protocol.file.allow=always";
        self.git(
            project,
            &["-c", allow, "submodule", "--quiet", "add", url, path],
        );
    }
}

/// What a file is, and what it holds: its inode, mode, times and bytes.
type Stamp = (u64, u32, i64, i64, i64, Vec<u8>);

/// Everything in a directory: what it is and holds, by which inode, and when it was last changed. Only reading it leaves
/// all of that as it is.
pub(super) fn stamped(directory: &Path) -> BTreeMap<PathBuf, Stamp> {
    walkdir::WalkDir::new(directory)
        .into_iter()
        .map(|entry| entry.expect("the sandbox is ours").into_path())
        .map(|path| {
            let met = path.symlink_metadata().expect("it was just found");
            let bytes = fs::read(&path).unwrap_or_default();
            let (modified, fraction) = (met.mtime(), met.mtime_nsec());
            let facts = (
                met.ino(),
                met.mode(),
                modified,
                fraction,
                met.ctime_nsec(),
                bytes,
            );
            (path, facts)
        })
        .collect()
}

fn entry(sandbox: &Sandbox) -> String {
    let registry = sandbox.read("fleet/fleet.toml");
    let entry = registry.split("[projects.").nth(1);
    sandbox.normalise(entry.unwrap_or_default())
}

#[test]
fn a_repository_is_registered_and_not_a_byte_of_it_changes() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.git(&project, &["status"]);
    let before = stamped(&project);
    assert_snapshot!(sandbox.run("adopt ../src/demo --label mine --dry-run"), @r"
    demo:
      register it in fleet.toml
    --- stderr
    `demo` has lines v0.1.0 (<commit>), on the branch `main`
    --- exit code 0
    ");
    assert_eq!(entry(&sandbox), "");
    assert_snapshot!(sandbox.run("adopt ../src/demo --label mine -m because"), @r"
    --- stderr
    adopted `demo` at $ROOT/src/demo, with lines v0.1.0 (<commit>)
    hint: `fleet status demo` shows it
    --- exit code 0
    ");
    assert_snapshot!(entry(&sandbox), @r#"
    demo]
    harness = "lines"
    ref = "v0.1.0"
    commit = "<commit>"
    location = "$ROOT/src/demo"
    branch = "main"
    labels = ["mine"]
    "#);
    assert_eq!(before, stamped(&project));
    let history = sandbox.fleet(&["history", "--json"]).stdout;
    assert!(
        history.contains("\"adopt\"") && history.contains("\"because\""),
        "{history}"
    );
    // Once more is nothing more.
    let registry = sandbox.read("fleet/fleet.toml");
    assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    `$ROOT/src/demo` is registered already, as `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    assert_eq!(before, stamped(&project));
}

#[test]
fn what_was_adopted_is_a_project_like_any_other() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    let sandbox = sandbox.started("demo", "lines v0.1.0: demo is up");
    sandbox
        .fleet(&["update", "demo", "v0.2.0", "--restart"])
        .succeeded();
    sandbox.wait_for_screen("demo", "lines v0.2.0: demo is up");
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
    sandbox.is_whole(&project);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["remove", "demo"]).succeeded();
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    assert!(entry(&sandbox).contains("ref = \"v0.2.0\""));
}

#[test]
fn what_fleet_made_is_adopted_as_it_was() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.fleet(&["remove", "demo"]).succeeded();
    sandbox.fleet(&["adopt", "projects/demo"]).succeeded();
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
}

/// F2: of ten that adopt one repository under names of their own, one does.
#[test]
fn of_ten_that_adopt_one_repository_one_does() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.vendoring("src/demo", "v0.1.0");
    let outputs = std::thread::scope(|scope| {
        let sandbox = &sandbox;
        let running: Vec<_> = (0..10)
            .map(|number| {
                scope.spawn(move || {
                    let name = format!("p{number}");
                    sandbox.fleet(&["adopt", "../src/demo", "--name", &name])
                })
            })
            .collect();
        let ended = running.into_iter().map(|one| one.join().expect("it ended"));
        ended.collect::<Vec<_>>()
    });
    let done = outputs
        .iter()
        .filter(|output| output.code == Some(0))
        .count();
    let refused = outputs
        .iter()
        .filter(|output| output.code == Some(3))
        .count();
    assert_eq!((done, refused), (1, 9), "{outputs:#?}");
    assert_eq!(
        sandbox
            .read("fleet/fleet.toml")
            .matches("[projects.")
            .count(),
        1
    );
    // Of ten that say the same, all are content, and one did it.
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.vendoring("src/demo", "v0.1.0");
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| sandbox.fleet(&["adopt", "../src/demo"]).succeeded().code);
        }
    });
    assert_eq!(
        sandbox
            .read("fleet/fleet.toml")
            .matches("[projects.")
            .count(),
        1
    );
    let history = sandbox.fleet(&["history", "--json"]).stdout;
    assert_eq!(history.matches("\"adopt\"").count(), 1, "{history}");
}
