//! One agent during a run: its window, its tender, and what that last said.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::manifest::Watch;
use super::prepare::Prepared;
use super::project::Project;
use super::stage::{Show, Stage, tender};
use crate::sessions::Pane;
use crate::supervision::{
    Phase, Process, ProcessFd, State, Want, When, read_desired, tell_to_look, write_desired,
};
use crate::ui::Ui;

/// How often within [`LOST_WINDOW`] a lost window is opened again.
const LOST_LIMIT: usize = 5;
const LOST_WINDOW: Duration = Duration::from_secs(3600);

/// How long a tender may take to go once its window is closed.
const CLOSING: Duration = Duration::from_secs(3);

/// How long the tender of an earlier run may take to end its agent: the grace, and what is killed after it.
const LAST_RUN: Duration = Duration::from_secs(10);

/// An agent and where it stands.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) prepared: Prepared,
    tender: Option<Tender>,
    state: Option<State>,
    end: Option<End>,
    /// It is to be started anew as soon as it has ended.
    is_restarting: bool,
    /// When its window went away by itself.
    lost: Vec<Instant>,
    typed_to: Option<Process>,
}

#[derive(Debug)]
struct Tender {
    process: Process,
    held: ProcessFd,
    pane: Pane,
}

/// How an agent's part of the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Down,
    Finished,
    Crashed(String),
    Parked(String),
}

/// What a seat needs to act.
pub(super) struct Around<'a> {
    pub(super) ui: &'a Ui,
    pub(super) project: &'a Project,
    pub(super) stage: &'a Stage,
}

impl Tender {
    /// Takes hold of the process of a pane; none where it has ended already.
    fn of(pane: Pane) -> anyhow::Result<Option<Self>> {
        let Some(process) = Process::of(pane.pid) else {
            return Ok(None);
        };
        let held = process.open()?;
        Ok(held.map(|held| Self {
            process,
            held,
            pane,
        }))
    }
}

/// Opens the windows of agents, all at once, and takes hold of their tenders.
pub(super) fn open_all(around: &Around<'_>, seats: &mut [&mut Seat]) -> anyhow::Result<()> {
    let mut shows = Vec::new();
    for seat in seats.iter() {
        let prepared = &seat.prepared;
        wait_for_last(prepared)?;
        write_desired(&prepared.unit.desired, Want::Up)?;
        shows.push(Show {
            name: prepared.name.as_str(),
            directory: &prepared.unit.directory,
            argv: tender(&prepared.write(around.project)?)?,
        });
    }
    let panes = around.stage.open(&shows)?;
    drop(shows);
    for (seat, pane) in seats.iter_mut().zip(panes) {
        seat.sit_down(pane)?;
    }
    Ok(())
}

/// Waits for the tender of a run that was killed: it is ending what it has, and no other may begin meanwhile.
fn wait_for_last(prepared: &Prepared) -> anyhow::Result<()> {
    let Some(state) = State::read(&prepared.unit.state)? else {
        return Ok(());
    };
    let Some(held) = state.tender.open()? else {
        return Ok(());
    };
    write_desired(&prepared.unit.desired, Want::Down)?;
    tell_to_look(&state)?;
    anyhow::ensure!(
        held.wait(Instant::now() + LAST_RUN)?,
        "the tender of agent `{}` in an earlier run (pid {}) does not end",
        prepared.name,
        state.tender.pid
    );
    Ok(())
}

impl Seat {
    pub(super) fn new(prepared: Prepared) -> Self {
        Self {
            prepared,
            tender: None,
            state: None,
            end: None,
            is_restarting: false,
            lost: Vec::new(),
            typed_to: None,
        }
    }

    fn sit_down(&mut self, pane: Option<Pane>) -> anyhow::Result<()> {
        self.tender = pane.map(Tender::of).transpose()?.flatten();
        self.state = None;
        self.end = None;
        self.is_restarting = false;
        Ok(())
    }

    pub(super) fn tender_held(&self) -> Option<&ProcessFd> {
        self.tender.as_ref().map(|tender| &tender.held)
    }

