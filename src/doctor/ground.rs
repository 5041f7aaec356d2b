//! What checks stand on: the fleet as far as it can be read, and what several of them ask, asked once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::fleet::{self, Fleet, RUNTIME};
use crate::operations::{self, ServiceReport};
use crate::registry::{FILE, Invalid, Project, Registry};
use crate::sessions::{Pane, Panes};
use crate::status::{self, Depth, Report};
use crate::supervision::{self, Census, State};

/// What stands in for a fleet.toml that cannot be used: no check that needs projects is run on it.
const NO_REGISTRY: &str = "[fleet]\nname = \"unknown\"\n";

/// What checks stand on.
#[derive(Debug)]
pub(super) struct Ground {
    fleet: Option<Fleet>,
    /// What is known of fleet.toml.
    pub(super) registration: Registration,
    server: OnceLock<Server>,
    states: OnceLock<BTreeMap<String, State>>,
    census: OnceLock<Result<Census, String>>,
    report: OnceLock<Result<Report, String>>,
    service: OnceLock<Result<ServiceReport, String>>,
}

/// What is known of fleet.toml.
#[derive(Debug)]
pub(super) enum Registration {
    /// There is no fleet here.
    NoFleet,
    /// It is valid.
    Valid,
    /// It is not.
    Invalid(Invalid),
    /// It cannot be read, and why.
    Unreadable(String),
}

/// What the tmux server says.
#[derive(Debug)]
pub(super) enum Server {
    /// Nobody listens.
    NotRunning,
    /// It answers.
    Running { pid: i32, panes: Vec<Pane> },
    /// It does not answer: why, and what to type.
    Silent { why: String, remedy: String },
}

impl Ground {
    /// Reads what there is at a fleet's directory; without one, checks are about the machine.
    pub(super) fn of(root: Option<PathBuf>, patience: Duration) -> Self {
        let (fleet, registration) = match root {
            None => (None, Registration::NoFleet),
            Some(root) => {
                let (registry, registration) = match Registry::read(&root) {
                    Ok(Ok(registry)) => (Some(registry), Registration::Valid),
                    Ok(Err(invalid)) => (None, Registration::Invalid(invalid)),
                    Err(error) => (None, Registration::Unreadable(format!("{error:#}"))),
                };
                let registry = registry.or_else(|| Registry::parse(NO_REGISTRY, &root).ok());
                // Who it is does not matter to what is looked at: a bad name is for others to refuse.
                let named = fleet::operator_by_environment().unwrap_or_default();
                let fleet = registry.map(|registry| Fleet::of(root, registry, patience, named));
                (fleet, registration)
            }
        };
        Self {
            fleet,
            registration,
            server: OnceLock::new(),
            states: OnceLock::new(),
            census: OnceLock::new(),
            report: OnceLock::new(),
            service: OnceLock::new(),
        }
    }

    /// Returns the fleet, if there is one. Its registry is empty where fleet.toml is not valid.
    pub(super) fn any_fleet(&self) -> Option<&Fleet> {
        self.fleet.as_ref()
    }

    /// Returns the fleet, for checks that are run only where there is one.
    pub(super) fn fleet(&self) -> &Fleet {
        self.fleet.as_ref().expect("the check needs a fleet")
    }

    /// Tells whether it is known which projects there are.
    pub(super) fn is_registered(&self) -> bool {
        matches!(self.registration, Registration::Valid)
    }

    /// Returns all projects.
    pub(super) fn projects(&self) -> Vec<&Project> {
        self.fleet().registry.projects.values().collect()
    }

    /// Asks the tmux server. One that a signal has stopped is not waited for.
    pub(super) fn server(&self) -> &Server {
        self.server.get_or_init(|| ask(self.fleet()))
    }

    /// Looks at all processes.
    pub(super) fn census(&self) -> Result<&Census, &str> {
        let taken = self
            .census
            .get_or_init(|| Census::take().map_err(|error| error.to_string()));
        taken.as_ref().map_err(String::as_str)
    }

