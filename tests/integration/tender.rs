//! The tender as a process: in a pane of a real tmux server of the test's own, watched from outside.

mod backoff;
mod brake;
mod clock;
mod evidence;
mod hostile;
mod storm;
mod trail;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::sandbox::{Stopwatch, poll};

/// What each life of the tests' harness does first: it says which process of an earlier one it still meets, and leaves
/// two behind that hide from their parent and ignore what asks them to go.
const HARNESS: &str = r#"
for pid in $(cat pids 2>/dev/null); do
    state=$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
    case "$state" in ''|Z|X) ;; *) echo "$pid" >> met ;; esac
done
setsid sh -c 'trap "" TERM HUP INT; echo $$ >> pids; while :; do sleep 1000; done' &
(setsid sh -c 'trap "" TERM HUP INT; echo $$ >> pids; while :; do sleep 1000; done' &)
echo $$ >> pids
echo begun >> lives
"#;

struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        // A server without sessions ends, and who asks for one just then gets none.
        bench.tmux(&["new-session", "-d", "-s", "keep", "exec sleep 100000"]);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.path("socket"))
            .args(["-f", "/dev/null"])
            .args(arguments)
            .env_remove("TMUX")
            .env_remove("TMUX_PANE")
            .env("TMUX_TMPDIR", self.directory.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// A unit that runs a shell script, with what most tests want of it.
    fn unit(&self, script: &str) -> Value {
        json!({
            "version": 1,
            "name": "demo",
            "directory": self.directory.path(),
            "claim": null,
            "start": ["/bin/sh", "-c", script],
            "stop": [],
            "environment": { "PATH": std::env::var("PATH").unwrap(), "BENCH": self.directory.path() },
            "policy": policy(1, 5),
            "stop_grace": 0.5,
            "desired": self.path("desired"),
            "state": self.path("state.json"),
            "spawn_lock": self.path("spawn.lock"),
            "owner": null,
            "refresh": null,
            "commit": "0123abcd",
            "runner": "0.1.0",
            "again": "demo again",
            "capture": [tmux(), "-u", "capture-pane", "-p", "-J", "-S", "-50"],
        })
    }

    /// One of several units, with files of its own; the bench's directory is what they share.
    fn unit_named(&self, name: &str, script: &str) -> Value {
        for directory in ["desired", "state"] {
            fs::create_dir_all(self.path(directory)).unwrap();
        }
        let mut unit = self.unit(script);
        unit["name"] = json!(name);
        unit["desired"] = json!(self.path("desired").join(name));
        unit["state"] = json!(self.path("state").join(format!("{name}.json")));
        unit["spawn_lock"] = Value::Null;
        unit["shared"] = json!(self.directory.path());
        unit
    }

    /// Gives one of several units to a tender in a new session.
    fn start_named(&self, unit: &Value) {
        let name = unit["name"].as_str().unwrap();
        self.wish_of(name, "up");
        let file = self.path(&format!("{name}.unit"));
        fs::write(&file, unit.to_string()).unwrap();
        let tender = env!("CARGO_BIN_EXE_fleet-tender");
        self.tmux(&["new-session", "-d", tender, file.to_str().unwrap()]);
    }

    fn state_of(&self, name: &str) -> Option<Value> {
        let file = self.path("state").join(format!("{name}.json"));
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }

    /// Waits until what a unit's state says is so.
    #[track_caller]
    fn wait_of(&self, name: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || self.state_of(name).filter(|state| is_so(state)))
    }

    fn wish_of(&self, name: &str, want: &str) {
        self.wish_in(&self.path("desired").join(name), want);
    }

    fn write(&self, unit: &Value) {
        fs::write(self.path("unit.json"), unit.to_string()).unwrap();
    }

    /// Gives the unit to a tender in a new session.
    fn start(&self, unit: &Value) -> String {
        self.write(unit);
        self.start_again()
    }

    /// Returns the session's id, for those who look at its screen.
    fn start_again(&self) -> String {
        let unit = self.path("unit.json");
        let tender = env!("CARGO_BIN_EXE_fleet-tender");
        let command = [
            "new-session",
            "-d",
            "-P",
            "-F",
            "#{session_id}",
            "-x",
            "200",
            tender,
            unit.to_str().unwrap(),
        ];
        let session = self.tmux(&command).trim().to_owned();
        assert!(session.starts_with('$'), "no session: {session}");
        session
    }

    fn state(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.path("state.json")).ok()?).ok()
    }

    fn wait_for_phase(&self, phase: &str) -> Value {
        wait_for(phase, || {
            self.state().filter(|state| state["phase"] == phase)
        })
    }

    /// Waits until the state tells of this many lives after the first.
    fn wait_for_restarts(&self, restarts: u64) -> Value {
        wait_for("a restart", || {
            self.state()
                .filter(|state| state["phase"] == "running" && state["restarts"] == restarts)
        })
    }

    fn wish(&self, want: &str) {
        self.wish_in(&self.path("desired"), want);
    }

    fn wish_in(&self, file: &Path, want: &str) {
        let desired = json!({ "version": 1, "want": want, "since": "2026-01-01T00:00:00Z" });
        let beside = self.path("wish.new");
        fs::write(&beside, desired.to_string()).unwrap();
        fs::rename(beside, file).unwrap();
    }

    /// Tells the tender to look.
    fn tell(&self) {
        signal(&self.state().unwrap()["tender"]["pid"], Signal::SIGUSR1);
    }

    fn screen(&self, session: &str) -> String {
        self.tmux(&["capture-pane", "-p", "-J", "-t", session])
    }

    #[track_caller]
    fn wait_for_screen(&self, session: &str, text: &str) -> String {
        wait_for(text, || {
            Some(self.screen(session)).filter(|screen| screen.contains(text))
        })
    }

    fn wait_for_lines(&self, name: &str, lines: usize) {
        wait_for(name, || (self.lines(name).len() >= lines).then_some(()));
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Every process that any life of this bench started, as `/proc` shows it; a zombie shows no environment.
    fn living(&self) -> Vec<i32> {
        let wanted = format!("BENCH={}\0", self.directory.path().display());
        let pids = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|found| String::from_utf8_lossy(&found).contains(&wanted))
        })
        .collect()
    }
}

