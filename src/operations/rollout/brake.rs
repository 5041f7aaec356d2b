//! The brake after a wave that failed: its deaths have their cause, which has gone.

use crate::names::Name;
use crate::supervision::{self, Phase, State, tell_to_look};

use super::carrier::Carrier;

impl Carrier<'_> {
    /// Lets the deaths of a wave that has gone back count no more, and takes the brake off that is on for them alone.
    pub(super) fn release_brake(&self, place: usize) {
        if let Err(error) = self.try_release(place) {
            self.ui.warn(format!("{error:#}"));
        }
    }

    fn try_release(&self, place: usize) -> anyhow::Result<()> {
        let members = &self.wave(place).members;
        if members.iter().all(|member| member.failure.is_none()) {
            return Ok(());
        }
        let shared = self.fleet.runtime("");
        let is_ours = |name: &String| members.iter().any(|one| one.name.as_str() == name);
        let engaged = supervision::brake(&shared)?;
        if engaged.is_some_and(|engaged| !engaged.projects.iter().all(is_ours)) {
            return Ok(());
        }
        supervision::release_brake(&shared)?;
        // Others that waited for it go on.
        for name in self.fleet.registry.projects.keys() {
            self.wake(name)?;
        }
        Ok(())
    }

    fn wake(&self, name: &Name) -> anyhow::Result<()> {
        let state = State::read(&self.fleet.unit_files(name).state)
            .ok()
            .flatten();
        if let Some(state) = state.filter(|state| state.phase == Phase::Waiting) {
            tell_to_look(&state)?;
        }
        Ok(())
    }
}