    /// Returns the status of all projects.
    pub(super) fn report(&self) -> Result<&Report, &str> {
        let fleet = self.fleet();
        let collected = self.report.get_or_init(|| {
            status::collect(fleet, &self.projects(), Depth::Files)
                .map_err(|error| format!("{error:#}"))
        });
        collected.as_ref().map_err(String::as_str)
    }

    /// Looks at the service, and at where the tmux server lives; not where that would wait for the server.
    pub(super) fn service(&self) -> Result<&ServiceReport, &str> {
        if let Server::Silent { why, .. } = self.server() {
            return Err(why);
        }
        let reported = self.service.get_or_init(|| {
            operations::service_report(self.fleet()).map_err(|error| format!("{error:#}"))
        });
        reported.as_ref().map_err(String::as_str)
    }

    /// Returns who holds which of these locks; what cannot be told is held by nobody.
    pub(super) fn holders(&self, locks: &[PathBuf]) -> HashMap<PathBuf, i32> {
        let held = supervision::holders(locks.iter().map(PathBuf::as_path));
        let mut held = held.unwrap_or_default();
        // To see whether a command is at work, status takes its lock for a moment: in this very process.
        held.retain(|_, pid| u32::try_from(*pid) != Ok(std::process::id()));
        held
    }

    /// Tells whether another process holds a lock. Takes none, so that two checks are not in each other's way.
    pub(super) fn is_held(&self, lock: &Path) -> bool {
        let lock = lock.to_owned();
        self.holders(std::slice::from_ref(&lock))
            .contains_key(&lock)
    }

    /// Reads what tenders have written, of all names there are; what cannot be read is told by another check.
    pub(super) fn states(&self) -> &BTreeMap<String, State> {
        self.states.get_or_init(|| {
            names_in(&self.fleet().runtime("state"))
                .into_iter()
                .filter_map(|(name, path)| Some((name, State::read(&path).ok()??)))
                .collect()
        })
    }
}

fn ask(fleet: &Fleet) -> Server {
    let tmux = match fleet.tmux() {
        Ok(tmux) => tmux,
        Err(error) => {
            return Server::Silent {
                why: format!("{error:#}"),
                remedy: "`ls -ld /tmp/tmux-*` shows whose the directories are".to_owned(),
            };
        }
    };
    let listener = tmux.listener();
    if let Some((pid, true)) = listener {
        return Server::Silent {
            why: format!("process {pid}, the tmux server, was stopped by a signal"),
            remedy: format!("`kill -CONT {pid}` lets it go on"),
        };
    }
    match tmux.panes() {
        Ok(Panes::NotRunning) => Server::NotRunning,
        Ok(Panes::Running { pid, panes, .. }) => Server::Running { pid, panes },
        Err(error) => Server::Silent {
            why: format!("tmux does not answer: {error:#}"),
            remedy: match listener {
                Some((pid, _)) => format!("`ps -fp {pid}` shows what the server does"),
                None => "`fleet status` asks again".to_owned(),
            },
        },
    }
}

/// Lists the files of a runtime directory by the names they are of.
pub(super) fn names_in(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let name = file.strip_suffix(".json").unwrap_or(&file);
            let is_name = !name.starts_with('.');
            is_name.then(|| (name.to_owned(), entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// Finds the fleet to check: the one that was named, or the nearest one upwards, one that has lost its fleet.toml
/// among them. `None`: there is none.
pub(super) fn find(named: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    if named.is_some() {
        return crate::fleet::find(named).map(Some);
    }
    let Ok(here) = std::env::current_dir() else {
        return Ok(None);
    };
    let is_fleet = |directory: &&Path| {
        directory.join(FILE).symlink_metadata().is_ok() || directory.join(RUNTIME).is_dir()
    };
    Ok(here.ancestors().find(is_fleet).map(Path::to_owned))
}
