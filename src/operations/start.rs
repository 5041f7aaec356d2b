//! `fleet start`: sessions, many at once.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::command;
use crate::error::{failed, refused};
use crate::files::{self, Durability, Lock};
use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::names::{CommitId, Name};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, PinWord};
use crate::registry::Project;
use crate::supervision::{self, Liveness, Phase, State};
use crate::ui::Ui;

use super::environment;
use super::launch::{self, pinned};
use super::plan::{self, Outcome, Plan, lock_all};
use super::step::Step;
use super::{recover, stop};

/// How long a harness's `prepare` may take: it may compile things.
const PREPARE_DEADLINE: Duration = Duration::from_secs(1800);

/// Starts projects, or prints how. One that cannot be started does not stop the others.
pub(crate) fn start(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    fleet.make_runtime()?;
    let (_locks, mut outcomes) = lock_all(fleet, names, ui)?;
    let mut ready: Vec<Name> = names.to_vec();
    ready.retain(|name| !outcomes.iter().any(|outcome| outcome.project == *name));
    if !dry_run {
        for name in &ready {
            recover::recover(fleet, name, ui)?;
        }
        fleet.reload()?;
    }
    let fleet = &*fleet;
    let locations: Vec<_> = ready
        .iter()
        .filter_map(|name| fleet.registry.projects.get(name))
        .map(|project| project.location.clone())
        .collect();
    let holders = supervision::holders(locations.iter().map(PathBuf::as_path))?;
    let looked = in_parallel(&ready, |name| {
        let project = fleet.registry.project(name)?;
        look(fleet, project, holders.get(&project.location).copied())
    });
    let (plans, refused) = plan::part(ready.into_iter().zip(looked));
    outcomes.extend(refused);
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    outcomes.extend(carry_out(fleet, plans, ui)?);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(outcomes)
}

/// Returns the commit that a project's running life was started from; `None` where none runs.
pub(super) fn running_commit(fleet: &Fleet, name: &Name) -> Option<Option<CommitId>> {
    let state = State::read(&fleet.unit_files(name).state).ok().flatten()?;
    let runs = matches!(state.phase, Phase::Running | Phase::Starting)
        && state.tender_liveness() == Liveness::Alive;
    runs.then(|| state.life.and_then(|life| life.commit?.parse().ok()))
}

/// Fails where a project that is stopped now could not be started afterwards.
pub(super) fn check(fleet: &Fleet, project: &Project) -> anyhow::Result<()> {
    admit(project)?;
    let missing = |step: &Step| matches!(step, Step::Fill { .. });
    if !engine_steps(fleet, project)?.iter().any(missing) {
        launch::unit(fleet, project, environment::record())?;
    }
    Ok(())
}

/// Refuses what the registry forbids, and what is not there.
fn admit(project: &Project) -> anyhow::Result<()> {
    let name = &project.name;
    if !project.enabled {
        let hint = format!("`fleet enable {name}` allows it");
        return Err(refused(format!("`{name}` is disabled")).hint(hint).into());
    }
    if !project.location.is_dir() {
        return Err(
            failed(format!("`{name}` is not at {}", project.location.display()))
                .hint("put it back, or correct its `location` in fleet.toml")
                .into(),
        );
    }
    Ok(())
}

fn look(fleet: &Fleet, project: &Project, holder: Option<i32>) -> anyhow::Result<Plan> {
    let name = &project.name;
    admit(project)?;
    let mut steps = Vec::new();
    let state = State::read(&fleet.unit_files(name).state)?;
    let tender = state
        .as_ref()
        .map_or(Liveness::Gone, State::tender_liveness);
    let own = state
        .as_ref()
        .filter(|_| tender == Liveness::Alive)
        .map(|state| state.tender.pid);
    match (tender, state.as_ref().map(|state| state.phase)) {
        (Liveness::Unknown, _) => {
            return Err(failed(format!("cannot tell whether `{name}` runs"))
                .hint(format!("`fleet status {name}`"))
                .into());
        }
        (Liveness::Alive, Some(Phase::Running | Phase::Starting)) => {
            return Ok(Plan::nothing(name, format!("`{name}` is up already")));
        }
        // A tender that has seen the end keeps the last screen; a new session needs its place.
        (Liveness::Alive, _) => steps.push(Step::Stop),
        (Liveness::Gone, _) => {}
    }
    if let Some(holder) = holder.filter(|holder| Some(*holder) != own) {
        return Err(refused(format!(
            "`{name}` is run by process {holder} already, not by this fleet"
        ))
        .hint(format!("stop that run first: `ps -fp {holder}` shows it"))
        .into());
    }
    steps.extend(engine_steps(fleet, project)?);
    steps.push(Step::Start);
    Ok(Plan::new(name, steps, format!("started `{name}`")))
}

