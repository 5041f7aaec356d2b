//! What must be true before a life: nobody moves the harness's files, and the unit is as it should be.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use super::Unit;
use super::end::Ending;
use super::process::wait_readable;
use super::spawn::{self, Kept, Start};
use super::tend::Tender;
use crate::error::{Exit, timed_out};
use crate::files::Lock;

/// How long a tender waits for whoever moves the harness's files.
const SPAWN_LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How long the command that makes a unit anew may take.
const REFRESH_PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause between two looks at a lock that somebody holds.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

impl Tender {
    /// Takes the lock around a spawn, where there is one. An order ends the wait for it.
    pub(super) fn take_spawn_lock(&mut self) -> Result<Option<Lock>, Ending> {
        let Some(path) = self.unit.spawn_lock.clone() else {
            return Ok(None);
        };
        let deadline = Instant::now() + SPAWN_LOCK_PATIENCE;
        let mut pause = Duration::from_millis(1);
        // flock(2) has no deadline, and cannot be waited for together with signals: asking again is the only way.
        loop {
            if let Some(lock) = Lock::try_take(&path)? {
                return Ok(Some(lock));
            }
            if Instant::now() >= deadline {
                let (path, seconds) = (path.display(), SPAWN_LOCK_PATIENCE.as_secs());
                let fault = format!("another command has held `{path}` for {seconds} s");
                return Err(anyhow::Error::from(timed_out(fault)).into());
            }
            self.idle_until(Some(Instant::now() + pause))?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes the unit anew where something that it was made from has changed. An order ends the wait for that.
    pub(super) fn refresh(&mut self) -> Result<(), Ending> {
        let Some(refresh) = &self.unit.refresh else {
            return Ok(());
        };
        if refresh.is_current() {
            return Ok(());
        }
        let environment = spawn::environment(&self.unit.environment);
        let mut asked = Start {
            command: &refresh.command,
            directory: &self.unit.directory,
            environment: &environment,
        }
        .aside(Kept::Errors)?;
        let deadline = Instant::now() + REFRESH_PATIENCE;
        loop {
            let mut waited = vec![asked.as_fd(), self.signals.orders()];
            waited.extend(self.owner.as_ref().map(|owner| owner.as_fd()));
            let ready = wait_readable(&waited, Some(deadline)).map_err(anyhow::Error::from)?;
            if ready[0] || !ready.contains(&true) {
                break;
            }
            if let Some(order) = self.look_for_order() {
                asked.end();
                return Err(order.into());
            }
        }
        let status = asked.end_by(deadline, &self.signals)?;
        if !status.success() {
            let why = refusal(&asked.text()).unwrap_or_else(|| format!("it ended with {status}"));
            if status.code() != Some(Exit::Usage as i32) {
                return Err(anyhow::anyhow!(why).into());
            }
            self.terminal.say(&format!("going on as before: {why}"));
            return Ok(());
        }
        let unit = Unit::read(&self.unit_file)?;
        // Where the tender writes and whom it obeys was settled when it began.
        self.unit = Unit {
            desired: self.unit.desired.clone(),
            state: self.unit.state.clone(),
            owner: self.unit.owner.clone(),
            ..unit
        };
        Ok(())
    }
}

/// Returns what a command says that fails: the error, rather than the details and hints below it.
fn refusal(said: &str) -> Option<String> {
    let error = said.lines().find_map(|line| line.strip_prefix("error: "));
    let last = || said.lines().rfind(|line| !line.trim().is_empty());
    Some(error.or_else(last)?.trim().to_owned())
}
