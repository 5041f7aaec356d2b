//! Who carries a roll-out out: one process, which writes down each step before it makes it.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::error::{Advise as _, interrupted};
use crate::events::Event;
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::rollout::{BACK_OUT, Member, RESUME, RollOut, Stage, Wave};
use crate::supervision::{Process, Sleeper, When};
use crate::ui::{Ui, count, list};

use super::super::record::Command;

/// How many projects of a wave are named.
const MOST_NAMED: usize = 6;

/// How a roll-out went.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The roll-out as it ended.
    pub(crate) rollout: RollOut,
    /// How it ended.
    pub(crate) how: How,
    /// What there is to say of single projects.
    pub(crate) notes: BTreeMap<Name, String>,
}

/// How a roll-out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Every wave is healthy.
    Done,
    /// The wave at this place failed, and has gone back.
    Failed(usize),
    /// All of it was taken back, as the operator wished.
    TakenBack,
    /// Some projects could not be taken back: it is not over.
    Stuck,
}

/// A roll-out while it is carried out.
pub(super) struct Carrier<'a> {
    pub(super) fleet: &'a mut Fleet,
    pub(super) rollout: RollOut,
    pub(super) sleeper: Sleeper,
    pub(super) ui: &'a Ui,
    /// For what it has others do: of that it tells in its own words.
    pub(super) silent: Ui,
    pub(super) notes: BTreeMap<Name, String>,
    _lock: Lock,
}

impl<'a> Carrier<'a> {
    /// Takes a roll-out over. From now on Ctrl-C ends it only between two steps.
    pub(super) fn new(
        fleet: &'a mut Fleet,
        rollout: RollOut,
        lock: Lock,
        ui: &'a Ui,
    ) -> anyhow::Result<Self> {
        // What is shown has a thread of its own, which would hear the signals.
        ui.end_progress();
        Ok(Self {
            fleet,
            rollout,
            sleeper: Sleeper::new(&[Signal::SIGINT, Signal::SIGTERM])?,
            ui,
            silent: Ui::new(true),
            notes: BTreeMap::new(),
            _lock: lock,
        })
    }

    /// Carries all of it out, or what is left of it. Whatever fails leaves it as it is on disk.
    pub(super) fn begin(mut self) -> anyhow::Result<Ended> {
        self.rollout.process = Process::me().context("cannot tell which process this is")?;
        self.save()?;
        let how = self
            .go()
            .hint(|| format!("`{RESUME}` goes on with the roll-out, `{BACK_OUT}` takes it back"))?;
        Ok(Ended {
            rollout: self.rollout,
            how,
            notes: self.notes,
        })
    }

    fn go(&mut self) -> anyhow::Result<How> {
        if self.rollout.is_taken_back {
            return self.take_all_back();
        }
        for place in 0..self.rollout.waves.len() {
            let is_healthy = match self.rollout.waves[place].stage {
                Stage::Healthy => true,
                Stage::Planned | Stage::Moving | Stage::Soaking => self.carry_out(place)?,
                Stage::BackingOut | Stage::BackedOut => false,
            };
            if !is_healthy {
                return self.take_wave_back(place);
            }
        }
        RollOut::end(&self.fleet.runtime(""))?;
        Ok(How::Done)
    }

    /// Writes down how it stands.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        let written = self.rollout.write(&self.fleet.runtime(""));
        written.context("cannot write down how the roll-out stands")
    }

    /// Writes down that a wave begins with its next stage.
    pub(super) fn enter(&mut self, place: usize, stage: Stage) -> anyhow::Result<()> {
        let wave = &mut self.rollout.waves[place];
        wave.stage = stage;
        wave.since = Some(When::now());
        self.save()
    }

    /// Returns a wave.
    pub(super) fn wave(&self, place: usize) -> &Wave {
        &self.rollout.waves[place]
    }

    /// Returns the projects of a wave.
    pub(super) fn members(&mut self, place: usize) -> &mut Vec<Member> {
        &mut self.rollout.waves[place].members
    }

    /// Fails where a signal has come.
    pub(super) fn heed_signals(&mut self, place: usize) -> anyhow::Result<()> {
        let woken = self.sleeper.sleep(&[], Some(Instant::now()))?;
        self.heed(&woken.signals, place)
    }

    /// Fails where one of these is there.
    pub(super) fn heed(&self, signals: &[Signal], place: usize) -> anyhow::Result<()> {
        let Some(signal) = signals.first() else {
            return Ok(());
        };
        let wave = self.rollout.wave_name(place);
        let stage = self.wave(place).stage.word();
        self.tell(place, "interrupted", "done");
        Err(interrupted(format!(
            "{} interrupted the roll-out: {wave} {stage}",
            signal.as_str()
        ))
        .into())
    }

    /// Begins a command of the roll-out's for the trail.
    pub(super) fn command(&self, verb: &'static str, why: Option<String>) -> Command {
        Command::new(verb).because(why.or_else(|| self.rollout.why.clone()))
    }

    /// Writes into the trail how a wave stands.
    pub(super) fn tell(&self, place: usize, after: &str, outcome: &str) {
        let event = Event {
            before: Some(format!(
                "{} to {}",
                self.rollout.wave_name(place),
                self.rollout.target
            )),
            after: Some(after.to_owned()),
            why: self.rollout.why.clone(),
            outcome: outcome.to_owned(),
            ..self.fleet.asked("roll-out")
        };
        self.fleet.record(&[event], self.ui);
    }
}

/// Names projects, or says how many they are.
pub(super) fn named<'b>(names: impl IntoIterator<Item = &'b Name>) -> String {
    let names: Vec<&Name> = names.into_iter().collect();
    if names.len() > MOST_NAMED {
        return count(names.len(), "project");
    }
    list(names)
}
