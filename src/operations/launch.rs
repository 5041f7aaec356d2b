//! The waves of sessions that are started together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::error::{Exit, Fault, exit_of, failed};
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::sessions::{NewSession, Panes, Tmux};
use crate::supervision::{self, StateWatch};
use crate::ui::Ui;

use super::launched::{Launch, last_words};
use super::plan::{self, Outcome};
use super::running;
use super::server;

/// The tmux window of a project's harness. An agent cannot have this name: it is no name.
pub(crate) const WINDOW: &str = crate::recording::HARNESS_WINDOW;

/// How long sessions may take to say that they run: what an earlier life left may have to be ended first.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How long a harness must live to count as started.
const SETTLING: Duration = Duration::from_millis(50);

/// The same, where tmux has complained already.
const AFTER_COMPLAINT: Duration = Duration::from_secs(3);

/// Why sessions are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The operator asked: in the environment of now, and earlier deaths are forgotten.
    Asked,
    /// They should run and do not: in the environment of the last start, and earlier deaths still count.
    BroughtBack,
}

/// Starts sessions, and waits until each says how it went. Their locks are held by the caller.
///
/// They start in waves of at most `max_parallel_starts`, in the order that `after` gives; what a project comes after need
/// not have started. No more run than `max_running`, and no more are asked of tmux than there is room for.
pub(super) fn launch(
    fleet: &Fleet,
    names: &[Name],
    occasion: Occasion,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let (admitted, mut outcomes, _others_wait) = running::admit(fleet, names)?;
    let prepared = in_parallel(&admitted, |name| Launch::prepare(fleet, name, occasion));
    let (prepared, unprepared) = plan::part(admitted.into_iter().zip(prepared));
    outcomes.extend(unprepared);
    if prepared.is_empty() {
        return Ok(outcomes);
    }
    let mut waves = Waves {
        fleet,
        occasion,
        ui,
        tmux: fleet.tmux()?,
        tender: supervision::tender_program()?,
        watch: StateWatch::new(&fleet.runtime("state"))?,
        existing: None,
        started: Vec::new(),
        outcomes,
    };
    let counting = ui.counting("starting", prepared.len());
    let mut given_up = None;
    for wave in in_waves(fleet, prepared) {
        let _these: Vec<_> = wave.iter().map(|one| counting.on(&one.name)).collect();
        match &given_up {
            None => given_up = waves.start(wave)?,
            Some(error) => waves.fail(&wave, error),
        }
    }
    waves.settle()
}

/// Parts what is to be started by `after` and by how many start at once.
fn in_waves(fleet: &Fleet, prepared: Vec<Launch>) -> Vec<Vec<Launch>> {
    let names: Vec<Name> = prepared.iter().map(|launch| launch.name.clone()).collect();
    let mut by_name: BTreeMap<Name, Launch> = names.iter().cloned().zip(prepared).collect();
    let most = fleet.registry.fleet.max_parallel_starts;
    let order = fleet.registry.in_order(&names);
    let waves = order.iter().flat_map(|level| level.chunks(most));
    waves
        .map(|wave| {
            wave.iter()
                .filter_map(|name| by_name.remove(name))
                .collect()
        })
        .collect()
}

/// What has been started so far.
struct Waves<'a> {
    fleet: &'a Fleet,
    occasion: Occasion,
    ui: &'a Ui,
    tmux: Tmux,
    tender: String,
    watch: StateWatch,
    /// The sessions that were there before; `None`: nobody has asked yet.
    existing: Option<BTreeSet<String>>,
    started: Vec<Launch>,
    /// Those that were not started.
    outcomes: Vec<Outcome>,
}

