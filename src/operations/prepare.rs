//! A harness's `prepare`: once for each of its commits, before anything moves to it or starts with it.
//!
//! It runs in a scratch project that is made from the mirror, so that it needs no project and touches none, and writes
//! into `{cache}`. A mark beside that says that it is done; without the mark, whatever is there is of no use and is
//! removed before the next attempt. One command at a time, of all fleets of the user, prepares a commit.

mod log;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::error::{Fault, failed, interrupted, timed_out};
use crate::files::{self, Durability, Lock};
use crate::fleet::{self, Fleet};
use crate::harness::{Cache, Manifest, Places};
use crate::names::{CommitId, Name};
use crate::pins::Mirror;
use crate::registry::Project;
use crate::supervision::{Ending, Errand, Interrupt, end_errand};
use crate::ui::{Ui, seconds};

use super::environment::Environment;
use super::launch::Occasion;
use super::launched::recorded;
use super::plan::{Outcome, Plan};
use super::scratch::Scratch;
use super::step::Step;
use super::targets::Targets;
use super::unit::{Pinned, pinned, program};

use log::Log;

/// How long a harness's `prepare` may take, and how long another command's is waited for: it may compile things.
const DEADLINE: Duration = Duration::from_secs(1800);

/// How long it may take before anybody wants to know how it goes.
const SOON: Duration = Duration::from_secs(1);

/// How often a lock is looked at again that another command holds: the kernel has no wait with a deadline for it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What the scratch project is called.
const NAME: &str = "scratch";

/// Plans to prepare a commit of a harness, unless that has been done or there is nothing to prepare.
pub(super) fn preparation(
    harness: &Name,
    manifest: &Manifest,
    commit: &CommitId,
) -> anyhow::Result<Option<Step>> {
    let is_owed = !manifest.commands.prepare.is_empty()
        && !fleet::harness_cache(harness, commit)?.is_prepared();
    Ok(is_owed.then(|| Step::Prepare {
        commit: commit.clone(),
    }))
}