/// Refuses to run what is not pinned, and plans to make what is missing.
fn engine_steps(fleet: &Fleet, project: &Project) -> anyhow::Result<Vec<Step>> {
    let name = &project.name;
    let engine = fleet.engine(project)?;
    let facts = pins::read(&project.location, engine, Depth::Files);
    let refuse = |what: String, hint: String| Err(refused(what).hint(hint).into());
    match pins::word(&facts, facts.head.commit().cloned().as_ref(), None) {
        PinWord::Missing => {
            let commit = facts
                .head
                .commit()
                .cloned()
                .with_context(|| format!("`{name}` pins no harness at `{engine}`"))?;
            return Ok(vec![Step::Fill { commit }]);
        }
        PinWord::Moved => {
            let at = project.location.display();
            let cure = if facts.index == facts.checkout {
                format!("`git -C {at} commit` pins where it is, which is staged")
            } else {
                format!("`git -C {at} submodule update {engine}` puts it there")
            };
            return refuse(
                format!("the engine of `{name}` is not at the commit that `{name}` pins"),
                cure,
            );
        }
        PinWord::Dirty => {
            return refuse(
                format!("the engine of `{name}` has changed files"),
                format!(
                    "`git -C {}/{engine} status` shows them; commit, stash or revert them",
                    project.location.display()
                ),
            );
        }
        PinWord::Unknown => {
            let why = facts
                .trouble
                .clone()
                .unwrap_or_else(|| "something of it cannot be read".to_owned());
            return refuse(
                format!("cannot tell what `{name}` pins: {why}"),
                format!(
                    "`git -C {} status` may say more",
                    project.location.display()
                ),
            );
        }
        PinWord::Ok
        | PinWord::Behind
        | PinWord::Staged
        | PinWord::Skew
        | PinWord::Lost
        | PinWord::Interrupted => {}
    }
    let pinned = pinned(fleet, project)?;
    let prepare = preparation(fleet, project, &pinned.manifest, &pinned.commit)?;
    Ok(prepare.into_iter().collect())
}

/// Plans to prepare a commit of a project's harness, unless that has been done or there is nothing to prepare.
pub(super) fn preparation(
    fleet: &Fleet,
    project: &Project,
    manifest: &Manifest,
    commit: &CommitId,
) -> anyhow::Result<Option<Step>> {
    let unprepared = !manifest.commands.prepare.is_empty()
        && !fleet.places(project, commit)?.prepared_mark().exists();
    Ok(unprepared.then(|| Step::Prepare {
        commit: commit.clone(),
    }))
}

/// Carries out plans to start: what each needs first, then all sessions together.
pub(super) fn carry_out(fleet: &Fleet, plans: Vec<Plan>, ui: &Ui) -> anyhow::Result<Vec<Outcome>> {
    let (mut outcomes, mut ready) = (Vec::new(), Vec::new());
    for plan in plans {
        let Plan {
            project,
            steps,
            done,
        } = plan;
        let starts = steps.contains(&Step::Start);
        match before_start(fleet, &project, &steps, ui) {
            Err(error) => outcomes.push(Outcome {
                project,
                result: Err(error),
            }),
            Ok(()) if starts => ready.push(project),
            Ok(()) => outcomes.push(Outcome {
                project,
                result: Ok(done),
            }),
        }
    }
    if !ready.is_empty() {
        ui.waiting(format!(
            "starting {}",
            crate::ui::count(ready.len(), "project")
        ));
        outcomes.extend(launch::launch(fleet, &ready)?);
    }
    Ok(outcomes)
}

fn before_start(fleet: &Fleet, name: &Name, steps: &[Step], ui: &Ui) -> anyhow::Result<()> {
    let project = fleet.registry.project(name)?;
    for step in steps {
        match step {
            Step::Stop => stop::stop_one(fleet, project).map(drop),
            Step::Fill { commit } => {
                let mirror = fleet.mirror(&project.harness)?;
                let _spawning = fleet.hold_spawns(name)?;
                let url = fleet.harness_url(&project.harness)?;
                pins::fill(
                    &project.location,
                    fleet.engine(project)?,
                    &mirror,
                    &url,
                    commit,
                )
            }
            Step::Prepare { .. } => {
                ui.waiting(format!("preparing the harness of `{name}`"));
                prepare(fleet, project)
            }
            Step::Build { .. }
            | Step::Place { .. }
            | Step::Register { .. }
            | Step::Unregister
            | Step::Repin { .. }
            | Step::Record { .. }
            | Step::Start => Ok(()),
        }
        .with_context(|| format!("cannot {step}"))?;
    }
    Ok(())
}

/// Runs a harness's `prepare`, unless another command has done it meanwhile.
fn prepare(fleet: &Fleet, project: &Project) -> anyhow::Result<()> {
    let pinned = pinned(fleet, project)?;
    let places = fleet.places(project, &pinned.commit)?;
    let mark = places.prepared_mark();
    let _preparing = Lock::take(&mark.with_extension("lock"), PREPARE_DEADLINE, || ())?;
    if mark.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&places.cache)
        .with_context(|| format!("cannot make `{}`", places.cache.display()))?;
    let argv = Manifest::expand(&pinned.manifest.commands.prepare, &places);
    let environment = environment::of_project(environment::record(), project)?;
    let (program, arguments) = argv
        .split_first()
        .context("a prepare command has a program")?;
    let mut call = Command::new(launch::program(
        program,
        &project.location,
        environment.get("PATH"),
    )?);
    call.args(arguments)
        .current_dir(&project.location)
        .env_clear()
        .envs(&environment);
    let answer = command::run(call, PREPARE_DEADLINE)?;
    let log = fleet
        .runtime("logs")
        .join(format!("{}.prepare", project.name));
    files::replace(
        &log,
        format!("{}{}", answer.stdout, answer.stderr).as_bytes(),
        0o600,
        Durability::Cached,
    )?;
    if !answer.status.success() {
        let mut said = answer.stdout.lines().chain(answer.stderr.lines());
        let last = said.rfind(|line| !line.trim().is_empty());
        let because = last.map_or(String::new(), |line| format!(": {line}"));
        return Err(
            failed(format!("`{program}` ended with {}{because}", answer.status))
                .hint(format!("its output is in {}", log.display()))
                .into(),
        );
    }
    files::replace(&mark, b"", 0o600, Durability::Synced)
}