/// A policy that heals: it waits this many milliseconds before the second restart, and gives up after so many.
fn policy(backoff: u32, give_up_after: u32) -> Value {
    let time = |milliseconds: u32| json!({ "secs": milliseconds / 1000, "nanos": milliseconds % 1000 * 1_000_000 });
    json!({
        "heal": true,
        "restart": {
            "on": "failure",
            "backoff": time(backoff),
            "backoff_max": time(300_000),
            "give_up_after": give_up_after,
            "window": time(60_000),
            "healthy_after": time(600_000),
        },
    })
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
        // What a failed test left: each carries this bench's own directory.
        for pid in self.living() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Where tmux is.
fn tmux() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut found = std::env::split_paths(&path).map(|directory| directory.join("tmux"));
    found.find(|file| file.is_file()).unwrap()
}

/// Waits until something is there, for as long as a busy machine may need.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    poll(crate::sandbox::DEADLINE, || {
        found = look();
        found.is_some()
    });
    found.unwrap_or_else(|| panic!("waited in vain for {what}"))
}

#[track_caller]
fn signal(pid: &Value, signal: Signal) {
    let pid = i32::try_from(pid.as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(pid), signal).unwrap();
}

fn process(child: &Child) -> Value {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let started: u64 = after_name.split(' ').nth(19).unwrap().parse().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    json!({ "pid": child.id(), "started": started, "boot": boot.trim() })
}

fn sleeper() -> Child {
    Command::new("sleep").arg("1000").spawn().unwrap()
}

#[test]
fn a_dead_life_is_followed_at_once_and_its_exact_exit_is_told() {
    let bench = Bench::new();
    bench.start(
        &bench.unit("echo begun >> lives; [ -e once ] || { touch once; exit 3; }; exec sleep 1000"),
    );
    let state = bench.wait_for_restarts(1);
    assert_eq!(state["last_exit"]["code"], 3);
    assert_eq!(state["life"]["commit"], "0123abcd");
    bench.wait_for_lines("lives", 2);
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_restarts(2);
    assert_eq!(state["last_exit"]["code"], Value::Null);
    assert_eq!(state["last_exit"]["signal"], 9);
    assert_eq!(state["deaths"].as_array().unwrap().len(), 2);
    bench.wait_for_lines("lives", 3);
    assert_eq!(bench.lines("lives").len(), 3);
}