/// Adds to plans that move pins, or start what they are moved to, that its commit is prepared first; and unless this is a
/// dry run, prepares. What cannot be prepared for is not moved: it is among the outcomes.
pub(super) fn before_moves<T>(
    fleet: &Fleet,
    targets: &Targets,
    mut looked: Vec<T>,
    plan: impl Fn(&mut T) -> &mut Plan,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<(Vec<T>, Vec<Outcome>)> {
    let mut known: BTreeMap<(Name, CommitId), Option<Step>> = BTreeMap::new();
    for plan in looked.iter_mut().map(&plan) {
        let project = fleet.registry.project(&plan.project)?;
        let Some(commit) = next_commit(plan, project.commit.as_ref()) else {
            continue;
        };
        let key = (project.harness.clone(), commit.clone());
        let step = match known.get(&key) {
            Some(step) => step.clone(),
            None => {
                let manifest =
                    fleet.manifest(targets.mirror(project)?, &project.harness, &commit)?;
                let step = preparation(&project.harness, &manifest, &commit)?;
                known.insert(key, step.clone());
                step
            }
        };
        plan.steps.splice(0..0, step);
    }
    if dry_run {
        return Ok((looked, Vec::new()));
    }
    carry_out(fleet, looked, plan, Occasion::Asked, ui)
}

/// Returns the commit that a project's next life begins with, if the plan is about that.
fn next_commit(plan: &Plan, registered: Option<&CommitId>) -> Option<CommitId> {
    let (mut moved, mut recorded) = (None, None);
    for step in &plan.steps {
        if let Step::Repin { to, .. } = step {
            moved = Some(to);
        } else if let Step::Record { commit, .. } = step {
            recorded = Some(commit);
        }
    }
    let started = plan.starts();
    moved
        .or(recorded.or(registered).filter(|_| started))
        .cloned()
}

/// Prepares what the plans of some projects begin with: each commit once, in a recorded environment. Parts them by whether
/// that has worked; no other step is carried out.
pub(super) fn carry_out<T>(
    fleet: &Fleet,
    looked: Vec<T>,
    plan: impl Fn(&mut T) -> &mut Plan,
    occasion: Occasion,
    ui: &Ui,
) -> anyhow::Result<(Vec<T>, Vec<Outcome>)> {
    let mut tried: BTreeMap<(Name, CommitId), anyhow::Result<()>> = BTreeMap::new();
    let (mut prepared, mut outcomes) = (Vec::new(), Vec::new());
    for mut one in looked {
        let plan = plan(&mut one);
        let is_first = |step: &&Step| matches!(step, Step::Prepare { .. });
        let Some(step @ Step::Prepare { commit }) = plan.steps.iter().find(is_first) else {
            prepared.push(one);
            continue;
        };
        let project = fleet.registry.project(&plan.project)?;
        let tried = tried
            .entry((project.harness.clone(), commit.clone()))
            .or_insert_with(|| {
                Preparation {
                    harness: &project.harness,
                    commit,
                    environment: recorded(fleet, &project.name, occasion)?,
                    logs: &fleet.runtime("logs"),
                }
                .carry_out(fleet, ui)
            });
        match tried {
            Ok(()) => prepared.push(one),
            Err(error) => {
                let error = anyhow::Error::from(Fault::copy_of(error));
                let error = error.context(format!("`{}`: cannot {step}", plan.project));
                outcomes.push(Outcome::new(plan.project.clone(), Err(error)));
            }
        }
    }
    Ok((prepared, outcomes))
}

/// Prepares what a project pins whose engine was missing, unless that was planned and done: it may not have been known.
pub(super) fn of_filled(
    fleet: &Fleet,
    project: &Project,
    environment: Environment,
    ui: &Ui,
) -> anyhow::Result<()> {
    let Pinned { commit, manifest } = pinned(fleet, project)?;
    if preparation(&project.harness, &manifest, &commit)?.is_none() {
        return Ok(());
    }
    Preparation {
        harness: &project.harness,
        commit: &commit,
        environment,
        logs: &fleet.runtime("logs"),
    }
    .carry_out(fleet, ui)
}

/// One commit that is to be prepared.
pub(super) struct Preparation<'a> {
    /// The harness.
    pub(super) harness: &'a Name,
    /// The commit.
    pub(super) commit: &'a CommitId,
    /// What is handed on of the operator's environment: nothing of any project's, since all share what is made.
    pub(super) environment: Environment,
    /// Where its output is kept.
    pub(super) logs: &'a Path,
}

