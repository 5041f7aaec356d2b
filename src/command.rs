//! Programs that are run for their answer, each with a deadline.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};

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
    hear_all_signals(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run `{program}`"))?;
    let ended = hear(&mut child, deadline, usize::MAX);
    if !matches!(
        ended,
        Ok(Ended {
            status: Some(_),
            ..
        })
    ) {
        let group = nix::unistd::Pid::from_raw(-child.id().cast_signed());
        // Both may fail only because it has ended meanwhile.
        let _ = nix::sys::signal::kill(group, nix::sys::signal::Signal::SIGKILL);
        let _ = child.wait();
    }
    let ended = ended.with_context(|| format!("cannot hear `{program}`"))?;
    let Some(status) = ended.status else {
        return Err(timed_out(format!(
            "`{program}` has not answered within {} s",
            deadline.as_secs()
        ))
        .into());
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer {
        status,
        stdout: text(ended.stdout),
        stderr: text(ended.stderr),
    })
}

/// Has a program hear the signals that this one keeps for its own sleep: what is blocked here would be there, and in all
/// that it starts.
pub(crate) fn hear_all_signals(command: &mut Command) {
    let unblock = || {
        let all = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&all), None).map_err(io::Error::from)
    };
    let blocked = SigSet::thread_get_mask();
    if blocked.is_ok_and(|blocked| blocked.iter().next().is_some()) {
        // SAFETY: sigprocmask(2) is async-signal-safe, and nothing else happens between fork and exec.
        unsafe { command.pre_exec(unblock) };
    }
}

/// What was heard of a child.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended; `None`: the deadline came first.
    pub(crate) status: Option<ExitStatus>,
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    /// What it complained about.
    pub(crate) stderr: Vec<u8>,
}

/// Reads the pipes of a child to their ends and waits for it, but not beyond the deadline; to end it then is the
/// caller's.
///
/// Of a stream that is longer than twice `most` bytes, only the end is kept.
pub(crate) fn hear(child: &mut Child, deadline: Duration, most: usize) -> io::Result<Ended> {
    let until = Instant::now() + deadline;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let mut ended = Ended {
        status: None,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    while stdout.is_some() || stderr.is_some() {
        if Instant::now() >= until {
            return Ok(ended);
        }
        let streams = [
            stdout.as_ref().map(|stream| stream.as_fd()),
            stderr.as_ref().map(|stream| stream.as_fd()),
        ];
        let [printed, complained] = ready(streams, until)?;
        if printed {
            read_some(&mut stdout, &mut ended.stdout, most)?;
        }
        if complained {
            read_some(&mut stderr, &mut ended.stderr, most)?;
        }
    }
    ended.status = wait(child, until)?;
    Ok(ended)
}

/// Waits until one of the streams can be read or has ended, or until the deadline.
fn ready(streams: [Option<BorrowedFd<'_>>; 2], until: Instant) -> io::Result<[bool; 2]> {
    // A stream that has ended would say so at once, for ever: it is left out.
    let mut open: Vec<PollFd<'_>> = streams
        .iter()
        .flatten()
        .map(|stream| PollFd::new(*stream, PollFlags::POLLIN))
        .collect();
    let left = until.saturating_duration_since(Instant::now());
    let timeout = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
    match poll(&mut open, timeout) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut open = open.iter();
    Ok(streams.map(|stream| {
        let polled = stream.and_then(|_| open.next());
        polled.is_some_and(|polled| polled.any().unwrap_or(false))
    }))
}

/// Reads once; the stream is gone at its end.
fn read_some(
    stream: &mut Option<impl io::Read>,
    into: &mut Vec<u8>,
    most: usize,
) -> io::Result<()> {
    let Some(open) = stream else { return Ok(()) };
    let mut buffer = [0; 16 * 1024];
    match open.read(&mut buffer) {
        Ok(0) => *stream = None,
        Ok(count) => {
            into.extend_from_slice(&buffer[..count]);
            if into.len() > most.saturating_mul(2) {
                into.drain(..into.len() - most);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Waits for a child that has closed its streams: it ends at once, save for odd ones.
fn wait(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
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

    #[test]
    fn a_program_that_hangs_with_its_output_closed_is_ended_at_the_deadline() {
        let error = run(
            shell("exec > /dev/null 2>&1; cat /dev/zero > /dev/null"),
            Duration::from_millis(30),
        );
        assert_eq!(
            crate::error::exit_of(&error.unwrap_err()),
            crate::error::Exit::TimedOut
        );
    }

    #[test]
    fn of_endless_output_the_end_is_kept() {
        let mut child = shell("seq 1 20000 >&2")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ended = hear(&mut child, Duration::from_secs(20), 1000).unwrap();
        assert!(ended.status.unwrap().success());
        assert!((1000..=2000).contains(&ended.stderr.len()));
        assert!(ended.stderr.ends_with(b"\n20000\n"));
    }
}
