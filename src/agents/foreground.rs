//! `agents up --wait`: opens a window for each agent, and stays until all have ended.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::changes::Changes;
use super::claim::{Claim, already_running};
use super::prepare::{self, GRACE};
use super::project::{Project, Run};
use super::seat::{Around, End, Seat, open_all};
use super::stage::Stage;
use crate::error::Exit;
use crate::files::{self, Durability, Lock};
use crate::names::Name;
use crate::supervision::{Process, VERSION, is_tenders};
use crate::ui::Ui;

/// How long after their grace agents may take to be gone, killed ones included.
const AFTER_GRACE: Duration = Duration::from_secs(5);

/// Runs the project's agents to their end.
pub(super) fn run(ui: &Ui, project: &Project) -> anyhow::Result<Exit> {
    project.make_state()?;
    let _claim = Claim::take(&project.root)?;
    let Some(_lock) = Lock::try_take(&project.run_lock())? else {
        let run = project.run()?;
        return Err(already_running(run.map(|run| run.process.pid)));
    };
    let seats: Vec<Seat> = prepare::all(project)?.into_iter().map(Seat::new).collect();
    // From here on nothing interrupts: what was begun is ended in order.
    let events = Events::open(project)?;
    let stage = Stage::of(project)?;
    if stage.is_own() {
        // Nobody else holds the claim: what is there was left by a run that was killed.
        stage.close()?;
    }
    project.write_run(&Run {
        version: VERSION,
        project: project.root.clone(),
        process: Process::me().context("cannot tell this process from others")?,
        since: Timestamp::now(),
        socket: stage.socket().to_owned(),
        session: stage.session().to_owned(),
        agents: seats
            .iter()
            .map(|seat| seat.prepared.name.clone())
            .collect(),
    })?;
    let around = Around {
        ui,
        project,
        stage: &stage,
    };
    let mut running = Running {
        around,
        seats,
        events,
        stopping: None,
    };
    let ended = running.until_the_end();
    let closed = running.close();
    let exit = ended?;
    closed?;
    Ok(exit)
}

struct Running<'a> {
    around: Around<'a>,
    seats: Vec<Seat>,
    events: Events,
    /// By when all must be gone, once they are being ended.
    stopping: Option<Instant>,
}

impl Running<'_> {
    fn until_the_end(&mut self) -> anyhow::Result<Exit> {
        open_all(&self.around, &mut self.seats.iter_mut().collect::<Vec<_>>())?;
        loop {
            for seat in &mut self.seats {
                seat.look(&self.around);
                seat.notice(&self.around, self.stopping.is_some());
            }
            self.open_again();
            if self.seats.iter().all(|seat| seat.end().is_some()) {
                return Ok(self.exit());
            }
            if self
                .stopping
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                anyhow::bail!("not all agents have ended in time");
            }
            self.wait()?;
            while let Some(signal) = self.events.signal() {
                self.around
                    .ui
                    .status(format!("{signal}: taking the agents down"));
                self.stop()?;
            }
            for name in self.events.requests(self.around.project)? {
                self.restart(&name);
            }
        }
    }

    fn exit(&self) -> Exit {
        let has_failed = |seat: &Seat| match seat.end() {
            Some(End::Crashed(_) | End::Parked(_)) => true,
            Some(End::Down | End::Finished) | None => false,
        };
        if self.stopping.is_none() && self.seats.iter().any(has_failed) {
            Exit::Failed
        } else {
            Exit::Done
        }
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        if self.stopping.is_some() {
            return Ok(());
        }
        self.stopping = Some(Instant::now() + Duration::from_secs_f64(GRACE) + AFTER_GRACE);
        // A window closes as soon as its agent has ended.
        for seat in &self.seats {
            keep_screen(&self.around, seat);
        }
        // The last one first: what came later may lean on what came before.
        for seat in self.seats.iter().rev().filter(|seat| seat.end().is_none()) {
            seat.take_down()?;
        }
        Ok(())
    }

    fn open_again(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        for seat in self.seats.iter_mut().filter(|seat| seat.wants_window()) {
            let opened = seat
                .leave(&self.around)
                .and_then(|()| open_all(&self.around, &mut [seat]));
            // The others run on: one agent's window is not worth their work.
            if let Err(error) = opened {
                seat.give_up(&self.around, &error);
            }
        }
    }

    fn restart(&mut self, name: &Name) {
        let seat = self
            .seats
            .iter_mut()
            .find(|seat| seat.prepared.name == *name);
        let Some(seat) = seat.filter(|_| self.stopping.is_none()) else {
            return;
        };
        let restarted =
            prepare::one(self.around.project, name).and_then(|prepared| seat.restart(prepared));
        if let Err(error) = restarted {
            self.around
                .ui
                .warn(format!("cannot restart `{name}`: {error:#}"));
        }
    }

    fn wait(&self) -> anyhow::Result<()> {
        let tenders = self.seats.iter().filter_map(Seat::tender_held);
        let signals = self.events.signals.as_fd();
        self.events.changes.wait(
            [signals]
                .into_iter()
                .chain(tenders.map(|held| held.as_fd())),
            self.stopping,
        )
    }

    /// Keeps the last screens for `agents logs`, tells those of agents that failed, and closes the windows.
    fn close(&mut self) -> anyhow::Result<()> {
        let mut closed = Ok(());
        for seat in &mut self.seats {
            keep_screen(&self.around, seat);
            closed = closed.and(seat.leave(&self.around));
        }
        if self.around.stage.is_own() {
            closed = closed.and(self.around.stage.close());
        }
        closed
    }
}

