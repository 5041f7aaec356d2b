//! `fleet watch`: the guardian. It sleeps on what a tender cannot see, its own end and its server's, and brings back
//! what was lost. It holds nothing that cannot be read again: another guardian goes on where one was killed.

mod act;
mod look;
mod outcome;
mod ward;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::error::{failed, refused};
use crate::files::Lock;
use crate::fleet::{Fleet, RUNTIME};
use crate::names::Name;
use crate::sessions::raise_file_limit;
use crate::supervision::{Sleeper, Woken, holders};
use crate::ui::{Ui, count};

use ward::{HeldServer, Losses, Ward};

/// What ends a guardian, and what makes it look at everything again.
const HEARD: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// Guards a fleet until it is told to end by SIGTERM or SIGINT; all that runs goes on running.
///
/// Refuses where another guardian does already.
pub(crate) fn watch(fleet: Fleet, ui: &Ui) -> anyhow::Result<()> {
    fleet.make_runtime()?;
    let alone = alone(&fleet)?;
    // A descriptor for each tender: a thousand are more than the usual limit.
    raise_file_limit().context("cannot raise the limit of open files")?;
    let sleeper = Sleeper::new(&HEARD)?;
    let mut guardian = Guardian {
        fleet,
        ui,
        sleeper,
        alone,
        wards: BTreeMap::new(),
        server: None,
        losses: Losses::default(),
        is_braked: false,
        trouble: BTreeMap::new(),
    };
    guardian.run()
}

/// Takes the place of the one guardian.
fn alone(fleet: &Fleet) -> anyhow::Result<Lock> {
    let path = fleet.guardian_lock();
    if let Some(lock) = Lock::try_take(&path)? {
        return Ok(lock);
    }
    let holder = holders([&*path])?.get(&path).copied();
    let who = holder.map_or_else(String::new, |pid| format!(": process {pid}"));
    let refusal = refused(format!("another guardian watches this fleet already{who}"));
    Err(match holder {
        Some(pid) => refusal.hint(format!("`ps -fp {pid}` shows it; one is enough")),
        None => refusal,
    }
    .into())
}

struct Guardian<'a> {
    /// The registry in it is the last one that was valid.
    fleet: Fleet,
    ui: &'a Ui,
    sleeper: Sleeper,
    alone: Lock,
    wards: BTreeMap<Name, Ward>,
    /// The server of the tender that was held last: most often of all.
    server: Option<Rc<HeldServer>>,
    losses: Losses,
    /// The brake holds something.
    is_braked: bool,
    /// What was said of things that go wrong, so that each is said once: by what it is about.
    trouble: BTreeMap<&'static str, String>,
}

impl Guardian<'_> {
    fn run(&mut self) -> anyhow::Result<()> {
        self.look_at_all()?;
        let running = self.wards.values().filter(|ward| ward.held.is_some());
        self.ui.status(format!(
            "guarding `{}`, process {}: {}, {} running",
            self.fleet.registry.fleet.name,
            std::process::id(),
            count(self.fleet.registry.projects.len(), "project"),
            running.count()
        ));
        self.find_first_losses()?;
        loop {
            self.act();
            let woken = self.sleep()?;
            if self.answer(woken)?.is_break() {
                self.ui.status("the guardian ends; what runs goes on");
                return Ok(());
            }
        }
    }

    /// Sleeps until something happens, or the next life is due.
    fn sleep(&mut self) -> anyhow::Result<(Woken, Vec<Ended>)> {
        let due = self.wards.values().filter_map(Ward::next_due).min();
        let (mut processes, mut ends) = (Vec::new(), Vec::new());
        let mut servers: BTreeMap<i32, &HeldServer> = BTreeMap::new();
        for (name, ward) in &self.wards {
            if let Some(held) = &ward.held {
                processes.push(&held.descriptor);
                ends.push(Ended::Tender(name.clone()));
                let server = held.server.as_deref();
                servers.extend(server.map(|server| (server.process.pid, server)));
            }
        }
        for server in servers.into_values() {
            processes.push(&server.descriptor);
            ends.push(Ended::Server);
        }
        let mut woken = self.sleeper.sleep(&processes, due)?;
        let ended = std::mem::take(&mut woken.ended);
        let ended = ended.into_iter().map(|place| ends[place].clone());
        Ok((woken, ended.collect()))
    }

    fn answer(&mut self, (woken, ended): (Woken, Vec<Ended>)) -> anyhow::Result<ControlFlow<()>> {
        let is_told_to_end = |signal: &Signal| *signal != Signal::SIGHUP;
        if woken.signals.iter().any(is_told_to_end) {
            return Ok(ControlFlow::Break(()));
        }
        if ended.contains(&Ended::Server) || self.is_server_ending(&ended) {
            self.server_has_gone();
        }
        for end in ended {
            match end {
                Ended::Tender(name) => self.tender_has_ended(&name),
                Ended::Server => {}
            }
        }
        if woken.is_lost || !woken.signals.is_empty() {
            self.look_at_all()?;
        } else {
            self.look_at_changed(&woken.changed);
        }
        for message in woken.messages {
            self.lock_is_free(&message);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The directories that say what has changed.
    fn places(&self) -> Vec<PathBuf> {
        vec![
            self.fleet.root.clone(),
            self.fleet.root.join(RUNTIME),
            self.fleet.runtime("state"),
            self.fleet.runtime("desired"),
            // The lock of the one guardian must be taken again where this is made anew.
            self.fleet.runtime("locks"),
        ]
    }

    /// Watches the directories anew, and looks at everything: each may have been replaced by another.
    fn look_at_all(&mut self) -> anyhow::Result<()> {
        if !self.fleet.root.is_dir() {
            let root = self.fleet.root.display();
            return Err(failed(format!("the fleet is not at {root} any more"))
                .hint("start the guardian where it is now")
                .into());
        }
        self.sleeper.watch(&self.places(), &self.fleet.root)?;
        if self.fleet.runtime("locks").is_dir() {
            self.keep_alone()?;
        }
        self.reload();
        self.is_braked = false;
        let names: Vec<Name> = self.fleet.registry.projects.keys().cloned().collect();
        for name in names {
            self.look_at(&name);
        }
        Ok(())
    }

    /// Takes the place of the one guardian again where the lock's file has been deleted.
    fn keep_alone(&mut self) -> anyhow::Result<()> {
        let path = self.fleet.guardian_lock();
        if !path.exists() {
            self.alone = alone(&self.fleet)?;
        }
        Ok(())
    }
}

/// A process that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ended {
    Tender(Name),
    Server,
}
