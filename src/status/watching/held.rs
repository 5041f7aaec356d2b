//! The processes whose end changes a status and that leave no word of it.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::{AsFd as _, BorrowedFd};

use crate::fleet::Fleet;
use crate::journal;
use crate::names::Name;
use crate::rollout::RollOut;
use crate::supervision::{Process, ProcessFd, State, holders, read_desired};

/// Whose process it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// The tmux server.
    Server,
    /// The guardian.
    Guardian,
    /// The one that carries a roll-out out.
    RollOut,
    /// A project's tender; or what its life has left running without one.
    Project(Name),
    /// The command that works on a project, where it would leave something half done.
    Command(Name),
}

/// Processes that are held.
#[derive(Debug, Default)]
pub(super) struct Held {
    processes: Vec<(Whose, ProcessFd)>,
    /// Projects one of whose processes has ended since [`Self::renew`].
    ended: BTreeSet<Name>,
}

impl Held {
    /// Gets hold of all that run. One that cannot be held is done without.
    pub(super) fn of(fleet: &Fleet) -> Self {
        let mut held = Self::default();
        let server = fleet.server_record().ok().flatten();
        held.hold(Whose::Server, server.map(|server| server.process));
        let rollout = RollOut::read(&fleet.runtime("")).ok().flatten();
        held.hold(Whose::RollOut, rollout.map(|rollout| rollout.process));
        let guardian = fleet.guardian_lock();
        let holder = holders([&*guardian]).ok();
        let holder = holder.and_then(|holders| Process::of(*holders.get(&guardian)?));
        held.hold(Whose::Guardian, holder);
        let all = fleet.registry.projects.keys().cloned().collect();
        held.renew(fleet, &all);
        held
    }

    /// Gets hold of what runs now of these projects, and of those whose processes have ended.
    pub(super) fn renew(&mut self, fleet: &Fleet, changed: &BTreeSet<Name>) {
        let mut changed = changed.clone();
        changed.append(&mut self.ended);
        self.processes.retain(|(whose, _)| match whose {
            Whose::Project(name) | Whose::Command(name) => !changed.contains(name),
            Whose::Server | Whose::Guardian | Whose::RollOut => true,
        });
        for name in &changed {
            if let Ok(Some(state)) = State::read(&fleet.unit_files(name).state) {
                let whose = Whose::Project(name.clone());
                if !self.hold(whose.clone(), Some(state.tender)) {
                    self.hold(whose, state.life.map(|life| life.process));
                }
            }
        }
        for (name, process) in commands(fleet, &changed) {
            self.hold(Whose::Command(name), Some(process));
        }
    }

    /// Gets hold of a process; `false` where it has gone or cannot be held.
    fn hold(&mut self, whose: Whose, process: Option<Process>) -> bool {
        let opened = process.and_then(|process| process.open().ok().flatten());
        let Some(opened) = opened else {
            return false;
        };
        self.processes.push((whose, opened));
        true
    }

    /// Each can be read when its process has ended.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.processes.iter().map(|(_, process)| process.as_fd())
    }

    /// Lets go of those that have ended, in the order of [`Self::descriptors`]; returns whether there are any.
    pub(super) fn note_ended(&mut self, has_ended: &[bool]) -> bool {
        let mut has_ended = has_ended.iter();
        let ended = self
            .processes
            .extract_if(.., |_| has_ended.next().is_some_and(|ended| *ended));
        let mut any = false;
        for (whose, _) in ended {
            any = true;
            match whose {
                Whose::Project(name) | Whose::Command(name) => {
                    self.ended.insert(name);
                }
                Whose::Server | Whose::Guardian | Whose::RollOut => {}
            }
        }
        any
    }
}

/// Returns the commands that work on projects with a journal or a wish for a restart: both mean something else once
/// nobody is at them.
fn commands(fleet: &Fleet, among: &BTreeSet<Name>) -> HashMap<Name, Process> {
    let mut open = journal::open_in(&fleet.runtime("journal")).unwrap_or_default();
    open.retain(|name| among.contains(name));
    open.extend(
        among
            .iter()
            .filter(|name| {
                let desired = read_desired(&fleet.unit_files(name).desired);
                matches!(desired, Ok(Some(desired)) if desired.restart)
            })
            .cloned(),
    );
    if open.is_empty() {
        return HashMap::new();
    }
    let locks: Vec<_> = open.iter().map(|name| fleet.command_lock(name)).collect();
    let holders = holders(locks.iter().map(|lock| &**lock)).unwrap_or_default();
    let holder = |lock| Process::of(*holders.get(lock)?);
    let commands = open.into_iter().zip(&locks);
    commands
        .filter_map(|(name, lock)| Some((name, holder(lock)?)))
        .collect()
}
