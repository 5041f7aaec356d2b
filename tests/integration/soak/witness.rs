//! Who runs, asked of the system and of nobody else, again and again.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::sandbox::Sandbox;

/// Knows by which arguments the harness and the tender of each project are known.
pub(super) struct Witness {
    harnesses: BTreeMap<String, Vec<u8>>,
    tenders: BTreeMap<String, Vec<u8>>,
}

impl Witness {
    pub(super) fn new(sandbox: &Sandbox, names: &[String]) -> Self {
        let fleet = sandbox.directory();
        let words = |text: String| text.replace(' ', "\0").into_bytes();
        let of_each = |command: &dyn Fn(&String) -> String| {
            let known = names
                .iter()
                .map(|name| (name.clone(), words(command(name))));
            known.collect()
        };
        Self {
            harnesses: of_each(&|name| {
                let place = sandbox.place(name);
                format!("{}/engine/run.sh {name} ", place.display())
            }),
            tenders: of_each(&|name| format!("{}/.fleet/units/{name}.json", fleet.display())),
        }
    }

    /// The process of a project's harness.
    pub(super) fn harness(&self, name: &str) -> Option<i32> {
        found(&self.harnesses[name]).first().copied()
    }

    /// A project's tender.
    pub(super) fn tender(&self, name: &str) -> Option<i32> {
        found(&self.tenders[name]).first().copied()
    }

    /// Looks until nobody is left who could say that it is over: at no instant may a project have two harnesses. Returns
    /// how often it looked.
    pub(super) fn watch(&self, over: &Receiver<()>) -> usize {
        let mut looks = 0;
        // Between two looks the end is waited for: the processor is needed for what is looked at.
        while let Err(RecvTimeoutError::Timeout) = over.recv_timeout(Duration::from_millis(3)) {
            let running = running();
            for (name, words) in &self.harnesses {
                let found = among(&running, words);
                assert!(found.len() < 2, "`{name}` runs twice: {found:?}");
            }
            looks += 1;
        }
        looks
    }
}

/// A process: its id, its parent's and its arguments.
struct Running {
    pid: i32,
    parent: i32,
    arguments: Vec<u8>,
}

fn found(words: &[u8]) -> Vec<i32> {
    among(&running(), words)
}

/// Those with these words among their arguments. A shell that has forked, and not yet executed what it wants to run, is
/// its parent once more.
fn among(running: &[Running], words: &[u8]) -> Vec<i32> {
    let is_one = |one: &&Running| {
        let mut places = one.arguments.windows(words.len());
        places.any(|place| place == words)
    };
    let all: Vec<&Running> = running.iter().filter(is_one).collect();
    let is_fork = |one: &&&Running| all.iter().any(|other| other.pid == one.parent);
    let own = all.iter().filter(|one| !is_fork(one));
    own.map(|one| one.pid).collect()
}

fn running() -> Vec<Running> {
    let processes = fs::read_dir("/proc").expect("the tests run on Linux");
    let running = processes.filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        // A zombie has no arguments.
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
        Some(Running {
            pid,
            parent: parent.parse().ok()?,
            arguments,
        })
    });
    running.collect()
}
