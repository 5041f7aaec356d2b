//! `fleet remove`: a project leaves the registry; its files stay as they are, or go to the trash as they are.

mod guard;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;

use crate::error::{Advise as _, refused};
use crate::files::{self, Lock};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{Liveness, State};
use crate::ui::{Ui, list};

use super::placing;
use super::plan::{self, Change, Locked, Outcome, Plan, lock_all};
use super::recover::{self, Recovered};
use super::step::Step;

/// How many of the ignored files that go with a project are named.
const MOST_NAMED: usize = 5;

/// What becomes of the files of projects that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// They stay.
    None,
    /// They go to the trash, unless something in them exists nowhere else.
    Guarded,
    /// They go to the trash, whatever git keeps nowhere else.
    Forced,
}

/// Removes projects from the registry, or prints how. One that runs is refused: nobody would know of it any more.
pub(crate) fn remove(
    fleet: &mut Fleet,
    names: &[Name],
    deletion: Deletion,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = lock_all(fleet, names, ui)?;
    let mut left = Vec::new();
    for name in names {
        match repaired(fleet, &name, dry_run, ui) {
            Ok(Some(Recovered::Removed)) => {
                let done = format!("`{name}` is not in fleet.toml any more");
                outcomes.push(Outcome::new(name, Ok(done)));
            }
            Ok(_) => left.push(name),
            Err(error) => outcomes.push(Outcome::new(name, Err(error))),
        }
    }
    fleet.reload()?;
    let fleet = &*fleet;
    let mut plans = Vec::new();
    let counting = ui.counting("looking at projects", left.len());
    for name in left {
        let _one = counting.on(&name);
        // Each goes as soon as it was looked at: what somebody commits while others are looked at is not overlooked.
        match look(fleet, &name, deletion, ui) {
            Ok(plan) if dry_run => plans.push(plan),
            Ok(plan) => outcomes.push(removed(fleet, plan, ui)),
            Err(error) => outcomes.push(Outcome::new(name, Err(error))),
        }
    }
    if dry_run {
        plan::print(&plans, ui);
    }
    Ok(outcomes)
}

fn removed(fleet: &Fleet, plan: Plan, ui: &Ui) -> Outcome {
    let change = Change {
        before: registered(fleet, &plan.project),
        after: plan.steps.iter().find_map(|step| {
            let Step::Discard { trash, .. } = step else {
                return None;
            };
            Some(format!("in the trash: {}", trash.display()))
        }),
    };
    let result = carry_out(fleet, &plan, ui).map(|()| plan.done);
    Outcome::new(plan.project, result).changing(Some(change))
}

