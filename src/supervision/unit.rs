//! What a tender is told: a unit, as data in a file that only its owner can read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::process::Process;
use super::record::{VERSION, read_record};
use crate::files::{overwrite_json, write_json};
use crate::names::Restart;

/// One thing to keep running: a project's harness, or one agent. Written by a command, read by the tender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unit {
    /// [`VERSION`] of who wrote it.
    pub(crate) version: u32,
    /// What people call it: `demo`, or an agent's name.
    pub(crate) name: String,
    /// Where every command of it runs.
    pub(crate) directory: PathBuf,
    /// A directory to hold an exclusive `flock` on while the tender lives, so that nobody else runs there.
    pub(crate) claim: Option<PathBuf>,
    /// The program and its arguments; the program is an absolute path.
    pub(crate) start: Vec<String>,
    /// Asked first when it is to stop; empty: signals only.
    pub(crate) stop: Vec<String>,
    /// The whole environment of both, but for what the tender adds: the terminal's variables and the life's mark.
    pub(crate) environment: BTreeMap<String, String>,
    /// What to do when it dies.
    pub(crate) policy: Policy,
    /// Seconds from the wish to stop to SIGKILL.
    pub(crate) stop_grace: f64,
    /// The file with the [`Desired`] state, written by commands only.
    pub(crate) desired: PathBuf,
    /// The file with the [`super::State`], written by the tender only.
    pub(crate) state: PathBuf,
    /// A lock held around each spawn, so that nobody moves the harness's files meanwhile.
    pub(crate) spawn_lock: Option<PathBuf>,
    /// When this process goes, the unit's tree ends.
    pub(crate) owner: Option<Process>,
    /// How to learn before a life whether this unit is still right.
    pub(crate) refresh: Option<Refresh>,
    /// The harness's commit that a life begun from this unit runs.
    pub(crate) commit: Option<String>,
    /// The version of the program that wrote this unit.
    pub(crate) runner: String,
    /// What to type to try again after the end: shown under the last screen.
    pub(crate) again: String,
    /// Whether earlier deaths still count: it was brought back, not started by the operator.
    #[serde(default)]
    pub(crate) keeps_history: bool,
    /// Prints what the terminal shows, given the terminal's variables; empty: nobody can tell.
    #[serde(default)]
    pub(crate) capture: Vec<String>,
    /// The directory that it shares with the others of its fleet: the brake and the audit trail. `None`: it has none.
    #[serde(default)]
    pub(crate) shared: Option<PathBuf>,
}

impl Refresh {
    /// Returns whether the unit is as it was made: no file it was made from has changed.
    pub(super) fn is_current(&self) -> bool {
        self.watched
            .iter()
            .all(|(path, stamp_then)| stamp(path) == *stamp_then)
    }
}

impl Unit {
    /// Reads a unit.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        read_record(path, "unit")?.with_context(|| format!("there is no unit `{}`", path.display()))
    }

    /// Replaces the unit's file, which only its owner can read: it holds the values of variables.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_json(path, self)
    }
}

/// When a dead unit comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// Whether a dead unit is started again.
    pub(crate) heal: bool,
    /// When, and how often.
    pub(crate) restart: Restart,
}

/// Files that a unit was made from, and the command that makes it anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refresh {
    /// Each file with its [`stamp`] when the unit was made.
    pub(crate) watched: Vec<(PathBuf, String)>,
    /// Writes the unit's file anew and exits 0; exits with a reason on stderr otherwise. With 2 it says that it cannot
    /// read what the unit is made from, so that the unit counts as it is; with anything else that no life may begin.
    pub(crate) command: Vec<String>,
}

/// Returns a text that differs whenever the file does: inode, size and time of change; `-` where there is none.
pub(crate) fn stamp(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map_or_else(
        |_| "-".to_owned(),
        |found| {
            format!(
                "{}:{}:{}.{:09}",
                found.ino(),
                found.size(),
                found.ctime(),
                found.ctime_nsec()
            )
        },
    )
}

/// What the operator last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Want {
    /// It should run.
    Up,
    /// It should not run.
    Down,
}

/// The file of the operator's wish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Desired {
    /// [`VERSION`] of who wrote it.
    pub(crate) version: u32,
    /// The wish.
    pub(crate) want: Want,
    /// When it was made.
    pub(crate) since: Timestamp,
    /// It should be down only to be started again: whoever wanted that has been cut off, if nobody is at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) restart: bool,
}

impl Desired {
    /// Returns what the operator wants in the end: up, while it is down to be started again.
    pub(crate) fn in_the_end(&self) -> Want {
        if self.restart { Want::Up } else { self.want }
    }
}

/// Reads what the operator last asked for; `None` where nothing was.
pub(crate) fn read_desired(path: &Path) -> anyhow::Result<Option<Desired>> {
    read_record(path, "desired state")
}

/// Records what the operator asks for.
pub(crate) fn write_desired(path: &Path, want: Want) -> anyhow::Result<()> {
    write(path, want, false)
}

/// Records that it should be down, and then be started again.
pub(super) fn write_desired_restart(path: &Path) -> anyhow::Result<()> {
    write(path, Want::Down, true)
}

fn write(path: &Path, want: Want, restart: bool) -> anyhow::Result<()> {
    let desired = Desired {
        version: VERSION,
        want,
        since: Timestamp::now(),
        restart,
    };
    let replaced = write_json(path, &desired);
    match want {
        Want::Up => replaced,
        // What fills a disk must not be kept from being stopped by that: what is there already has its place on it.
        Want::Down => replaced.or_else(|error| overwrite_json(path, &desired).map_err(|_| error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{self, Durability};

    #[test]
    fn a_stamp_changes_when_the_file_is_replaced_or_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let missing = stamp(&path);
        std::fs::write(&path, "a").unwrap();
        let first = stamp(&path);
        files::replace(&path, b"b", 0o600, Durability::Cached).unwrap();
        let second = stamp(&path);
        assert_ne!(missing, first);
        assert_ne!(first, second);
        let watched = vec![(path.clone(), second)];
        let refresh = Refresh {
            watched,
            command: Vec::new(),
        };
        assert!(refresh.is_current());
        std::fs::remove_file(&path).unwrap();
        assert!(!refresh.is_current());
    }

    #[test]
    fn a_wish_is_read_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo");
        assert_eq!(read_desired(&path).unwrap(), None);
        write_desired(&path, Want::Down).unwrap();
        let wish = read_desired(&path).unwrap().unwrap();
        assert_eq!((wish.want, wish.in_the_end()), (Want::Down, Want::Down));
        write_desired_restart(&path).unwrap();
        let wish = read_desired(&path).unwrap().unwrap();
        assert_eq!((wish.want, wish.in_the_end()), (Want::Down, Want::Up));
    }
}
