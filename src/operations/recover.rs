//! What an interrupted command left: completed where it had passed the point of no return, taken back otherwise.

use anyhow::Context as _;

use crate::error::refused;
use crate::events::{Event, operator};
use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::pins::{self, Settled};
use crate::ui::Ui;

use super::placing::{is_unregistered, register, remove_built};
use super::plan::{self, Locked};
use super::record;
use super::remove;
use super::step::Step;

/// What became of an interrupted operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// There was none.
    Nothing,
    /// It is complete now.
    Completed,
    /// It is as if it had never begun.
    TakenBack,
    /// It is complete now, and the project has left the fleet.
    Removed,
}

/// Completes or takes back what was interrupted on a project whose lock is held.
pub(super) fn recover(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<Option<Recovered>> {
    let journal = fleet.journal(name);
    let Some(steps) = journal.open::<Vec<Step>>()? else {
        return Ok(None);
    };
    let recovered = settle(fleet, name, &steps, ui)
        .with_context(|| {
            format!("cannot repair `{name}`, which an earlier command left half changed")
        })
        .and_then(|recovered| journal.close().map(|()| recovered));
    tell(fleet, name, &steps, &recovered, ui);
    let recovered = recovered?;
    match recovered {
        Recovered::Completed => ui.status(format!("`{name}`: completed what was interrupted")),
        Recovered::TakenBack => ui.status(format!("`{name}`: took back what was interrupted")),
        Recovered::Removed => ui.status(format!(
            "`{name}`: completed its interrupted removal{}",
            in_the_trash(&steps)
        )),
        Recovered::Nothing => {}
    }
    Ok(Some(recovered))
}

fn in_the_trash(steps: &[Step]) -> String {
    let place = steps.iter().find_map(|step| match step {
        Step::Discard { trash, .. } => Some(trash),
        Step::Build { .. }
        | Step::Place { .. }
        | Step::Register { .. }
        | Step::Relocate { .. }
        | Step::Unregister
        | Step::Fill { .. }
        | Step::Repin { .. }
        | Step::Record { .. }
        | Step::Prepare { .. }
        | Step::Stop
        | Step::Start => None,
    });
    place.map_or_else(String::new, |place| {
        format!("; it is at {}", place.display())
    })
}

/// Writes into the trail what became of an interrupted operation, and what it had been about.
fn tell(
    fleet: &Fleet,
    name: &Name,
    steps: &[Step],
    recovered: &anyhow::Result<Recovered>,
    ui: &Ui,
) {
    let after = match recovered {
        Ok(Recovered::Nothing) => return,
        Ok(Recovered::Completed | Recovered::Removed) => "completed",
        Ok(Recovered::TakenBack) => "taken back",
        Err(_) => "interrupted",
    };
    let meant: Vec<String> = steps.iter().map(Step::to_string).collect();
    let event = Event {
        before: Some("interrupted".to_owned()),
        after: Some(after.to_owned()),
        why: Some(format!("a command was to {}", meant.join(", "))),
        outcome: record::outcome(recovered.as_ref().err()),
        ..Event::new(operator(None), "repair").of(name.as_str())
    };
    fleet.record(&[event], ui);
}

/// Locks projects, and completes or takes back what was interrupted on them. A dry run repairs nothing, and so cannot
/// tell what comes after the repair.
pub(super) fn lock_all(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Locked> {
    let mut locked = plan::lock_all(fleet, names, ui)?;
    let repaired: Vec<_> = locked
        .names
        .into_iter()
        .map(|name| {
            let repaired = if dry_run {
                refuse_open(fleet, &name)
            } else {
                recover(fleet, &name, ui).map(drop)
            };
            (name.clone(), repaired.map(|()| name))
        })
        .collect();
    fleet.reload()?;
    let (whole, unrepaired) = plan::part(repaired);
    locked.names = whole;
    locked.outcomes.extend(unrepaired);
    Ok(locked)
}

/// Refuses a dry run on what an earlier command left half changed.
pub(super) fn refuse_open(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    if !fleet.journal(name).is_open() {
        return Ok(());
    }
    Err(refused(format!(
        "a command on `{name}` was interrupted, and a dry run repairs nothing"
    ))
    .hint("the same command without `--dry-run` first completes it or takes it back")
    .into())
}

fn settle(fleet: &Fleet, name: &Name, steps: &[Step], ui: &Ui) -> anyhow::Result<Recovered> {
    let mut recovered = Recovered::Nothing;
    for step in steps {
        match step {
            Step::Place { beside, location } => {
                let placed = location.is_dir() && beside.symlink_metadata().is_err();
                if !placed {
                    remove_built(beside)?;
                    return Ok(Recovered::TakenBack);
                }
                recovered = Recovered::Completed;
            }
            Step::Register { entry } => {
                register(fleet, name, entry, ui)?;
                recovered = Recovered::Completed;
            }
            Step::Repin { from, to, .. } => match settle_pin(fleet, name, from, to)? {
                Settled::Completed => recovered = Recovered::Completed,
                Settled::TakenBack => return Ok(Recovered::TakenBack),
            },
            Step::Record { reference, commit } => {
                record(
                    fleet,
                    &[(name.clone(), reference.clone(), commit.clone())],
                    ui,
                )?;
                recovered = Recovered::Completed;
            }
            Step::Discard { location, trash } => match remove::is_discarded(location, trash)? {
                true => recovered = Recovered::Removed,
                false => return Ok(Recovered::TakenBack),
            },
            Step::Unregister => {
                let is_begun = recovered == Recovered::Removed || is_unregistered(fleet, name);
                if !is_begun {
                    return Ok(Recovered::TakenBack);
                }
                remove::unregister(fleet, name, ui)?;
                recovered = Recovered::Removed;
            }
            Step::Build { .. }
            | Step::Relocate { .. }
            | Step::Fill { .. }
            | Step::Prepare { .. }
            | Step::Stop
            | Step::Start => {}
        }
    }
    Ok(recovered)
}

fn settle_pin(
    fleet: &Fleet,
    name: &Name,
    from: &CommitId,
    to: &CommitId,
) -> anyhow::Result<Settled> {
    let project = fleet.registry.project(name)?;
    let mirror = fleet.mirror(&project.harness)?;
    let _spawning = fleet.hold_spawns(name)?;
    pins::settle(
        &fleet.pin_move(project, &mirror, false, &fleet.runtime("trash"))?,
        from,
        to,
    )
}

/// Writes pins into fleet.toml, all in one edit.
pub(super) fn record(fleet: &Fleet, pins: &[(Name, Ref, CommitId)], ui: &Ui) -> anyhow::Result<()> {
    if pins.is_empty() {
        return Ok(());
    }
    let mut edit = fleet.edit(ui)?;
    edit.set_pins(pins)?;
    edit.save().map(drop)
}
