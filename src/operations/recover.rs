//! What an interrupted command left: completed where it had passed the point of no return, taken back otherwise.
//!
//! A journal holds the whole plan. Which of its steps were made, half made or not made is seen in the world:
//!
//! | step | point of no return | not made, or half made | made |
//! |---|---|---|---|
//! | `Build` | none: it is beside | what is beside is removed | the same |
//! | `Place` | the rename | what is beside is removed, and no more is done | it stays; `Register` follows |
//! | `Register` | the rename of fleet.toml | it is made: the project is complete | nothing to do |
//! | `Repin` | the branch moves to the new commit | files, index and locks are put back to where they stood | files and index follow the commit |
//! | `Record` | the rename of fleet.toml | it is made if `Repin` is: registry and pin agree | nothing to do |
//! | `Unregister` | the rename of fleet.toml | (no journal: one write) | |
//! | `Fill` | the rename of the filled engine | (no journal: what is beside is removed by the next) | |
//! | `Prepare`, `Stop`, `Start` | none | (no journal: wishes and states tell) | |
//!
//! A step after one that is taken back is not looked at. A repair can be cut off like what it repairs: each of the above
//! looks again. The journal is closed last.

use anyhow::Context as _;

use crate::error::{Fault, refused};
use crate::events::Event;
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
    /// Somebody has gone on by hand since, and left nothing to do.
    Overtaken,
    /// It is complete now, and the project has left the fleet.
    Removed,
}

/// What is about to be done about a journal, for people: the steps that it holds. Fails where it cannot be read.
pub(crate) fn interrupted(fleet: &Fleet, name: &Name) -> anyhow::Result<Option<String>> {
    let steps = fleet.journal(name).open::<Vec<Step>>()?;
    Ok(steps.map(|steps| meant(&steps)))
}

/// Completes or takes back what was interrupted on a project, and says which; `None` where there was nothing.
pub(crate) fn repair(fleet: &mut Fleet, name: &Name, ui: &Ui) -> anyhow::Result<Option<String>> {
    let _lock = fleet.lock(name, ui)?;
    let done = match recover(fleet, name, ui)? {
        None | Some(Recovered::Nothing) => return Ok(None),
        Some(Recovered::Completed) => "completed what was interrupted",
        Some(Recovered::TakenBack) => "took back what was interrupted",
        Some(Recovered::Overtaken) => "closed the journal of a pin that was moved by hand since",
        Some(Recovered::Removed) => "completed the interrupted removal",
    };
    fleet.reload()?;
    Ok(Some(done.to_owned()))
}

fn meant(steps: &[Step]) -> String {
    let meant: Vec<String> = steps.iter().map(Step::to_string).collect();
    meant.join(", ")
}

