//! A census: the processes of the machine that supervision may have to do with, looked at once.

use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Life;
use super::process::{Process, boot};
use super::procfs;
use super::program::PROGRAM;
use super::spawn::is_mark;

/// What was seen of all processes that can be read: of those, the tenders and what carries a mark.
#[derive(Debug)]
pub(crate) struct Census {
    tenders: Vec<Tender>,
    marked: Vec<Marked>,
}

/// A tender that runs.
#[derive(Clone, Debug)]
pub(crate) struct Tender {
    /// Its process.
    pub(crate) process: Process,
    /// The unit that it was given.
    pub(crate) unit: PathBuf,
    /// The device and inode of the program that it runs, which may have been replaced since; `None` where that cannot be
    /// read.
    pub(crate) program: Option<(u64, u64)>,
}

/// A process that carries marks of lives.
#[derive(Debug)]
struct Marked {
    process: Process,
    marks: Vec<String>,
}

impl Census {
    /// Looks at every process. Those of others, which cannot be read, are not in it.
    pub(crate) fn take() -> std::io::Result<Self> {
        let mut census = Self {
            tenders: Vec::new(),
            marked: Vec::new(),
        };
        for pid in procfs::pids()? {
            census.see(pid);
        }
        Ok(census)
    }

    fn see(&mut self, pid: i32) {
        let Ok(Some(stat)) = procfs::stat(pid) else {
            return;
        };
        let Some(boot) = boot().filter(|_| !stat.has_ended && !stat.is_terminal_server) else {
            return;
        };
        let process = Process {
            pid,
            started: stat.started,
            boot: boot.to_owned(),
        };
        if let Some(unit) = unit_of(pid) {
            let program = fs::metadata(format!("/proc/{pid}/exe")).ok();
            self.tenders.push(Tender {
                process: process.clone(),
                unit,
                program: program.map(|found| (found.dev(), found.ino())),
            });
        }
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let marks: Vec<String> = environment
            .split(|byte| *byte == 0)
            .filter_map(|variable| std::str::from_utf8(variable).ok())
            .filter(|variable| {
                variable
                    .split_once('=')
                    .is_some_and(|(name, _)| is_mark(name))
            })
            .map(str::to_owned)
            .collect();
        if !marks.is_empty() {
            self.marked.push(Marked { process, marks });
        }
    }

    /// Returns the tenders whose units are in a directory.
    pub(crate) fn tenders_of(&self, units: &Path) -> Vec<&Tender> {
        let is_there = |tender: &&Tender| tender.unit.parent() == Some(units);
        self.tenders.iter().filter(is_there).collect()
    }

    /// Returns what carries the mark of a life and did not start before it; the life's own process among it.
    pub(crate) fn of_life(&self, life: &Life) -> Vec<&Process> {
        let mark = format!("{}={}", life.variable, life.mark);
        let belongs = |one: &&Marked| {
            one.process.started >= life.process.started
                && one.process.boot == life.process.boot
                && one.marks.contains(&mark)
        };
        let own = self.marked.iter().filter(belongs);
        own.map(|one| &one.process).collect()
    }
}

/// Returns the unit that a process tends, if it is a tender.
fn unit_of(pid: i32) -> Option<PathBuf> {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut words = arguments.split(|byte| *byte == 0);
    let program = words.next()?;
    let name = program.rsplit(|byte| *byte == b'/').next()?;
    let unit = words.next().filter(|unit| !unit.is_empty())?;
    let unit = PathBuf::from(std::ffi::OsString::from_vec(unit.to_vec()));
    (name == PROGRAM.as_bytes()).then_some(unit)
}

impl Process {
    /// Tells whether a signal has stopped it.
    pub(crate) fn is_stopped(&self) -> bool {
        procfs::is_stopped(self.pid)
    }
}