fn keep_screen(around: &Around<'_>, seat: &Seat) {
    let Some(screen) = seat.last_screen(around) else {
        return;
    };
    let name = &seat.prepared.name;
    let path = around.project.screen(name);
    if let Err(error) = files::replace(&path, screen.as_bytes(), 0o600, Durability::Cached) {
        around.ui.warn(format!("{error:#}"));
    }
    match seat.end() {
        Some(End::Crashed(why) | End::Parked(why)) => {
            // What its tender says of how to start it is not true any more.
            let lines: Vec<&str> = screen
                .lines()
                .filter(|line| !line.trim().is_empty() && !is_tenders(line, name.as_str()))
                .collect();
            if lines.is_empty() {
                around.ui.warn(format!("`{name}` has ended: {why}"));
                return;
            }
            around
                .ui
                .warn(format!("`{name}` has ended: {why}; the last it said:"));
            for line in &lines[lines.len().saturating_sub(10)..] {
                around.ui.status(format!("  {line}"));
            }
        }
        Some(End::Down | End::Finished) | None => {}
    }
}

/// What a run sleeps on: signals, files that change, tenders that end. No timer but a stop's deadline.
struct Events {
    signals: SignalFd,
    changes: Changes,
}

impl Events {
    fn open(project: &Project) -> anyhow::Result<Self> {
        let heard = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
        let heard: SigSet = heard.into_iter().collect();
        heard.thread_block().context("cannot block signals")?;
        let signals = SignalFd::with_flags(&heard, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .context("cannot read signals")?;
        let changes = Changes::of([project.states(), project.requests()])?;
        Ok(Self { signals, changes })
    }

    fn signal(&self) -> Option<Signal> {
        let information = self.signals.read_signal().ok()??;
        Signal::try_from(i32::try_from(information.ssi_signo).ok()?).ok()
    }

    /// Takes the requests that have come.
    fn requests(&self, project: &Project) -> anyhow::Result<Vec<Name>> {
        let directory = project.requests();
        let entries = std::fs::read_dir(&directory)
            .with_context(|| format!("cannot read `{}`", directory.display()))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read `{}`", directory.display()))?;
            let name = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            // What does not read as a name is a request that is still being written.
            let Some(name) = name else { continue };
            std::fs::remove_file(entry.path())
                .with_context(|| format!("cannot remove `{}`", entry.path().display()))?;
            names.push(name);
        }
        Ok(names)
    }
}
