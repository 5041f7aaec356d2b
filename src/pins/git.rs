//! The `git` program: for what talks to a remote, signs, or fills nested submodules. Never a prompt, never a hang.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, setsid};

use crate::command;
use crate::error::{failed, timed_out};
use crate::names::is_invisible;

/// The environment variables that would point `git` at another repository (`git rev-parse --local-env-vars`).
const REPOSITORY_VARIABLES: [&str; 18] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
    "GIT_EXTERNAL_DIFF",
];

/// How much of each stream is kept: a hostile remote may print for ever.
const KEPT: usize = 1 << 20;

/// How many of git's last lines an error repeats.
const LINES: usize = 4;

/// One run of `git`, with a deadline, in a session of its own: it can reach no terminal, and its helpers end with it.
#[derive(Debug)]
pub(super) struct Git {
    command: Command,
    said: String,
    deadline: Duration,
    input: Option<Vec<u8>>,
    ends_with_us: bool,
}

impl Git {
    /// Prepares `git ARGUMENTS` in a directory. What people typed comes after `--` or as a checked newtype.
    pub(super) fn new<I, A>(directory: &Path, deadline: Duration, arguments: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let arguments: Vec<OsString> = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        let said = verb(&arguments);
        let mut command = Command::new("git");
        command
            .args(["--no-pager", "-c", "core.hooksPath=/dev/null"])
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "protocol.ext.allow=never",
            ])
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(&arguments)
            .current_dir(directory);
        for variable in REPOSITORY_VARIABLES {
            command.env_remove(variable);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GCM_INTERACTIVE", "never")
            .env("LC_ALL", "C");
        Self {
            command,
            said,
            deadline,
            input: None,
            ends_with_us: false,
        }
    }

    /// Makes ssh fail rather than ask, unless the person has chosen an ssh command. Where this process is ended, nobody
    /// keeps the deadline any more, and no Ctrl-C reaches git: it is told to end too.
    pub(super) fn reaching_out(mut self, config: Option<&git2::Config>) -> Self {
        let chosen = std::env::var_os("GIT_SSH_COMMAND").is_some()
            || std::env::var_os("GIT_SSH").is_some()
            || config.is_some_and(|config| config.get_entry("core.sshCommand").is_ok());
        if !chosen {
            self.command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
        // An empty program keeps git from `core.askPass` and `SSH_ASKPASS`, which open windows; one that the person
        // named in the environment may answer by itself.
        if std::env::var_os("GIT_ASKPASS").is_none() {
            self.command.env("GIT_ASKPASS", "");
        }
        self.ends_with_us = true;
        self
    }

    /// Sets an environment variable.
    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it something short to read.
    pub(super) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Some(bytes);
        self
    }

    /// Runs it and returns what it wrote to stdout. Whatever it started in its group is killed before this returns.
    ///
    /// A status other than 0 is an error with git's last lines; a passed deadline is one with exit code 6.
    pub(super) fn run(mut self) -> anyhow::Result<Vec<u8>> {
        self.command
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let us = self.ends_with_us.then(Pid::this);
        // SAFETY: setsid(2), prctl(2) and getppid(2) are async-signal-safe, and nothing else happens between fork and exec.
        unsafe {
            self.command.pre_exec(move || {
                setsid()?;
                us.map_or(Ok(()), end_with)
            });
        }
        let child = self.command.spawn().context("cannot run `git`")?;
        let mut group = Group(child);
        if let (Some(bytes), Some(mut stdin)) = (self.input.take(), group.0.stdin.take()) {
            // A thread of its own: a pipe holds 64 KiB, and git may write before it has read all.
            std::thread::spawn(move || {
                // A git that ends early says why itself.
                let _ = std::io::Write::write_all(&mut stdin, &bytes);
            });
        }
        let ended =
            command::hear(&mut group.0, self.deadline, KEPT).context("cannot hear `git`")?;
        match ended.status {
            Some(status) if status.success() => Ok(ended.stdout),
            Some(status) => Err(self.refusal(status, &ended.stderr).into()),
            None => Err(timed_out(format!(
                "`git {}` has not ended within {} s",
                self.said,
                self.deadline.as_secs_f32()
            ))
            .because(anyhow::anyhow!("{}", last_lines(&ended.stderr)))
            .into()),
        }
    }

    fn refusal(&self, status: ExitStatus, stderr: &[u8]) -> crate::error::Fault {
        let how = match status.code() {
            Some(code) => format!("exit status {code}"),
            None => status.to_string(),
        };
        failed(format!("`git {}` failed with {how}", self.said))
            .because(anyhow::anyhow!("{}", last_lines(stderr)))
    }
}

/// Has this process, just forked, told to end when the one that waits for it does.
fn end_with(parent: Pid) -> std::io::Result<()> {
    set_pdeathsig(Signal::SIGTERM)?;
    // It may have ended before that was said.
    if Pid::parent() == parent {
        Ok(())
    } else {
        Err(nix::errno::Errno::ESRCH.into())
    }
}

