//! What an interrupted command left: completed where it had passed the point of no return, taken back otherwise.

use std::path::Path;

use anyhow::Context as _;

use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref};
use crate::pins::{self, Settled};
use crate::ui::Ui;

use super::create::register;
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
}

/// Completes or takes back what was interrupted on a project whose lock is held.
pub(super) fn recover(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<Option<Recovered>> {
    let journal = fleet.journal(name);
    let Some(steps) = journal.open::<Vec<Step>>()? else {
        return Ok(None);
    };
    let recovered = settle(fleet, name, &steps, ui).with_context(|| {
        format!("cannot repair `{name}`, which an earlier command left half changed")
    })?;
    journal.close()?;
    match recovered {
        Recovered::Completed => ui.status(format!("`{name}`: completed what was interrupted")),
        Recovered::TakenBack => ui.status(format!("`{name}`: took back what was interrupted")),
        Recovered::Nothing => {}
    }
    Ok(Some(recovered))
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
            Step::Build { .. }
            | Step::Unregister
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
    for (name, reference, commit) in pins {
        edit.set_pin(name, reference, commit)?;
    }
    edit.save().map(drop)
}

/// Undoes a creation that failed: what was placed goes back beside, and what was built is removed.
pub(super) fn take_back_creation(steps: &[Step]) -> anyhow::Result<()> {
    for step in steps {
        if let Step::Place { beside, location } = step {
            // The build is gone from its place beside only if it was renamed; nobody else has used it since.
            if beside.symlink_metadata().is_err() && location.is_dir() {
                super::create::place(location, beside)?;
            }
            remove_built(beside)?;
        }
    }
    Ok(())
}

fn remove_built(beside: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error)
            .with_context(|| format!("cannot remove the unfinished `{}`", beside.display())),
        Ok(()) | Err(_) => Ok(()),
    }
}