#[test]
fn a_crash_loop_is_parked_and_its_last_screen_stays() {
    let bench = Bench::new();
    let session = bench.start(&bench.unit("echo begun >> lives; echo out of cheese; exit 7"));
    let state = bench.wait_for_phase("parked");
    assert_eq!(
        state["reason"],
        "died 6 times within 1 min, at last with exit status 7: `out of cheese`"
    );
    assert_eq!(bench.lines("lives").len(), 6);
    let screen = wait_for("the last line", || {
        let screen = bench.tmux(&["capture-pane", "-p", "-t", &session]);
        screen.contains("demo again").then_some(screen)
    });
    assert!(screen.contains("out of cheese"), "{screen}");
    assert!(
        screen.contains("`demo` is parked: died 6 times"),
        "{screen}"
    );
}

#[test]
fn exit_0_is_the_end_of_the_work_and_without_healing_so_is_any_other() {
    let bench = Bench::new();
    bench.start(&bench.unit("exit 0"));
    let state = bench.wait_for_phase("finished");
    assert_eq!(state["last_exit"]["code"], 0);
    let bench = Bench::new();
    let mut unit = bench.unit("kill -ABRT $$");
    unit["policy"]["heal"] = json!(false);
    bench.start(&unit);
    let state = bench.wait_for_phase("crashed");
    assert_eq!(state["last_exit"]["signal"], 6);
    assert_eq!(state["restarts"], 0);
}

#[test]
fn no_life_begins_before_the_last_one_is_gone_whole() {
    let bench = Bench::new();
    bench.start(&bench.unit(&format!("{HARNESS} exec sleep 1000")));
    for restarts in 0..2 {
        let state = bench.wait_for_restarts(restarts);
        bench.wait_for_lines("pids", 3 * (usize::try_from(restarts).unwrap() + 1));
        signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    }
    let state = bench.wait_for_restarts(2);
    bench.wait_for_lines("pids", 9);
    assert_eq!(bench.lines("met"), [""; 0]);
    // Both that hide, with the `sleep` of each, and the process that the shell became.
    wait_for("one life's processes only", || {
        (bench.living().len() == 5).then_some(())
    });
    // A shell may start another `sleep` between the two of them being killed.
    assert!(
        state["last_exit"]["killed"].as_u64().unwrap() >= 4,
        "{state}"
    );
}

#[test]
fn a_stop_leaves_nothing_and_takes_no_longer_than_the_grace_and_two_seconds() {
    let bench = Bench::new();
    bench.start(&bench.unit(&format!(
        "trap '' TERM; {HARNESS} while :; do sleep 1000; done"
    )));
    bench.wait_for_lines("pids", 3);
    let state = bench.wait_for_phase("running");
    bench.wish("down");
    let asked = Stopwatch::start();
    signal(&state["tender"]["pid"], Signal::SIGUSR1);
    let state = bench.wait_for_phase("down");
    asked.assert_within(Duration::from_millis(2500));
    assert_eq!(bench.living(), [0; 0]);
    assert!(
        state["last_exit"]["killed"].as_i64().unwrap() >= 3,
        "{state}"
    );
    assert_eq!(state["last_exit"]["signal"], 9);
}

#[test]
fn the_units_own_stop_command_comes_before_any_signal() {
    let bench = Bench::new();
    let mut unit = bench
        .unit("trap 'echo signal >> said' TERM; until [ -e asked ]; do sleep 0.02; done; exit 5");
    unit["stop"] = json!([
        "/bin/sh",
        "-c",
        "touch asked; until ! kill -0 $(cat main); do sleep 0.02; done"
    ]);
    unit["start"][2] = json!(format!(
        "echo $$ > main; {}",
        unit["start"][2].as_str().unwrap()
    ));
    unit["stop_grace"] = json!(20.0);
    bench.start(&unit);
    bench.wait_for_lines("main", 1);
    let state = bench.wait_for_phase("running");
    bench.wish("down");
    let asked = Stopwatch::start();
    signal(&state["tender"]["pid"], Signal::SIGUSR1);
    let state = bench.wait_for_phase("down");
    asked.assert_within(Duration::from_secs(10));
    assert!(bench.path("asked").exists());
    assert_eq!(state["last_exit"]["code"], 5);
    assert_eq!(bench.lines("said"), [""; 0]);
}

