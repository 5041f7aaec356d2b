//! A wave's projects go to the new version, and what runs is restarted.

use std::collections::BTreeMap;

use crate::error::{Exit, exit_of};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::rollout::{Member, Own, Pin};
use crate::supervision::{Liveness, Phase, State, Want, read_desired, stamp};

use super::super::plan::{Locked, Outcome};
use super::super::recover;
use super::super::start::{self, running_commit};
use super::super::update::{Goal, Move, update};
use super::super::version::Chosen;
use super::carrier::Carrier;
use super::judge::Seen;
use super::own::{Expected, own};

impl Carrier<'_> {
    /// Looks who still takes part in a wave, and who of it runs.
    pub(super) fn look_at(&mut self, place: usize, is_resumed: bool) -> anyhow::Result<()> {
        self.fleet.reload()?;
        let fleet = &*self.fleet;
        for member in &mut self.rollout.waves[place].members {
            if !is_resumed {
                member.ran = running_commit(fleet, &member.name).is_some();
            }
            // What was stopped before its wave began is a project that does not run, and no more.
            let meanwhile = own(fleet, member, Expected::Either);
            let counts = |own: &Own| is_resumed || own.has_the_pin() || *own == Own::Disabled;
            member.own = member.own.or(meanwhile.filter(counts));
        }
        Ok(())
    }

    /// Moves a wave, and notes what failed. What is refused now, though it was not when all were looked at, is left out.
    pub(super) fn shift(&mut self, place: usize) -> anyhow::Result<()> {
        let pins = pins(&self.wave(place).members, |member| &member.to);
        let done = self.update(pins, None)?;
        let fleet = &*self.fleet;
        for member in &mut self.rollout.waves[place].members {
            let Some(error) = done.get(&member.name) else {
                continue;
            };
            // Another command may have had it in hand for too long, which is not the version's fault either.
            let is_busy = matches!(exit_of(error), Exit::Refused | Exit::TimedOut);
            if is_busy && !is_at(fleet, member, &member.to) {
                member.left_out = Some(format!("{error:#}"));
            } else {
                member.failure = Some(format!("{error:#}"));
            }
        }
        Ok(())
    }

    /// Moves projects to pins, restarts what runs, and tells the trail. Returns what failed.
    pub(super) fn update(
        &mut self,
        pins: BTreeMap<Name, Chosen>,
        why: Option<String>,
    ) -> anyhow::Result<BTreeMap<Name, anyhow::Error>> {
        if pins.is_empty() {
            return Ok(BTreeMap::new());
        }
        let movement = Move {
            names: pins.keys().cloned().collect(),
            goal: Goal::Pins(pins),
            restart: true,
            here: false,
            accept_moved_tag: false,
        };
        let command = self.command("update", why);
        let done = update(self.fleet, &movement, false, &self.silent);
        command.record(self.fleet, &movement.names, &done, self.ui);
        let failed = done?
            .into_iter()
            .filter_map(|one| Some((one.project, one.result.err()?)));
        let failed = failed.collect();
        self.fleet.reload()?;
        Ok(failed)
    }

    /// Starts what ran when it was interrupted, and does not since: by a reboot, or because the restart was cut off.
    pub(super) fn start_again(&mut self, place: usize) -> anyhow::Result<()> {
        let fleet = &*self.fleet;
        let judged = self
            .wave(place)
            .members
            .iter()
            .filter(|one| one.is_judged());
        let lost: Vec<Name> = judged
            .filter(|member| is_cut_off(fleet, &member.name))
            .map(|member| member.name.clone())
            .collect();
        for (name, error) in self.start(&lost, is_cut_off)? {
            let mut members = self.members(place).iter_mut();
            if let Some(member) = members.find(|member| member.name == name) {
                member.failure = Some(format!("{error:#}"));
            }
        }
        Ok(())
    }

    /// Starts those projects that are due, by what is true once nobody else can change it, and tells the trail. Returns
    /// what failed.
    pub(super) fn start(
        &mut self,
        names: &[Name],
        is_due: impl Fn(&Fleet, &Name) -> bool,
    ) -> anyhow::Result<BTreeMap<Name, anyhow::Error>> {
        let fleet = &*self.fleet;
        let due = names.iter().filter(|name| is_due(fleet, name));
        let due: Vec<Name> = due.cloned().collect();
        if due.is_empty() {
            return Ok(BTreeMap::new());
        }
        let command = self.command("start", None);
        let done = self.start_due(&due, is_due);
        command.record(self.fleet, &due, &done, self.ui);
        let failed = done?
            .into_iter()
            .filter_map(|one| Some((one.project, one.result.err()?)));
        Ok(failed.collect())
    }

    fn start_due(
        &mut self,
        names: &[Name],
        is_due: impl Fn(&Fleet, &Name) -> bool,
    ) -> anyhow::Result<Vec<Outcome>> {
        let Locked {
            names: mut ready,
            mut outcomes,
            locks: _locks,
        } = recover::lock_all(self.fleet, names, false, &self.silent)?;
        ready.retain(|name| is_due(self.fleet, name));
        outcomes.extend(start::start_locked(self.fleet, ready, false, &self.silent)?);
        Ok(outcomes)
    }

    /// Notes the operator's wishes as they are after the move: whoever changes one now takes the project over.
    pub(super) fn note_wishes(&mut self, place: usize) {
        let fleet = &*self.fleet;
        for member in &mut self.rollout.waves[place].members {
            let path = fleet.unit_files(&member.name).desired;
            member.wish = Some(stamp(&path));
            let wish = read_desired(&path).ok().flatten();
            let is_down = wish.is_some_and(|wish| wish.in_the_end() == Want::Down);
            // Only an operator stops what could be restarted.
            if is_down && member.ran && member.failure.is_none() && member.own.is_none() {
                member.own = Some(Own::Stopped);
            }
        }
    }

    /// Notes which tenders a wave's projects have.
    pub(super) fn seen(
        &self,
        place: usize,
        note: impl Fn(&Name, &State) -> Seen,
    ) -> BTreeMap<Name, Seen> {
        let members = self.wave(place).members.iter();
        let states = members.filter_map(|Member { name, .. }| {
            let state = State::read(&self.fleet.unit_files(name).state);
            Some((name.clone(), note(name, &state.ok()??)))
        });
        states.collect()
    }
}

