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

/// Ends what a terminal runs: the processes that it was opened with, all that descends from them, and what is of their
/// sessions though its parent has gone. SIGHUP and SIGTERM, the grace, SIGKILL. Returns what is left.
///
/// The calling process and who it runs below are spared: a command may be typed into one of those windows.
pub(crate) fn end_trees(roots: &[i32], grace: Duration) -> Vec<i32> {
    let mut tree = Tree {
        roots: roots.iter().copied().collect(),
        members: HashSet::new(),
        spared: with_ancestors(nix::unistd::getpid().as_raw())
            .into_iter()
            .collect(),
    };
    // A closing terminal says so by SIGHUP; what does not listen to that gets SIGTERM as well.
    tree.freeze();
    tree.tell(&[Signal::SIGHUP, Signal::SIGTERM, Signal::SIGCONT]);
    tree.wait(grace);
    // Again while there are any: a root runs on until the signal reaches it.
    let deadline = Instant::now() + AFTER_KILL;
    while !tree.members.is_empty() && Instant::now() < deadline {
        tree.freeze();
        tree.tell(&[Signal::SIGKILL]);
        tree.wait(deadline.saturating_duration_since(Instant::now()));
    }
    tree.members.into_iter().map(|member| member.pid).collect()
}

struct Tree {
    roots: HashSet<i32>,
    members: HashSet<Member>,
    spared: HashSet<i32>,
}

impl Tree {
    /// Stops all of it but the roots: a process that forks while it is looked for would leave a child that nobody can
    /// find, once it is dead itself.
    ///
    /// A tmux server continues the process of a pane, with its whole group, as soon as that stops. So the roots run on;
    /// what they start meanwhile is known by its session.
    fn freeze(&mut self) {
        self.grow();
        loop {
            let branches = self.branches();
            tell(&branches, &[Signal::SIGSTOP]);
            wait_for_stop(&branches);
            let told = self.members.clone();
            self.grow();
            // Not their number: one may have gone while another came, which nobody has stopped yet.
            if self.members.is_subset(&told) {
                return;
            }
        }
    }

    fn branches(&self) -> Vec<Member> {
        let members = self.members.iter().copied();
        members
            .filter(|member| !self.roots.contains(&member.pid))
            .collect()
    }

    fn tell(&self, signals: &[Signal]) {
        let (roots, branches): (Vec<Member>, Vec<Member>) = self
            .members
            .iter()
            .partition(|member| self.roots.contains(&member.pid));
        // First who could start more.
        tell(&roots, signals);
        tell(&branches, signals);
    }

    /// Waits until all of it has ended, or the patience is over; then looks who is left.
    fn wait(&mut self, patience: Duration) {
        let members: Vec<Member> = self.members.iter().copied().collect();
        Patience {
            deadline: Instant::now() + patience,
            hurry: None,
        }
        .wait_for(&members);
        self.grow();
    }

    /// Finds who belongs to it now: the roots and their sessions, those who did and still live, and all that descends
    /// from any of them.
    fn grow(&mut self) {
        let stats: Vec<Stat> = procfs::pids()
            .unwrap_or_default()
            .into_iter()
            .filter_map(|pid| procfs::stat(pid).ok()?)
            .collect();
        let known = std::mem::take(&mut self.members);
        let mut found: HashSet<i32> = stats
            .iter()
            .filter(|one| {
                self.roots.contains(&one.pid)
                    || self.roots.contains(&one.session)
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

/// Waits until all stand still: who is told to stop within fork(2) first comes to the end of that.
fn wait_for_stop(members: &[Member]) {
    let patience = Instant::now() + TO_STOP;
    for member in members {
        // It takes microseconds, and the kernel tells nobody but the parent.
        while !procfs::stands_still(member.pid) && Instant::now() < patience {
            std::thread::yield_now();
        }
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

    #[test]
    fn what_has_lost_its_root_is_known_by_its_session() {
        let mut root = Command::new("setsid")
            .args(["sh", "-c", "sleep 1000 > /dev/null & echo $!; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(root.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        root.kill().unwrap();
        root.wait().unwrap();
        let orphan = line.trim().parse().unwrap();
        let is_alive = || {
            let stat = procfs::stat(orphan).unwrap();
            stat.is_some_and(|stat| !stat.has_ended)
        };
        assert!(is_alive());
        let pid = i32::try_from(root.id()).unwrap();
        assert_eq!(end_trees(&[pid], Duration::from_secs(2)), [0; 0]);
        assert!(!is_alive());
    }
}
