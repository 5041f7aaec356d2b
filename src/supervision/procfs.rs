//! What `/proc` says of processes: who is whose child, since when, and what its environment carries.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use nix::libc;

/// The part of `/proc/PID/stat` that supervision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    pub(super) parent: i32,
    /// The session of its terminal: the id of the process that began it, which may be gone.
    pub(super) session: i32,
    /// Clock ticks since the boot.
    pub(super) started: u64,
    /// A zombie, or less: nothing of it runs any more.
    pub(super) has_ended: bool,
    /// It is ending: it has begun to close what it has open, or has ended.
    pub(super) is_exiting: bool,
    /// Its name says that it is a tmux server.
    pub(super) is_terminal_server: bool,
}

/// Reads one process; `None` where there is none of this id.
pub(super) fn stat(pid: i32) -> io::Result<Option<Stat>> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(bytes) => parse_stat(pid, &String::from_utf8_lossy(&bytes))
            .map(Some)
            .ok_or_else(|| io::ErrorKind::InvalidData.into()),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The flag of a process within exit(2) (`PF_EXITING`).
const EXITING: u32 = 0x4;

fn parse_stat(pid: i32, text: &str) -> Option<Stat> {
    // The name stands in parentheses and may itself hold any of them: only the last one ends it.
    let (head, tail) = text.rsplit_once(") ")?;
    let name = head.split_once('(')?.1;
    let fields: Vec<&str> = tail.split(' ').collect();
    let flags: u32 = fields.get(6)?.parse().ok()?;
    let threads: u32 = fields.get(17)?.parse().ok()?;
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        // The first thread of a process may end before the others: then it is a zombie that runs.
        has_ended: matches!(*fields.first()?, "Z" | "X") && threads <= 1,
        is_exiting: flags & EXITING != 0,
        is_terminal_server: name.starts_with("tmux: server"),
    })
}

/// Tells whether a process does nothing at the moment: it is stopped, or has ended.
pub(super) fn stands_still(pid: i32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = text
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_none_or(|state| "TtZX".contains(state))
}

/// Tells whether a signal has stopped a process.
pub(super) fn is_stopped(pid: i32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = text.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| rest.starts_with(['T', 't']))
}

/// Lists the process ids of the moment.
pub(super) fn pids() -> io::Result<Vec<i32>> {
    Ok(fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect())
}

/// A moment, by the kernel's count of processes and threads ever made, and the id that it gave last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    made: u64,
    last_id: i32,
}

impl Moment {
    /// So few ids are tried one by one rather than listing all processes.
    const FEW: i32 = 1000;

    /// Returns the present one; `None` where the kernel does not tell.
    pub(super) fn now() -> Option<Self> {
        let text = read_of_kernel("/proc/stat")?;
        let made = text
            .lines()
            .find_map(|line| line.strip_prefix("processes "))?;
        let text = read_of_kernel("/proc/loadavg")?;
        Some(Self {
            made: made.trim().parse().ok()?,
            last_id: text.rsplit(' ').next()?.trim().parse().ok()?,
        })
    }

    /// Lists the ids of all processes made since, and perhaps of others. `example` is one that was made since.
    ///
    /// Ids are given in order, and from the beginning once they run out: while that cannot have happened, none below
    /// the last one of then is new.
    pub(super) fn pids_since(self, example: i32) -> io::Result<Vec<i32>> {
        let Some(now) = Self::now().filter(|now| self.is_same_round(*now, example)) else {
            return pids();
        };
        let new = self.last_id + 1..=now.last_id;
        if now.last_id - self.last_id <= Self::FEW {
            return Ok(new.collect());
        }
        Ok(pids()?
            .into_iter()
            .filter(|pid| new.contains(pid))
            .collect())
    }

    fn is_same_round(self, now: Self, example: i32) -> bool {
        // A sandbox may show zeros, or the counts of another: then the example is not where it must be.
        let is_counted =
            now.made > self.made && (self.last_id + 1..=now.last_id).contains(&example);
        // A quarter, because ids that are in use are passed over without being counted as made.
        let few_made = fs::read_to_string("/proc/sys/kernel/pid_max")
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
            .is_some_and(|ids| now.made.saturating_sub(self.made) < ids / 4);
        is_counted && few_made
    }
}

