//! What commands do with a unit that a tender has.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::Signal;

use super::process::{Liveness, ProcessFd};
use super::sweep::{self, Swept};
use super::unit::{write_desired, write_desired_restart};
use super::{Phase, State, Want};

/// What a tender may take beyond the unit's grace: SIGKILL, and proving that nothing is left.
const BEYOND_GRACE: Duration = Duration::from_secs(2);
/// The grace of processes whose tender is no more: they have had theirs.
pub(super) const WITHOUT_TENDER: Duration = Duration::from_secs(1);

/// What is to come after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// Nothing: it stays down.
    Down,
    /// Whoever asks starts it again. Cut off in between, that wish stays on record.
    Start,
}

/// A unit that was asked to stop. Several can be asked before the first is waited for.
#[derive(Debug)]
pub(crate) struct Stop<'a> {
    state_file: &'a Path,
    before: Option<State>,
    tender: Option<ProcessFd>,
    deadline: Instant,
}

/// What a stop found and did. Nothing of the unit is alive unless `left` names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// Where the unit stood before; `None` where it never ran.
    pub(crate) was: Option<Phase>,
    /// How many processes only ended by SIGKILL.
    pub(crate) killed: u32,
    /// Processes that could not be ended.
    pub(crate) left: Vec<i32>,
    /// The tender was dead or did not answer, so that the tree was ended from here.
    pub(crate) from_outside: bool,
}

impl<'a> Stop<'a> {
    /// Records that the unit is to be down, and tells its tender to look.
    ///
    /// `grace` is the unit's: the deadline follows from it, and begins now.
    pub(crate) fn ask(
        desired_file: &Path,
        state_file: &'a Path,
        grace: Duration,
        afterwards: Afterwards,
    ) -> anyhow::Result<Self> {
        match afterwards {
            Afterwards::Down => write_desired(desired_file, Want::Down)?,
            Afterwards::Start => write_desired_restart(desired_file)?,
        }
        let before = State::read(state_file)?;
        let tender = match &before {
            Some(state) => state
                .tender
                .open()
                .with_context(|| format!("cannot reach the tender of `{}`", state.name))?,
            None => None,
        };
        if let Some(tender) = &tender {
            look(tender)?;
        }
        Ok(Self {
            state_file,
            before,
            tender,
            deadline: Instant::now() + grace + BEYOND_GRACE,
        })
    }

    /// Waits until nothing of the unit is alive; what its tender does not end in time is ended from here.
    pub(crate) fn wait(self) -> anyhow::Result<Stopped> {
        let Some(before) = self.before else {
            return Ok(Stopped::default());
        };
        let has_ended = match &self.tender {
            Some(tender) => tender
                .wait(self.deadline)
                .with_context(|| format!("cannot wait for the tender of `{}`", before.name))?,
            None => false,
        };
        let after = State::read(self.state_file)?;
        if has_ended && let Some(after) = after.as_ref().filter(|after| after.phase == Phase::Down)
        {
            let ended_now = before.life.is_some() && before.last_exit != after.last_exit;
            let exit = after.last_exit.as_ref().filter(|_| ended_now);
            return Ok(Stopped {
                was: Some(before.phase),
                killed: exit.map_or(0, |exit| exit.killed),
                ..Stopped::default()
            });
        }
        let swept = end_from_outside(after.as_ref().unwrap_or(&before));
        Ok(Stopped {
            was: Some(before.phase),
            killed: swept.killed,
            left: swept.left,
            from_outside: true,
        })
    }
}

fn end_from_outside(state: &State) -> Swept {
    state
        .life
        .as_ref()
        .filter(|_| state.phase != Phase::Down)
        .map(|life| sweep::end_life(life, WITHOUT_TENDER))
        .unwrap_or_default()
}

/// Tells a unit's tender to read its files; `false` where no tender is alive.
pub(crate) fn tell_to_look(state: &State) -> anyhow::Result<bool> {
    let tender = state
        .tender
        .open()
        .with_context(|| format!("cannot reach the tender of `{}`", state.name))?;
    tender.as_ref().map_or(Ok(false), look)
}

fn look(tender: &ProcessFd) -> anyhow::Result<bool> {
    let is_told = tender
        .signal(Signal::SIGUSR1)
        .context("cannot signal a tender")?;
    // Somebody may have stopped it.
    tender
        .signal(Signal::SIGCONT)
        .context("cannot continue a tender")?;
    Ok(is_told)
}

