//! Ending everything that a life started, wherever it went.
//!
//! To a life belong: what descends from its tender, what carries its mark and started no earlier, and what descends
//! from either. Below a terminal server only what carries the mark belongs to it, and the server itself never does.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::Life;
use super::members::{Member, Patience, tell};
use super::process::{Liveness, boot};
use super::procfs::{self, EnvironmentSearch, Moment, Stat};

/// How long a process may take to go after SIGKILL before it counts as left.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// How many processes ended, in all.
    pub(crate) ended: u32,
    /// How many of them only by SIGKILL.
    pub(crate) killed: u32,
    /// What is still there: nothing new may begin.
    pub(crate) left: Vec<i32>,
    /// Terminal servers of somebody else's that were started from this life, and were left alone.
    pub(crate) servers: Vec<i32>,
}

/// Ends what a life left behind, from outside: SIGTERM, the grace, SIGKILL, until two scans are empty.
///
/// The calling process is never ended, even where it belongs to that life.
pub(crate) fn end_life(life: &Life, grace: Duration) -> Swept {
    if boot() != Some(&life.process.boot) {
        return Swept::default();
    }
    Sweep::of(life).end(grace)
}

/// A life to be ended.
pub(super) struct Sweep<'a> {
    life: &'a Life,
    /// Whose descendants belong to it too.
    tender: Option<i32>,
    /// Before all of it: what is older is not looked at.
    began: Option<Moment>,
    /// Readable when there is no time left.
    hurry: Option<BorrowedFd<'a>>,
}

impl<'a> Sweep<'a> {
    pub(super) fn of(life: &'a Life) -> Self {
        Self {
            life,
            tender: None,
            began: None,
            hurry: None,
        }
    }

    /// The calling process is its tender, and knows when it began.
    pub(super) fn by_tender(mut self, began: Option<Moment>, hurry: BorrowedFd<'a>) -> Self {
        self.tender = Some(own_id());
        self.began = began;
        self.hurried_by(hurry)
    }

    /// Cuts every grace short once this is readable.
    pub(super) fn hurried_by(mut self, hurry: BorrowedFd<'a>) -> Self {
        self.hurry = Some(hurry);
        self
    }

    /// Returns whether neither its process nor one with its mark is there: a quick look, and enough where the tender
    /// has no children.
    pub(super) fn finds_nothing(&self) -> bool {
        let mut search = self.search();
        let me = own_id();
        self.life.process.liveness() == Liveness::Gone
            && self.pids().is_ok_and(|pids| {
                pids.into_iter()
                    .all(|pid| pid == me || !search.finds_in(pid))
            })
    }

    fn pids(&self) -> io::Result<Vec<i32>> {
        let since = |began: Moment| began.pids_since(self.life.process.pid);
        self.began.map_or_else(procfs::pids, since)
    }

    /// Ends all of it.
    pub(super) fn end(&self, grace: Duration) -> Swept {
        let mut patience = Patience {
            deadline: Instant::now() + grace,
            hurry: self.hurry,
        };
        let mut ended: HashSet<Member> = HashSet::new();
        let mut told: HashSet<Member> = HashSet::new();
        let mut empty_scans = 0;
        while let Some(found) = self.scan() {
            ended.extend(&found.members);
            if found.members.is_empty() {
                empty_scans = 1;
                break;
            }
            let news = found.members.iter().filter(|one| told.insert(**one));
            let news: Vec<Member> = news.copied().collect();
            tell(&news, &[Signal::SIGTERM, Signal::SIGCONT]);
            if !patience.wait_for(&found.members) {
                break;
            }
        }
        self.kill(ended, empty_scans)
    }

    fn kill(&self, mut ended: HashSet<Member>, mut empty_scans: u32) -> Swept {
        let mut killed: HashSet<Member> = HashSet::new();
        let deadline = Instant::now() + AFTER_KILL;
        let mut found = Found::default();
        while empty_scans < 2 {
            let Some(scanned) = self.scan() else {
                return self.unsure();
            };
            found = scanned;
            if found.members.is_empty() {
                empty_scans += 1;
                continue;
            }
            empty_scans = 0;
            ended.extend(&found.members);
            killed.extend(&found.members);
            tell(&found.members, &[Signal::SIGKILL]);
            let mut patience = Patience {
                deadline,
                hurry: None,
            };
            if !patience.wait_for(&found.members) {
                break;
            }
        }
        let left: Vec<i32> = found.members.iter().map(|one| one.pid).collect();
        let gone = |all: &HashSet<Member>| {
            let gone = all.iter().filter(|one| !left.contains(&one.pid)).count();
            u32::try_from(gone).unwrap_or(u32::MAX)
        };
        Swept {
            ended: gone(&ended),
            killed: gone(&killed),
            servers: found.servers,
            left,
        }
    }

    /// Who cannot look must not say that nothing is there.
    fn unsure(&self) -> Swept {
        Swept {
            left: vec![self.life.process.pid],
            ..Swept::default()
        }
    }

    fn search(&self) -> EnvironmentSearch {
        EnvironmentSearch::new(&self.life.variable, &self.life.mark)
    }

