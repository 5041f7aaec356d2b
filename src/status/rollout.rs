//! The roll-out that is not over.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::render::between;
use crate::fleet::Fleet;
use crate::names::spelled;
use crate::rollout::{BACK_OUT, RESUME, RollOut, Stage};
use crate::supervision::When;

/// The roll-out that is not over: carried out by a process, or interrupted.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct RollOutReport {
    /// What it goes to; null where it cannot be told.
    pub(crate) target: Option<String>,
    /// The process that carries it out; null where it was interrupted.
    pub(crate) pid: Option<i32>,
    /// The wave that it is about, counted from 1.
    pub(crate) wave: Option<usize>,
    /// How many waves it has.
    pub(crate) waves: Option<usize>,
    /// How far that wave is.
    pub(crate) stage: Option<Stage>,
    /// Since when it is there.
    pub(crate) since: Option<Timestamp>,
    /// Seconds until the wave has stayed up for long enough, while it soaks.
    pub(crate) left: Option<f64>,
    /// When that is, by the calendar.
    #[serde(skip)]
    pub(crate) until: Option<Timestamp>,
    /// Why it cannot be told.
    pub(crate) reason: Option<String>,
}

/// Says how a roll-out stands that is not over; `None` where there is none.
pub(crate) fn roll_out(fleet: &Fleet) -> Option<String> {
    let now = When::now();
    RollOutReport::of(fleet, &now).map(|report| report.line(now.at))
}

impl RollOutReport {
    /// Looks whether there is one.
    pub(super) fn of(fleet: &Fleet, now: &When) -> Option<Self> {
        let none = Self {
            target: None,
            pid: None,
            wave: None,
            waves: None,
            stage: None,
            since: None,
            left: None,
            until: None,
            reason: None,
        };
        let rollout = match RollOut::read(&fleet.runtime("")) {
            Ok(None) => return None,
            Ok(Some(rollout)) => rollout,
            Err(error) => {
                let reason = Some(format!("cannot tell how a roll-out stands: {error:#}"));
                return Some(Self { reason, ..none });
            }
        };
        let place = rollout.current();
        let wave = &rollout.waves.get(place)?;
        let is_under_way = rollout.is_under_way();
        let since = wave.since.as_ref();
        let soaks = since.filter(|_| is_under_way && wave.stage == Stage::Soaking);
        let left = soaks.map(|since| since.after(rollout.soak()).left_at(now));
        Some(Self {
            target: Some(rollout.target.clone()),
            pid: is_under_way.then_some(rollout.process.pid),
            wave: Some(place + 1),
            waves: Some(rollout.waves.len()),
            stage: Some(wave.stage),
            since: since.map(|since| since.at),
            left: left.map(|left| left.as_secs_f64()),
            until: left.map(|left| now.after(left).at),
            reason: None,
        })
    }

    /// Says how it stands and what to type.
    pub(super) fn line(&self, now: Timestamp) -> String {
        if let Some(reason) = &self.reason {
            return reason.clone();
        }
        let target = self.target.as_deref().unwrap_or_default();
        let (wave, waves) = (
            self.wave.unwrap_or_default(),
            self.waves.unwrap_or_default(),
        );
        let Some(pid) = self.pid else {
            return format!(
                "a roll-out of {target} was interrupted in wave {wave} of {waves}; `{RESUME}` goes on, `{BACK_OUT}` takes it back"
            );
        };
        let stage = self.stage.map_or("", Stage::word);
        let left = self.until.map_or_else(String::new, |until| {
            let left = between(now, until).as_secs_f64().ceil();
            format!(", {} left", spelled(Duration::from_secs_f64(left)))
        });
        format!(
            "a roll-out of {target} is under way (process {pid}): wave {wave} of {waves} {stage}{left}"
        )
    }
}
