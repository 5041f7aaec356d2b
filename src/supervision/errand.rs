//! A program that is run for what it makes, without a terminal and without a tender: whoever runs it waits for it, and
//! everything that it starts ends with it.
//!
//! Its mark is on disk before it is spawned and until nothing of it is left, so that what survives a killed runner is
//! found and ended by the next one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeReader, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::client::WITHOUT_TENDER;
use super::interrupt::Interrupt;
use super::process::{Process, ProcessFd, wait_readable};
use super::record::{VERSION, read_record};
use super::spawn::{self, Start};
use super::{Life, sweep};
use crate::error::failed;
use crate::files::{Durability, remove_if_there, replace};

/// How long it may be silent before whoever listens is told that it still runs.
const SILENCE: Duration = Duration::from_secs(1);

/// What is run, and where it is on record while it runs.
pub(crate) struct Errand<'a> {
    /// The program, as an absolute path, and its arguments.
    pub(crate) command: &'a [String],
    /// Where it runs.
    pub(crate) directory: &'a Path,
    /// All that it finds in its environment but marks of lives.
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// The file that says what is to be ended where its runner cannot. One runner at a time: a lock is the caller's.
    pub(crate) record: &'a Path,
    /// How long it may take.
    pub(crate) deadline: Duration,
}

/// How an errand ended. Nothing of it is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// It took too long, and was ended.
    TimedOut,
    /// This program was told to end, and has ended it.
    Interrupted,
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    life: Life,
}

/// Ends what an errand has left whose runner was killed. Fails where it cannot be ended.
pub(crate) fn end_errand(record: &Path) -> anyhow::Result<()> {
    let Some(Record { life, .. }) = read_record(record, "record of a run")? else {
        return Ok(());
    };
    let swept = sweep::end_life(&life, WITHOUT_TENDER);
    if !swept.left.is_empty() {
        return Err(not_ended(&swept.left).into());
    }
    remove_if_there(record)
}

fn not_ended(left: &[i32]) -> crate::error::Fault {
    let left: Vec<String> = left.iter().map(i32::to_string).collect();
    failed(format!(
        "processes that an earlier run left cannot be ended: {}",
        left.join(", ")
    ))
    .hint(format!("`ps -fp {}` shows them", left.join(",")))
}

impl Errand<'_> {
    /// Runs it to its end; `heard` is given all that it prints, as it comes, and nothing at all about once a second while
    /// it is silent. Where `heard` fails, it is ended.
    pub(crate) fn run(
        &self,
        interrupt: &Interrupt,
        mut heard: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ending> {
        end_errand(self.record)?;
        let (mut life, environment) = self.marked()?;
        self.write_down(&life)?;
        let mut running = match self.spawn(&environment) {
            Ok(running) => running,
            Err(error) => {
                remove_if_there(self.record)?;
                return Err(error);
            }
        };
        // From here on its own process is on record rather than this one, which goes on living.
        let listened = match Process::of(running.child.id().cast_signed()) {
            Some(process) => {
                life.process = process;
                self.write_down(&life)
                    .and_then(|()| running.listen(self.deadline, interrupt, &mut heard))
            }
            None => Err(failed("a child vanished").into()),
        };
        let status = running.end(&life)?;
        remove_if_there(self.record)?;
        let ending = match listened? {
            Listened::Ended => Ending::Exited(status),
            Listened::TooLong => Ending::TimedOut,
            Listened::Interrupted => Ending::Interrupted,
        };
        running.drain(&mut heard)?;
        Ok(ending)
    }

    fn write_down(&self, life: &Life) -> anyhow::Result<()> {
        let record = Record {
            version: VERSION,
            life: life.clone(),
        };
        let text = serde_json::to_string(&record).context("cannot write down what runs")?;
        // As durable as that, since such a write also removes what a killed one left beside it.
        replace(self.record, text.as_bytes(), 0o600, Durability::Synced)
    }

    /// Returns a life that nothing is of yet, and the environment of what is of it.
    fn marked(&self) -> anyhow::Result<(Life, BTreeMap<OsString, OsString>)> {
        let mut environment = spawn::without_terminal(self.environment);
        let life = Life {
            mark: spawn::new_mark()?,
            variable: spawn::mark_variable(&environment),
            process: Process::me().context("cannot tell which process this is")?,
            since: Timestamp::now(),
            commit: None,
            runner: env!("CARGO_PKG_VERSION").to_owned(),
        };
        environment.insert((&life.variable).into(), (&life.mark).into());
        Ok((life, environment))
    }

    fn spawn(&self, environment: &BTreeMap<OsString, OsString>) -> anyhow::Result<Running> {
        let (output, writer) = io::pipe().context("cannot make a pipe")?;
        fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("cannot set up a pipe")?;
        let start = Start {
            command: self.command,
            directory: self.directory,
            environment,
        };
        // One pipe for both: what was printed first comes first.
        let child = start.with_output(writer)?;
        let held = ProcessFd::open(child.id().cast_signed())?.context("a child vanished")?;
        Ok(Running {
            child,
            held,
            output: Some(output),
        })
    }
}

