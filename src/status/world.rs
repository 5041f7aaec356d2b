//! What all projects share, read once: the tmux server's answer, the kernel's locks, the journals, the brake.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;

use super::facts::Terminal;
use super::report::{Brake, Server};
use super::stray::Stray;
use crate::fleet::{BadRefs, Fleet};
use crate::journal;
use crate::names::Name;
use crate::registry::Project;
use crate::sessions::Panes;
use crate::supervision::{self, Process, State, When};

/// What all projects share.
pub(super) struct World<'a> {
    pub(super) fleet: &'a Fleet,
    /// When it was looked at.
    pub(super) now: When,
    pub(super) server: Answer,
    /// Who holds which project's directory.
    pub(super) holders: HashMap<PathBuf, i32>,
    /// Projects with a journal that nobody works on.
    pub(super) interrupted: Vec<Name>,
    pub(super) brake: Brake,
    /// What fleet.toml calls bad.
    pub(super) bad: BadRefs<'a>,
    /// The process of the guardian.
    pub(super) guardian: Option<i32>,
}

/// What the tmux server says.
pub(super) enum Answer {
    /// Nobody listens.
    NotRunning,
    /// It answers.
    Running(Running),
    /// It cannot be told, and why.
    Unknown(String),
}

/// A tmux server that answers.
pub(super) struct Running {
    pub(super) pid: i32,
    pub(super) since: Option<Timestamp>,
    /// The same process, named for good; `None` where it cannot be read.
    process: Option<Process>,
    /// The windows of each session.
    pub(super) sessions: BTreeMap<String, Vec<String>>,
}

impl<'a> World<'a> {
    /// Looks at what these projects share. `locks` are further files whose holders are asked for. While tmux makes up its
    /// answer, something else is done.
    pub(super) fn look<T>(
        fleet: &'a Fleet,
        projects: &[&Project],
        locks: &[PathBuf],
        meanwhile: impl FnOnce() -> T,
    ) -> anyhow::Result<(Self, T)> {
        let (server, done) = std::thread::scope(|scope| {
            let asking = std::thread::Builder::new().spawn_scoped(scope, || ask(fleet));
            let done = meanwhile();
            // Where the machine has no thread left to give, one thing comes after the other.
            let server = match asking {
                Ok(asking) => asking.join(),
                Err(_) => Ok(ask(fleet)),
            };
            (server, done)
        });
        let server = server.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let guardian = fleet.guardian_lock();
        let locations = projects.iter().map(|project| &*project.location);
        let others = locks.iter().chain([&guardian]).map(PathBuf::as_path);
        let holders = supervision::holders(locations.chain(others))?;
        let world = Self {
            fleet,
            now: When::now(),
            server,
            guardian: holders.get(&guardian).copied(),
            holders,
            interrupted: interrupted(fleet)?,
            brake: brake(fleet),
            bad: fleet.bad_refs(),
        };
        Ok((world, done))
    }

    /// Returns the server as it is reported.
    pub(super) fn server_report(&self) -> Server {
        let none = Server {
            alive: None,
            pid: None,
            since: None,
            reason: None,
        };
        match &self.server {
            Answer::NotRunning => Server {
                alive: Some(false),
                ..none
            },
            Answer::Running(running) => Server {
                alive: Some(true),
                pid: Some(running.pid),
                since: running.since,
                ..none
            },
            Answer::Unknown(why) => Server {
                reason: Some(why.clone()),
                ..none
            },
        }
    }

    /// Returns the sessions on the fleet's server that no registered project owns.
    pub(super) fn strays(&self) -> Vec<Stray> {
        let (Answer::Running(running), Ok(tmux)) = (&self.server, self.fleet.tmux()) else {
            return Vec::new();
        };
        let projects = &self.fleet.registry.projects;
        let is_owned = |session: &str| {
            let name = session.parse::<Name>();
            name.is_ok_and(|name| projects.contains_key(&name))
        };
        let sessions = running.sessions.keys().filter(|it| !is_owned(it));
        sessions.map(|it| Stray::new(it, tmux.socket())).collect()
    }

    /// Returns what is known of the terminal that a project's tender had.
    pub(super) fn terminal(&self, project: &Name, state: Option<&State>) -> Terminal {
        let running = match &self.server {
            Answer::NotRunning => return Terminal::ServerGone,
            Answer::Unknown(why) => return Terminal::Unknown(why.clone()),
            Answer::Running(running) => running,
        };
        let Some(server) = &running.process else {
            let server = running.pid;
            return Terminal::Unknown(format!("its tmux server, process {server}, cannot be read"));
        };
        if state.is_some_and(|state| state.has_lost_server(Some(server))) {
            Terminal::ServerGone
        } else if running.sessions.contains_key(project.as_str()) {
            Terminal::There
        } else {
            Terminal::SessionGone
        }
    }
}

/// Asks the tmux server, once.
fn ask(fleet: &Fleet) -> Answer {
    match fleet.tmux().and_then(|tmux| tmux.panes()) {
        Err(error) => Answer::Unknown(format!("tmux does not answer: {error:#}")),
        Ok(Panes::NotRunning) => Answer::NotRunning,
        Ok(Panes::Running { pid, since, panes }) => {
            let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for pane in panes {
                sessions.entry(pane.session).or_default().push(pane.name);
            }
            Answer::Running(Running {
                pid,
                since: Timestamp::from_second(since).ok(),
                process: Process::of(pid),
                sessions,
            })
        }
    }
}

/// Returns the projects whose operation was interrupted: a journal is there, and no command that works on it.
fn interrupted(fleet: &Fleet) -> anyhow::Result<Vec<Name>> {
    let mut open = journal::open_in(&fleet.runtime("journal"))?;
    open.retain(|name| !fleet.is_worked_on(name));
    Ok(open)
}

fn brake(fleet: &Fleet) -> Brake {
    match supervision::brake(&fleet.runtime("")) {
        Ok(None) => Brake {
            engaged: Some(false),
            ..Brake::default()
        },
        Ok(Some(on)) => Brake {
            engaged: Some(true),
            since: Some(on.since.at),
            reason: Some(on.reason),
            projects: on.projects,
        },
        Err(error) => Brake {
            reason: Some(format!("cannot tell whether the brake is on: {error:#}")),
            ..Brake::default()
        },
    }
}
