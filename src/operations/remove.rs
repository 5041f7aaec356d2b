//! `fleet remove`: a project leaves the registry; its files stay as they are.

use anyhow::Context as _;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::ui::Ui;

use super::plan::{self, Outcome, Plan, lock_all};
use super::recover;
use super::start::running_commit;
use super::step::Step;

/// Removes projects from the registry, or prints how. One that runs is refused: nobody would know of it any more.
pub(crate) fn remove(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    fleet.make_runtime()?;
    let (_locks, mut outcomes) = lock_all(fleet, names, ui)?;
    let fleet = &*fleet;
    let locked = names
        .iter()
        .filter(|name| !outcomes.iter().any(|outcome| outcome.project == **name));
    let looked: Vec<_> = locked
        .map(|name| (name.clone(), look(fleet, name)))
        .collect();
    let (plans, refused) = plan::part(looked);
    outcomes.extend(refused);
    if dry_run {
        plan::print(&plans, ui);
        return Ok(outcomes);
    }
    for plan in plans {
        let result = carry_out(fleet, &plan.project, ui).map(|()| plan.done);
        outcomes.push(Outcome {
            project: plan.project,
            result,
        });
    }
    Ok(outcomes)
}

fn look(fleet: &Fleet, name: &Name) -> anyhow::Result<Plan> {
    let project = fleet.registry.project(name)?;
    if running_commit(fleet, name).is_some() {
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

fn carry_out(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<()> {
    recover::recover(fleet, name, ui)?;
    let mut edit = fleet.edit(ui)?;
    edit.remove_project(name)?;
    edit.save()?;
    // A later project of this name must not inherit what was wished for this one.
    let files = fleet.unit_files(name);
    for file in [files.unit, files.desired, files.state] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", file.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
