//! `fleet remove --delete-files`: the files go to the trash as they are, and come back from there.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::sandbox::{Output, Sandbox, assert_same};

impl Sandbox {
    /// A project that a remote has all of.
    pub(in super::super) fn pushed(self, name: &str) -> Self {
        let sandbox = self.project(name, "v0.1.0");
        let remote = sandbox
            .at(&format!("remotes/{name}.git"))
            .display()
            .to_string();
        sandbox.git(sandbox.root(), &["init", "--quiet", "--bare", &remote]);
        let project = sandbox.project_at(name);
        sandbox.git(&project, &["remote", "add", "origin", &remote]);
        sandbox.git(&project, &["push", "--quiet", "origin", "main"]);
        sandbox
    }

    /// What is in the trash.
    pub(in super::super) fn trash(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.at("fleet/.fleet/trash"));
        let mut found: Vec<PathBuf> = entries
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("the sandbox is ours").path())
            .collect();
        found.sort();
        found
    }
}

/// Replaces the time in the names of what is in the trash.
pub(super) fn shown(sandbox: &Sandbox, output: &Output) -> String {
    let mut text = output.text();
    for place in sandbox.trash() {
        let name = place.file_name().expect("it has one").to_string_lossy();
        let stem = name.split('-').next().expect("there is one").to_owned();
        text = text.replace(&*name, &format!("{stem}-TIME"));
    }
    sandbox.normalise(&text)
}

#[test]
fn what_a_remote_has_goes_to_the_trash_and_comes_back() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    sandbox.write("fleet/projects/demo/.git/info/exclude", "*.log\nbuild/\n");
    sandbox.write("fleet/projects/demo/a.log", "kept\n");
    sandbox.write("fleet/projects/demo/build/deep/x", "");
    let sandbox = sandbox.started("demo", "demo is up");
    sandbox
        .fleet(&["remove", "demo", "--delete-files"])
        .exited(3);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let (before, registry) = (sandbox.tree(&project), sandbox.read("fleet/fleet.toml"));
    let dry = sandbox.fleet(&["remove", "demo", "--delete-files", "--dry-run"]);
    let dry = dry.succeeded().stdout.clone();
    assert!(
        dry.starts_with("demo:\n  move ") && dry.ends_with("take it out of fleet.toml\n"),
        "{dry}"
    );
    assert_same(&before, &sandbox.tree(&project));
    let output = sandbox.fleet(&["remove", "demo", "--delete-files", "-m", "done with it"]);
    assert_snapshot!(shown(&sandbox, &output), @r"
    --- stderr
    moved `demo` to the trash, and out of fleet.toml
      with what git ignores: `a.log` and `build/`
      to take it back: `mv $ROOT/fleet/.fleet/trash/demo-TIME $ROOT/fleet/projects/demo && fleet adopt $ROOT/fleet/projects/demo`
      to end it for good: `rm -rf $ROOT/fleet/.fleet/trash/demo-TIME`
    --- exit code 0
    ");
    assert!(!project.exists() && !sandbox.read("fleet/fleet.toml").contains("demo"));
    for left in [
        "units/demo.json",
        "desired/demo",
        "state/demo.json",
        "journal/demo.json",
    ] {
        assert!(!sandbox.at("fleet/.fleet").join(left).exists(), "{left}");
    }
    let [trashed] = sandbox.trash().try_into().expect("there is one");
    assert_same(&before, &sandbox.tree(&trashed));
    let history = sandbox.fleet(&["history", "demo"]).stdout;
    assert!(
        history.contains("in the trash: ") && history.contains("done with it"),
        "{history}"
    );
    // The way back is what it says.
    fs::rename(&trashed, &project).expect("it is ours");
    sandbox.fleet(&["adopt", "projects/demo"]).succeeded();
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    assert_same(&before, &sandbox.tree(&project));
    sandbox.is_whole(&project);
}

#[test]
fn two_of_one_name_have_each_a_place() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let remove = ["remove", "demo", "--delete-files", "--force"];
    sandbox.fleet(&remove).succeeded();
    let sandbox = sandbox.project("demo", "v0.1.0");
    sandbox.fleet(&remove).succeeded();
    assert_eq!(sandbox.trash().len(), 2);
}

