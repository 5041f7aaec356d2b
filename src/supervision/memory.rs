//! Whether the kernel ended a process for want of memory: what its counters and its log say, and no more.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::libc;

/// How many records of the kernel's log are read at most: it holds no more, unless somebody writes without end.
const MOST_RECORDS: usize = 100_000;

/// The files in which the kernel counts whom it has killed for want of memory.
#[derive(Debug)]
pub(super) struct Counters {
    /// Of this process's own group, where there is one and it can be read.
    group: Option<PathBuf>,
}

/// How many processes had been killed for want of memory at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// On the whole machine; `None` where it is not told.
    machine: Option<u64>,
    /// In the group.
    group: Option<u64>,
}

impl Counters {
    /// Finds them for this process, and so for what it starts.
    pub(super) fn find() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let files = group_files(&groups, Path::new("/sys/fs/cgroup"));
        Self {
            group: files.into_iter().find(|file| read(file).is_some()),
        }
    }

    /// Reads them.
    pub(super) fn now(&self) -> Counts {
        Counts {
            machine: read(Path::new("/proc/vmstat")),
            group: self.group.as_deref().and_then(read),
        }
    }
}

fn read(file: &Path) -> Option<u64> {
    oom_kills(&fs::read_to_string(file).ok()?)
}

/// Returns the count in `/proc/vmstat`, `memory.events` (cgroup v2) or `memory.oom_control` (v1).
fn oom_kills(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?;
    line.trim().parse().ok()
}

/// Returns which files may count for the groups of `/proc/PID/cgroup`, the likeliest first.
fn group_files(groups: &str, root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let path = path.trim_start_matches('/');
        if controllers.is_empty() {
            files.push(root.join(path).join("memory.events"));
            files.push(root.join("unified").join(path).join("memory.events"));
        } else if controllers.split(',').any(|one| one == "memory") {
            files.push(root.join("memory").join(path).join("memory.oom_control"));
        }
    }
    files
}

/// Returns what is known of the end of a process that SIGKILL ended; `None`: nothing says that memory ran out.
///
/// The kernel's log is read only where a count has risen.
pub(super) fn evidence(before: Counts, now: Counts, pid: i32) -> Option<String> {
    let has_risen = risen(before.machine, now.machine) + risen(before.group, now.group) > 0;
    has_risen
        .then(|| conclude(before, now, kernel_log().as_deref(), pid))
        .flatten()
}

fn risen(before: Option<u64>, now: Option<u64>) -> u64 {
    match (before, now) {
        (Some(before), Some(now)) => now.saturating_sub(before),
        (None, _) | (_, None) => 0,
    }
}

fn conclude(before: Counts, now: Counts, log: Option<&str>, pid: i32) -> Option<String> {
    if let Some(line) = log.and_then(|log| killed_line(log, pid)) {
        return Some(format!("the kernel's log says: {line}"));
    }
    let unseen = match log {
        Some(_) => "its log does not name this process",
        None => "its log cannot be read",
    };
    let group = risen(before.group, now.group);
    if group > 0 {
        return Some(format!(
            "the kernel killed {} of its control group for want of memory during this life; {unseen}",
            processes(group)
        ));
    }
    let machine = risen(before.machine, now.machine);
    (machine > 0).then(|| {
        format!(
            "the kernel killed {} somewhere on this machine for want of memory during this life; {unseen}",
            processes(machine)
        )
    })
}

fn processes(count: u64) -> String {
    match count {
        1 => "a process".to_owned(),
        count => format!("{count} processes"),
    }
}

/// Returns the last line that says of this very process that it was killed.
fn killed_line(log: &str, pid: i32) -> Option<&str> {
    let name = format!("Killed process {pid}");
    log.lines().rev().find(|line| {
        line.split_once(&name)
            .is_some_and(|(_, rest)| rest.starts_with([' ', ',']))
    })
}

/// Reads the messages of the kernel's log, without waiting for more; `None` where it cannot be read.
fn kernel_log() -> Option<String> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/kmsg")
        .ok()?;
    let mut log = String::new();
    // One read gives one record, and fails where it is longer than this.
    let mut record = [0; 8192];
    for _ in 0..MOST_RECORDS {
        match file.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let text = String::from_utf8_lossy(&record[..length]);
                let message = text.split_once(';').map_or(&*text, |(_, message)| message);
                if message.contains("Killed process") {
                    log += message.lines().next().unwrap_or_default();
                    log.push('\n');
                }
            }
            // Its oldest records are overwritten while it is read: the next read goes on behind them.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => return None,
        }
    }
    Some(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_each_kind_of_file() {
        let vmstat = "pgmajfault 5\noom_kill 3\nnuma_pte_updates 0\n";
        assert_eq!(oom_kills(vmstat), Some(3));
        let events = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";
        assert_eq!(oom_kills(events), Some(1));
        let control = "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n";
        assert_eq!(oom_kills(control), Some(7));
        assert_eq!(oom_kills("oom_kill_disable 0\n"), None);
        assert_eq!(oom_kills(""), None);
    }

    #[test]
    fn the_group_is_named_by_the_kernel() {
        let root = Path::new("/cg");
        assert_eq!(
            group_files("0::/user.slice/a:b.scope\n", root),
            [
                Path::new("/cg/user.slice/a:b.scope/memory.events"),
                Path::new("/cg/unified/user.slice/a:b.scope/memory.events"),
            ]
        );
        assert_eq!(
            group_files("4:cpu,memory:/x\n3:cpuset:/\nnonsense\n", root),
            [Path::new("/cg/memory/x/memory.oom_control")]
        );
    }

    const LOG: &str = "Killed process 12 (a), UID 0, total-vm:1kB\n\
        Memory cgroup out of memory: Killed process 4711 (python3) total-vm:90kB, anon-rss:8kB\n\
        Out of memory: Killed process 47110 (b) total-vm:1kB\n";

    #[track_caller]
    fn case(
        machine: (u64, u64),
        group: Option<(u64, u64)>,
        log: Option<&str>,
        expected: Option<&str>,
    ) {
        let counts = |machine, group| Counts {
            machine: Some(machine),
            group,
        };
        let before = counts(machine.0, group.map(|group| group.0));
        let now = counts(machine.1, group.map(|group| group.1));
        assert_eq!(conclude(before, now, log, 4711).as_deref(), expected);
    }

    #[test]
    fn the_log_says_most_and_each_count_what_it_counts() {
        case(
            (0, 1),
            Some((0, 1)),
            Some(LOG),
            Some(
                "the kernel's log says: Memory cgroup out of memory: Killed process 4711 (python3) \
                 total-vm:90kB, anon-rss:8kB",
            ),
        );
        case(
            (4, 6),
            Some((1, 3)),
            Some(""),
            Some(
                "the kernel killed 2 processes of its control group for want of memory during this \
                 life; its log does not name this process",
            ),
        );
        case(
            (4, 5),
            None,
            None,
            Some(
                "the kernel killed a process somewhere on this machine for want of memory during \
                 this life; its log cannot be read",
            ),
        );
        case((4, 4), Some((1, 1)), Some(""), None);
    }

    #[test]
    fn nothing_is_concluded_where_no_count_has_risen() {
        let counters = Counters::find();
        let counts = counters.now();
        assert_eq!(evidence(counts, counts, 1), None);
        assert_eq!(evidence(Counts::default(), Counts::default(), 1), None);
    }
}
