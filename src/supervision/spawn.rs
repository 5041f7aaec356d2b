//! Starting a process as a tender's child: its own group, its own signals, gone when the tender is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};

use super::Life;
use super::process::{ProcessFd, wait_readable};
use super::signals::Signals;
use crate::files::tail;

/// What every mark's variable begins with; its level follows.
pub(crate) const MARK: &str = "TENDED_";
/// How much of what a command says is kept, in bytes: as much as a few screens hold.
const ENOUGH: u64 = 64 * 1024;
/// What a process must know of the terminal it runs in, and no file can tell.
const OF_TERMINAL: [&str; 3] = ["TERM", "TMUX", "TMUX_PANE"];

/// Returns whether a variable is the mark of some life: what a command must not hand on to what it starts for others.
pub(crate) fn is_mark(variable: &str) -> bool {
    variable
        .strip_prefix(MARK)
        .is_some_and(|level| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The environment of a unit's processes: what the unit says, the terminal's variables, and the marks of those
/// lives that this tender itself is part of.
pub(super) fn environment(of_unit: &BTreeMap<String, String>) -> BTreeMap<OsString, OsString> {
    let mut variables: BTreeMap<OsString, OsString> = of_unit
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    for (name, value) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if OF_TERMINAL.contains(&text) {
            variables.insert(name, value);
        } else if is_mark(text) {
            variables.entry(name).or_insert(value);
        }
    }
    variables
}

/// The same for what runs without a terminal.
pub(super) fn without_terminal(given: &BTreeMap<String, String>) -> BTreeMap<OsString, OsString> {
    let mut variables = environment(given);
    for variable in OF_TERMINAL {
        if !given.contains_key(variable) {
            variables.remove(&OsString::from(variable));
        }
    }
    variables
}

/// Returns a random id that nobody else has.
pub(super) fn new_mark() -> anyhow::Result<String> {
    let mark = std::fs::read_to_string("/proc/sys/kernel/random/uuid")
        .context("cannot get a random id from the kernel")?;
    Ok(mark.trim().to_owned())
}

/// The environment of a life's processes: a unit's, with the life's mark.
pub(super) fn environment_of_life(
    of_unit: &BTreeMap<String, String>,
    life: &Life,
) -> BTreeMap<OsString, OsString> {
    let mut variables = environment(of_unit);
    variables.insert((&life.variable).into(), (&life.mark).into());
    variables
}

/// Returns the variable for the mark of a life in this environment: the level above all that are there.
pub(super) fn mark_variable(environment: &BTreeMap<OsString, OsString>) -> String {
    let levels = environment.keys().filter_map(|name| {
        let level = name.to_str()?.strip_prefix(MARK)?;
        level.parse::<u32>().ok()
    });
    let level = levels.max().unwrap_or(0).saturating_add(1);
    format!("{MARK}{level}")
}

/// A command of a unit.
pub(super) struct Start<'a> {
    pub(super) command: &'a [String],
    pub(super) directory: &'a std::path::Path,
    pub(super) environment: &'a BTreeMap<OsString, OsString>,
}

impl Start<'_> {
    /// Starts it with the terminal's keyboard.
    ///
    /// Fails where it cannot be executed: the child says so before it is anything.
    pub(super) fn in_foreground(&self) -> anyhow::Result<Child> {
        self.spawn(self.command(true)?)
    }

    /// Starts it without the keyboard, to be waited for by [`Aside::finish`]; one of its outputs is kept.
    pub(super) fn aside(&self, kept: Kept) -> anyhow::Result<Aside> {
        let said = memory_file().context("cannot make a file in memory")?;
        let output: Stdio = said.try_clone().context("cannot share a file")?.into();
        let mut command = self.command(false)?;
        command.stdin(Stdio::null());
        match kept {
            Kept::Output => command.stdout(output).stderr(Stdio::null()),
            Kept::Errors => command.stdout(Stdio::null()).stderr(output),
        };
        let child = self.spawn(command)?;
        let held = ProcessFd::open(i32::try_from(child.id())?)?.context("a child vanished")?;
        Ok(Aside {
            program: self.program().to_owned(),
            child,
            held,
            said,
        })
    }

    /// Starts it without a terminal, both of its outputs into a pipe.
    pub(super) fn with_output(&self, writer: io::PipeWriter) -> anyhow::Result<Child> {
        let errors = writer.try_clone().context("cannot share a pipe")?;
        let mut command = self.command(false)?;
        command.stdin(Stdio::null()).stdout(writer).stderr(errors);
        self.spawn(command)
    }

    fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    fn command(&self, is_foreground: bool) -> anyhow::Result<Command> {
        let Some((program, arguments)) = self.command.split_first() else {
            bail!("there is no command to run");
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment)
            .process_group(0);
        let tender = std::process::id();
        // SAFETY: it makes system calls only, each of which may be made between fork and exec.
        unsafe { command.pre_exec(move || prepare_child(tender, is_foreground)) };
        Ok(command)
    }

    fn spawn(&self, mut command: Command) -> anyhow::Result<Child> {
        command.spawn().with_context(|| {
            let directory = self.directory.display();
            format!("cannot run `{}` in `{directory}`", self.program())
        })
    }
}