#[test]
fn after_a_killed_tender_the_next_one_ends_what_it_left_first() {
    let bench = Bench::new();
    let unit = bench.unit(&format!("{HARNESS} exec sleep 1000"));
    bench.start(&unit);
    bench.wait_for_lines("pids", 3);
    let state = bench.wait_for_phase("running");
    signal(&state["tender"]["pid"], Signal::SIGKILL);
    wait_for("parent death", || (bench.living().len() == 4).then_some(()));
    bench.start_again();
    let next = wait_for("another tender", || {
        bench
            .state()
            .filter(|next| next["phase"] == "running" && next["tender"] != state["tender"])
    });
    assert_ne!(next["life"]["mark"], state["life"]["mark"]);
    bench.wait_for_lines("pids", 6);
    assert_eq!(bench.lines("met"), [""; 0]);
    wait_for("one life's processes only", || {
        (bench.living().len() == 5).then_some(())
    });
}

#[test]
fn down_wins_over_a_restart_and_over_a_start() {
    let bench = Bench::new();
    let unit = bench.unit("echo begun >> lives; exec sleep 1000");
    bench.start(&unit);
    let state = bench.wait_for_phase("running");
    bench.wait_for_lines("lives", 1);
    bench.wish("down");
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    bench.wait_for_phase("down");
    bench.start_again();
    wait_for("another tender", || {
        bench
            .state()
            .filter(|next| next["phase"] == "down" && next["tender"] != state["tender"])
    });
    assert_eq!(bench.lines("lives").len(), 1);
}

#[test]
fn what_cannot_be_executed_is_parked_with_the_reason() {
    let bench = Bench::new();
    let mut unit = bench.unit("");
    unit["start"] = json!(["/no/such/program"]);
    bench.start(&unit);
    let state = bench.wait_for_phase("parked");
    let reason = state["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("cannot run `/no/such/program` in "),
        "{reason}"
    );
    assert!(reason.contains("No such file or directory"), "{reason}");
}

#[test]
fn ctrl_z_stops_nothing() {
    let bench = Bench::new();
    let session = bench.start(&bench.unit("echo ready; exec cat"));
    let state = bench.wait_for_phase("running");
    wait_for("the harness", || {
        bench
            .tmux(&["capture-pane", "-p", "-t", &session])
            .contains("ready")
            .then_some(())
    });
    bench.tmux(&["send-keys", "-t", &session, "C-z"]);
    wait_for("the reason", || {
        let reason = bench.state()?["reason"].as_str()?.to_owned();
        reason.contains("continued").then_some(())
    });
    bench.tmux(&["send-keys", "-t", &session, "still here", "Enter"]);
    wait_for("what was typed, twice", || {
        let screen = bench.tmux(&["capture-pane", "-p", "-t", &session]);
        (screen.matches("still here").count() == 2).then_some(())
    });
    assert_eq!(bench.state().unwrap()["life"], state["life"]);
}

#[test]
fn when_the_owner_goes_the_tree_goes() {
    let bench = Bench::new();
    let mut owner = sleeper();
    let mut unit = bench.unit(&format!("{HARNESS} exec sleep 1000"));
    unit["owner"] = process(&owner);
    unit["stop_grace"] = json!(60.0);
    bench.start(&unit);
    bench.wait_for_lines("pids", 3);
    bench.wait_for_phase("running");
    owner.kill().unwrap();
    owner.wait().unwrap();
    let state = bench.wait_for_phase("lost");
    assert_eq!(bench.living(), [0; 0]);
    assert!(
        state["reason"]
            .as_str()
            .unwrap()
            .contains("it belonged to has gone")
    );
}

#[test]
fn when_the_terminals_server_is_killed_everything_goes_within_two_seconds() {
    let bench = Bench::new();
    let mut unit = bench.unit(&format!(
        "trap '' TERM HUP; {HARNESS} while :; do sleep 1000; done"
    ));
    unit["stop_grace"] = json!(60.0);
    bench.start(&unit);
    bench.wait_for_lines("pids", 3);
    let state = bench.wait_for_phase("running");
    let server = bench.tmux(&["display-message", "-p", "#{pid}"]);
    let killed = Stopwatch::start();
    signal(
        &json!(server.trim().parse::<i32>().unwrap()),
        Signal::SIGKILL,
    );
    wait_for("the end of all", || bench.living().is_empty().then_some(()));
    killed.assert_within(Duration::from_secs(2));
    let tender = format!("/proc/{}", state["tender"]["pid"]);
    wait_for("the end of the tender", || {
        (!Path::new(&tender).exists()).then_some(())
    });
    assert_eq!(bench.state().unwrap()["reason"], "its terminal went away");
}