/// Returns git's verb: the first argument that is neither `-c` nor its value.
fn verb(arguments: &[OsString]) -> String {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "-c" {
            arguments.next();
        } else {
            return argument.to_string_lossy().into_owned();
        }
    }
    String::new()
}

/// A child that leads a process group; the whole group ends when this is dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Helpers may outlive git (ssh, a credential helper): the group goes with it. It may be gone already.
        if let Ok(id) = i32::try_from(self.0.id()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
        // Reaps it; an error would mean that it was reaped.
        let _ = self.0.wait();
    }
}

/// Returns the last lines as one text, fit for a terminal and without a password.
fn last_lines(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<String> = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            redacted(line)
                .chars()
                .map(|c| {
                    if c.is_control() || is_invisible(c) {
                        '?'
                    } else {
                        c
                    }
                })
                .collect()
        })
        .collect();
    let telling: Vec<&String> = lines.iter().filter(|line| !is_advice(line)).collect();
    let lines = match telling.is_empty() {
        true => lines.iter().collect(),
        false => telling,
    };
    if lines.is_empty() {
        return "git said nothing".to_owned();
    }
    let lines: Vec<&str> = lines.into_iter().map(String::as_str).collect();
    lines[lines.len().saturating_sub(LINES)..].join("; ")
}

/// Tells whether a line is what git says after each failure of a remote, whatever it was.
fn is_advice(line: &str) -> bool {
    [
        "fatal: Could not read from remote repository.",
        "Please make sure you have the correct access rights",
        "and the repository exists.",
    ]
    .contains(&line)
}

/// Replaces the password in every `scheme://user:password@host` of a text.
fn redacted(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        clean.push_str(head);
        let authority = tail
            .find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"')
            .map_or(tail, |end| &tail[..end]);
        rest = &tail[authority.len()..];
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split_once(':').map_or(user, |(name, _)| name);
                let hidden = if user.contains(':') { ":***" } else { "" };
                clean.push_str(&format!("{name}{hidden}@{host}"));
            }
            None => clean.push_str(authority),
        }
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::error::{Exit, exit_of};

    fn here() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_failure_repeats_what_git_said() {
        let error = Git::new(
            here().path(),
            Duration::from_secs(10),
            ["rev-parse", "--git-dir"],
        )
        .run()
        .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("`git rev-parse` failed with exit status 128"),
            "{text}"
        );
        assert!(text.contains("not a git repository"), "{text}");
    }

    #[test]
    fn a_deadline_ends_git_and_all_that_it_started() {
        let directory = here();
        let hangs = |deadline| {
            let alias = "alias.hang=!sleep 600 & echo $! >pid; sleep 600";
            let git = Git::new(directory.path(), deadline, ["-c", alias, "hang"]);
            let error = git.run().unwrap_err();
            assert_eq!(exit_of(&error), Exit::TimedOut);
            let pid = std::fs::read_to_string(directory.path().join("pid"));
            pid.ok().filter(|pid| pid.ends_with('\n'))
        };
        // On a busy machine the first deadlines may come before it has begun.
        let pid = [300, 3_000, 60_000]
            .into_iter()
            .find_map(|deadline| hangs(Duration::from_millis(deadline)))
            .unwrap();
        // The kernel ends it in its own time; at most a zombie is left, until its new parent has reaped it.
        let is_alive = || {
            std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
                .is_ok_and(|state| !state.contains(") Z"))
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while is_alive() && Instant::now() < patience {
            std::thread::yield_now();
        }
        assert!(!is_alive());
    }

    #[test]
    fn both_streams_may_be_large() {
        let script = "alias.loud=!head -c 3000000 /dev/zero >&2; head -c 300000 /dev/zero";
        let out = Git::new(
            here().path(),
            Duration::from_secs(20),
            ["-c", script, "loud"],
        )
        .run()
        .unwrap();
        assert_eq!(out.len(), 300_000);
    }

    #[test]
    fn input_reaches_git() {
        let out = Git::new(
            here().path(),
            Duration::from_secs(10),
            ["hash-object", "--stdin"],
        )
        .input(b"x".to_vec())
        .run()
        .unwrap();
        assert_eq!(out.len(), 41);
    }

    #[test]
    fn what_a_remote_says_gives_a_terminal_no_orders() {
        let said = last_lines("remote: \u{202e}x\u{9b}31m\u{1b}[2J é\n".as_bytes());
        assert_eq!(said, "remote: ?x?31m?[2J é");
    }

    #[test]
    fn passwords_are_not_repeated() {
        assert_eq!(
            redacted("fatal: cannot reach 'https://ann:s3cret@example.org/x' or ssh://git@h/y"),
            "fatal: cannot reach 'https://ann:***@example.org/x' or ssh://git@h/y"
        );
        assert_eq!(redacted("https://a:p@ss@h/x"), "https://a:***@h/x");
    }
}
