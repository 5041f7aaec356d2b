//! `fleet harness probe`: a version of a harness tried in a throw-away project. Whatever comes of it, nothing of it is left
//! afterwards, and no project of the fleet is touched.

mod evidence;
mod place;
mod steps;

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::error::{Advise as _, Fault, failed, interrupted};
use crate::events::Event;
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::health;
use crate::names::{Name, Ref};
use crate::pins::{Mirror, NewFile};
use crate::supervision::{Interrupt, LastExit, Liveness, Phase, State, StateWatch};
use crate::ui::{Ui, seconds};

use super::prepare::{Preparation, preparation};
use super::scratch::Scratch;
use super::version::{self, Chosen};
use super::{demo, environment, record, start, stop};
use evidence::Evidence;
use place::{Place, Tried};
use steps::Steps;

/// The program whose projects say in their own file which agents they run: those of a scaffold may not be installed.
const RUNNER: &str = "agents";

/// What is to be tried.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    /// The harness.
    pub(crate) harness: &'a Name,
    /// Its version.
    pub(crate) reference: &'a Ref,
    /// How long it must stay up.
    pub(crate) soak: Duration,
}

/// Ends and removes what a killed probe has left; returns whether it could: not while a probe is at work.
pub(crate) fn clear_probe(fleet: &Fleet, ui: &Ui) -> anyhow::Result<bool> {
    let Some(_lock) = Lock::try_take(&Place::lock(fleet))? else {
        return Ok(false);
    };
    Place::of(fleet).clear(ui).map(|()| true)
}

/// Tries a version, and fails where it does not work: prepared, started, up for the soak, healthy, stopped, removed.
pub(crate) fn probe(fleet: &Fleet, trial: &Trial<'_>, ui: &Ui) -> anyhow::Result<()> {
    fleet.registry.harness(trial.harness)?;
    fleet.make_runtime()?;
    let waiting = || ui.waiting("waiting for another probe");
    let _lock = Lock::take(&Place::lock(fleet), fleet.patience, waiting)?;
    // From here on Ctrl-C is heard, and ends the process only when all of it is removed.
    let interrupt = Interrupt::hold()?;
    let began = Instant::now();
    let place = Place::of(fleet);
    place
        .clear(ui)
        .context("cannot clear away what an earlier probe has left")?;
    let mut steps = Steps::new(ui, &interrupt);
    let mut probe = Probe {
        fleet,
        trial,
        place: &place,
        interrupt: &interrupt,
        ui,
    };
    let (tried, found) = probe.carry_out(&mut steps);
    let removed = steps.last_step(
        "remove",
        || place.clear(ui),
        |()| "nothing of it is left".to_owned(),
    );
    let result = tried.and(removed.context("cannot clear all of it away"));
    let version = match &found {
        Some(found) => format!("{} {}", trial.reference, found.chosen.commit.short()),
        None => trial.reference.to_string(),
    };
    let event = Event {
        after: Some(format!("{} {version}", trial.harness)),
        outcome: record::outcome(result.as_ref().err()),
        seconds: Some(began.elapsed().as_secs_f64()),
        ..fleet.asked("probe")
    };
    fleet.record(&[event], ui);
    result
}

/// A version that was found.
struct Found {
    mirror: Mirror,
    chosen: Chosen,
    manifest: Manifest,
}

struct Probe<'a> {
    fleet: &'a Fleet,
    trial: &'a Trial<'a>,
    place: &'a Place,
    interrupt: &'a Interrupt,
    ui: &'a Ui,
}