    /// Finds what belongs to it now; `None` where the list of processes cannot be read.
    fn scan(&self) -> Option<Found> {
        let stats: Vec<Stat> = self
            .pids()
            .ok()?
            .into_iter()
            .filter_map(|pid| procfs::stat(pid).ok()?)
            .collect();
        let mut search = self.search();
        let process = &self.life.process;
        let mut of_life = HashSet::new();
        for one in stats.iter().filter(|one| !one.has_ended) {
            let is_process = (one.pid, one.started) == (process.pid, process.started);
            let may_be_marked = one.started >= process.started;
            if is_process || may_be_marked && search.finds_in(one.pid) {
                of_life.insert(one.pid);
            }
        }
        Some(self.with_descendants(&stats, &of_life))
    }

    fn with_descendants(&self, stats: &[Stat], of_life: &HashSet<i32>) -> Found {
        let mut children: HashMap<i32, Vec<&Stat>> = HashMap::new();
        for one in stats {
            children.entry(one.parent).or_default().push(one);
        }
        let mut found = Found::default();
        let mut seen = HashSet::from([own_id()]);
        let of_tender = self.tender.and_then(|tender| children.get(&tender));
        let mut next: Vec<&Stat> = of_tender.into_iter().flatten().copied().collect();
        next.extend(stats.iter().filter(|one| of_life.contains(&one.pid)));
        while let Some(one) = next.pop() {
            if !seen.insert(one.pid) {
                continue;
            }
            if one.is_terminal_server {
                found.servers.push(one.pid);
                continue;
            }
            if !one.has_ended {
                found.members.push(Member {
                    pid: one.pid,
                    started: one.started,
                });
            }
            next.extend(children.get(&one.pid).into_iter().flatten());
        }
        found
    }
}

/// What a scan found.
#[derive(Debug, Default)]
struct Found {
    members: Vec<Member>,
    servers: Vec<i32>,
}

fn own_id() -> i32 {
    nix::unistd::getpid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use jiff::Timestamp;

    use super::super::Process;
    use super::*;

    /// Starts a shell script that carries a mark and prints a line once all of it is there.
    fn begin(script: &str) -> (Child, Life, String) {
        let mark = format!(
            "{}-{}",
            std::process::id(),
            Timestamp::now().as_nanosecond()
        );
        let mut child = Command::new("sh")
            .args(["-c", script])
            .env("TENDED_7", &mark)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let life = Life {
            mark,
            variable: "TENDED_7".to_owned(),
            process: Process::of(i32::try_from(child.id()).unwrap()).unwrap(),
            since: Timestamp::now(),
            commit: None,
            runner: String::new(),
        };
        (child, life, line)
    }

    #[test]
    fn what_hides_and_will_not_go_is_ended_with_its_life() {
        let hidden = "setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1000; done' & exec sleep 1000";
        let (mut child, life, _) = begin(hidden);
        assert!(!Sweep::of(&life).finds_nothing());
        // Those that go when they are told need a moment on a busy machine; only the one that does not is killed.
        let swept = end_life(&life, Duration::from_secs(2));
        // The shell that became `sleep`, the one that hid, and at least one `sleep` of that.
        assert!(swept.ended >= 3, "{swept:?}");
        assert!((1..swept.ended).contains(&swept.killed), "{swept:?}");
        assert_eq!(swept.left, [0; 0]);
        assert!(Sweep::of(&life).finds_nothing());
        child.wait().unwrap();
        assert_eq!(end_life(&life, Duration::ZERO), Swept::default());
    }

    #[test]
    fn what_dropped_the_mark_goes_with_who_started_it() {
        let (mut child, life, unmarked) = begin("env -i sleep 1000 & echo $!; wait");
        let unmarked = Process::of(unmarked.trim().parse().unwrap()).unwrap();
        let swept = end_life(&life, Duration::from_secs(10));
        assert_eq!((swept.ended, swept.killed), (2, 0));
        assert_eq!(unmarked.liveness(), Liveness::Gone);
        child.wait().unwrap();
    }

    #[test]
    fn what_started_before_the_life_or_in_another_boot_is_not_of_it() {
        let (mut child, life, _) = begin("echo; exec sleep 1000");
        let mut later = life.clone();
        later.process.started += 1;
        assert_eq!(end_life(&later, Duration::ZERO), Swept::default());
        let mut elsewhere = life;
        elsewhere.process.boot = "another".to_owned();
        assert_eq!(end_life(&elsewhere, Duration::ZERO), Swept::default());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_terminal_server_and_what_it_runs_for_others_are_left_alone() {
        let stat = |pid, parent, is_terminal_server| Stat {
            pid,
            parent,
            session: parent,
            started: 1,
            has_ended: false,
            is_exiting: false,
            is_terminal_server,
        };
        let stats = [
            stat(10, 1, false),
            stat(11, 10, true),
            stat(12, 11, false),
            stat(13, 11, false),
            stat(14, 13, false),
        ];
        let (mut child, life, _) = begin("echo");
        child.wait().unwrap();
        let found = Sweep::of(&life).with_descendants(&stats, &HashSet::from([10, 11, 13]));
        let mut members: Vec<i32> = found.members.iter().map(|one| one.pid).collect();
        members.sort_unstable();
        assert_eq!(members, [10, 13, 14]);
        assert_eq!(found.servers, [11]);
    }
}
