//! A wave's projects go to the new version, and what runs is restarted.

use std::collections::BTreeMap;

use crate::error::{Exit, exit_of};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::rollout::{Member, Own, Pin};
use crate::supervision::{Liveness, Phase, State, Want, When, read_desired, stamp};

use super::super::plan::{Locked, Outcome};
use super::super::recover;
use super::super::start::{self, running_commit};
use super::super::update::{Goal, Move, update_due};
use super::super::version::Chosen;
use super::carrier::Carrier;
use super::judge::{Seen, death_at};
use super::own::{Expected, own};

impl Carrier<'_> {
    /// Looks who still takes part in a wave, and who of it runs.
    pub(super) fn look_at(&mut self, place: usize, is_resumed: bool) -> anyhow::Result<()> {
        self.fleet.reload()?;
        let fleet = &*self.fleet;
        let wave = &mut self.rollout.waves[place];
        for member in &mut wave.members {
            if !is_resumed {
                member.ran = running_commit(fleet, &member.name).is_some();
            }
            let expected = Expected::of(member, is_resumed);
            // What was stopped before its wave began is a project that does not run, and no more.
            let meanwhile = own(fleet, member, expected);
            let counts = |own: &Own| is_resumed || own.has_the_pin() || *own == Own::Disabled;
            member.own = member.own.or(meanwhile.filter(counts));
            if member.is_judged() && is_resumed {
                let died = died_since(fleet, member, wave.since.as_ref());
                member.failure = member.failure.take().or(died);
            }
        }
        Ok(())
    }

    /// Moves a wave, and notes what failed. What is refused now, though it was not when all were looked at, is left out.
    pub(super) fn shift(&mut self, place: usize, is_resumed: bool) -> anyhow::Result<()> {
        let members = self.wave(place).members.clone();
        let pins = pins(&members, |member| &member.to);
        let expected = |member: &Member| Expected::of(member, is_resumed);
        let done = self.update(pins, None, &members, expected)?;
        let fleet = &*self.fleet;
        for member in &mut self.rollout.waves[place].members {
            let Some(error) = done.get(&member.name) else {
                // Whoever had it in hand until its turn has moved it.
                let meanwhile = own(fleet, member, Expected::New).filter(|own| own.has_the_pin());
                member.own = member.own.or(meanwhile);
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

    /// Moves projects to pins, restarts what runs, and tells the trail. Those that turn out to be the operator's, once
    /// nobody else can change them, are left alone. Returns what failed.
    pub(super) fn update(
        &mut self,
        pins: BTreeMap<Name, Chosen>,
        why: Option<String>,
        members: &[Member],
        expected: impl Fn(&Member) -> Expected,
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
        let is_due = |fleet: &Fleet, name: &Name| {
            let mut members = members.iter();
            let member = members.find(|member| member.name == *name);
            let own = member.and_then(|member| own(fleet, member, expected(member)));
            !own.is_some_and(Own::has_the_pin)
        };
        let done = update_due(self.fleet, &movement, is_due, false, &self.silent);
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

/// Says how a project has died at the new version since then, also where it was brought back.
fn died_since(fleet: &Fleet, member: &Member, since: Option<&When>) -> Option<String> {
    let state = State::read(&fleet.unit_files(&member.name).state).ok()??;
    let is_later = !state.deaths.last()?.left_at(since?).is_zero();
    death_at(&state, member.to.commit.as_str()).filter(|_| is_later)
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
