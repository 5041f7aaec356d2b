//! One wave: moved, restarted, soaked, asked.

use crate::error::refused;
use crate::fleet::is_among;
use crate::names::spelled;
use crate::rollout::{Member, Stage};

use super::carrier::{Carrier, named};
use super::judge::Seen;

impl Carrier<'_> {
    /// Carries a wave out, or what is left of it; returns whether it is healthy. Fails where it is cut off.
    pub(super) fn carry_out(&mut self, place: usize) -> anyhow::Result<bool> {
        let is_resumed = self.wave(place).stage != Stage::Planned;
        self.look_at(place, is_resumed)?;
        self.refuse_bad(place)?;
        let had_judges = self.wave(place).members.iter().any(|member| member.ran);
        self.enter(place, Stage::Moving)?;
        self.tell(place, if is_resumed { "resumed" } else { "begun" }, "done");
        let wave = self.rollout.wave_name(place);
        let names = named(self.wave(place).members.iter().map(|member| &member.name));
        self.ui.waiting(format!("{wave}: moving {names}"));
        let before = self.seen(place, |_, state| Seen::of(state));
        self.shift(place, is_resumed)?;
        // Ctrl-C reaches what an update runs, too: what failed of that is not the version's fault.
        self.heed_signals(place)?;
        if is_resumed {
            self.start_again(place)?;
        }
        self.note_wishes(place);
        let seen = self.seen(place, |name, state| Seen::after(before.get(name), state));
        if !self.has_failed(place) {
            self.enter(place, Stage::Soaking)?;
            self.soak(place, &seen)?;
        }
        if !self.has_failed(place) {
            self.ask(place, &seen);
        }
        if self.has_failed(place) {
            self.hear_last_words(place)?;
            return Ok(false);
        }
        self.enter(place, Stage::Healthy)?;
        self.tell(place, "healthy", "done");
        self.ui.status(self.praise(place));
        self.stop_unproven(place, had_judges)?;
        Ok(true)
    }

    fn has_failed(&self, place: usize) -> bool {
        let mut members = self.wave(place).members.iter();
        members.any(|member| member.failure.is_some())
    }

    /// Says what a healthy wave has come to.
    fn praise(&self, place: usize) -> String {
        let members = &self.wave(place).members;
        let moved = members.iter().filter(|member| member.takes_part());
        let judged = members.iter().filter(|member| member.is_judged());
        let name = self.rollout.wave_name(place);
        let mut said = match moved.clone().count() {
            0 => format!("{name}: nothing is left to move"),
            _ => format!(
                "{name}: moved {}",
                named(moved.clone().map(|member| &member.name))
            ),
        };
        let all = moved.count();
        match judged.clone().count() {
            0 => said += ", of which nothing is judged",
            some if some == all => {
                said += &format!("; up for {}", spelled(self.rollout.soak()));
            }
            _ => {
                let names = named(judged.map(|member| &member.name));
                said += &format!("; up for {}: {names}", spelled(self.rollout.soak()));
            }
        }
        said
    }

    /// Refuses to go on with a version that was found to be bad since all were looked at.
    fn refuse_bad(&self, place: usize) -> anyhow::Result<()> {
        let bad = self.fleet.bad_refs();
        for member in &self.wave(place).members {
            let Ok(project) = self.fleet.registry.project(&member.name) else {
                continue;
            };
            let (harness, to) = (&project.harness, &member.to);
            if let Some(found) = bad.among(harness, &to.reference, &[Some(&to.commit)]) {
                return Err(refused(is_among(&to.reference, found, harness)).into());
            }
        }
        Ok(())
    }

    /// Refuses to go on where nothing has proven the version yet: those it was to be judged by were all taken over.
    fn stop_unproven(&self, place: usize, had_judges: bool) -> anyhow::Result<()> {
        let waves = &self.rollout.waves;
        let is_proven = waves[..=place]
            .iter()
            .any(|wave| wave.members.iter().any(Member::is_judged));
        let is_last = place + 1 == waves.len();
        if !had_judges || is_proven || is_last {
            return Ok(());
        }
        let wave = self.rollout.wave_name(place);
        Err(refused(format!(
            "nobody is left to judge {wave} by: what ran of it was stopped, moved or removed meanwhile"
        ))
        .into())
    }
}