/// Reads a file of `/proc`; `None` where a container has put one of its own in its place.
fn read_of_kernel(path: &str) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let system = nix::sys::statfs::fstatfs(&file).ok()?;
    if system.filesystem_type() != nix::sys::statfs::PROC_SUPER_MAGIC {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    Some(text)
}

/// Tells whether a process has children. Where the kernel does not say, it may have some.
pub(crate) fn has_children(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .map_or(true, |listed| !listed.trim().is_empty())
}

/// Returns a process and those above it, nearest first.
pub(crate) fn with_ancestors(pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    let mut next = pid;
    while let Ok(Some(stat)) = stat(next) {
        if stat.parent <= 0 || found.contains(&stat.parent) {
            break;
        }
        found.push(stat.parent);
        next = stat.parent;
    }
    found
}

/// How long a process may be within execve(2): microseconds, unless nothing lets it run.
const WITHIN_EXEC: Duration = Duration::from_secs(1);

/// Looks for one `NAME=value` in the environments that processes were started with.
pub(super) struct EnvironmentSearch {
    wanted: Vec<u8>,
    // Used again for each process: a scan reads hundreds.
    buffer: Vec<u8>,
}

impl EnvironmentSearch {
    pub(super) fn new(variable: &str, value: &str) -> Self {
        Self {
            wanted: format!("{variable}={value}\0").into_bytes(),
            buffer: vec![0; 16 * 1024],
        }
    }

    /// Looks into one process. One that cannot be read (another user's, or one that hides) does not count.
    pub(super) fn finds_in(&mut self, pid: i32) -> bool {
        let began = Instant::now();
        loop {
            // Before the look: on a busy machine, the time between the two says nothing about that process.
            let waited = began.elapsed();
            match self.read(pid) {
                Ok(0) if waited < patience_with(pid) => std::thread::yield_now(),
                Ok(length) => return holds(&self.buffer[..length], &self.wanted),
                Err(_) => return false,
            }
        }
    }

    /// Reads it all by one call: a process that executes another program between two would show only a part.
    fn read(&mut self, pid: i32) -> io::Result<usize> {
        loop {
            let length = File::open(format!("/proc/{pid}/environ"))?.read(&mut self.buffer)?;
            // The kernel gives all it has: only a full buffer may be a part.
            if length < self.buffer.len() {
                return Ok(length);
            }
            self.buffer.resize(length * 2, 0);
        }
    }
}

/// Returns for how long a process of which no environment was seen may have one nevertheless, because it is being
/// replaced by execve(2) at this very moment, or was since its file was opened.
///
/// Where it begins and ends are fields 50 and 51 of `/proc/PID/stat`. While the old one is gone and the new one is not
/// there yet, both are 0; after that they are the same for as long as the kernel lays it out, and for good where there is
/// none. Only then is it known where the program's code begins, which is field 26.
fn patience_with(pid: i32) -> Duration {
    /// The flag of the kernel's own threads (`PF_KTHREAD`), which never have one.
    const OF_KERNEL: u64 = 0x0020_0000;
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return Duration::ZERO;
    };
    let Some((_, rest)) = text.rsplit_once(')') else {
        return Duration::ZERO;
    };
    // The first word here is field 3.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| {
        fields
            .get(field - 3)
            .and_then(|word| word.parse::<u64>().ok())
    };
    let has_ended = fields
        .first()
        .is_none_or(|state| matches!(*state, "Z" | "X" | "x"));
    let is_of_kernel = number(9).is_none_or(|flags| flags & OF_KERNEL != 0);
    let has_none = number(26) != Some(0) && number(51) != Some(0) && number(50) == number(51);
    if has_ended || is_of_kernel || has_none {
        Duration::ZERO
    } else {
        WITHIN_EXEC
    }
}

