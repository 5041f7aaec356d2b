//! What is true of a project, so far as a plan rests on it: without times and process ids, so that the same world always
//! reads the same.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::fleet::Fleet;
use crate::journal;
use crate::names::{CommitId, Name, Ref};
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Kind, PinWord};
use crate::registry::Project;
use crate::sessions::Panes;
use crate::supervision::{self, When, chance};
use crate::ui::Ui;

use super::super::bring_back::{self, Decision};
use super::super::cause::Server;
use super::super::start;
use super::super::step::Step;

/// The facts of one project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Facts {
    pub(super) location: String,
    /// Whether something is there.
    pub(super) is_there: bool,
    /// Whether another command has its lock.
    pub(super) is_busy: bool,
    /// What an interrupted command was to do.
    pub(super) interrupted: Option<String>,
    pub(super) word: PinWord,
    pub(super) reference: Ref,
    /// What fleet.toml says that the ref stands for.
    pub(super) wanted: Option<CommitId>,
    /// What the ref of a tag or commit stands for by the last copy of the harness.
    pub(super) stands_for: Option<CommitId>,
    pub(super) head: Option<CommitId>,
    pub(super) index: Option<CommitId>,
    pub(super) checkout: Option<CommitId>,
    pub(super) running: Option<CommitId>,
    /// Why something of the pin cannot be read.
    pub(super) trouble: Option<String>,
    /// Why the pin may not be moved; nobody asked where it need not.
    pub(super) refusal: Option<String>,
    pub(super) run: Run,
}

/// Whether it runs, against what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Run {
    /// As asked for, or nobody has asked for anything.
    AsWanted,
    /// It runs, and should not.
    Unwanted,
    /// It should run, and was lost by no doing of its own.
    Lost {
        because: String,
        /// Why it cannot come back.
        refusal: Option<String>,
    },
    /// It should run, and has an end that only its operator changes.
    Ended(String),
}

/// All facts at one look.
pub(super) struct World {
    /// In the order of their names.
    pub(super) projects: Vec<(Name, Facts)>,
    /// Sessions on the fleet's server that are no project's.
    pub(super) strangers: BTreeSet<String>,
}

impl World {
    /// Looks at all projects.
    pub(super) fn look(fleet: &Fleet, ui: &Ui) -> anyhow::Result<Self> {
        let names: Vec<Name> = fleet.registry.projects.keys().cloned().collect();
        let sessions = fleet.tmux()?.panes().map(Panes::sessions);
        let strangers = sessions.into_iter().flatten();
        let strangers = strangers.filter(|session| {
            let name = session.parse::<Name>().ok();
            !name.is_some_and(|name| fleet.registry.projects.contains_key(&name))
        });
        Ok(Self {
            strangers: strangers.collect(),
            projects: names.iter().cloned().zip(of(fleet, &names, ui)?).collect(),
        })
    }
}

/// Reads the facts of these projects.
pub(super) fn of(fleet: &Fleet, names: &[Name], ui: &Ui) -> anyhow::Result<Vec<Facts>> {
    let open = journal::open_in(&fleet.runtime("journal"))?;
    let server = Server::ask(fleet);
    let brake = supervision::brake(&fleet.runtime(""))?;
    // One look at the kernel's list: to try each lock would make files, and take its time on a busy machine.
    let locks: Vec<PathBuf> = names.iter().map(|name| fleet.command_lock(name)).collect();
    let held = supervision::holders(locks.iter().map(PathBuf::as_path))?;
    let counting = ui.counting("looking at projects", names.len());
    let read = |name: &Name| {
        let _one = counting.on(name);
        let project = fleet.registry.project(name)?;
        let mut facts = pin(fleet, project);
        facts.is_busy = held.contains_key(&fleet.command_lock(name));
        if open.contains(name) {
            facts.interrupted = Some(meant(fleet, name));
        }
        facts.run = run(fleet, project, server.as_ref());
        if let (Run::Lost { refusal, .. }, Some(on)) = (&mut facts.run, &brake) {
            *refusal = Some(format!(
                "the brake is on: {}; `fleet go` takes it off",
                on.reason
            ));
        }
        anyhow::Ok(facts)
    };
    let mut all: Vec<Facts> = in_parallel(names, read)
        .into_iter()
        .collect::<anyhow::Result<_>>()?;
    drop(counting);
    refuse_to_bring_back(fleet, names, &mut all, ui)?;
    Ok(all)
}

fn meant(fleet: &Fleet, name: &Name) -> String {
    let steps = fleet.journal(name).open::<Vec<Step>>().ok().flatten();
    let steps: Vec<String> = steps.iter().flatten().map(Step::to_string).collect();
    match steps.as_slice() {
        [] => "change it".to_owned(),
        steps => steps.join(", "),
    }
}

