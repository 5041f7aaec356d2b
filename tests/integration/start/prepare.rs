//! `prepare` of a harness: once for each of its commits, before the first start with it, in a project of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::sandbox::{Sandbox, environment};

const PREPARE: &str = "prepare = [\"sh\", \"{engine}/prepare.sh\", \"{cache}\"]\nstart = [\"sh\", \"{engine}/run.sh\"]";

/// A fleet whose harness is prepared by this script; `v1` is that.
pub(crate) fn fleet(prepare: &str) -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("harness/prepare.sh", prepare);
    sandbox.manifest("v1", PREPARE, "echo up; exec cat\n")
}

impl Sandbox {
    /// Releases another version, prepared by another script.
    pub(crate) fn prepared_by(self, version: &str, script: &str) -> Self {
        self.write("harness/prepare.sh", script);
        self.manifest(version, PREPARE, &format!("echo up {version}; exec cat\n"))
    }

    /// Where a version of the harness keeps what it prepares.
    pub(crate) fn cache_of(&self, version: &str) -> PathBuf {
        let commit = self.git(&self.at("harness"), &["rev-parse", version]);
        self.at(&format!("home/.cache/agents/lines-{}", &commit[..8]))
    }

    /// What is beside the caches: marks and locks, and while one is prepared more.
    pub(crate) fn beside_caches(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.at("home/.cache/agents"));
        let mut found: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.split_once('.')?.1.to_owned()))
            .collect();
        found.sort();
        found
    }

    /// Begins a command, and does not wait for it.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_fleet"), &self.directory());
        command.args(arguments);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is there")
    }
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).expect("it is our child");
}

fn has(directory: &Path, file: &str) -> bool {
    directory.join(file).exists()
}