impl Preparation<'_> {
    /// Runs it, unless another command has done so meanwhile. Fails with what it said last; nothing of it is alive then.
    pub(super) fn carry_out(&self, fleet: &Fleet, ui: &Ui) -> anyhow::Result<()> {
        let cache = fleet::harness_cache(self.harness, self.commit)?;
        let interrupt = Interrupt::hold()?;
        // What is left of other commits does not stand in the way of this one.
        let _ = clear_left_over();
        let _turn = self.take_turn(&cache, &interrupt, ui)?;
        if cache.is_prepared() {
            return Ok(());
        }
        let mirror = mirror(fleet, self.harness, self.commit)?;
        let manifest = fleet.manifest(&mirror, self.harness, self.commit)?;
        // A mark whose cache was deleted must not vouch for half a new one.
        files::remove_if_there(&cache.mark())?;
        clear_beside(&cache)?;
        files::remove_stubborn_tree(cache.directory())?;
        std::fs::create_dir_all(cache.directory())
            .with_context(|| format!("cannot make `{}`", cache.directory().display()))?;
        let began = Instant::now();
        let scratch = Scratch {
            harness: self.harness,
            mirror: &mirror,
            commit: self.commit,
            manifest: &manifest,
        };
        let made = self.run(fleet, &scratch, &cache, &interrupt, ui);
        let cleared = clear_beside(&cache);
        made?;
        cleared?;
        files::replace(&cache.mark(), b"", 0o600, Durability::Synced)?;
        ui.status(format!(
            "prepared {} at {} in {}",
            self.harness,
            self.commit.short(),
            seconds(began.elapsed().as_secs_f64())
        ));
        Ok(())
    }

    fn take_turn(&self, cache: &Cache, interrupt: &Interrupt, ui: &Ui) -> anyhow::Result<Lock> {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(turn) = Lock::try_take(&cache.lock())? {
                return Ok(turn);
            }
            ui.waiting(format!(
                "waiting for another command that prepares {} at {}",
                self.harness,
                self.commit.short()
            ));
            if interrupt.comes_within(LOOK_AGAIN) {
                return Err(interrupted("interrupted").into());
            }
            if Instant::now() >= until {
                return Err(timed_out(format!(
                    "another command has held `{}` for {} s",
                    cache.lock().display(),
                    DEADLINE.as_secs()
                ))
                .into());
            }
        }
    }

    fn run(
        &self,
        fleet: &Fleet,
        scratch: &Scratch<'_>,
        cache: &Cache,
        interrupt: &Interrupt,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        let short = self.commit.short();
        ui.waiting(format!("preparing {} at {short}", self.harness));
        let project = cache.scratch().join(NAME);
        scratch.make(fleet, &project, Vec::new())?;
        let places = Places {
            engine: project.join(&fleet.registry.harness(self.harness)?.path),
            name: NAME.to_owned(),
            args: Vec::new(),
            cache: cache.directory().to_owned(),
            state: cache.scratch().join("state"),
            project,
        };
        let written = &scratch.manifest.commands.prepare;
        let mut command = Manifest::expand(written, &places);
        let first = command
            .first_mut()
            .context("a prepare command has a program")?;
        let wanted = first.clone();
        *first = program(first, &places.project, self.environment.get("PATH"))?;
        let mut log = Log::begin(self.logs.join(format!("{}-{short}.prepare", self.harness)))?;
        let began = Instant::now();
        let ending = Errand {
            command: &command,
            directory: &places.project,
            environment: &self.environment,
            record: &cache.record(),
            deadline: DEADLINE,
        }
        .run(interrupt, |bytes| {
            log.add(bytes)?;
            if began.elapsed() > SOON {
                let (took, said) = (seconds(began.elapsed().as_secs_f64()), log.last_line());
                ui.waiting(format!(
                    "preparing {} at {short} ({took}): {said}",
                    self.harness
                ));
            }
            Ok(())
        })?;
        judge(ending, &wanted, &log)
    }
}

/// Says of a `prepare` that has not worked what it said last, and where the rest is.
fn judge(ending: Ending, program: &str, log: &Log) -> anyhow::Result<()> {
    let output = format!("its output is in {}", log.path().display());
    let fault = match ending {
        Ending::Exited(status) if status.success() => return Ok(()),
        Ending::Exited(status) => {
            let last = log.last_line();
            let said = if last.is_empty() {
                String::new()
            } else {
                format!(": {last}")
            };
            failed(format!("`{program}` ended with {status}{said} ({output})"))
        }
        Ending::TimedOut => timed_out(format!(
            "`{program}` has not ended within {} s ({output})",
            DEADLINE.as_secs()
        )),
        Ending::Interrupted => interrupted(format!("interrupted ({output})")),
    };
    Err(fault.into())
}

/// Returns a harness's mirror, which has the commit; asks for it where it has not.
fn mirror(fleet: &Fleet, harness: &Name, commit: &CommitId) -> anyhow::Result<Mirror> {
    let mirror = fleet.mirror(harness)?;
    if !mirror.contains(commit) {
        mirror.fetch()?;
    }
    if mirror.contains(commit) {
        return Ok(mirror);
    }
    let short = commit.short();
    Err(failed(format!(
        "harness `{harness}` has no commit {short} where it comes from"
    ))
    .hint("push it there: what it prepares is made from there, and for all projects")
    .into())
}

/// Ends and removes what killed commands have left of any `prepare`, but for what another command works on.
pub(crate) fn clear_left_over() -> anyhow::Result<()> {
    for cache in Cache::unfinished(&fleet::harness_caches()?) {
        if let Some(_turn) = Lock::try_take(&cache.lock())? {
            clear_beside(&cache)?;
        }
    }
    Ok(())
}

/// Ends what runs to prepare a cache, and removes where it ran. The lock is the caller's.
fn clear_beside(cache: &Cache) -> anyhow::Result<()> {
    end_errand(&cache.record())?;
    files::remove_stubborn_tree(&cache.scratch())
}
