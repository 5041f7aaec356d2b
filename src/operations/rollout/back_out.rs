//! Projects go back to where they were: each by a new commit, and what ran runs again.

use std::collections::BTreeMap;

use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::rollout::{Member, RollOut, Stage};
use crate::supervision::{Want, read_desired, stamp};

use super::super::recover;
use super::super::start::running_commit;
use super::carrier::{Carrier, How, named};
use super::moving::{is_at, pins};
use super::own::{Expected, own};

impl Carrier<'_> {
    /// Takes a wave back that has failed. The roll-out ends with it.
    pub(super) fn take_wave_back(&mut self, place: usize) -> anyhow::Result<How> {
        let wave = self.rollout.wave_name(place);
        let failure = failure(&self.wave(place).members);
        if self.wave(place).stage != Stage::BackingOut {
            self.enter(place, Stage::BackingOut)?;
            self.tell(place, "backing out", &format!("failed: {failure}"));
        }
        self.ui
            .status(format!("{wave} has failed, and goes back: {failure}"));
        self.ui.waiting(format!("{wave} goes back"));
        let is_back = self.take_back(&[place], &format!("{wave} failed: {failure}"))?;
        if !is_back {
            return Ok(How::Stuck);
        }
        self.enter(place, Stage::BackedOut)?;
        self.tell(place, "backed out", "done");
        self.release_brake(place);
        RollOut::end(&self.fleet.runtime(""))?;
        Ok(How::Failed(place))
    }

    /// Takes all back that this roll-out has moved.
    pub(super) fn take_all_back(&mut self) -> anyhow::Result<How> {
        let mut places: Vec<usize> = (0..self.rollout.waves.len()).collect();
        places.retain(|place| self.wave(*place).stage.may_have_moved());
        for place in &places {
            if self.wave(*place).stage != Stage::BackingOut {
                self.rollout.waves[*place].stage = Stage::BackingOut;
            }
        }
        self.save()?;
        self.ui.waiting("taking the roll-out back");
        let is_back = self.take_back(&places, "the roll-out is taken back")?;
        if !is_back {
            return Ok(How::Stuck);
        }
        for place in &places {
            self.enter(*place, Stage::BackedOut)?;
            self.tell(*place, "backed out", "done");
            self.release_brake(*place);
        }
        RollOut::end(&self.fleet.runtime(""))?;
        Ok(How::TakenBack)
    }

    /// Moves waves back, and starts again what ran; returns whether all pins are back. The operator's own wishes win.
    fn take_back(&mut self, places: &[usize], why: &str) -> anyhow::Result<bool> {
        self.fleet.reload()?;
        let mut going = Vec::new();
        for place in places {
            let fleet = &*self.fleet;
            for member in &mut self.rollout.waves[*place].members {
                member.own = own(fleet, member, Expected::Either)
                    .filter(|own| own.has_the_pin())
                    .or(member.own);
                if member.takes_part() {
                    going.push(member.clone());
                }
            }
        }
        let reason = self.reason(why);
        let old = |members: &[Member]| pins(members, |member| &member.from);
        let either = |_: &Member| Expected::Either;
        let failed = self.update(old(&going), Some(reason.clone()), &going, either)?;
        // What heals may have begun another life while its pin went back.
        let ahead: Vec<Member> = going
            .iter()
            .filter(|one| self.is_ahead(one))
            .cloned()
            .collect();
        self.update(old(&ahead), Some(reason), &ahead, either)?;
        for (name, error) in &failed {
            self.notes.insert(name.clone(), format!("{error:#}"));
        }
        let is_back = going.iter().all(|one| is_at(self.fleet, one, &one.from));
        self.restore_entries(&going)?;
        self.start_what_ran(&going, &failed)?;
        if !is_back {
            let stuck = going.iter().filter(|one| failed.contains_key(&one.name));
            let stuck = named(stuck.map(|one| &one.name));
            self.ui.warn(format!("cannot take {stuck} back"));
        }
        Ok(is_back)
    }

    /// Tells whether a project that has gone back runs another version than it is at.
    fn is_ahead(&self, member: &Member) -> bool {
        let running = running_commit(self.fleet, &member.name);
        let runs_another =
            running.is_some_and(|commit| commit.as_ref() != Some(&member.from.commit));
        runs_another && is_at(self.fleet, member, &member.from)
    }

    /// Says why projects go back, and why the roll-out was made.
    fn reason(&self, why: &str) -> String {
        match &self.rollout.why {
            Some(own) => format!("{why} ({own})"),
            None => why.to_owned(),
        }
    }

    /// Writes the commits into the registry that it had where those were not the pinned ones.
    fn restore_entries(&mut self, members: &[Member]) -> anyhow::Result<()> {
        let other = |member: &&Member| {
            member.registered.as_ref() != Some(&member.from.commit)
                && is_at(self.fleet, member, &member.from)
        };
        let entries: Vec<(Name, Ref, CommitId)> = members
            .iter()
            .filter(other)
            .filter_map(|member| {
                let reference = member.from.reference.clone();
                Some((member.name.clone(), reference, member.registered.clone()?))
            })
            .collect();
        recover::record(self.fleet, &entries, self.ui)?;
        self.fleet.reload()
    }

    /// Starts what ran before its wave, is wanted up, and does not run.
    fn start_what_ran(
        &mut self,
        members: &[Member],
        failed: &BTreeMap<Name, anyhow::Error>,
    ) -> anyhow::Result<()> {
        let fleet = &*self.fleet;
        let has_gone_back = |member: &&Member| {
            !failed.contains_key(&member.name) || is_at(fleet, member, &member.from)
        };
        let ran = members.iter().filter(|member| member.ran);
        let ran: BTreeMap<Name, &Member> = ran
            .filter(has_gone_back)
            .map(|member| (member.name.clone(), member))
            .collect();
        let names: Vec<Name> = ran.keys().cloned().collect();
        let is_due = |fleet: &Fleet, name: &Name| {
            let is_enabled = fleet.registry.project(name).is_ok_and(|it| it.enabled);
            is_enabled
                && is_wanted(&fleet.unit_files(name).desired, ran[name])
                && running_commit(fleet, name).is_none()
        };
        for (name, error) in self.start(&names, is_due)? {
            self.notes.insert(name, format!("{error:#}"));
        }
        Ok(())
    }
}

/// Says who of a wave failed and of what; those that failed of the same, together.
fn failure(members: &[Member]) -> String {
    let mut causes: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
    for member in members {
        if let Some(failure) = &member.failure {
            causes.entry(failure).or_default().push(&member.name);
        }
    }
    let told = causes
        .into_iter()
        .map(|(failure, names)| format!("{}: {failure}", named(names)));
    told.collect::<Vec<_>>().join("; ")
}

/// Tells whether the operator wants a project up: what a failed start has left of the wish is not the operator's.
fn is_wanted(desired: &std::path::Path, member: &Member) -> bool {
    let is_ours = member
        .wish
        .as_ref()
        .is_some_and(|then| *then == stamp(desired));
    let wish = read_desired(desired).ok().flatten();
    is_ours || wish.is_some_and(|wish| wish.in_the_end() == Want::Up)
}
