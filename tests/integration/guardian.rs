//! `fleet watch`: what is lost with its tender, its session or its server comes back, and nothing else does.

mod alone;
mod server;
mod survives;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::sandbox::{Sandbox, poll};

/// A guardian of a sandbox's fleet. It is ended when dropped.
pub(crate) struct Guardian {
    child: Child,
    log: PathBuf,
}

impl Guardian {
    /// Starts one, and waits until it guards.
    #[track_caller]
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let guardian = Self::starting(sandbox);
        guardian.says(sandbox, "guarding");
        guardian
    }

    /// Starts one.
    pub(crate) fn starting(sandbox: &Sandbox) -> Self {
        let directory = tempfile::tempdir_in(sandbox.at("output")).expect("the sandbox is ours");
        let log = directory.keep().join("guardian");
        let output = File::create(&log).expect("the directory is new");
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        let child = command
            .arg("watch")
            .stdout(output.try_clone().expect("it is open"))
            .stderr(output)
            .spawn()
            .expect("fleet was built");
        Self { child, log }
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("it was made above")
    }

    /// Waits until it has said a text.
    #[track_caller]
    pub(crate) fn says(&self, sandbox: &Sandbox, text: &str) {
        self.says_times(sandbox, text, 1);
    }

    /// Waits until it has said a text so often.
    #[track_caller]
    pub(crate) fn says_times(&self, sandbox: &Sandbox, text: &str, times: usize) {
        let mut said = String::new();
        let has_said = poll(crate::sandbox::DEADLINE, || {
            said = self.said();
            said.matches(text).count() >= times
        });
        assert!(
            has_said,
            "no `{text}` in:\n{said}\n{:#?}",
            sandbox.processes()
        );
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How often it has been given a processor, as the system counts it: lines of a file, to be compared.
    pub(crate) fn switches(&self) -> Vec<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("it is our child, and nobody has waited for it");
        status
            .lines()
            .filter(|line| line.contains("ctxt_switches"))
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("an id"));
        signal::kill(pid, signal).expect("it is our child, and nobody has waited for it");
    }

    /// Tells it to end, and waits until it has.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        self.signal(Signal::SIGTERM);
        let status = self.child.wait().expect("it is our child");
        (status, self.said())
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended.
        let _ = self.child.wait();
    }
}

/// A fleet of a harness that has a wrapper, a child that left its session, and one that ignores signals. Each life
/// writes a line into `lives`, and one into `twice` if another life, or what one left, is still there. As that child
/// always uses up the grace, it is short.
pub(crate) fn fleet_of(names: &[&str]) -> Sandbox {
    let script = "exec 9> lock; flock --nonblock 9 || echo another >> twice; echo life >> lives\n\
        setsid sleep 86420 &\n(setsid sh -c 'trap \"\" TERM HUP INT; sleep 86420' &)\n\
        echo ready\nwhile read -r line; do echo \"heard: $line\"; done\n";
    let sandbox = Sandbox::new().harness(["v0.1.0"]).manifest(
        "v1",
        "start = [\"sh\", \"-c\", \"sh {engine}/run.sh; exit $?\"]",
        script,
    );
    names.iter().fold(sandbox, |sandbox, name| {
        sandbox
            .project(name, "v1")
            .setting(name, "stop_grace = \"200ms\"")
    })
}

/// How many lives a project of [`fleet_of`] has had; fails the test if two were there at once.
#[track_caller]
pub(crate) fn lives(sandbox: &Sandbox, name: &str) -> usize {
    let file = |file: &str| std::fs::read_to_string(sandbox.place(name).join(file));
    assert_eq!(file("twice").unwrap_or_default(), "");
    file("lives").unwrap_or_default().lines().count()
}

/// Starts projects, and waits until each is whole.
#[track_caller]
pub(crate) fn start(sandbox: &Sandbox, names: &[&str]) {
    sandbox.fleet(&[&["start"], names].concat()).succeeded();
    for name in names {
        whole(sandbox, name);
    }
}

/// Waits until a project of [`fleet_of`] is up with its two children.
#[track_caller]
pub(crate) fn whole(sandbox: &Sandbox, name: &str) {
    sandbox.wait_until_is(name, "up");
    let place = sandbox.place(name);
    sandbox.wait_for("both children", || sleepers(sandbox, &place) == 2);
}

fn sleepers(sandbox: &Sandbox, place: &std::path::Path) -> usize {
    let is_here = |pid: i32| {
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == place)
    };
    let mut found = sandbox.running("sleep 86420");
    found.retain(|process| process.command == "sleep 86420" && is_here(process.pid));
    found.len()
}

/// Stops everything, and proves that nothing is left.
#[track_caller]
pub(crate) fn stop_all(sandbox: &Sandbox) {
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert_eq!(sandbox.running("sleep 86420"), []);
    assert_eq!(sandbox.running("run.sh"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
}