impl State {
    /// Reads a state and whether its tender lives, each at a time that fits the other: what a tender wrote last is read
    /// after it has gone.
    pub(crate) fn read_with_tender(path: &Path) -> (anyhow::Result<Option<Self>>, Liveness) {
        let mut before = None;
        loop {
            let state = Self::read(path);
            let known = state.as_ref().ok().and_then(Option::as_ref);
            let tender = known.map_or(Liveness::Gone, Self::tender_liveness);
            // Nothing writes it any more, or somebody new, who is asked about in turn.
            if tender != Liveness::Gone || known.is_none() || before.as_ref() == known {
                return (state, tender);
            }
            before = known.cloned();
        }
    }

    /// Says whether its tender still has the unit.
    pub(crate) fn tender_liveness(&self) -> Liveness {
        self.tender.liveness()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use jiff::Timestamp;

    use super::super::unit::read_desired;
    use super::super::{Life, Process};
    use super::*;

    fn spawn(script: &str, mark: &str) -> (Child, Process) {
        let child = Command::new("sh")
            .args(["-c", script])
            .env("TENDED_8", mark)
            .spawn()
            .unwrap();
        let process = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        (child, process)
    }

    fn state(tender: Process, process: Process, mark: String) -> State {
        State {
            phase: Phase::Running,
            life: Some(Life {
                mark,
                variable: "TENDED_8".to_owned(),
                process,
                since: Timestamp::now(),
                commit: None,
                runner: String::new(),
            }),
            ..State::new("demo", tender)
        }
    }

    #[test]
    fn a_life_whose_tender_is_dead_is_ended_from_here() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        let mark = format!("dead-{}", Timestamp::now().as_nanosecond());
        let (mut tender, tender_process) = spawn("exit 0", "");
        tender.wait().unwrap();
        let (mut child, process) = spawn("exec sleep 1000", &mark);
        let before = state(tender_process, process.clone(), mark);
        before.write(&path("state")).unwrap();
        assert!(!tell_to_look(&before).unwrap());
        let state_file = path("state");
        let stop = Stop::ask(
            &path("desired"),
            &state_file,
            Duration::from_secs(10),
            Afterwards::Down,
        )
        .unwrap();
        let stopped = stop.wait().unwrap();
        let wish = read_desired(&path("desired")).unwrap().unwrap();
        assert_eq!(wish.want, Want::Down);
        assert_eq!(stopped.was, Some(Phase::Running));
        assert!(stopped.from_outside);
        assert_eq!((stopped.killed, stopped.left.len()), (0, 0));
        assert_eq!(process.liveness(), Liveness::Gone);
        child.wait().unwrap();
    }

    #[test]
    fn a_tender_that_does_not_answer_is_not_waited_for_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        let mark = format!("deaf-{}", Timestamp::now().as_nanosecond());
        // It ignores the signal from its first moment on: that is inherited.
        let mut deaf = Command::new("sh");
        deaf.args([
            "-c",
            "trap '' USR1; \"$@\" & echo $!; wait",
            "-",
            "sleep",
            "1000",
        ]);
        let mut parent = deaf.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let output = parent.stdout.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
        let tender_process = Process::of(line.trim().parse().unwrap()).unwrap();
        let tender = tender_process.open().unwrap().unwrap();
        let (mut child, process) = spawn("exec sleep 1000", &mark);
        state(tender_process, process.clone(), mark)
            .write(&path("state"))
            .unwrap();
        let state_file = path("state");
        let stop = Stop::ask(
            &path("desired"),
            &state_file,
            Duration::ZERO,
            Afterwards::Down,
        )
        .unwrap();
        assert!(stop.wait().unwrap().from_outside);
        assert_eq!(process.liveness(), Liveness::Gone);
        child.wait().unwrap();
        assert!(tender.signal(Signal::SIGKILL).unwrap());
        parent.wait().unwrap();
    }

    #[test]
    fn what_never_ran_is_down_already() {
        let directory = tempfile::tempdir().unwrap();
        let state_file = directory.path().join("state");
        let desired = directory.path().join("desired");
        let stop = Stop::ask(
            &desired,
            &state_file,
            Duration::from_secs(10),
            Afterwards::Down,
        )
        .unwrap();
        assert_eq!(stop.wait().unwrap(), Stopped::default());
    }
}
