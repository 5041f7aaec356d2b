//! Programs that are run for their answer, each with a deadline.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::timed_out;

/// What a program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained about.
    pub(crate) stderr: String,
}

/// Runs a program to its end, without input, in a process group of its own.
///
/// At the deadline the whole group is killed and the call fails with the exit code for a timeout.
pub(crate) fn run(mut command: Command, deadline: Duration) -> anyhow::Result<Answer> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run `{program}`"))?;
    let answered = collect(&mut child, Instant::now() + deadline);
    if !matches!(answered, Ok(Some(_))) {
        let group = nix::unistd::Pid::from_raw(-child.id().cast_signed());
        // Both may fail only because it has ended meanwhile.
        let _ = nix::sys::signal::kill(group, nix::sys::signal::Signal::SIGKILL);
        let _ = child.wait();
    }
    match answered.with_context(|| format!("cannot hear `{program}`"))? {
        Some(answer) => Ok(answer),
        None => Err(timed_out(format!(
            "`{program}` has not answered within {} s",
            deadline.as_secs()
        ))
        .into()),
    }
}

/// Reads both pipes until their ends, then waits; `None` when the deadline came first.
fn collect(child: &mut Child, deadline: Instant) -> io::Result<Option<Answer>> {
    let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("its output is not piped"));
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let Some(left) = deadline.checked_duration_since(Instant::now()) else {
            return Ok(None);
        };
        let watch = |open: bool| {
            if open {
                PollFlags::POLLIN
            } else {
                PollFlags::empty()
            }
        };
        let mut watched = [
            PollFd::new(stdout.as_fd(), watch(out_open)),
            PollFd::new(stderr.as_fd(), watch(err_open)),
        ];
        let timeout = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        match poll(&mut watched, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready = watched.map(|fd| fd.any().unwrap_or(false));
        if out_open && ready[0] {
            out_open = read_some(&mut stdout, &mut out)?;
        }
        if err_open && ready[1] {
            err_open = read_some(&mut stderr, &mut err)?;
        }
    }
    let status = child.wait()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Some(Answer {
        status,
        stdout: text(out),
        stderr: text(err),
    }))
}

fn read_some(pipe: &mut impl io::Read, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    let count = pipe.by_ref().read(&mut buffer)?;
    into.extend_from_slice(&buffer[..count]);
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_heard_whole() {
        let answer = run(
            shell("seq 1 20000 >&2; seq 1 20000; exit 3"),
            Duration::from_secs(20),
        )
        .unwrap();
        assert_eq!(answer.status.code(), Some(3));
        assert_eq!(answer.stdout, answer.stderr);
        assert_eq!(answer.stdout.lines().count(), 20000);
    }

    #[test]
    fn a_program_that_hangs_is_ended_at_the_deadline() {
        let error = run(
            shell("cat /dev/zero > /dev/null & cat /dev/zero > /dev/null"),
            Duration::from_millis(30),
        );
        assert_eq!(
            crate::error::exit_of(&error.unwrap_err()),
            crate::error::Exit::TimedOut
        );
    }
}