/// Completes or takes back what was interrupted on a project whose lock is held.
pub(super) fn recover(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<Option<Recovered>> {
    match fleet.journal(name).open::<Vec<Step>>()? {
        Some(steps) => recover_from(fleet, name, &steps, ui).map(Some),
        None => Ok(None),
    }
}

fn recover_from(fleet: &Fleet, name: &Name, steps: &[Step], ui: &Ui) -> anyhow::Result<Recovered> {
    let journal = fleet.journal(name);
    let recovered = settle(fleet, name, steps, ui)
        .with_context(|| {
            format!("cannot repair `{name}`, which an earlier command left half changed")
        })
        .and_then(|recovered| journal.close().map(|()| recovered));
    tell(fleet, name, steps, &recovered, ui);
    let recovered = recovered?;
    match recovered {
        Recovered::Completed => ui.status(format!("`{name}`: completed what was interrupted")),
        Recovered::TakenBack => ui.status(format!("`{name}`: took back what was interrupted")),
        Recovered::Overtaken => ui.status(format!(
            "`{name}`: nothing is left of what was interrupted; its pin was moved by hand since"
        )),
        Recovered::Removed => ui.status(format!(
            "`{name}`: completed its interrupted removal{}",
            in_the_trash(steps)
        )),
        Recovered::Nothing => {}
    }
    Ok(recovered)
}

fn in_the_trash(steps: &[Step]) -> String {
    let place = steps.iter().find_map(|step| {
        let Step::Discard { trash, .. } = step else {
            return None;
        };
        Some(trash)
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
        Ok(Recovered::Overtaken) => "overtaken",
        Err(_) => "interrupted",
    };
    let event = Event {
        before: Some("interrupted".to_owned()),
        after: Some(after.to_owned()),
        why: Some(format!("a command was to {}", meant(steps))),
        outcome: record::outcome(recovered.as_ref().err()),
        ..fleet.asked("repair").of(name.as_str())
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
    lock_and_settle(fleet, names, dry_run, ui).map(|(locked, _)| locked)
}

/// The same, with the steps of all that was settled.
pub(super) fn lock_and_settle(
    fleet: &mut Fleet,
    names: &[Name],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<(Locked, Vec<Step>)> {
    let mut locked = plan::lock_all(fleet, names, ui)?;
    let (mut repaired, mut settled) = (Vec::new(), Vec::new());
    for name in locked.names {
        let result = match fleet.journal(&name).open::<Vec<Step>>() {
            Ok(None) => Ok(()),
            Ok(Some(_)) if dry_run => Err(open_journal(&name).into()),
            Ok(Some(steps)) => {
                recover_from(fleet, &name, &steps, ui).map(|_| settled.extend(steps))
            }
            Err(error) => Err(error),
        };
        repaired.push((name.clone(), result.map(|()| name)));
    }
    fleet.reload()?;
    let (whole, unrepaired) = plan::part(repaired);
    locked.names = whole;
    locked.outcomes.extend(unrepaired);
    Ok((locked, settled))
}

/// Refuses a dry run on what an earlier command left half changed.
pub(super) fn refuse_open(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    if !fleet.journal(name).is_open() {
        return Ok(());
    }
    Err(open_journal(name).into())
}

fn open_journal(name: &Name) -> Fault {
    refused(format!(
        "a command on `{name}` was interrupted, and a dry run repairs nothing"
    ))
    .hint("the same command without `--dry-run` first completes it or takes it back")
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
            Step::Repin {
                from, to, stood, ..
            } => match settle_pin(fleet, name, from, to, stood.as_ref())? {
                Settled::Completed => recovered = Recovered::Completed,
                Settled::TakenBack => return Ok(Recovered::TakenBack),
                Settled::Overtaken => return Ok(Recovered::Overtaken),
            },
            Step::SetUrl { from, to } => {
                let project = fleet.registry.project(name)?;
                let (place, engine) = (&project.location, fleet.engine(project)?);
                match pins::settle_whence(place, engine, from, to)? {
                    Settled::Completed => recovered = Recovered::Completed,
                    Settled::TakenBack => return Ok(Recovered::TakenBack),
                    Settled::Overtaken => return Ok(Recovered::Overtaken),
                }
            }
            Step::Point { to } => {
                let project = fleet.registry.project(name)?;
                pins::point_to(&project.location, fleet.engine(project)?, to)?;
                recovered = Recovered::Completed;
            }
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
    stood: Option<&CommitId>,
) -> anyhow::Result<Settled> {
    let project = fleet.registry.project(name)?;
    // A repair asks no network: what it needs was in the project before the first file was touched.
    let mirror = fleet.mirror_if_any(&project.harness)?;
    let _spawning = fleet.hold_spawns(name)?;
    pins::settle(
        &fleet.pin_move(project, &mirror, false, &fleet.runtime("trash"))?,
        from,
        to,
        stood.unwrap_or(from),
    )
}

/// Writes pins into fleet.toml, all in one edit. A project that somebody has taken out of it meanwhile has none there.
pub(super) fn record(fleet: &Fleet, pins: &[(Name, Ref, CommitId)], ui: &Ui) -> anyhow::Result<()> {
    if pins.is_empty() {
        return Ok(());
    }
    let mut edit = fleet.edit(ui)?;
    let registered: Vec<_> = pins
        .iter()
        .filter(|(name, ..)| edit.registry().projects.contains_key(name))
        .cloned()
        .collect();
    edit.set_pins(&registered)?;
    edit.save().map(drop)
}