impl Waves<'_> {
    /// Starts some sessions, and waits until each has answered. Returns why it is no use to go on, if it is not.
    fn start(&mut self, mut wave: Vec<Launch>) -> anyhow::Result<Option<anyhow::Error>> {
        let room = match self.tmux.room() {
            Ok(room) => room,
            Err(error) => {
                self.fail(&wave, &error);
                return Ok(Some(error));
            }
        };
        let beyond = wave.split_off(room.terminals().min(wave.len()));
        if !beyond.is_empty() {
            self.fail(&beyond, &room.refusal().into());
        }
        if wave.is_empty() {
            return Ok(None);
        }
        let complaint = match self.open(&wave) {
            Ok(complaint) => complaint,
            Err(error) => {
                self.fail(&wave, &error);
                return Ok(Some(error).filter(|error| exit_of(error) != Exit::Refused));
            }
        };
        let patience = if complaint.is_some() {
            AFTER_COMPLAINT
        } else {
            DEADLINE
        };
        let none_answers = self.wait_for(&wave, patience)? == wave.len();
        for launch in &mut wave {
            launch.complaint.clone_from(&complaint);
        }
        self.started.append(&mut wave);
        Ok(complaint
            .filter(|_| none_answers)
            .map(|complaint| failed(complaint).into()))
    }

    /// Waits for the answers of a wave; returns how many have not come.
    fn wait_for(&mut self, wave: &[Launch], patience: Duration) -> anyhow::Result<usize> {
        let mut waiting: Vec<&Launch> = wave.iter().collect();
        waiting.retain(|launch| !launch.is_answered());
        if !waiting.is_empty() {
            let deadline = Instant::now() + patience;
            self.watch.wait_until(deadline, |changed| {
                waiting.retain(|launch| launch.files.state != changed || !launch.is_answered());
                waiting.is_empty()
            })?;
        }
        Ok(waiting.len())
    }

    /// Asks tmux for sessions, in one call; returns what tmux complained about: some of them may run all the same. Fails
    /// where nothing was asked.
    fn open(&mut self, wave: &[Launch]) -> anyhow::Result<Option<String>> {
        let (fleet, tmux) = (self.fleet, &self.tmux);
        // Two commands that find no server must not start two.
        let _server = Lock::take(
            &fleet.runtime("locks").join(".server"),
            fleet.patience,
            || (),
        )?;
        let existing = match &mut self.existing {
            Some(existing) => existing,
            none => {
                fleet.record_server(tmux)?;
                none.insert(tmux.panes()?.sessions())
            }
        };
        for launch in wave {
            if existing.contains(launch.name.as_str()) {
                tmux.kill_session(launch.name.as_str())?;
            }
            launch.wish(self.occasion)?;
        }
        let sessions: Vec<NewSession<'_>> = wave
            .iter()
            .map(|launch| launch.session(&self.tender))
            .collect();
        let asked = match server::make_sessions(fleet, tmux, &sessions, self.ui) {
            // A server that was about to end with its last session cannot take new ones: the next one can.
            Err(_) if tmux.panes().is_ok_and(|panes| panes == Panes::NotRunning) => {
                server::make_sessions(fleet, tmux, &sessions, self.ui)
            }
            asked => asked,
        };
        match asked {
            Ok(()) => Ok(None),
            Err(error) if exit_of(&error) == Exit::Refused => Err(error),
            Err(error) => Ok(Some(format!("{error:#}"))),
        }
    }

    /// Notes that projects could not be started.
    fn fail(&mut self, wave: &[Launch], error: &anyhow::Error) {
        self.outcomes.extend(wave.iter().map(|Launch { name, .. }| {
            let error = anyhow::Error::from(Fault::copy_of(error));
            let error = error.context(format!("cannot start `{name}`"));
            Outcome::new(name.clone(), Err(error))
        }));
    }

    /// Waits a moment, and says of each how it went: what ends at once, for want of a program or by a mistake in a file,
    /// has not been started.
    fn settle(mut self) -> anyhow::Result<Vec<Outcome>> {
        let started = &self.started;
        if !started.is_empty() {
            let settled = Instant::now() + SETTLING;
            self.watch
                .wait_until(settled, |_| started.iter().all(Launch::has_ended))?;
        }
        let said = last_words(self.fleet, started);
        self.outcomes.extend(started.iter().map(|launch| {
            let result = launch.outcome(said.get(&launch.name));
            Outcome::new(launch.name.clone(), result)
        }));
        Ok(self.outcomes)
    }
}
