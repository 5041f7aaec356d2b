//! What must not grow.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

/// What a fleet takes while all of its projects run.
#[derive(Debug)]
pub(super) struct Measure {
    /// The memory that is all tenders' own, in kB: what they share with each other and with those of other tests (which
    /// come and go) does not count.
    memory: u64,
    /// The files that the tmux server has open.
    server_files: usize,
    /// The files that all tenders have open.
    tender_files: usize,
    /// The files in `.fleet/`, but those that chance makes or not: the brake's, and the one of a project's last crash.
    runtime_files: usize,
    /// The processes of the whole sandbox.
    processes: usize,
}

impl Measure {
    /// Starts anew whatever there is, so that two measures compare the same, and measures it.
    pub(super) fn of(sandbox: &Sandbox, names: &[String]) -> Self {
        sandbox.fleet(&["restart", "--all"]).succeeded();
        let mut tenders = Vec::new();
        for name in names {
            sandbox.wait_for_screen(name, &format!("{name} is up"));
            tenders.push(sandbox.tender_of(name).pid);
        }
        // The child that each harness begins with comes after the line on its screen, or before it.
        let children = || sandbox.running("sleep 86425").len();
        sandbox.wait_for("every child", || children() == names.len());
        Self {
            memory: tenders.iter().map(|pid| memory(*pid)).sum(),
            server_files: open_files(sandbox.server().pid),
            tender_files: tenders.iter().map(|pid| open_files(*pid)).sum(),
            runtime_files: files_below(&sandbox.at("fleet/.fleet")),
            processes: sandbox.processes().len(),
        }
    }

    /// Fails where something has become more. Memory is allowed a tenth: a page more or less is no leak.
    #[track_caller]
    pub(super) fn has_not_grown_since(&self, before: &Self) {
        assert!(
            self.memory <= before.memory + before.memory / 10,
            "memory: {before:?} became {self:?}"
        );
        let counts = |one: &Self| {
            [
                one.server_files,
                one.tender_files,
                one.runtime_files,
                one.processes,
            ]
        };
        let pairs = counts(before).into_iter().zip(counts(self));
        for (before_count, count) in pairs {
            assert!(count <= before_count, "{before:?} became {self:?}");
        }
    }
}

/// The memory that a process has written to, in kB.
fn memory(pid: i32) -> u64 {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(path).expect("the tender runs");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:"));
    let words = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    words.expect("the kernel tells")
}

fn open_files(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("the process is ours")
        .count()
}

fn files_below(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).expect("the sandbox is ours");
    entries
        .map(|entry| {
            let path = entry.expect("the sandbox is ours").path();
            if path.ends_with("crashes") {
                0
            } else if path.is_dir() {
                files_below(&path)
            } else {
                usize::from(!path.ends_with("brake") && !path.ends_with(".brake"))
            }
        })
        .sum()
}
