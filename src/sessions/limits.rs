//! How many terminals there is room for. A tmux server that has opened all the files it may does not fail: it spins, and
//! hangs every later client. So what would come near a limit is refused before tmux is asked.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use nix::sys::resource::{Resource, getrlimit};

use crate::error::{Fault, refused};

/// What a server has open before its first terminal, and a few to spare.
const FRESH_SERVER: u64 = 12;

/// Open files that are kept free for clients, at least: each has three of the server's while it runs (its connection, and
/// its own input and output), so these are eight commands at once. They are a quarter of a higher limit: where many
/// terminals are, many ask at once.
const FOR_CLIENTS: u64 = 24;

/// Terminals that are kept free, so that people can still log in.
const FOR_PEOPLE: u64 = 16;

/// Processes that a terminal is reckoned to need: a tender, its program, and one that this starts.
const PROCESSES: u64 = 3;

/// Processes that are kept free, so that commands can still be run.
const FOR_COMMANDS: u64 = 32;

/// How many more terminals there may be.
#[derive(Debug)]
pub(crate) struct Room {
    scarcest: Option<Limit>,
}

impl Room {
    /// Looks at the limits of a server, or those that one will have which is started now.
    pub(super) fn of(server: Option<i32>) -> Self {
        let limits = [descriptors(server), terminals(), processes(server)];
        let scarcest = limits.into_iter().flatten().min_by_key(Limit::room);
        Self { scarcest }
    }

    /// How many terminals there is room for. What cannot be read limits nothing.
    pub(crate) fn terminals(&self) -> usize {
        self.scarcest.as_ref().map_or(usize::MAX, |limit| {
            usize::try_from(limit.room()).unwrap_or(usize::MAX)
        })
    }

    /// Says why there is no room for more.
    pub(crate) fn refusal(&self) -> Fault {
        let Some(limit) = &self.scarcest else {
            return refused("there is no room for another terminal");
        };
        let Limit {
            used, most, kept, ..
        } = limit;
        let what = limit.what;
        refused(format!(
            "there is no room for another terminal: {used} of {most} {what} are in use, and {kept} are kept free"
        ))
        .hint(limit.hint)
    }
}

/// Something of which there is only so much.
#[derive(Debug)]
struct Limit {
    what: &'static str,
    most: u64,
    used: u64,
    /// How many must stay free.
    kept: u64,
    /// How many a terminal takes.
    each: u64,
    hint: &'static str,
}

impl Limit {
    fn room(&self) -> u64 {
        self.most.saturating_sub(self.used + self.kept) / self.each
    }
}

/// The files that the server may have open: a terminal is one.
fn descriptors(server: Option<i32>) -> Option<Limit> {
    let (most, used) = match server {
        Some(pid) => {
            let used = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
            (limit_of(pid, "Max open files")?, u64::try_from(used).ok()?)
        }
        // A server is started with all that may be had.
        None => (getrlimit(Resource::RLIMIT_NOFILE).ok()?.1, FRESH_SERVER),
    };
    Some(Limit {
        what: "open files of the tmux server",
        most,
        used,
        kept: FOR_CLIENTS.max(most / 4),
        each: 1,
        hint: "stop what can be spared; a server has the limit that `ulimit -Hn` shows where it is first started",
    })
}

/// The machine's terminals.
fn terminals() -> Option<Limit> {
    let read = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/sys/kernel/pty/{name}")).ok()?;
        text.trim().parse().ok()
    };
    // What is reserved is for the system's own, which a container is not.
    let most = read("max")?.saturating_sub(read("reserve")?);
    Some(Limit {
        what: "terminals of this machine",
        most,
        used: read("nr")?,
        kept: FOR_PEOPLE,
        each: 1,
        hint: "stop what can be spared; `sysctl kernel.pty.max` shows how many there may be",
    })
}

/// The processes of this user, where there is a limit on them.
fn processes(server: Option<i32>) -> Option<Limit> {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        return None;
    }
    let most = match server {
        Some(pid) => limit_of(pid, "Max processes")?,
        None => finite(getrlimit(Resource::RLIMIT_NPROC).ok()?.0)?,
    };
    Some(Limit {
        what: "processes of this user",
        most,
        used: tasks_of(user.as_raw()),
        kept: FOR_COMMANDS,
        each: PROCESSES,
        hint: "stop what can be spared; `ulimit -u` shows how many there may be",
    })
}

/// Counts the processes and threads of a user, as the kernel does.
fn tasks_of(user: u32) -> u64 {
    let count = |entry: fs::DirEntry| -> Option<u64> {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        let own = entry.metadata().ok()?.uid() == user;
        // One link for each thread, and two of the directory's own.
        own.then(|| fs::metadata(entry.path().join("task")).ok())?
            .map(|task| task.nlink().saturating_sub(2))
    };
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| count(entry.ok()?)).sum()
}

/// Returns a process's soft limit; `None` where there is none, or it cannot be read.
fn limit_of(pid: i32, name: &str) -> Option<u64> {
    soft_limit(
        &fs::read_to_string(format!("/proc/{pid}/limits")).ok()?,
        name,
    )
}

fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let rest = limits.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn finite(limit: u64) -> Option<u64> {
    (limit != nix::libc::RLIM_INFINITY).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(most: u64, used: u64, each: u64) -> Limit {
        Limit {
            what: "chairs",
            most,
            used,
            kept: 2,
            each,
            hint: "stand",
        }
    }

    #[test]
    fn room_is_what_is_neither_used_nor_kept() {
        for (most, used, each, room) in [
            (10, 3, 1, 5),
            (10, 3, 2, 2),
            (10, 8, 1, 0),
            (10, 12, 1, 0),
            (0, 0, 1, 0),
        ] {
            assert_eq!(limit(most, used, each).room(), room);
        }
        let room = Room {
            scarcest: Some(limit(10, 8, 1)),
        };
        assert_eq!(room.terminals(), 0);
        assert_eq!(
            room.refusal().to_string(),
            "there is no room for another terminal: 8 of 10 chairs are in use, and 2 are kept free"
        );
    }

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             unlimited            unlimited            processes \n\
                    Max open files            48                   64                   files     \n";
        assert_eq!(soft_limit(text, "Max open files"), Some(48));
        assert_eq!(soft_limit(text, "Max processes"), None);
        assert_eq!(soft_limit(text, "Max nonsense"), None);
    }

    #[test]
    fn this_machine_has_room_and_this_user_has_processes() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(Room::of(None).terminals() > 0);
        assert!(descriptors(Some(own)).unwrap().used > 2);
        assert!(tasks_of(nix::unistd::geteuid().as_raw()) > 0);
    }
}