fn repaired(
    fleet: &Fleet,
    name: &Name,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Recovered>> {
    if dry_run {
        return recover::refuse_open(fleet, name).map(|()| None);
    }
    recover::recover(fleet, name, ui)
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

fn look(fleet: &Fleet, name: &Name, deletion: Deletion, ui: &Ui) -> anyhow::Result<Plan> {
    let project = fleet.registry.project(name)?;
    let place = project.location.display();
    refuse_running(fleet, name)?;
    // Whoever names it keeps it: found before anything has moved.
    fleet.edit(ui)?.remove_project(name)?;
    if deletion == Deletion::None {
        let done = format!("removed `{name}` from fleet.toml; its files are still at {place}");
        return Ok(Plan::new(name, vec![Step::Unregister], done));
    }
    let location = guard::admit_place(fleet, project)?;
    let found = guard::admit_work(fleet, project, &location, deletion == Deletion::Forced)?;
    for overridden in &found.work {
        ui.warn(format!("`{name}`: {}", overridden.what));
    }
    let trash = free_place(fleet, name);
    let (from, to) = (guard::quoted(&location), guard::quoted(&trash));
    let mut done = format!("moved `{name}` to the trash, and out of fleet.toml");
    if let Some((ignored, more)) = guard::some(&found.ignored, MOST_NAMED) {
        done += &format!("\n  with what git ignores: {}{more}", list(ignored));
    }
    let named = match location.file_name() {
        Some(own) if own == name.as_str() => String::new(),
        Some(_) | None => format!(" --name {name}"),
    };
    done += &format!(
        "\n  to take it back: `mv {to} {from} && fleet adopt {from}{named}`\n  to end it for good: `rm -rf {to}`"
    );
    Ok(Plan::new(
        name,
        vec![Step::Discard { location, trash }, Step::Unregister],
        done,
    ))
}

/// Returns a name in the trash that nothing has.
fn free_place(fleet: &Fleet, name: &Name) -> PathBuf {
    let trash = fleet.runtime("trash");
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let numbered = (2_u32..).map(|number| trash.join(format!("{name}-{now}-{number}")));
    std::iter::once(trash.join(format!("{name}-{now}")))
        .chain(numbered)
        .find(|place| place.symlink_metadata().is_err())
        .expect("there are more numbers than files")
}

/// Refuses a project of which something may be alive: what nobody can be sure of counts, and so does a tender that only
/// shows the last screen.
pub(super) fn refuse_running(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    if State::read(&fleet.unit_files(name).state)?.is_some_and(|state| may_run(&state)) {
        return Err(refused(format!("`{name}` has not been stopped"))
            .hint(format!("`fleet stop {name}` first"))
            .into());
    }
    Ok(())
}

fn may_run(state: &State) -> bool {
    let process = state
        .life
        .as_ref()
        .map_or(Liveness::Gone, |life| life.process.liveness());
    [state.tender_liveness(), process] != [Liveness::Gone; 2]
}

/// Carries a plan out; where it fails, what was moved is moved back.
fn carry_out(fleet: &Fleet, plan: &Plan, ui: &Ui) -> anyhow::Result<()> {
    let name = &plan.project;
    let _claims = claim(plan)?;
    let journal = fleet.journal(name);
    journal.begin(&plan.steps)?;
    let done = plan.steps.iter().try_for_each(|step| {
        let done = if let Step::Discard { location, trash } = step {
            discard(location, trash)
        } else if let Step::Unregister = step {
            unregister(fleet, name, ui)
        } else {
            Ok(())
        };
        done.with_context(|| format!("cannot {step}"))
    });
    let again = || format!("`fleet remove {name}` again completes it, or takes it back");
    if let Err(error) = done {
        if placing::is_unregistered(fleet, name) {
            // The write was made and something failed after it. The journal stays open.
            return Err(error).hint(again);
        }
        for step in &plan.steps {
            if let Step::Discard { location, trash } = step
                && let Err(stuck) = bring_back(location, trash)
            {
                // Both are told: what failed first is what to put right.
                return Err(error.context(format!("{stuck:#}"))).hint(again);
            }
        }
        journal.close()?;
        return Err(error);
    }
    journal.close()
}

/// Keeps tenders, other fleets' too, and runs by hand out of the directories that are about to move.
fn claim(plan: &Plan) -> anyhow::Result<Vec<Lock>> {
    let mut claims = Vec::new();
    for step in &plan.steps {
        if let Step::Discard { location, .. } = step {
            let claim = Lock::try_take(location)?.ok_or_else(|| {
                refused(format!("`{}` was started just now", plan.project))
                    .hint(format!("`fleet stop {}` first", plan.project))
            })?;
            claims.push(claim);
        }
    }
    Ok(claims)
}

fn discard(location: &Path, trash: &Path) -> anyhow::Result<()> {
    placing::place(location, trash)?;
    sync_parent(location)
}

fn sync_parent(location: &Path) -> anyhow::Result<()> {
    let parent = location.parent().context("a location has a parent")?;
    std::fs::File::open(parent)
        .and_then(|directory| directory.sync_all())
        .with_context(|| format!("cannot write `{}`", parent.display()))
}

/// Moves a project back from the trash, if that is where it is.
fn bring_back(location: &Path, trash: &Path) -> anyhow::Result<()> {
    if !is_discarded(location, trash)? {
        return Ok(());
    }
    placing::place(trash, location)?;
    sync_parent(trash)
}

/// Tells whether a project was moved to the trash. What is at its place afterwards is somebody else's.
pub(super) fn is_discarded(location: &Path, trash: &Path) -> anyhow::Result<bool> {
    let is_there = |path: &Path| match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot look at `{}`", path.display())),
    };
    // Where it is in neither place, somebody has emptied the trash.
    Ok(is_there(trash)? || !is_there(location)?)
}

/// Takes a project out of fleet.toml, if it is there, and removes what was known of it alone.
pub(super) fn unregister(fleet: &Fleet, name: &Name, ui: &Ui) -> anyhow::Result<()> {
    let mut edit = fleet.edit(ui)?;
    if edit.registry().projects.contains_key(name) {
        edit.remove_project(name)?;
        edit.save()?;
    }
    // A later project of this name must not inherit what was wished for this one.
    let own = fleet.unit_files(name);
    [
        own.unit,
        own.desired,
        own.state,
        fleet.probe_file(name),
        fleet.crash_file(name),
    ]
    .iter()
    .try_for_each(|file| files::remove_if_there(file))
}