#[test]
fn it_runs_once_for_all_projects_and_again_for_another_commit() {
    let sandbox = fleet("echo once >> \"$HOME/prepared\"; echo made > \"$1/tool\"\n")
        .project("one", "v1")
        .project("two", "v1")
        .manifest("v2", PREPARE, "echo up again; exec cat\n");
    let prepared = || sandbox.read("home/prepared").lines().count();
    sandbox.fleet(&["start", "one", "two"]).succeeded();
    assert_eq!(prepared(), 1);
    sandbox.fleet(&["restart", "--all"]).succeeded();
    assert_eq!(prepared(), 1);
    sandbox
        .fleet(&["update", "one", "v2", "--restart"])
        .succeeded();
    assert_eq!(prepared(), 2);
    sandbox.wait_for_screen("one", "up again");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn where_it_fails_nothing_is_started_and_its_output_is_kept() {
    let sandbox = fleet("echo trying; echo 'no compiler' >&2; exit 4\n").project("demo", "v1");
    assert_snapshot!(sandbox.run("start demo").replace(&log_name(&sandbox), "$LOG"), @r"
    --- stderr
    error: `demo`: cannot prepare the harness at <commit>
      because: `sh` ended with exit status: 4: no compiler (its output is in $ROOT/fleet/.fleet/logs/$LOG)
    --- exit code 1
    ");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(log(&sandbox), "trying\nno compiler\n");
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    assert_eq!(sandbox.beside_caches(), ["lock"]);
    let history = sandbox.fleet(&["history", "demo"]);
    assert!(history.stdout.contains(&log_name(&sandbox)), "{history:?}");
}

fn log_name(sandbox: &Sandbox) -> String {
    let cache = sandbox.cache_of("v1");
    let name = cache.file_name().expect("it has a name").to_string_lossy();
    format!("{name}.prepare")
}

fn log(sandbox: &Sandbox) -> String {
    sandbox.read(&format!("fleet/.fleet/logs/{}", log_name(sandbox)))
}

#[test]
fn a_failed_one_is_tried_once_by_a_start_of_many() {
    let sandbox = fleet("echo once >> \"$HOME/prepared\"; exit 1\n")
        .project("one", "v1")
        .project("two", "v1");
    sandbox.fleet(&["start", "--all"]).exited(1);
    assert_eq!(sandbox.read("home/prepared").lines().count(), 1);
}

#[test]
fn what_a_failed_one_left_is_not_there_the_next_time() {
    // A directory that its owner may not write into, as some build tools leave.
    let script = "ls -A \"$1\" > \"$HOME/found\"; mkdir \"$1/half\"; touch \"$1/half/file\"; chmod 500 \"$1/half\"\n\
                  test -e \"$HOME/good\"\n";
    let sandbox = fleet(script).project("demo", "v1");
    sandbox.fleet(&["start", "demo"]).exited(1);
    sandbox.fleet(&["start", "demo"]).exited(1);
    assert_eq!(sandbox.read("home/found"), "");
    sandbox.write("home/good", "");
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.read("home/found"), "");
    assert!(has(&sandbox.cache_of("v1"), "half/file"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_cache_that_was_deleted_is_prepared_again() {
    let sandbox = fleet("echo made > \"$1/tool\"\n").project("demo", "v1");
    let cache = sandbox.cache_of("v1");
    sandbox.fleet(&["start", "demo"]).succeeded();
    std::fs::remove_dir_all(&cache).expect("it was prepared");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    assert!(has(&cache, "tool"));
    std::fs::remove_file(cache.with_extension("prepared")).expect("there is a mark");
    std::fs::write(cache.join("stale"), "").expect("it is ours");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    assert!(has(&cache, "tool") && !has(&cache, "stale"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F18: it knows neither the project that needs it nor that there is a fleet.
#[test]
fn it_runs_in_a_project_of_its_own() {
    let script = "pwd > \"$1/where\"; env > \"$1/environment\"; cat tasks > \"$1/tasks\"; cat \"$2\" >> \"$1/tasks\"\n\
                  echo \"$3\" > \"$1/name\"; git status --porcelain > \"$1/status\"; git log --format=%B > \"$1/log\"; mkdir -p \"$4\"; touch litter \"$4/litter\"\n";
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("harness/prepare.sh", script);
    sandbox.write("harness/template", "a task\n");
    let commands = "prepare = [\"sh\", \"{engine}/prepare.sh\", \"{cache}\", \"{project}/tasks\", \"{name}\", \"{state}\"]\n\
                    start = [\"sh\", \"{engine}/run.sh\"]\n[scaffold]\ntasks = \"template\"\n";
    let sandbox = sandbox
        .manifest("v1", commands, "exec cat\n")
        .project("demo", "v1")
        .setting("demo", "env = { OWN = \"secret\" }");
    let before = sandbox.world();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    crate::sandbox::assert_same(&before, &sandbox.world());
    let cache = sandbox.cache_of("v1");
    let made = |file: &str| std::fs::read_to_string(cache.join(file)).expect("it was made");
    let scratch = cache.with_extension("scratch");
    assert_eq!(
        made("where").trim_end(),
        scratch.join("scratch").to_string_lossy()
    );
    assert_eq!(made("tasks"), "a task\na task\n");
    assert_eq!(made("name"), "scratch\n");
    assert_eq!(made("status"), "");
    assert!(!scratch.exists());
    for file in ["where", "environment", "log"] {
        let text = made(file).replace("CARGO_BIN_EXE_fleet", "");
        let lines = text.lines().filter(|line| !line.starts_with("PATH="));
        for line in lines {
            assert!(!line.contains("fleet") && !line.contains("demo"), "{line}");
        }
    }
    assert!(!made("environment").contains("OWN="));
}

#[test]
fn nobody_is_asked_to_sign_for_it() {
    let sandbox = fleet("true\n").project("demo", "v1");
    let signing = "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = /nowhere/at/all\n";
    let configuration = sandbox.read("home/.gitconfig");
    sandbox.write("home/.gitconfig", &format!("{configuration}{signing}"));
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_missing_engine_is_filled_and_prepared() {
    let sandbox = fleet("echo made > \"$1/tool\"\n").project("demo", "v1");
    let engine = sandbox.project_at("demo").join("engine");
    std::fs::remove_dir_all(&engine).expect("it was there");
    std::fs::create_dir(&engine).expect("it is ours");
    assert_snapshot!(sandbox.run("start demo --dry-run"), @r"
    demo:
      prepare the harness at <commit>
      fill the missing engine with <commit>
      start it
    --- exit code 0
    ");
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert!(has(&sandbox.cache_of("v1"), "tool"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_creation_that_starts_prepares() {
    let sandbox = fleet("echo made > \"$1/tool\"\n");
    assert_snapshot!(sandbox.run("create demo --ref v1 --start --dry-run"), @r"
    demo:
      make a repository with lines v1 (<commit>) and commit it
      put it at $ROOT/fleet/projects/demo
      register it in fleet.toml
      prepare the harness at <commit>
      start it
    --- exit code 0
    ");
    sandbox
        .fleet(&["create", "demo", "--ref", "v1", "--start"])
        .succeeded();
    assert!(has(&sandbox.cache_of("v1"), "tool"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_restart_that_cannot_prepare_leaves_what_runs() {
    let script = "test ! -e \"$HOME/bad\"\n";
    let sandbox = fleet(script).project("demo", "v1");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let before = sandbox.harness_of("demo");
    std::fs::remove_dir_all(sandbox.cache_of("v1")).expect("it was prepared");
    sandbox.write("home/bad", "");
    sandbox.fleet(&["restart", "demo"]).exited(1);
    assert_eq!(sandbox.harness_of("demo"), before);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn two_that_need_it_at_once_prepare_once() {
    let script =
        "echo once >> \"$HOME/prepared\"; until test -e \"$HOME/go\"; do sleep 0.02; done\n";
    let sandbox = fleet(script).project("one", "v1").project("two", "v0.1.0");
    let mut first = sandbox.begin(&["start", "one"]);
    sandbox.wait_for("the first to prepare", || {
        sandbox.at("home/prepared").exists()
    });
    let mut second = sandbox.begin(&["update", "two", "v1"]);
    sandbox.wait_for("the second to look", || {
        sandbox.running("update two v1").len() == 1
    });
    sandbox.write("home/go", "");
    assert!(first.wait().expect("it is our child").success());
    assert!(second.wait().expect("it is our child").success());
    assert_eq!(sandbox.read("home/prepared"), "once\n");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// A `prepare` that goes on for ever, with children that hide and ignore signals; each writes into the cache.
const ENDLESS: &str = "cache=$1\nif test -e \"$HOME/good\"; then ls -A \"$cache\" > \"$HOME/found\"; exit 0; fi\n\
     echo begun\n\
     setsid sh -c 'trap \"\" TERM HUP INT; while :; do touch \"$0/poison\"; sleep 0.02; done' \"$cache\" &\n\
     trap '' TERM\nwhile :; do touch \"$cache/poison\"; sleep 0.02; done\n";

fn under_way(sandbox: &Sandbox) -> Child {
    let child = sandbox.begin(&["start", "demo"]);
    let poison = sandbox.cache_of("v1").join("poison");
    sandbox.wait_for("it to be under way", || {
        poison.exists() && sandbox.running("trap").len() == 1
    });
    child
}

#[test]
fn ctrl_c_ends_it_with_all_that_it_started() {
    let sandbox = fleet(ENDLESS).project("demo", "v1");
    for told in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        use std::os::unix::process::ExitStatusExt as _;
        let mut child = under_way(&sandbox);
        signal(&child, told);
        let status = child.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(told as i32), "{status}");
        assert_eq!(sandbox.processes(), []);
        assert_eq!(sandbox.beside_caches(), ["lock"]);
        std::fs::remove_file(sandbox.cache_of("v1").join("poison")).expect("it wrote that");
        // A shell may add that its child was killed.
        let printed = log(&sandbox).replace("Killed\n", "");
        assert_eq!(printed, "begun\n");
    }
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}

/// F1: whoever prepares it is killed; what is left of that does not write into what the next one makes.
#[test]
fn what_a_killed_one_left_running_is_ended_before_the_next() {
    let sandbox = fleet(ENDLESS).project("demo", "v1");
    let mut child = under_way(&sandbox);
    signal(&child, Signal::SIGKILL);
    child.wait().expect("it is our child");
    // What was written until then is there, and what hid lives on.
    assert_eq!(log(&sandbox), "begun\n");
    assert_eq!(sandbox.running("trap").len(), 1);
    sandbox.write("home/good", "");
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.running("trap"), []);
    assert_eq!(sandbox.read("home/found"), "");
    assert!(!has(&sandbox.cache_of("v1"), "poison"));
    assert_eq!(sandbox.beside_caches(), ["lock", "prepared"]);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_it_leaves_running_ends_with_it() {
    let script = "sleep 86401 &\nsetsid sh -c 'trap \"\" TERM; echo hidden; while :; do sleep 86402; done' &\necho done\n";
    let sandbox = fleet(script).project("demo", "v1");
    sandbox.fleet(&["start", "demo"]).succeeded();
    assert_eq!(sandbox.running("sleep 8640"), []);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

/// F9: its log is bounded.
#[test]
fn of_what_prints_without_end_the_end_is_kept() {
    let script = "head -c 20000000 /dev/zero | tr '\\0' '\\n'; echo the end; exit 1\n";
    let sandbox = fleet(script).project("demo", "v1");
    let said = sandbox.fleet(&["start", "demo"]);
    assert!(
        said.exited(1).stderr.contains(": the end ("),
        "{}",
        said.text()
    );
    assert!(log(&sandbox).ends_with("\nthe end\n"));
    let logs = walkdir::WalkDir::new(sandbox.at("fleet/.fleet/logs"));
    let kept: u64 = logs
        .into_iter()
        .map(|entry| {
            entry
                .expect("it is ours")
                .metadata()
                .expect("it is there")
                .len()
        })
        .sum();
    assert!(kept < 8_000_000, "{kept}");
}

/// It is ended like what runs: a mark in its environment says whose it is.
#[test]
fn it_carries_a_mark_of_its_own() {
    let sandbox = fleet(ENDLESS).project("demo", "v1");
    let mut child = under_way(&sandbox);
    let hidden = sandbox.running("trap").remove(0);
    let marks = environment(hidden.pid);
    let marks = marks.split(|byte| *byte == 0);
    assert_eq!(marks.filter(|one| one.starts_with(b"TENDED_")).count(), 1);
    signal(&child, Signal::SIGINT);
    child.wait().expect("it is our child");
    assert_eq!(sandbox.processes(), []);
}