/// Which of a command's outputs is kept; the other one is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Output,
    Errors,
}

/// A command that runs beside the life's process, for a limited time.
pub(super) struct Aside {
    program: String,
    child: Child,
    held: ProcessFd,
    said: File,
}

impl Aside {
    /// Waits for its end like [`Self::end_by`], and fails with what it said last where it did not exit 0.
    pub(super) fn finish(&mut self, deadline: Instant, signals: &Signals) -> anyhow::Result<()> {
        let status = self.end_by(deadline, signals)?;
        if status.success() {
            return Ok(());
        }
        match last_line(&self.text()) {
            Some(line) => bail!("{line}"),
            None => bail!("`{}` ended with {status}", self.program),
        }
    }

    /// Waits for its end; kills it at the deadline, or once the terminal has gone, and fails then.
    pub(super) fn end_by(
        &mut self,
        deadline: Instant,
        signals: &Signals,
    ) -> anyhow::Result<ExitStatus> {
        let waited = [self.held.as_fd(), signals.hang_up()];
        if !wait_readable(&waited, Some(deadline))?[0] {
            self.end();
            bail!("`{}` did not end in time", self.program);
        }
        self.child.wait().context("cannot wait for a child")
    }

    /// Kills it.
    pub(super) fn end(&mut self) {
        // Both fail only where it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Returns the end of what was kept.
    pub(super) fn text(&mut self) -> String {
        tail(&mut self.said, ENOUGH).unwrap_or_default()
    }
}

impl AsFd for Aside {
    /// Readable once it has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.held.as_fd()
    }
}

/// Runs in the child, before it becomes the other program.
fn prepare_child(tender: u32, is_foreground: bool) -> io::Result<()> {
    if is_foreground {
        // Who is not in the foreground yet is stopped for asking, unless it has blocked the signal.
        sigprocmask(
            SigmaskHow::SIG_BLOCK,
            Some(&SigSet::from(Signal::SIGTTOU)),
            None,
        )?;
        // SAFETY: two system calls on integers. Without a terminal there is nothing to hand over.
        unsafe { libc::tcsetpgrp(0, libc::getpid()) };
    }
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: the default action needs no code of ours. Numbers that cannot be set are refused.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    // SAFETY: a system call on integers.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // A tender that was gone before the line above will not be announced any more.
    if std::os::unix::process::parent_id() != tender {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(())
}

fn memory_file() -> io::Result<File> {
    // SAFETY: the name is a C string; the descriptor that comes back is nobody else's.
    unsafe {
        let descriptor = libc::memfd_create(c"stderr".as_ptr(), libc::MFD_CLOEXEC);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(File::from_raw_fd(descriptor))
    }
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(variables: &[&str], expected: &str) {
        let environment = variables
            .iter()
            .map(|name| (OsString::from(name), OsString::new()))
            .collect();
        assert_eq!(mark_variable(&environment), expected);
    }

    #[test]
    fn each_level_has_a_variable_of_its_own() {
        case(&[], "TENDED_1");
        case(&["TENDED_1"], "TENDED_2");
        case(&["TENDED_1", "TENDED_3", "HOME"], "TENDED_4");
        case(&["TENDED_X", "TENDED_"], "TENDED_1");
    }

    #[test]
    fn a_mark_is_known_by_its_name() {
        assert!(is_mark("TENDED_1"));
        assert!(is_mark("TENDED_12"));
        assert!(!is_mark("TENDED_"));
        assert!(!is_mark("TENDED_BY"));
        assert!(!is_mark("TENDED"));
    }

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        use std::io::Write as _;
        let mut file = memory_file().unwrap();
        file.write_all(b"one\n  two \n\n").unwrap();
        assert_eq!(last_line(&tail(&mut file, ENOUGH).unwrap()), Some("two"));
        assert_eq!(tail(&mut memory_file().unwrap(), ENOUGH).unwrap(), "");
        assert_eq!(last_line(""), None);
    }
}