#[test]
fn of_several_those_that_can_go_go() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .pushed("one")
        .pushed("two")
        .project("alone", "v0.1.0");
    sandbox
        .fleet(&["remove", "--all", "--delete-files"])
        .exited(4);
    assert!(sandbox.project_at("alone").exists());
    assert!(!sandbox.project_at("one").exists() && !sandbox.project_at("two").exists());
    assert_eq!(sandbox.trash().len(), 2);
}

#[test]
fn another_file_system_is_refused_before_anything_changes() {
    use std::os::unix::fs::MetadataExt as _;
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let device = |path: &str| fs::metadata(path).map(|met| met.dev()).ok();
    let own = device(&sandbox.root().to_string_lossy());
    let other = ["/tmp", "/dev/shm", "/var/tmp"]
        .into_iter()
        .find(|place| device(place).is_some_and(|device| Some(device) != own));
    let Some(other) = other else { return };
    let directory = tempfile::tempdir_in(other).expect("it can be written");
    let place = directory.path().join("demo");
    let location = place.display().to_string();
    sandbox
        .fleet(&["create", "demo", "--location", &location])
        .succeeded();
    let before = (sandbox.world(), sandbox.tree(&place));
    let said = sandbox.fleet(&["remove", "demo", "--delete-files", "--force"]);
    let said = said.exited(3).stderr.replace(&location, "PLACE");
    assert_snapshot!(sandbox.normalise(&said), @r"
    error: cannot move the files of `demo`: PLACE is on another file system than the trash, $ROOT/fleet/.fleet/trash
    hint: `fleet remove demo` takes it out of fleet.toml; then remove PLACE yourself
    ");
    assert_same(&before.0, &sandbox.world());
    assert_same(&before.1, &sandbox.tree(&place));
    sandbox.fleet(&["remove", "demo"]).succeeded();
}

/// F2: of ten that remove one project one does, and nobody claims more.
#[test]
fn of_ten_that_remove_one_project_one_does() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let outputs = std::thread::scope(|scope| {
        let sandbox = &sandbox;
        let running: Vec<_> = (0..10)
            .map(|_| scope.spawn(move || sandbox.fleet(&["remove", "demo", "--delete-files"])))
            .collect();
        let ended = running.into_iter().map(|one| one.join().expect("it ended"));
        ended.collect::<Vec<_>>()
    });
    let moved = outputs
        .iter()
        .filter(|it| it.stderr.contains("moved `demo`"))
        .count();
    assert_eq!(moved, 1, "{outputs:#?}");
    for output in outputs.iter().filter(|it| it.code != Some(0)) {
        assert!(
            output
                .exited(2)
                .stderr
                .contains("there is no project `demo`"),
            "{}",
            output.text()
        );
    }
    assert_eq!(sandbox.trash().len(), 1);
}

/// F2: a start and a removal at once: either it runs, or it is gone.
#[test]
fn a_start_and_a_removal_at_once_agree() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let (started, removed) = std::thread::scope(|scope| {
        let started = scope.spawn(|| sandbox.fleet(&["start", "demo"]));
        let removed = scope.spawn(|| sandbox.fleet(&["remove", "demo", "--delete-files"]));
        (
            started.join().expect("it ended"),
            removed.join().expect("it ended"),
        )
    });
    let runs = started.code == Some(0);
    assert_eq!(removed.code == Some(0), !runs, "{started:?} {removed:?}");
    assert_eq!(sandbox.project_at("demo").exists(), runs);
    if runs {
        sandbox.fleet(&["stop", "demo"]).succeeded();
    }
}

/// A look may take minutes: what is committed meanwhile in a project that was looked at before would go unseen.
#[test]
fn each_project_goes_as_soon_as_it_was_looked_at() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .pushed("demo")
        .pushed("slow");
    let pipe = sandbox.project_at("slow").join(".gitignore");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("it is ours");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let command = command
        .args(["remove", "demo", "slow", "--delete-files"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut removal = command.spawn().expect("it can be run");
    sandbox.wait_for("the first to go", || sandbox.trash().len() == 1);
    assert!(!sandbox.project_at("demo").exists());
    assert!(sandbox.project_at("slow").exists());
    assert_eq!(removal.try_wait().expect("it is our child"), None);
    removal.kill().expect("it is our child");
    removal.wait().expect("it is our child");
    fs::remove_file(pipe).expect("it is ours");
    sandbox
        .fleet(&["remove", "slow", "--delete-files"])
        .succeeded();
}
