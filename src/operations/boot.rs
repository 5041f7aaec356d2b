//! `fleet boot`: brings back what should run and does not, after a reboot or whatever else has ended it.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::refused;
use crate::events::Event;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::supervision::{self, When, chance};
use crate::ui::Ui;

use super::bring_back::{self, Decision, Facts};
use super::cause::{Cause, Server};
use super::plan::{self, Locked, Outcome, lock_all};
use super::record;

/// What `fleet boot` found and did.
#[derive(Debug, Default)]
pub(crate) struct Booted {
    /// What had happened, a sentence each; none: nothing.
    pub(crate) concluded: Vec<String>,
    /// What was up already.
    pub(crate) up: Vec<Name>,
    /// What is wanted, and was left to the operator: each with the reason.
    pub(crate) left: Vec<(Name, String)>,
    /// How it went with the others; none of a dry run, but for what it would not do.
    pub(crate) outcomes: Vec<Outcome>,
}

/// Brings back what should run, or prints how. Refuses while the brake is on.
pub(crate) fn boot(fleet: &mut Fleet, dry_run: bool, ui: &Ui) -> anyhow::Result<Booted> {
    if let Some(engaged) = supervision::brake(&fleet.runtime(""))? {
        return Err(refused(format!("the brake is on: {}", engaged.reason))
            .hint("`fleet status` shows what has died; `fleet go` says that it may come back")
            .into());
    }
    let server = Server::ask(fleet)?;
    let mut view = View::of(fleet, server);
    if dry_run {
        let (plans, refused) = bring_back::look(fleet, &view.lost(), ui)?;
        plan::print(&plans, ui);
        return Ok(view.booted(refused));
    }
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = lock_all(fleet, &view.lost(), ui)?;
    // What was seen before a lock is stale after it: a stop or a start may have come between.
    view.look_again(fleet, &names);
    let back = view.lost_of(&names);
    let mut brought = bring_back::bring_back(fleet, &back, ui)?;
    tell_of(fleet, &view, &brought.tried, ui);
    for outcome in &mut brought.tried {
        if let (Ok(done), Some(because)) = (&mut outcome.result, view.because(&outcome.project)) {
            *done = format!("{done}: {because}");
        }
    }
    outcomes.extend(brought.refused);
    outcomes.extend(brought.tried);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(view.booted(outcomes))
}

/// All projects at one look.
struct View {
    server: Server,
    decisions: BTreeMap<Name, (Decision, Option<Cause>)>,
}

impl View {
    fn of(fleet: &Fleet, server: Server) -> Self {
        let names: Vec<Name> = fleet.registry.projects.keys().cloned().collect();
        let mut view = Self {
            server,
            decisions: BTreeMap::new(),
        };
        let facts = in_parallel(&names, |name| {
            let project = fleet.registry.projects.get(name)?;
            Some(Facts::read(fleet, project))
        });
        let states: Vec<_> = facts.iter().flatten().filter_map(Facts::state).collect();
        view.server.wait_for_ending(&states);
        view.look_again(fleet, &names);
        view
    }

    fn look_again(&mut self, fleet: &Fleet, names: &[Name]) {
        let now = When::now();
        let decided = in_parallel(names, |name| {
            let project = fleet.registry.projects.get(name)?;
            let facts = Facts::read(fleet, project);
            let state = facts.state().filter(|_| facts.is_lost());
            let cause = state.map(|state| self.server.cause(state));
            Some((bring_back::decide(&facts, cause, &now, chance()), cause))
        });
        for (name, decision) in names.iter().zip(decided) {
            match decision {
                Some(decision) => self.decisions.insert(name.clone(), decision),
                // It was unregistered meanwhile.
                None => self.decisions.remove(name),
            };
        }
    }

    fn lost(&self) -> Vec<Name> {
        let names: Vec<Name> = self.decisions.keys().cloned().collect();
        self.lost_of(&names)
    }

    fn lost_of(&self, names: &[Name]) -> Vec<Name> {
        let is_lost =
            |name: &&Name| matches!(self.decisions.get(*name), Some((Decision::Bring { .. }, _)));
        names.iter().filter(is_lost).cloned().collect()
    }

    fn because(&self, name: &Name) -> Option<&str> {
        let (decision, _) = self.decisions.get(name)?;
        decision.because()
    }

    fn booted(self, outcomes: Vec<Outcome>) -> Booted {
        let mut booted = Booted {
            outcomes,
            ..Booted::default()
        };
        let mut causes = BTreeSet::new();
        for (name, (decision, cause)) in self.decisions {
            match decision {
                Decision::Up => booted.up.push(name),
                Decision::Down(_) => {}
                Decision::Bring { .. } => causes.extend(cause),
                Decision::Leave(why) | Decision::Park(why) => booted.left.push((name, why)),
                Decision::Wait { because, .. } => booted.left.push((name, because)),
            }
        }
        booted.concluded = causes
            .into_iter()
            .map(|cause| self.server.sentence(cause))
            .collect();
        booted
    }
}

/// Tells the trail what was tried.
fn tell_of(fleet: &Fleet, view: &View, tried: &[Outcome], ui: &Ui) {
    let events: Vec<Event> = tried
        .iter()
        .map(|outcome| Event {
            why: view.because(&outcome.project).map(str::to_owned),
            outcome: record::outcome(outcome.result.as_ref().err()),
            ..fleet.asked("brought back").of(outcome.project.as_str())
        })
        .collect();
    fleet.record(&events, ui);
}