fn pin(fleet: &Fleet, project: &Project) -> Facts {
    let engine = fleet.engine(project).unwrap_or("engine");
    let mut facts = pins::read(&project.location, engine, Depth::Files);
    let mirror = fleet.known_mirror(&project.harness);
    if let Some(pinned) = facts.head.commit()
        && facts.checkout.commit() != Some(pinned)
    {
        facts.lost = mirror
            .as_ref()
            .is_some_and(|mirror| pins::is_lost(&project.location, engine, pinned, Some(mirror)));
    }
    let running = start::running_commit(fleet, &project.name).flatten();
    let word = pins::word(&facts, project.commit.as_ref(), running.as_ref());
    let resolved = mirror
        .as_ref()
        .and_then(|mirror| mirror.resolve(&project.reference).ok().flatten());
    let shown = project.location.strip_prefix(&fleet.root);
    let mut found = Facts {
        location: shown.unwrap_or(&project.location).display().to_string(),
        is_there: project.location.is_dir(),
        is_busy: false,
        interrupted: None,
        word,
        reference: project.reference.clone(),
        wanted: project.commit.clone(),
        // A branch moves on; `fleet harness refs` says how far.
        stands_for: resolved
            .filter(|found| found.kind != Kind::Branch)
            .map(|found| found.commit),
        head: facts.head.commit().cloned(),
        index: facts.index.commit().cloned(),
        checkout: facts.checkout.commit().cloned(),
        running,
        trouble: facts.trouble,
        refusal: None,
        run: Run::AsWanted,
    };
    let may_move = match word {
        PinWord::Behind | PinWord::Staged | PinWord::Moved | PinWord::Dirty => true,
        PinWord::Unknown => found.trouble.is_none(),
        PinWord::Ok | PinWord::Skew | PinWord::Missing | PinWord::Lost | PinWord::Interrupted => {
            false
        }
    };
    if let (true, Some(mirror)) = (may_move, &mirror) {
        let rescue = fleet.runtime("trash");
        let checked = fleet
            .pin_move(project, mirror, false, &rescue)
            .and_then(|wish| pins::check(&wish));
        found.refusal = checked.err().map(|error| said(&error));
    }
    found
}

/// Says in one line what stands in the way, and the way out.
fn said(error: &anyhow::Error) -> String {
    let hints = crate::error::hints(error);
    let hint = hints.first().map(|hint| format!("; {hint}"));
    format!("{error:#}{}", hint.unwrap_or_default())
}

fn run(fleet: &Fleet, project: &Project, server: Result<&Server, &anyhow::Error>) -> Run {
    let facts = bring_back::Facts::read(fleet, project);
    if facts.runs_unwanted() {
        return Run::Unwanted;
    }
    let state = facts.state().filter(|_| facts.is_lost());
    let cause = match (state, server) {
        (Some(state), Ok(server)) => Some(server.cause(state)),
        (Some(_), Err(error)) => {
            return Run::Lost {
                because: "it was lost".to_owned(),
                refusal: Some(format!("{error:#}")),
            };
        }
        (None, _) => None,
    };
    match bring_back::decide(&facts, cause, &When::now(), chance()) {
        Decision::Up | Decision::Down(_) => Run::AsWanted,
        // A wish that the registry overrules is no difference to it.
        Decision::Leave(_) if !project.enabled => Run::AsWanted,
        Decision::Leave(why) | Decision::Park(why) => Run::Ended(why),
        Decision::Bring { because, .. } | Decision::Wait { because, .. } => Run::Lost {
            because,
            refusal: None,
        },
    }
}

/// Asks of what was lost what every start asks: a plan must not promise what its start would refuse.
fn refuse_to_bring_back(
    fleet: &Fleet,
    names: &[Name],
    all: &mut [Facts],
    ui: &Ui,
) -> anyhow::Result<()> {
    // What has to be filled or moved first is asked again when that is done.
    let is_ready = |facts: &Facts| {
        matches!(facts.word, PinWord::Ok | PinWord::Skew) && facts.interrupted.is_none()
    };
    let lost = |facts: &&Facts| matches!(facts.run, Run::Lost { .. }) && is_ready(facts);
    let both = names.iter().zip(all.iter());
    let asked: Vec<Name> = both
        .filter(|(_, facts)| lost(facts))
        .map(|(name, _)| name.clone())
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let (_, refused) = bring_back::look(fleet, &asked, ui)?;
    for outcome in refused {
        let place = names.iter().position(|name| *name == outcome.project);
        let facts = place.and_then(|place| all.get_mut(place));
        if let (Some(facts), Err(error)) = (facts, outcome.result)
            && let Run::Lost { refusal, .. } = &mut facts.run
        {
            refusal.get_or_insert_with(|| said(&error));
        }
    }
    Ok(())
}