    /// Returns how its part ended; `None` while it goes on.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref().filter(|_| !self.is_restarting)
    }

    /// Reads what its tender says, and acts on what is new.
    pub(super) fn look(&mut self, around: &Around<'_>) {
        let Some(tender) = &self.tender else { return };
        let state = match State::read(&self.prepared.unit.state) {
            Ok(state) => state,
            Err(error) => {
                around.ui.warn(format!("{error:#}"));
                return;
            }
        };
        let news = state
            .filter(|state| state.tender == tender.process && self.state.as_ref() != Some(state));
        let Some(state) = news else { return };
        around.ui.status(describe(&self.prepared.name, &state));
        self.end = self.end_of(&state);
        self.state = Some(state);
        let shown = self
            .show_title(around)
            .and_then(|()| self.type_prompt(around));
        // Neither is worth ending a run for, and a window may go at any time.
        if let Err(error) = shown
            && !self.tender_has_gone()
        {
            around
                .ui
                .warn(format!("agent `{}`: {error:#}", self.prepared.name));
        }
    }

    fn tender_has_gone(&self) -> bool {
        self.tender
            .as_ref()
            .is_some_and(|tender| tender.held.wait(Instant::now()).unwrap_or(false))
    }

    /// Returns how its part has ended, if a state says so; none where it is to be opened again.
    fn end_of(&self, state: &State) -> Option<End> {
        let why = || reason(state).unwrap_or_else(|| "no reason was given".to_owned());
        match state.phase {
            Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => None,
            // Whoever ends a tender or its window by hand has not asked for the agent to be down.
            Phase::Down if !self.is_unwanted() => None,
            Phase::Down => Some(End::Down),
            Phase::Finished => Some(End::Finished),
            // What is healed does not crash by itself: its terminal went away.
            Phase::Crashed | Phase::Lost if self.prepared.unit.policy.heal => None,
            Phase::Crashed | Phase::Lost => Some(End::Crashed(why())),
            Phase::Parked => Some(End::Parked(why())),
        }
    }

    fn is_unwanted(&self) -> bool {
        // A wish that cannot be read is not a wish to end anything.
        read_desired(&self.prepared.unit.desired)
            .is_ok_and(|desired| desired.is_some_and(|desired| desired.want == Want::Down))
    }

    fn show_title(&self, around: &Around<'_>) -> anyhow::Result<()> {
        let (Some(title), Some(tender), Some(state)) =
            (&self.prepared.title, &self.tender, &self.state)
        else {
            return Ok(());
        };
        match state.phase {
            Phase::Starting | Phase::Running | Phase::Waiting => {}
            Phase::Finished | Phase::Crashed | Phase::Lost | Phase::Parked => {}
            // Its window is about to close.
            Phase::Stopping | Phase::Down => return Ok(()),
        }
        let state = state.phase.word();
        around
            .stage
            .set_title(&tender.pane, &format!("{title} | {state}"))
    }

    fn type_prompt(&mut self, around: &Around<'_>) -> anyhow::Result<()> {
        let (Some(text), Some(tender), Some(state)) =
            (&self.prepared.typed, &self.tender, &self.state)
        else {
            return Ok(());
        };
        let runs = state
            .life
            .as_ref()
            .filter(|_| state.phase == Phase::Running);
        let Some(process) = runs.map(|life| life.process.clone()) else {
            return Ok(());
        };
        if self.typed_to.as_ref() == Some(&process) {
            return Ok(());
        }
        self.typed_to = Some(process);
        around.stage.send_text(&tender.pane, text)
    }

    /// Asks it to end.
    pub(super) fn take_down(&self) -> anyhow::Result<()> {
        write_desired(&self.prepared.unit.desired, Want::Down)?;
        if let Some(tender) = &self.tender {
            tender.held.signal(Signal::SIGUSR1)?;
        }
        Ok(())
    }

    /// Starts it anew: at once if it has ended, or else as soon as it has.
    pub(super) fn restart(&mut self, prepared: Prepared) -> anyhow::Result<()> {
        self.prepared = prepared;
        self.is_restarting = true;
        self.lost.clear();
        if self.end.is_none() {
            self.take_down()?;
        }
        Ok(())
    }

    /// Whether it is to be opened now.
    pub(super) fn wants_window(&self) -> bool {
        self.is_restarting && (self.end.is_some() || self.tender.is_none())
    }

    /// Takes note of a tender that has gone, or never came.
    pub(super) fn notice(&mut self, around: &Around<'_>, is_stopping: bool) {
        if self.tender.is_some() && !self.tender_has_gone() {
            return;
        }
        // It may have said something last.
        self.look(around);
        self.tender = None;
        match &self.end {
            Some(End::Down | End::Finished | End::Crashed(_) | End::Parked(_)) => {}
            None if is_stopping => self.end = Some(End::Down),
            None => self.count_loss(around),
        }
    }

    /// Takes note that it could not be opened again. Its window may come late: what would run there is not wanted.
    pub(super) fn give_up(&mut self, around: &Around<'_>, error: &anyhow::Error) {
        let why = format!("it could not be started anew: {error:#}");
        around
            .ui
            .warn(format!("`{}` is given up on: {why}", self.prepared.name));
        self.tender = None;
        self.is_restarting = false;
        self.end = Some(End::Parked(why));
        // A wish that cannot be written changes nothing: what comes late belongs to this run, and ends with it.
        let _ = write_desired(&self.prepared.unit.desired, Want::Down);
    }

    /// Its window was closed, or its tender killed, and nobody here asked for that: a death like any other.
    fn count_loss(&mut self, around: &Around<'_>) {
        if self.is_restarting {
            return;
        }
        let name = &self.prepared.name;
        if self.watch() == Watch::Off {
            self.end = Some(End::Crashed("its window was closed".to_owned()));
            around.ui.status(format!("`{name}`: its window was closed"));
            return;
        }
        self.lost.retain(|when| when.elapsed() < LOST_WINDOW);
        self.lost.push(Instant::now());
        if self.lost.len() > LOST_LIMIT {
            let why = format!(
                "its window was closed {} times within an hour",
                self.lost.len()
            );
            around.ui.status(format!("`{name}` is given up on: {why}"));
            self.end = Some(End::Parked(why));
            return;
        }
        around
            .ui
            .status(format!("`{name}`: its window was closed; opening it again"));
        self.is_restarting = true;
    }

    fn watch(&self) -> Watch {
        if self.prepared.unit.policy.heal {
            Watch::Heal
        } else {
            Watch::Off
        }
    }

    /// Closes its window, if there still is one, and waits until its tender has gone.
    pub(super) fn leave(&mut self, around: &Around<'_>) -> anyhow::Result<()> {
        let Some(tender) = self.tender.take() else {
            return Ok(());
        };
        around.stage.close_window(&tender.pane)?;
        anyhow::ensure!(
            tender.held.wait(Instant::now() + CLOSING)?,
            "the tender of agent `{}` (pid {}) does not end",
            self.prepared.name,
            tender.process.pid
        );
        Ok(())
    }

    /// Returns the last lines of its terminal; none where it has gone.
    pub(super) fn last_screen(&self, around: &Around<'_>) -> Option<String> {
        let tender = self.tender.as_ref()?;
        around.stage.capture(&tender.pane, 1000).ok()
    }
}