impl Probe<'_> {
    /// Carries all out but the removal; also returns the version, once it is known.
    fn carry_out(&mut self, steps: &mut Steps<'_>) -> (anyhow::Result<()>, Option<Found>) {
        let resolved = steps.step(
            "resolve",
            || self.resolve(),
            |found| {
                format!(
                    "{} is {}",
                    self.trial.reference,
                    found.chosen.commit.short()
                )
            },
        );
        match resolved {
            Err(error) => (Err(error), None),
            Ok(found) => {
                let tried = self.try_out(&found, steps).with_context(|| {
                    let Trial {
                        harness, reference, ..
                    } = self.trial;
                    format!("{harness} {reference} does not work")
                });
                (tried, Some(found))
            }
        }
    }

    fn resolve(&self) -> anyhow::Result<Found> {
        let Trial {
            harness, reference, ..
        } = self.trial;
        let mirror = self.fleet.mirror(harness)?;
        let (chosen, bad) = version::choose_for_trial(self.fleet, harness, &mirror, reference)?;
        if let Some(bad) = bad {
            self.ui.warn(format!("{bad}; it is tried all the same"));
        }
        let manifest = self.fleet.manifest(&mirror, harness, &chosen.commit)?;
        Ok(Found {
            mirror,
            chosen,
            manifest,
        })
    }

    fn try_out(&self, found: &Found, steps: &mut Steps<'_>) -> anyhow::Result<()> {
        self.ui.waiting("making a throw-away project");
        let mut own = steps.step(
            "create",
            || self.create(found),
            |_| "a throw-away project".to_owned(),
        )?;
        if found
            .manifest
            .commands
            .start
            .first()
            .is_some_and(|program| program == RUNNER)
        {
            steps.say("        note     its agents are small stand-ins: no real agent and no prompt is tried");
        }
        steps.step("prepare", || self.prepare(found), |said| (*said).to_owned())?;
        let ran = self.run(&mut own, steps);
        if let Err(error) = &ran {
            self.keep_evidence(&own, found, error, steps);
        }
        let stopped = steps.last_step("stop", || self.stop(&mut own), String::clone);
        let log = place::log(self.fleet, self.trial.harness, &found.chosen.commit);
        ran.hint(|| format!("`cat {}` shows all that it said", log.display()))?;
        stopped.map(drop)
    }

    fn create(&self, found: &Found) -> anyhow::Result<Fleet> {
        let harness = self.fleet.registry.harness(self.trial.harness)?;
        let own = self.place.make(&Tried {
            harness: &harness.name,
            url: harness.url.as_ref(),
            path: &harness.path,
            reference: found.chosen.commit.as_str(),
            commit: Some(&found.chosen.commit),
        })?;
        let scratch = Scratch {
            harness: self.trial.harness,
            mirror: &found.mirror,
            commit: &found.chosen.commit,
            manifest: &found.manifest,
        };
        scratch.make(&own, &self.place.project(), first_files(&found.manifest))?;
        Ok(own)
    }

    /// Prepares it where all who use the version find it, so that it is done for them too.
    fn prepare(&self, found: &Found) -> anyhow::Result<&'static str> {
        let (harness, commit) = (self.trial.harness, &found.chosen.commit);
        if found.manifest.commands.prepare.is_empty() {
            return Ok("there is nothing to prepare");
        }
        if preparation(harness, &found.manifest, commit)?.is_none() {
            return Ok("it has been prepared before");
        }
        let preparation = Preparation {
            harness,
            commit,
            environment: environment::record(),
            logs: &self.fleet.runtime("logs"),
        };
        preparation.carry_out(self.fleet, self.ui)?;
        Ok("it is prepared, also for those who move to it")
    }

    /// Starts it, sees it stay up, and asks it how it is.
    fn run(&self, own: &mut Fleet, steps: &mut Steps<'_>) -> anyhow::Result<()> {
        let mut watch = StateWatch::new(&own.runtime("state"))?;
        steps.step("start", || self.start(own), |()| "it runs".to_owned())?;
        let soak = seconds(self.trial.soak.as_secs_f64());
        steps.step(
            "soak",
            || self.soak(own, &mut watch),
            |()| format!("it stayed up for {soak}"),
        )?;
        self.ui.waiting("asking it how it is");
        steps.step("status", || ask(own), |said| (*said).to_owned())?;
        Ok(())
    }

    fn start(&self, own: &mut Fleet) -> anyhow::Result<()> {
        self.ui.waiting("starting it");
        for outcome in start::start(own, &[Place::name()], false, self.ui)? {
            // What it advises is about a project that stays.
            let unadvised = |error| Fault::copy_of(&error).without_hints();
            outcome.result.map_err(unadvised)?;
        }
        still_runs(own)
    }

    fn soak(&self, own: &Fleet, watch: &mut StateWatch) -> anyhow::Result<()> {
        self.ui.waiting("waiting whether it stays up");
        let deadline = Instant::now() + self.trial.soak;
        let others = self.interrupt.descriptors();
        watch.wait_until_or(deadline, &others, |_| still_runs(own).is_err())?;
        if self.interrupt.has_come() {
            return Err(interrupted("interrupted").into());
        }
        still_runs(own)
    }

    fn stop(&self, own: &mut Fleet) -> anyhow::Result<String> {
        let mut told = Vec::new();
        for outcome in stop::stop(own, &[Place::name()], false, self.ui)? {
            told.push(outcome.result?);
        }
        Ok(told.join("; "))
    }

    /// Says how it ended and what it said last, and keeps all of it in a file. What cannot be kept is told.
    fn keep_evidence(
        &self,
        own: &Fleet,
        found: &Found,
        error: &anyhow::Error,
        steps: &mut Steps<'_>,
    ) {
        let evidence = Evidence::of(own);
        for line in evidence.summary() {
            steps.say(line);
        }
        let log = place::log(self.fleet, self.trial.harness, &found.chosen.commit);
        if let Err(error) = evidence.write(&log, steps.lines(), error) {
            self.ui.warn(format!("{error:#}"));
        }
    }
}

/// Returns the files that go before those of the scaffold: agents that run on any machine, where the project says which.
fn first_files(manifest: &Manifest) -> Vec<NewFile> {
    let start = manifest.commands.start.first();
    if start.is_some_and(|program| program == RUNNER) {
        demo::files()
    } else {
        Vec::new()
    }
}

/// Fails with how it ended, unless it runs.
fn still_runs(own: &Fleet) -> anyhow::Result<()> {
    let Some(state) = State::read(&own.unit_files(&Place::name()).state)? else {
        return Err(failed("it has not said that it runs").into());
    };
    let process = state.life.as_ref().map(|life| life.process.liveness());
    let is_up = matches!(state.phase, Phase::Running | Phase::Starting);
    if is_up && state.tender_liveness() != Liveness::Gone && process != Some(Liveness::Gone) {
        return Ok(());
    }
    let exit = state.last_exit.as_ref().map(LastExit::to_string);
    let how = state.reason.clone().or(exit);
    let how = how.unwrap_or_else(|| "nobody saw how".to_owned());
    let lived = state.last_exit.as_ref().map_or_else(String::new, |exit| {
        format!(" after {}", seconds(exit.uptime))
    });
    Err(failed(format!("it has ended{lived}: {how}")).into())
}

fn ask(own: &Fleet) -> anyhow::Result<&'static str> {
    match health::ask(own, own.registry.project(&Place::name())?)? {
        None => Ok("it has no `status` to be asked for"),
        Some(answer) if answer.healthy => Ok("it says that it is healthy"),
        Some(answer) => {
            let complaint = answer.complaint.unwrap_or_else(|| "no reason".to_owned());
            Err(failed(format!("it says that it is not healthy: {complaint}")).into())
        }
    }
}