#[test]
fn a_directory_that_somebody_else_holds_is_left_alone() {
    let bench = Bench::new();
    let project = bench.path("project");
    fs::create_dir(&project).unwrap();
    let held = Flock::lock(fs::File::open(&project).unwrap(), FlockArg::LockExclusive).unwrap();
    let mut unit = bench.unit("echo begun >> lives; exec sleep 1000");
    unit["claim"] = json!(project);
    bench.start(&unit);
    let state = bench.wait_for_phase("parked");
    let reason = state["reason"].as_str().unwrap();
    assert!(reason.starts_with("another run holds `"), "{reason}");
    assert!(
        reason.ends_with(&format!("(process {})", std::process::id())),
        "{reason}"
    );
    assert_eq!(bench.lines("lives").len(), 0);
    drop(held);
}

#[test]
fn a_claimed_directory_is_held_by_the_tender_and_not_by_what_it_starts() {
    let bench = Bench::new();
    let mut unit = bench.unit("exec sleep 1000");
    unit["claim"] = json!(bench.directory.path());
    bench.start(&unit);
    let state = bench.wait_for_phase("running");
    let inode = fs::metadata(bench.directory.path()).unwrap().ino();
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let held = format!(":{inode} ");
    let holder = locks
        .lines()
        .find(|line| line.contains("FLOCK") && line.contains(&held));
    assert!(
        holder
            .unwrap()
            .contains(&format!(" {} ", state["tender"]["pid"]))
    );
    let descriptors = format!("/proc/{}/fd", state["life"]["process"]["pid"]);
    let open = fs::read_dir(descriptors).unwrap().count();
    assert_eq!(open, 3);
}

#[test]
fn a_second_tender_of_the_same_unit_does_nothing() {
    let bench = Bench::new();
    let unit = bench.unit("echo begun >> lives; exec sleep 1000");
    bench.start(&unit);
    let state = bench.wait_for_phase("running");
    bench.wait_for_lines("lives", 1);
    let second = Command::new(env!("CARGO_BIN_EXE_fleet-tender"))
        .arg(bench.path("unit.json"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stdout).contains("another tender, process "));
    assert_eq!(bench.state().unwrap(), state);
    assert_eq!(bench.lines("lives").len(), 1);
}

#[test]
fn a_life_runs_the_unit_as_it_is_then_or_not_at_all() {
    let bench = Bench::new();
    let watched = bench.path("watched");
    let mut unit = bench.unit("echo first >> lives; exec sleep 1000");
    let mut second = bench.unit("echo second >> lives; exec sleep 1000");
    unit["refresh"] = json!({
        "watched": [[watched, "-"]],
        "command": ["/bin/sh", "-c", "mv second.json unit.json || { echo because >&2; exit 3; }"],
    });
    second["refresh"] = unit["refresh"].clone();
    second["commit"] = json!("4567cdef");
    fs::write(bench.path("second.json"), second.to_string()).unwrap();
    bench.start(&unit);
    let state = bench.wait_for_phase("running");
    bench.wait_for_lines("lives", 1);
    fs::write(&watched, "changed").unwrap();
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_restarts(1);
    assert_eq!(state["life"]["commit"], "4567cdef");
    bench.wait_for_lines("lives", 2);
    assert_eq!(bench.lines("lives"), ["first", "second"]);
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_phase("parked");
    assert_eq!(state["reason"], "because");
}

#[test]
fn a_tender_sleeps_while_nothing_happens() {
    let bench = Bench::new();
    bench.start(&bench.unit("exec sleep 1000"));
    sleeps(&bench.wait_for_phase("running"));
}

/// Waits until nothing wakes a state's tender any more.
#[track_caller]
fn sleeps(state: &Value) {
    let switches = || -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", state["tender"]["pid"])).unwrap();
        let counts = status
            .lines()
            .filter_map(|line| line.split_once("ctxt_switches:"));
        counts
            .map(|(_, count)| count.trim().parse::<u64>().unwrap())
            .sum()
    };
    // It may still be on its way to sleep. Looks come 1, 2, 4, 8, 16 and then 20 ms after one another: so many equal
    // ones in a row are more than 300 ms in which nothing woke it.
    let (mut last, mut equal) = (0, 0);
    wait_for("sleep", || {
        let now = switches();
        equal = if now == last { equal + 1 } else { 0 };
        last = now;
        (equal == 20).then_some(())
    });
}
