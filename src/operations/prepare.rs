//! A harness's `prepare`: once for each of its commits, before the first life that needs it.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::command;
use crate::error::failed;
use crate::files::{self, Durability, Lock};
use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::names::CommitId;
use crate::registry::Project;

use super::environment::{self, Environment};
use super::step::Step;
use super::unit::{pinned, program};

/// How long a harness's `prepare` may take: it may compile things.
const PREPARE_DEADLINE: Duration = Duration::from_secs(1800);

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

/// Runs a harness's `prepare` in a recorded environment, unless another command has done it meanwhile.
pub(super) fn prepare(
    fleet: &Fleet,
    project: &Project,
    recorded: Environment,
) -> anyhow::Result<()> {
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
    let environment = environment::of_project(recorded, project)?;
    let (wanted, arguments) = argv
        .split_first()
        .context("a prepare command has a program")?;
    let mut call = Command::new(program(wanted, &project.location, environment.get("PATH"))?);
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
            failed(format!("`{wanted}` ended with {}{because}", answer.status))
                .hint(format!("its output is in {}", log.display()))
                .into(),
        );
    }
    files::replace(&mark, b"", 0o600, Durability::Synced)
}
