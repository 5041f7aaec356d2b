//! What has happened: who lives, who has gone, and what took them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::events::Event;
use crate::fleet::RUNTIME;
use crate::names::Name;
use crate::registry::{self, Registry};
use crate::supervision::{Liveness, Phase, State};
use crate::ui::count;

use super::super::bring_back::Facts;
use super::super::cause::{Cause, ENDING, Server};
use super::outcome::WHO;
use super::ward::{Held, HeldServer};
use super::{Ended, Guardian};

/// How long after the end of a session its server may take to show that it ends too.
const AFTER_SESSION: Duration = Duration::from_millis(100);

impl Guardian<'_> {
    /// Looks at what the changed files are about.
    pub(super) fn look_at_changed(&mut self, changed: &[PathBuf]) {
        let registry = self.fleet.root.join(registry::FILE);
        if changed.contains(&registry) {
            self.reload();
            let names: Vec<Name> = self.fleet.registry.projects.keys().cloned().collect();
            for name in names {
                self.look_at(&name);
            }
        }
        let runtime = self.fleet.root.join(RUNTIME);
        if changed.iter().any(|path| path.parent() == Some(&runtime)) {
            self.look_at_brake();
        }
        let mut names: Vec<Name> = changed
            .iter()
            .filter(|path| {
                let parent = path.parent();
                parent.is_some_and(|parent| parent.starts_with(&runtime) && parent != runtime)
            })
            .filter_map(|path| path.file_name()?.to_str())
            .filter_map(|file| file.strip_suffix(".json").unwrap_or(file).parse().ok())
            .collect();
        names.sort();
        names.dedup();
        for name in names {
            self.look_at(&name);
        }
    }

    /// Looks at one project: gets hold of its tender, or has it looked into why there is none.
    pub(super) fn look_at(&mut self, name: &Name) {
        if !self.fleet.registry.projects.contains_key(name) {
            self.wards.remove(name);
            return;
        }
        let state = State::read(&self.fleet.unit_files(name).state);
        let ward = self.wards.entry(name.clone()).or_default();
        let Ok(Some(state)) = state else {
            // A tender that is held is known without its file; the others are looked into.
            ward.is_open = ward.held.is_none();
            return;
        };
        if ward
            .held
            .as_ref()
            .is_some_and(|held| held.tender == state.tender)
        {
            return;
        }
        match Held::of(&state.tender, self.server.as_ref()) {
            Ok(Some(held)) => {
                self.server.clone_from(&held.server);
                ward.held = Some(held);
                ward.begin_anew();
            }
            Ok(None) => ward.is_open = ward.held.is_none(),
            Err(error) => {
                ward.is_open = ward.held.is_none();
                let text = format!("cannot watch `{name}`: {error}; SIGHUP has it tried again");
                self.complain("process", text);
            }
        }
    }

    /// A tender has ended: by itself or not, its state tells.
    pub(super) fn tender_has_ended(&mut self, name: &Name) {
        let Some(ward) = self.wards.get_mut(name) else {
            return;
        };
        if ward.held.take().is_none() {
            return;
        }
        ward.is_open = true;
        ward.due = None;
        self.look_at(name);
    }

    /// Tells whether a server is about to end, or has: some sessions were not killed alone, but end with it.
    pub(super) fn is_server_ending(&self, ended: &[Ended]) -> bool {
        let lost_with = ended.iter().find_map(|end| match end {
            Ended::Server => None,
            Ended::Tender(name) => {
                let server = self.wards.get(name)?.held.as_ref()?.server.as_ref()?;
                let state = State::read(&self.fleet.unit_files(name).state).ok()??;
                (state.phase == Phase::Lost).then_some(server)
            }
        });
        let Some(server) = lost_with else {
            return false;
        };
        // A server closes its terminals one by one before it is gone.
        let patience = if server.process.is_exiting() {
            ENDING
        } else {
            AFTER_SESSION
        };
        let ended = server.descriptor.wait(Instant::now() + patience);
        ended.unwrap_or(false)
    }

    /// The server has gone: gathers all that end with it, so that they come back together.
    pub(super) fn server_has_gone(&mut self) {
        let servers = self.wards.values().filter_map(|ward| {
            let server = ward.held.as_ref()?.server.as_ref()?;
            (server.process.liveness() == Liveness::Gone).then_some(server)
        });
        let Some(server) = servers.max_by_key(|server| server.process.started).cloned() else {
            return;
        };
        let names = self.end_with(&server);
        let facts: Vec<Facts> = names
            .iter()
            .filter_map(|name| self.fleet.registry.projects.get(name))
            .map(|project| Facts::read(&self.fleet, project))
            .collect();
        // What was stopped has ended by itself, and a server ends with its last session. Where only one session is left
        // that was not stopped, nobody can tell which of the two went first: the end of a session is a death like any.
        let sessions = facts.iter().filter(|facts| !facts.was_stopped()).count();
        let is_missed = facts.iter().any(Facts::is_missed);
        let is_incident = is_missed && sessions > 1;
        if is_incident {
            self.tell_incident(&server, sessions);
        }
        let wait = if is_missed {
            self.losses.count()
        } else {
            Duration::ZERO
        };
        for name in &names {
            let Some(ward) = self.wards.get_mut(name) else {
                continue;
            };
            ward.cause = is_incident.then_some(Cause::Server);
            let held = ward.held.as_mut();
            // A tender that somebody has stopped ends when it is continued: its server is waited for no more.
            if let Some(held) = held
                && !held.descriptor.wait(Instant::now()).unwrap_or(false)
            {
                held.server = None;
                continue;
            }
            self.tender_has_ended(name);
            if let Some(ward) = self.wards.get_mut(name) {
                ward.due = (!wait.is_zero()).then(|| Instant::now() + wait);
            }
        }
    }

    /// Waits until the tenders of a server have ended, for as long as that may take; returns whose they are.
    fn end_with(&self, server: &HeldServer) -> Vec<Name> {
        let deadline = Instant::now() + ENDING;
        let own = self.wards.iter().filter_map(|(name, ward)| {
            let held = ward.held.as_ref().filter(|held| held.is_in(server))?;
            // One that cannot be waited for is looked at like one that has not ended in time.
            let _ = held.descriptor.wait(deadline);
            Some(name.clone())
        });
        own.collect()
    }

    /// Says and records that a server has gone.
    fn tell_incident(&mut self, server: &HeldServer, sessions: usize) {
        let what = format!("the tmux server, process {}, has gone", server.process.pid);
        let with = count(sessions, "session");
        self.ui.status(format!("{what}, and {with} with it"));
        self.record(vec![Event {
            before: Some(with),
            why: Some(what),
            ..Event::new(WHO, "incident")
        }]);
    }

    /// At the beginning: finds out what took those that are lost already.
    pub(super) fn find_first_losses(&mut self) -> anyhow::Result<()> {
        let lost: Vec<(Name, State, bool)> = self
            .wards
            .iter()
            .filter(|(_, ward)| ward.is_open)
            .filter_map(|(name, _)| {
                let facts = Facts::read(&self.fleet, self.fleet.registry.projects.get(name)?);
                let state = facts.state().filter(|_| facts.is_lost())?.clone();
                Some((name.clone(), state, facts.heals()))
            })
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        let server = Server::ask(&self.fleet)?;
        for (name, state, heals) in lost {
            let cause = server.cause(&state);
            // What heals and was lost alone goes on where its policy has it, whoever counted until now.
            let is_policys = heals && cause == Cause::Alone;
            if let Some(ward) = self.wards.get_mut(&name) {
                ward.cause = Some(cause).filter(|_| !is_policys);
            }
        }
        Ok(())
    }

    /// Looks whether the brake still holds what it held.
    fn look_at_brake(&mut self) {
        if !self.is_braked {
            return;
        }
        self.is_braked = false;
        for ward in self.wards.values_mut() {
            ward.is_braked = false;
        }
    }

    /// Reads the registry again; keeps the last one that was valid.
    pub(super) fn reload(&mut self) {
        match Registry::load(&self.fleet.root) {
            Ok(registry) => {
                self.fleet.registry = registry;
                self.trouble.remove("fleet.toml");
            }
            Err(error) => self.complain(
                "fleet.toml",
                format!("going on with fleet.toml as it was before: {error:#}"),
            ),
        }
        let known = &self.fleet.registry.projects;
        self.wards.retain(|name, _| known.contains_key(name));
    }
}
