//! `fleet remove`: a project leaves the registry; its files stay as they are.

use crate::error::refused;
use crate::files;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{Liveness, State};
use crate::ui::Ui;

use super::plan::{self, Change, Locked, Outcome, Plan, lock_all};
use super::recover;
use super::step::Step;

/// Removes projects from the registry, or prints how. One that runs is refused: nobody would know of it any more.
pub(crate) fn remove(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = lock_all(fleet, names, ui)?;
    let fleet = &*fleet;
    let looked = names.iter().map(|name| look(fleet, name));
    let (plans, refused) = plan::part(names.iter().cloned().zip(looked));
    outcomes.extend(refused);
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    for plan in plans {
        let change = Change {
            before: registered(fleet, &plan.project),
            after: None,
        };
        let result = carry_out(fleet, &plan.project, ui).map(|()| plan.done);
        outcomes.push(Outcome::new(plan.project, result).changing(Some(change)));
    }
    Ok(outcomes)
}

/// Says what is registered: a trail without the entry still tells what it was.
fn registered(fleet: &Fleet, name: &Name) -> Option<String> {
    let project = fleet.registry.projects.get(name)?;
    Some(format!(
        "{} {} at {}",
        project.harness,
        project.reference,
        project.location.display()
    ))
}

fn look(fleet: &Fleet, name: &Name) -> anyhow::Result<Plan> {
    let project = fleet.registry.project(name)?;
    if State::read(&fleet.unit_files(name).state)?.is_some_and(|state| may_run(&state)) {
        return Err(refused(format!("`{name}` runs"))
            .hint(format!("`fleet stop {name}` first"))
            .into());
    }
    let done = format!(
        "removed `{name}` from fleet.toml; its files are still at {}",
        project.location.display()
    );
    Ok(Plan::new(name, vec![Step::Unregister], done))
}

/// Tells whether something of a project may be alive: what nobody can be sure of counts, and so does a tender that only
/// shows the last screen.
fn may_run(state: &State) -> bool {
    let process = state
        .life
        .as_ref()
        .map_or(Liveness::Gone, |life| life.process.liveness());
    [state.tender_liveness(), process] != [Liveness::Gone; 2]
}

fn carry_out(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<()> {
    recover::recover(fleet, name, ui)?;
    let mut edit = fleet.edit(ui)?;
    edit.remove_project(name)?;
    edit.save()?;
    // A later project of this name must not inherit what was wished for this one.
    let own = fleet.unit_files(name);
    [own.unit, own.desired, own.state, fleet.probe_file(name)]
        .iter()
        .try_for_each(|file| files::remove_if_there(file))
}
