//! Ending what no tender has: trees of processes, such as those of a window that somebody opened in a session.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::members::{Member, Patience, tell};
use super::procfs::{self, Stat, with_ancestors};

/// How long a process may take to go after SIGKILL before it counts as left.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// How long a process may take to stop once it is told: longer only within a call that nothing interrupts.
const TO_STOP: Duration = Duration::from_millis(200);

/// Ends processes with all that descends from them: SIGHUP and SIGTERM, the grace, SIGKILL. Returns what is left.
///
/// The calling process and who it runs below are spared: a command may be typed into one of those windows.
pub(crate) fn end_trees(roots: &[i32], grace: Duration) -> Vec<i32> {
    let mut tree = Tree {
        members: HashSet::new(),
        spared: with_ancestors(nix::unistd::getpid().as_raw())
            .into_iter()
            .collect(),
    };
    let roots: HashSet<i32> = roots.iter().copied().collect();
    tree.grow(|stat| roots.contains(&stat.pid));
    // A closing terminal says so by SIGHUP; what does not listen to that gets SIGTERM as well.
    tree.freeze();
    tree.tell(&[Signal::SIGHUP, Signal::SIGTERM, Signal::SIGCONT]);
    tree.wait(grace);
    tree.freeze();
    tree.tell(&[Signal::SIGKILL]);
    tree.wait(AFTER_KILL);
    tree.members.into_iter().map(|member| member.pid).collect()
}

struct Tree {
    members: HashSet<Member>,
    spared: HashSet<i32>,
}

impl Tree {
    /// Stops all of it: a process that forks while it is looked for would leave a child that nobody can find, once it
    /// is dead itself.
    fn freeze(&mut self) {
        loop {
            self.tell(&[Signal::SIGSTOP]);
            self.wait_for_stop();
            let told = self.members.clone();
            self.grow(|_| false);
            // Not their number: one may have gone while another came, which nobody has stopped yet.
            if self.members.is_subset(&told) {
                return;
            }
        }
    }

    /// Waits until all of it stands still: who is told to stop within fork(2) first comes to the end of that.
    fn wait_for_stop(&self) {
        let patience = Instant::now() + TO_STOP;
        for member in &self.members {
            // It takes microseconds, and the kernel tells nobody but the parent.
            while !procfs::stands_still(member.pid) && Instant::now() < patience {
                std::thread::yield_now();
            }
        }
    }

    fn tell(&self, signals: &[Signal]) {
        tell(&self.members.iter().copied().collect::<Vec<_>>(), signals);
    }

    /// Waits until all of it has ended, or the patience is over; then looks who is left.
    fn wait(&mut self, patience: Duration) {
        let members: Vec<Member> = self.members.iter().copied().collect();
        Patience {
            deadline: Instant::now() + patience,
            hurry: None,
        }
        .wait_for(&members);
        self.grow(|_| false);
    }

    /// Finds who belongs to it now: the roots, those who did and still live, and all that descends from either.
    fn grow(&mut self, is_root: impl Fn(&Stat) -> bool) {
        let stats: Vec<Stat> = procfs::pids()
            .unwrap_or_default()
            .into_iter()
            .filter_map(|pid| procfs::stat(pid).ok()?)
            .collect();
        let known = std::mem::take(&mut self.members);
        let mut found: HashSet<i32> = stats
            .iter()
            .filter(|one| {
                is_root(one)
                    || known.contains(&Member {
                        pid: one.pid,
                        started: one.started,
                    })
            })
            .map(|one| one.pid)
            .collect();
        loop {
            let before = found.len();
            found.extend(
                stats
                    .iter()
                    .filter(|one| found.contains(&one.parent))
                    .map(|one| one.pid)
                    .collect::<Vec<_>>(),
            );
            if found.len() == before {
                break;
            }
        }
        let belongs = |one: &&Stat| {
            found.contains(&one.pid)
                && !one.has_ended
                && !one.is_terminal_server
                && !self.spared.contains(&one.pid)
        };
        let members = stats.iter().filter(belongs).map(|one| Member {
            pid: one.pid,
            started: one.started,
        });
        self.members = members.collect();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_tree_goes_with_its_root_whatever_its_branches_ignore() {
        let script = "sh -c 'trap \"\" TERM HUP; echo ready; while :; do sleep 1000; done' & exec sleep 1000";
        let mark = std::process::id().to_string();
        let mut root = Command::new("sh")
            .args(["-c", script])
            .env("TREE_OF_TEST", &mark)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(root.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let pid = i32::try_from(root.id()).unwrap();
        assert_eq!(end_trees(&[pid], Duration::from_millis(50)), [0; 0]);
        root.wait().unwrap();
        let left = procfs::pids()
            .unwrap()
            .into_iter()
            .filter_map(|pid| procfs::stat(pid).ok()?);
        assert_eq!(
            left.filter(|one| one.parent == pid && !one.has_ended)
                .count(),
            0
        );
    }
}
