//! Everything that is looked at to answer for one project.

use std::collections::BTreeMap;
use std::path::Path;

use crate::events::{self, Event};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::pins::{self, PinWord};
use crate::registry::{self, Project};
use crate::status::ProjectReport;
use crate::status::collect::{Depth, Look, look, read_pin, report};
use crate::status::death::Death;
use crate::status::incident::{self, Incident};
use crate::status::world::World;
use crate::supervision::{LastExit, Policy, State};

/// How far back in a project's audit trail to look for who asked for what.
const LINES: usize = 50;

/// What was looked at.
pub(super) struct Evidence<'a> {
    pub(super) world: World<'a>,
    pub(super) project: &'a Project,
    pub(super) look: Look,
    pub(super) report: ProjectReport,
    /// How many projects were looked at for an incident.
    pub(super) fleet_size: usize,
    pub(super) incident: Option<Incident>,
    pub(super) policy: Policy,
    /// Each value of the registry as text, and where it comes from.
    settings: BTreeMap<&'static str, (String, String)>,
    /// The command that works on the project.
    pub(super) command: Option<i32>,
    /// Whether a journal of the project is there.
    pub(super) journal: bool,
    /// The untracked files of the harness; or why they cannot be told.
    pub(super) untracked: Result<Vec<String>, String>,
    /// What makes git's files readable, where they are not.
    pub(super) cure: Option<String>,
    /// Where the project may be, where it is not at its location.
    pub(super) went: Option<String>,
    /// The last lines of the audit trail about it; or why it cannot be read.
    pub(super) history: Result<Vec<Event>, String>,
}

impl<'a> Evidence<'a> {
    /// Looks at everything.
    pub(super) fn gather(fleet: &'a Fleet, project: &'a Project) -> anyhow::Result<Self> {
        let all: Vec<&Project> = fleet.registry.projects.values().collect();
        let lock = fleet.command_lock(&project.name);
        let (world, pin) = World::look(fleet, &all, std::slice::from_ref(&lock), || {
            read_pin(fleet, project, Depth::Files)
        })?;
        // Of the others only how they died, if they did.
        let others: Vec<&Project> = all
            .iter()
            .copied()
            .filter(|other| other.name != project.name)
            .collect();
        let mut deaths: Vec<Death> = in_parallel(&others, |other| {
            let look = look(&world, other);
            Death::of(other, &look.judged, look.facts.known())
        })
        .into_iter()
        .flatten()
        .collect();
        let look = look(&world, project);
        let report = report(&world, project, &look, pin);
        deaths.extend(report.death.clone());
        let incidents = incident::among(&world, true, deaths.iter());
        let is_its = |incident: &Incident| incident.projects.contains(&project.name);
        let name = project.name.as_str();
        Ok(Self {
            fleet_size: all.len(),
            incident: incidents.into_iter().find(is_its),
            policy: Policy {
                heal: look.facts.heals,
                restart: project.restart.clone(),
            },
            settings: settings(fleet, &project.name),
            command: world.holders.get(&lock).copied(),
            journal: fleet.journal(&project.name).is_open(),
            untracked: untracked(fleet, project, &report),
            cure: cure(fleet, project, &report),
            went: (!look.facts.directory).then(|| fleet.where_it_went(project)),
            history: events::last_of(&fleet.runtime(""), name, LINES)
                .map_err(|error| format!("{error:#}")),
            world,
            project,
            look,
            report,
        })
    }

    /// Returns what the tender last wrote, where it can be read.
    pub(super) fn state(&self) -> Option<&State> {
        self.look.facts.known()
    }

    /// Returns how the last life ended, where one did.
    pub(super) fn last_exit(&self) -> Option<&LastExit> {
        self.state()?.last_exit.as_ref()
    }

    /// Returns the value of a key of the registry as text, where there is one.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let (value, _) = self.settings.get(key)?;
        (!value.is_empty()).then_some(value)
    }

    /// Says where a key of the registry has its value from.
    pub(super) fn origin(&self, key: &str) -> String {
        let setting = self.settings.get(key);
        setting.map_or_else(|| registry::FILE.to_owned(), |(_, origin)| origin.clone())
    }

    /// Names a file as people find it from the fleet's directory.
    pub(super) fn file(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.world.fleet.root).unwrap_or(path);
        shown.display().to_string()
    }
}

fn settings(fleet: &Fleet, name: &Name) -> BTreeMap<&'static str, (String, String)> {
    let settings = fleet.registry.origins(name).into_iter();
    settings
        .map(|setting| (setting.key, (setting.value, setting.origin.to_string())))
        .collect()
}

fn untracked(
    fleet: &Fleet,
    project: &Project,
    report: &ProjectReport,
) -> Result<Vec<String>, String> {
    // Where git's files cannot be read, or not be trusted, its library is not let near them.
    if report.pin.word == PinWord::Unknown {
        return Err("git's files could not be read".to_owned());
    }
    let engine = fleet
        .engine(project)
        .map_err(|error| format!("{error:#}"))?;
    pins::untracked(&project.location, engine).map_err(|error| format!("{error:#}"))
}

fn cure(fleet: &Fleet, project: &Project, report: &ProjectReport) -> Option<String> {
    report.pin.reason.as_ref()?;
    pins::cure(&project.location, fleet.engine(project).ok()?)
}

/// Returns the name of the project's harness terminal.
pub(super) fn terminal(name: &Name) -> String {
    format!("{name}/harness")
}