/// Why nobody listens any more.
enum Listened {
    Ended,
    TooLong,
    Interrupted,
}

struct Running {
    child: Child,
    held: ProcessFd,
    /// `None` once it has been closed.
    output: Option<PipeReader>,
}

impl Running {
    fn listen(
        &mut self,
        deadline: Duration,
        interrupt: &Interrupt,
        heard: &mut impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Listened> {
        let until = Instant::now() + deadline;
        loop {
            let [told, pending] = interrupt.descriptors();
            let mut waited: Vec<BorrowedFd<'_>> = vec![self.held.as_fd(), told, pending];
            waited.extend(self.output.as_ref().map(|output| output.as_fd()));
            let soon = until.min(Instant::now() + SILENCE);
            let ready = wait_readable(&waited, Some(soon)).context("cannot wait for a program")?;
            if ready[1] || ready[2] {
                return Ok(Listened::Interrupted);
            }
            if ready[0] {
                return Ok(Listened::Ended);
            }
            if Instant::now() >= until {
                return Ok(Listened::TooLong);
            }
            match ready.get(3) {
                Some(true) => self.read(heard).map(drop)?,
                Some(false) | None => heard(&[])?,
            }
        }
    }

    /// Reads once; returns whether there may be more.
    fn read(
        &mut self,
        heard: &mut impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let Some(output) = &mut self.output else {
            return Ok(false);
        };
        let mut buffer = [0; 64 * 1024];
        match output.read(&mut buffer) {
            Ok(0) => {
                self.output = None;
                Ok(false)
            }
            Ok(length) => heard(&buffer[..length]).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error).context("cannot hear a program"),
        }
    }

    /// Reads what a dead program has printed: no more than a pipe holds.
    fn drain(&mut self, heard: &mut impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        while self.read(heard)? {}
        Ok(())
    }

