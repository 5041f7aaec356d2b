//! Commands that are killed, or fail, in the middle: at system calls that are chosen from outside.
//!
//! Every call that changes something is a point where a command can be cut off. A command is run once to see which it
//! makes; then it is cut off at one after the other, and run again. What counts is what git and the registry say.

mod adopt;
mod apply;
mod create;
mod doctor;
mod init;
mod prepare;
mod probe;
mod registry;
mod remove;
mod rollback;
mod rollout;
mod set_url;
mod start;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::{Output, Sandbox};

/// The system calls that change something, or tell somebody.
const CHANGES: [&str; 21] = [
    "chmod",
    "copy_file_range",
    "fchmod",
    "fchmodat",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "write",
];

/// Of all moments, those before which a command is killed: each call that did change something. Before one that fails
/// anyway, or only waits for the disk, all is as it is before the next. Of a kind, the first and the last.
fn deadly(moments: &[Moment]) -> Vec<&Moment> {
    let changes = moments
        .iter()
        .filter(|moment| !moment.fails && !["fsync", "fdatasync"].contains(&moment.call.as_str()));
    first_and_last_of_each_kind(&changes.collect::<Vec<_>>())
}

/// Of all moments, those that are made to fail: not what removes things only, which does not where all else works; and
/// of calls in a row that fail anyway (such as to make directories that are there) the first. Of a kind, the first and
/// the last.
fn fallible(moments: &[Moment]) -> Vec<&Moment> {
    let mut before: Option<&Moment> = None;
    let mut chosen = Vec::new();
    for moment in moments {
        let repeats = moment.fails && before.is_some_and(|before| before.is_like(moment));
        before = Some(moment);
        if !repeats && !["rmdir", "unlink", "unlinkat"].contains(&moment.call.as_str()) {
            chosen.push(moment);
        }
    }
    first_and_last_of_each_kind(&chosen)
}

/// A kind of moment is a call in one place after a call in another: of the hundred objects that a copy consists of, each
/// is written, linked and forgotten like the one before. What several threads do at the same count is one moment.
fn first_and_last_of_each_kind<'a>(moments: &[&'a Moment]) -> Vec<&'a Moment> {
    let mut before = None;
    let mut kinds = BTreeMap::new();
    for (place, &moment) in moments.iter().enumerate() {
        let this = (&moment.call, &moment.place);
        let range = kinds.entry((before, this)).or_insert((place, place));
        range.1 = place;
        before = Some(this);
    }
    let ends: BTreeSet<usize> = kinds
        .values()
        .flat_map(|&(first, last)| [first, last])
        .collect();
    let mut known = BTreeSet::new();
    ends.into_iter()
        .map(|place| moments[place])
        .filter(|moment| known.insert((&moment.call, moment.count)))
        .collect()
}

/// One moment of a command: the n-th time that a thread makes a system call, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moment {
    call: String,
    count: usize,
    /// The files that it is about, without what differs from one to the next of the same kind.
    place: String,
    /// Whether the call fails anyway: what it should make is there already, or what it should remove is not.
    fails: bool,
}

impl Moment {
    fn is_like(&self, other: &Self) -> bool {
        self.fails == other.fails && self.call == other.call
    }
}

/// Runs a command to its end, and returns the moments at which it changes something, in their order.
fn moments(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Moment> {
    moments_of(sandbox, arguments, 0)
}

/// The same for a command that ends with this exit code.
fn moments_of(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Vec<Moment> {
    let traced = format!("trace={}", CHANGES.join(","));
    // With the names of open files, and nothing of what is written to them.
    let options = ["-y", "-s", "0", "-e", &traced];
    under_strace(sandbox, &options, arguments).exited(code);
    let mut counts = BTreeMap::new();
    let log = sandbox.read("tmp/calls");
    let calls = log.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        let (call, rest) = call.trim_start().split_once('(')?;
        Some((thread, call, rest))
    });
    calls
        .filter(|(_, call, _)| CHANGES.contains(call))
        .map(|(thread, call, rest)| {
            let count = counts.entry((thread, call)).or_insert(0);
            *count += 1;
            Moment {
                call: call.to_owned(),
                count: *count,
                place: place(rest),
                fails: rest.contains(" = -1 E"),
            }
        })
        .collect()
}

/// The paths among the arguments of a call as strace tells them, with `*` for ids and for what makes a name unique.
fn place(arguments: &str) -> String {
    let paths = arguments
        .split(['"', '<', '>'])
        .filter(|part| part.starts_with('/'));
    let steps = paths.flat_map(|path| path.split('/'));
    let mut is_fan_out = false;
    let steps = steps.map(|step| {
        let parts = step.split_inclusive(['.', '_', '-']);
        let said: String = parts
            .map(|part| {
                if is_fan_out || is_unique(part) {
                    "*"
                } else {
                    part
                }
            })
            .collect();
        is_fan_out = step == "objects";
        said
    });
    steps.collect::<Vec<_>>().join("/")
}

/// Whether part of a name is an object's id, a process's, or made up by chance.
fn is_unique(part: &str) -> bool {
    let part = part.trim_end_matches(['.', '_', '-']);
    let is_id = part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_mixed = part.bytes().any(|byte| !byte.is_ascii_lowercase());
    is_id || is_number || matches!(part.len(), 6 | 9) && is_mixed
}

/// Runs a command that is killed at a moment: before that call is made.
fn killed_at(sandbox: &Sandbox, moment: &Moment, arguments: &[&str]) -> Output {
    injecting(sandbox, moment, "signal=KILL", arguments)
}

/// Runs a command of which one call fails.
fn failing_at(sandbox: &Sandbox, moment: &Moment, error: &str, arguments: &[&str]) -> Output {
    injecting(sandbox, moment, &format!("error={error}"), arguments)
}

fn injecting(sandbox: &Sandbox, moment: &Moment, what: &str, arguments: &[&str]) -> Output {
    let Moment { call, count, .. } = moment;
    let traced = format!("trace={call}");
    let injected = format!("inject={call}:{what}:when={count}");
    under_strace(sandbox, &["-e", &traced, "-e", &injected], arguments)
}

fn under_strace(sandbox: &Sandbox, options: &[&str], arguments: &[&str]) -> Output {
    let log = sandbox.at("tmp/calls");
    let directory = match sandbox.directory() {
        fleet if fleet.is_dir() => fleet,
        _ => sandbox.root().to_owned(),
    };
    let mut command = sandbox.command("strace", &directory);
    // All threads, but no other program: git and tmux are let go when they are executed.
    command.args(["-f", "-b", "execve", "-qq", "-o"]).arg(log);
    command.args(options).arg(env!("CARGO_BIN_EXE_fleet"));
    sandbox.output(command.args(arguments))
}

/// Fails unless what a failed command said is an error for people.
#[track_caller]
fn is_said_clearly(output: &Output, what: &str) {
    let clear = output.code == Some(0)
        || output.stderr.contains("error: ")
        || output.stderr.contains("warning: ");
    let calm = !output.stderr.contains("panicked");
    assert!(
        clear && calm && output.code.is_some(),
        "{what}: {}",
        output.text()
    );
}

/// The files and directories beside the registry and beside the projects: nothing of fleet's may be left there.
fn beside(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = ["fleet", "fleet/projects", "fleet/.fleet/journal"]
        .iter()
        .filter_map(|directory| std::fs::read_dir(sandbox.at(directory)).ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