/// Returns where those that take part are to go.
pub(super) fn pins(members: &[Member], to: impl Fn(&Member) -> &Pin) -> BTreeMap<Name, Chosen> {
    let members = members.iter().filter(|member| member.takes_part());
    members
        .map(|member| {
            let Pin { reference, commit } = to(member).clone();
            (member.name.clone(), Chosen { reference, commit })
        })
        .collect()
}

/// Tells whether the registry has a project at a pin.
pub(super) fn is_at(fleet: &Fleet, member: &Member, pin: &Pin) -> bool {
    fleet.registry.project(&member.name).is_ok_and(|project| {
        project.reference == pin.reference && project.commit.as_ref() == Some(&pin.commit)
    })
}

/// Tells whether a project should run and does not, though it neither died nor was stopped.
fn is_cut_off(fleet: &Fleet, name: &Name) -> bool {
    let files = fleet.unit_files(name);
    let wish = read_desired(&files.desired).ok().flatten();
    if wish.is_none_or(|wish| wish.in_the_end() == Want::Down) {
        return false;
    }
    let Ok(Some(state)) = State::read(&files.state) else {
        return true;
    };
    match state.phase {
        Phase::Down | Phase::Stopping | Phase::Lost => true,
        Phase::Starting | Phase::Running | Phase::Waiting => {
            state.tender_liveness() == Liveness::Gone
        }
        Phase::Finished | Phase::Crashed | Phase::Parked => false,
    }
}