/// Returns whether `wanted` (which ends in NUL) is one of the NUL-terminated texts.
fn holds(texts: &[u8], wanted: &[u8]) -> bool {
    let mut rest = texts;
    loop {
        // SAFETY: both pointers come with their own lengths. std has no search for bytes in bytes.
        let at = unsafe {
            libc::memmem(
                rest.as_ptr().cast(),
                rest.len(),
                wanted.as_ptr().cast(),
                wanted.len(),
            )
        };
        if at.is_null() {
            return false;
        }
        let offset = at as usize - texts.as_ptr() as usize;
        if offset == 0 || texts[offset - 1] == 0 {
            return true;
        }
        rest = &texts[offset + 1..];
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_skipped() {
        let line = "42 (a) (b) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 2";
        let stat = parse_stat(42, line).unwrap();
        assert_eq!(
            (stat.parent, stat.started, stat.has_ended),
            (7, 12345, false)
        );
        assert!(parse_stat(42, "42 (a) S").is_none());
    }

    #[test]
    fn a_dead_first_thread_is_not_the_end() {
        let line =
            |threads| format!("42 (x) Z 7 42 42 0 -1 0 1 0 0 0 0 0 0 0 20 0 {threads} 0 5 1");
        assert!(parse_stat(42, &line(1)).unwrap().has_ended);
        assert!(!parse_stat(42, &line(2)).unwrap().has_ended);
    }

    #[track_caller]
    fn case(texts: &str, expected: bool) {
        assert_eq!(holds(texts.as_bytes(), b"MARK=1\0"), expected, "{texts:?}");
    }

    #[test]
    fn only_a_whole_variable_counts() {
        case("MARK=1\0", true);
        case("A=b\0MARK=1\0C=d\0", true);
        case("A=MARK=1\0", false);
        case("A=MARK=1\0MARK=1\0", true);
        case("MARK=12\0", false);
        case("MARK=1", false);
        case("", false);
    }

    #[test]
    fn the_environment_of_a_child_is_read() {
        // Each is asked while it may still be within execve(2).
        for _ in 0..200 {
            let mut child = std::process::Command::new("sleep")
                .arg("60")
                .env("PROCFS_TEST", "yes")
                .spawn()
                .unwrap();
            let pid = i32::try_from(child.id()).unwrap();
            let finds = |value| EnvironmentSearch::new("PROCFS_TEST", value).finds_in(pid);
            assert!(finds("yes"));
            assert!(!finds("no"));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(!finds("yes"));
        }
    }

    #[test]
    fn a_process_that_executes_one_program_after_another_is_always_found() {
        // Each is replaced by the next at once, until enough has been seen.
        let directory = tempfile::tempdir().unwrap();
        let enough = directory.path().join("enough");
        let script = "[ -e \"$ENOUGH\" ] || exec sh -c \"$SCRIPT\"";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .env("SCRIPT", script)
            .env("ENOUGH", &enough)
            .env("LARGE", "x".repeat(50_000))
            .env("PROCFS_TEST", "yes")
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let mut looks = 0;
        loop {
            let is_found = EnvironmentSearch::new("PROCFS_TEST", "yes").finds_in(pid);
            // Only its end may hide it.
            if !is_found && stat(pid).unwrap().is_none_or(|stat| stat.is_exiting) {
                break;
            }
            assert!(is_found, "at look {looks}");
            looks += 1;
            if looks == 3_000 {
                std::fs::write(&enough, "").unwrap();
            }
        }
        child.wait().unwrap();
        assert!(looks >= 3_000, "{looks}");
    }

    #[test]
    fn an_environment_larger_than_the_buffer_is_read_whole() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .env_clear()
            .env("A", "x".repeat(50_000))
            .env("PROCFS_TEST", "yes")
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(EnvironmentSearch::new("PROCFS_TEST", "yes").finds_in(pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn what_was_started_since_a_moment_is_listed() {
        let before = Moment::now().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let is_listed = |moment: Moment, listed| moment.pids_since(pid).unwrap().contains(&listed);
        let parent = nix::unistd::getppid().as_raw();
        assert!(is_listed(before, pid));
        assert!(!is_listed(before, parent));
        // Ids may have begun anew since, or are not counted: then everything is listed.
        let last_id = i32::MAX - 1;
        assert!(is_listed(Moment { last_id, ..before }, parent));
        assert!(is_listed(
            Moment {
                made: 0,
                last_id: 0
            },
            parent
        ));
        let made = u64::MAX;
        assert!(is_listed(Moment { made, ..before }, parent));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_process_has_its_parent_above_it() {
        let me = i32::try_from(std::process::id()).unwrap();
        let parent = nix::unistd::getppid().as_raw();
        assert_eq!(with_ancestors(me)[..2], [me, parent]);
    }
}