    /// Ends all that it started, whatever it has come to. Fails where something is left: the record stays then.
    fn end(&mut self, life: &Life) -> anyhow::Result<ExitStatus> {
        let swept = sweep::end_life(life, WITHOUT_TENDER);
        // Its group too: who has dropped the mark may still be in it. Until it is waited for, its number is its own.
        let _ = killpg(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGKILL,
        );
        let status = self.child.wait().context("cannot wait for a child")?;
        if swept.left.is_empty() {
            Ok(status)
        } else {
            Err(not_ended(&swept.left).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct World(tempfile::TempDir);

    impl World {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn record(&self) -> PathBuf {
            self.0.path().join("running")
        }

        fn run(&self, script: &str, deadline: Duration) -> (anyhow::Result<Ending>, String) {
            let command = ["/bin/sh", "-c", script].map(str::to_owned);
            let path = ("PATH".to_owned(), "/usr/bin:/bin".to_owned());
            let mut said = Vec::new();
            let ended = Errand {
                command: &command,
                directory: self.0.path(),
                environment: &BTreeMap::from([path]),
                record: &self.record(),
                deadline,
            }
            .run(&Interrupt::hold().unwrap(), |bytes| {
                said.extend_from_slice(bytes);
                Ok(())
            });
            (ended, String::from_utf8(said).unwrap())
        }
    }

    #[test]
    fn all_that_it_prints_is_heard_in_its_order() {
        let world = World::new();
        let script = "echo one; echo two >&2; seq 1 50000; echo last; exit 3";
        let (ended, said) = world.run(script, Duration::from_secs(20));
        let Ending::Exited(status) = ended.unwrap() else {
            panic!("it ended by itself");
        };
        assert_eq!(status.code(), Some(3));
        assert!(said.starts_with("one\ntwo\n1\n") && said.ends_with("\n50000\nlast\n"));
        assert!(!world.record().exists());
    }

    #[test]
    fn what_it_leaves_behind_ends_with_it() {
        let world = World::new();
        let script = "mkfifo ready\n\
                      setsid sh -c 'trap \"\" TERM; echo $$; echo > ready; while :; do sleep 1000; done' &\n\
                      env -i /bin/sleep 1000 & echo $!; read line < ready; exit 0";
        let (ended, said) = world.run(script, Duration::from_secs(20));
        assert!(matches!(ended.unwrap(), Ending::Exited(status) if status.success()));
        // A shell may add that its child was killed.
        let left: Vec<i32> = said.lines().filter_map(|line| line.parse().ok()).collect();
        assert_eq!(left.len(), 2);
        // A killed one may be on its way out.
        let deadline = Instant::now() + Duration::from_secs(20);
        for pid in left {
            while super::super::procfs::stat(pid)
                .unwrap()
                .is_some_and(|stat| !stat.has_ended)
            {
                assert!(Instant::now() < deadline, "{said}");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let world = World::new();
        let script = "trap '' TERM; while :; do echo again; sleep 0.01; done";
        let runs = |deadline| {
            let (ended, said) = world.run(script, Duration::from_millis(deadline));
            assert_eq!(ended.unwrap(), Ending::TimedOut);
            assert!(!world.record().exists());
            said
        };
        // On a busy machine the first deadlines may come before it has said anything.
        let said = [100, 1_000, 10_000, 60_000].into_iter().map(runs);
        assert!(said.into_iter().any(|said| said.starts_with("again\n")));
    }

    #[test]
    fn what_a_killed_runner_left_is_ended_by_the_next() {
        let world = World::new();
        let mark = spawn::new_mark().unwrap();
        let mut left = std::process::Command::new("sleep")
            .arg("1000")
            .env("TENDED_9", &mark)
            .stdin(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let process = Process::of(left.id().cast_signed()).unwrap();
        let life = Life {
            mark,
            variable: "TENDED_9".to_owned(),
            process,
            since: Timestamp::now(),
            commit: None,
            runner: String::new(),
        };
        let version = VERSION;
        crate::files::write_json(&world.record(), &Record { version, life }).unwrap();
        let (ended, _) = world.run("exit 0", Duration::from_secs(20));
        assert!(matches!(ended.unwrap(), Ending::Exited(_)));
        assert!(!left.wait().unwrap().success());
    }

    #[test]
    fn a_program_that_cannot_be_run_leaves_no_record() {
        let world = World::new();
        let errand = Errand {
            command: &["/nowhere/at/all".to_owned()],
            directory: world.0.path(),
            environment: &BTreeMap::new(),
            record: &world.record(),
            deadline: Duration::from_secs(1),
        };
        assert!(errand.run(&Interrupt::hold().unwrap(), |_| Ok(())).is_err());
        assert!(!world.record().exists());
    }
}
