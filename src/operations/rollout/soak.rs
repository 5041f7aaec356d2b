//! A wave has to stay up. No project's lock is held meanwhile, and nothing is asked again and again: whatever changes a
//! state or a wish ends the sleep, and so does the end of a tender.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::health;
use crate::names::{Name, spelled};
use crate::parallel::in_parallel;
use crate::rollout::Member;
use crate::supervision::{Liveness, ProcessFd, State, Woken};

use super::carrier::{Carrier, named};
use super::judge::{Seen, death_at, may_say_more, trouble};
use super::own::{Expected, own};

/// How often the time that is left is shown, to those who watch.
const TICK: Duration = Duration::from_secs(1);

/// How long the last words of what died may take: its tender reads them from the terminal.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Carrier<'_> {
    /// Waits until a wave has stayed up for long enough, or something of it has died. Fails where a signal has come.
    pub(super) fn soak(&mut self, place: usize, seen: &BTreeMap<Name, Seen>) -> anyhow::Result<()> {
        let root = self.fleet.root.clone();
        let [states, wishes] = ["state", "desired"].map(|name| self.fleet.runtime(name));
        let watched = [states, wishes, root.clone()];
        // First watch, then look: so nothing that changes in between is missed.
        self.sleeper.watch(&watched, &root)?;
        self.heed_signals(place)?;
        let end = Instant::now() + self.rollout.soak();
        loop {
            self.look_for_trouble(place, seen);
            let members = &self.wave(place).members;
            let has_failed = members.iter().any(|member| member.failure.is_some());
            let is_judged = members.iter().any(Member::is_judged);
            if has_failed || !is_judged || Instant::now() >= end {
                return Ok(());
            }
            let woken = self.sleep(place, end)?;
            self.heed(&woken.signals, place)?;
        }
    }

    /// Sleeps until something changes that the wave could be judged by.
    fn sleep(&mut self, place: usize, end: Instant) -> anyhow::Result<Woken> {
        let now = Instant::now();
        let mut until = end;
        if self.ui.is_watched() {
            let judged = self
                .wave(place)
                .members
                .iter()
                .filter(|one| one.is_judged());
            let names = named(judged.map(|member| &member.name));
            let left = Duration::from_secs((end - now).as_secs_f64().ceil() as u64);
            let wave = self.rollout.wave_name(place);
            self.ui.waiting(format!(
                "{wave}: {names} must stay up, {} left",
                spelled(left)
            ));
            until = end.min(now + TICK);
        }
        let members = self.wave(place).members.iter();
        let tenders: Vec<ProcessFd> = members
            .filter(|member| member.is_judged())
            .filter_map(|member| {
                let state = State::read(&self.fleet.unit_files(&member.name).state);
                state.ok()??.tender.open().ok()?
            })
            .collect();
        let tenders: Vec<&ProcessFd> = tenders.iter().collect();
        self.sleeper.sleep(&tenders, Some(until))
    }

    /// Notes who of a wave the operator has taken over, and who has not stayed up.
    pub(super) fn look_for_trouble(&mut self, place: usize, seen: &BTreeMap<Name, Seen>) {
        // While somebody edits the registry it may not be whole: then the last one has to do.
        let _ = self.fleet.reload();
        let fleet = &*self.fleet;
        for member in &mut self.rollout.waves[place].members {
            if !member.is_judged() || member.failure.is_some() {
                continue;
            }
            // The state is read before the wish: who is stopped was asked to before it ended.
            let trouble = trouble_of(fleet, member, seen);
            member.own = own(fleet, member, Expected::New);
            if member.own.is_none() {
                member.failure = trouble;
            }
        }
    }

    /// Waits a moment for what those that died have said last.
    pub(super) fn hear_last_words(&mut self, place: usize) -> anyhow::Result<()> {
        let end = Instant::now() + LAST_WORDS;
        loop {
            let fleet = &*self.fleet;
            let mut is_open = false;
            for member in &mut self.rollout.waves[place].members {
                let state = State::read(&fleet.unit_files(&member.name).state);
                let (Some(_), Ok(Some(state))) = (&member.failure, state) else {
                    continue;
                };
                is_open |= may_say_more(&state);
                let death = death_at(&state, member.to.commit.as_str());
                member.failure = death.or(member.failure.take());
            }
            if !is_open || Instant::now() >= end {
                return Ok(());
            }
            let woken = self.sleeper.sleep(&[], Some(end))?;
            self.heed(&woken.signals, place)?;
        }
    }

    /// Asks the harnesses of a wave, once, how they are; one without a `status` command has nothing to say against it.
    pub(super) fn ask(&mut self, place: usize, seen: &BTreeMap<Name, Seen>) {
        let fleet = &*self.fleet;
        let members = self.wave(place).members.iter();
        let asked: Vec<Name> = members
            .filter(|member| member.is_judged() && member.failure.is_none())
            .map(|member| member.name.clone())
            .collect();
        self.ui.waiting(format!(
            "{}: asking {}",
            self.rollout.wave_name(place),
            named(&asked)
        ));
        let answers = in_parallel(&asked, |name| complaint(fleet, name));
        // What died or was stopped while it was asked is told as that.
        self.look_for_trouble(place, seen);
        for (name, answer) in asked.iter().zip(answers) {
            let mut members = self.members(place).iter_mut();
            let Some(member) = members.find(|member| member.name == *name) else {
                continue;
            };
            if member.is_judged() && member.failure.is_none() {
                member.failure = answer;
            }
        }
    }
}

fn complaint(fleet: &Fleet, name: &Name) -> Option<String> {
    let asked = fleet
        .registry
        .project(name)
        .and_then(|project| health::ask(fleet, project));
    match asked {
        Ok(None) => None,
        Ok(Some(answer)) if answer.healthy => None,
        Ok(Some(answer)) => Some(format!(
            "not healthy: its `status` answers with {}",
            answer.complaint.as_deref().unwrap_or("no reason")
        )),
        Err(error) => Some(format!("its `status` cannot be asked: {error:#}")),
    }
}

fn trouble_of(fleet: &Fleet, member: &Member, seen: &BTreeMap<Name, Seen>) -> Option<String> {
    let state = match State::read(&fleet.unit_files(&member.name).state) {
        Ok(state) => state,
        Err(error) => return Some(format!("{error:#}")),
    };
    let tender = state
        .as_ref()
        .map_or(Liveness::Gone, State::tender_liveness);
    let life = state.as_ref().and_then(|state| state.life.as_ref());
    let process = life.map_or(Liveness::Gone, |life| life.process.liveness());
    trouble(state.as_ref(), tender, process, seen.get(&member.name))
}