/// Returns why an agent is as it is, in words; none where its state says it all.
pub(super) fn reason(state: &State) -> Option<String> {
    let exit = state.last_exit.as_ref().map(ToString::to_string);
    state.reason.clone().or(exit)
}

/// Returns when the next life of one that waits is due, in words; none where it does not wait.
pub(super) fn due(state: &State, now: &When) -> Option<String> {
    let due = state
        .due
        .as_ref()
        .filter(|_| state.phase == Phase::Waiting)?;
    let left = due.left_at(now);
    Some(format!("due in {}", crate::ui::ago(left)))
}

fn describe(name: &crate::names::Name, state: &State) -> String {
    let word = state.phase.word();
    match state.phase {
        Phase::Running => {
            let pid = state.life.as_ref().map_or(0, |life| life.process.pid);
            match (state.restarts, &state.last_exit) {
                (restarts @ 1.., Some(exit)) => {
                    format!("`{name}` is {word} again (pid {pid}), restart {restarts} after {exit}")
                }
                _ => format!("`{name}` is {word} (pid {pid})"),
            }
        }
        Phase::Waiting => {
            let why = reason(state).unwrap_or_default();
            match due(state, &When::now()) {
                Some(due) => format!("`{name}` died ({why}) and is {due}"),
                None => format!("`{name}` is {word}: {why}"),
            }
        }
        Phase::Starting | Phase::Stopping | Phase::Down => format!("`{name}` is {word}"),
        Phase::Finished => format!("`{name}` has {word}"),
        Phase::Crashed | Phase::Lost | Phase::Parked => {
            let why = reason(state).unwrap_or_default();
            format!("`{name}` is {word}: {why}")
        }
    }
}
