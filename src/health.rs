//! What harnesses say of themselves: asked only when somebody wants to know, and remembered with its age.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command;
use crate::files::{read_json, write_json};
use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::names::{CommitId, Name};
use crate::parallel::in_parallel;
use crate::registry::Project;
use crate::supervision::{Liveness, State, Unit, find_program};

/// How long a harness may take to say how it is.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a harness last said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Whether it is healthy.
    pub(crate) healthy: bool,
    /// When it said so.
    pub(crate) at: Timestamp,
    /// The life that said so: an earlier one's answer says nothing of this one.
    life: String,
    /// How it said that it is not: its exit status and its last line; or that it did not answer.
    #[serde(default)]
    pub(crate) complaint: Option<String>,
}

/// Asks the harnesses of these projects that run and have a `status` command, several at once. Returns those that could
/// not be asked: that is no answer, and in nobody else's way.
pub(crate) fn probe(
    fleet: &Fleet,
    projects: &[&Project],
) -> anyhow::Result<Vec<(Name, anyhow::Error)>> {
    fleet.make_runtime()?;
    let asked = in_parallel(projects, |project| ask(fleet, project));
    let asked = projects.iter().zip(asked);
    let unasked = asked.filter_map(|(project, asked)| Some((project.name.clone(), asked.err()?)));
    Ok(unasked.collect())
}

/// Returns what the harness of a project last said in this life.
pub(crate) fn last_answer(fleet: &Fleet, name: &Name, state: &State) -> Option<Answer> {
    let answer: Answer = read_json(&fleet.probe_file(name)).ok()??;
    (Some(&answer.life) == life_of(state).as_ref()).then_some(answer)
}

/// Names a life: its mark is its tender's, so the process's start is part of it.
fn life_of(state: &State) -> Option<String> {
    state
        .life
        .as_ref()
        .map(|life| format!("{} {}", life.mark, life.process.started))
}

/// Asks the harness of a project, and remembers the answer; `None` where it does not run, or has no `status` command.
pub(crate) fn ask(fleet: &Fleet, project: &Project) -> anyhow::Result<Option<Answer>> {
    let files = fleet.unit_files(&project.name);
    let Some(state) =
        State::read(&files.state)?.filter(|state| state.tender_liveness() == Liveness::Alive)
    else {
        return Ok(None);
    };
    let (Some(name), Some(life)) = (life_of(&state), state.life) else {
        return Ok(None);
    };
    let Some(commit) = life.commit else {
        return Ok(None);
    };
    let commit: CommitId = commit.parse().map_err(|why: String| anyhow::anyhow!(why))?;
    let manifest = fleet.vendored_manifest(project, &commit)?;
    let argv = Manifest::expand(&manifest.commands.status, &fleet.places(project, &commit)?);
    let Some((program, arguments)) = argv.split_first() else {
        return Ok(None);
    };
    // The environment of the life itself, as `start` recorded it.
    let unit = Unit::read(&files.unit)?;
    let search = unit.environment.get("PATH").map_or("", String::as_str);
    let found = find_program(program, search, &unit.directory)
        .with_context(|| format!("cannot find `{program}`"))?;
    let mut call = Command::new(found);
    call.args(arguments)
        .current_dir(&unit.directory)
        .env_clear()
        .envs(&unit.environment)
        // What it leaves behind is of the life that is asked about, and ends with that.
        .env(&life.variable, &life.mark);
    // One that does not answer in time is not healthy.
    let complaint = match command::run(call, DEADLINE) {
        Ok(said) if said.status.success() => None,
        Ok(said) => Some(complaint(&said)),
        Err(error) => Some(format!("{error:#}")),
    };
    let answer = Answer {
        healthy: complaint.is_none(),
        at: Timestamp::now(),
        life: name,
        complaint,
    };
    write_json(&fleet.probe_file(&project.name), &answer)?;
    Ok(Some(answer))
}

/// Says how a harness said that it is not well: by its exit, and by the last line that it printed.
fn complaint(said: &command::Answer) -> String {
    let lines = said.stdout.lines().chain(said.stderr.lines());
    let last = lines.map(str::trim).rfind(|line| !line.is_empty());
    let exit = match said.status.code() {
        Some(code) => format!("exit status {code}"),
        None => said.status.to_string(),
    };
    match last {
        Some(last) => format!("{exit}: {last}"),
        None => exit,
    }
}
