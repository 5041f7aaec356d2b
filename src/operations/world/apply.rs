//! A plan carried out, by the operations that the verbs are.

use std::collections::BTreeSet;

use crate::error::{refused, usage};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::pins::{self, Depth};
use crate::supervision::Afterwards;
use crate::ui::Ui;

use super::super::bring_back;
use super::super::launch::Occasion;
use super::super::plan::{Locked, Outcome, Plan};
use super::super::recover;
use super::super::start;
use super::super::step::Step;
use super::super::stop;
use super::super::update::{self, Goal, Move};
use super::diff::{Deed, Remedy, differences};
use super::facts;
use super::plan::WorldPlan;

/// What is to be applied.
#[derive(Debug)]
pub(crate) enum Asked {
    /// What a plan would show now.
    Now,
    /// The plan of a file, as long as the world is as it was then.
    File(String),
}

/// Carries out what the plan shows; what that cannot do is refused, and what is the operator's is left: how much that is
/// comes second. Whatever was begun is done by operations that check for themselves, under their locks, that it may be done.
pub(crate) fn apply(
    fleet: &mut Fleet,
    asked: &Asked,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<(Vec<Outcome>, usize)> {
    let plan = WorldPlan::make(fleet, ui)?;
    let [_, _, left] = plan.counts();
    if let Asked::File(file) = asked {
        refuse_moved(file, &plan, ui)?;
    }
    if dry_run {
        ui.result(&plan);
        return Ok((Vec::new(), left));
    }
    let mut outcomes = cannot(&plan);
    outcomes.extend(repair(fleet, &plan.to_do(Deed::Repair), ui)?);
    outcomes.extend(move_pins(fleet, plan.to_do(Deed::Move), ui)?);
    outcomes.extend(fill_stop_and_start(fleet, &plan, ui)?);
    outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok((outcomes, left))
}

/// Refuses a file whose world has moved, and shows what is different.
fn refuse_moved(file: &str, plan: &WorldPlan, ui: &Ui) -> anyhow::Result<()> {
    let now = plan.file();
    if file == now {
        return Ok(());
    }
    if !file.starts_with("fleet plan ") {
        return Err(usage("the file is no plan of `fleet plan --out`")
            .hint("`fleet plan --out FILE` writes one")
            .into());
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (then, now) = (lines(file), lines(&now));
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (then.iter().collect(), now.iter().collect());
    let gone = then.iter().filter(|line| !new.contains(line));
    let come = now.iter().filter(|line| !old.contains(line));
    let changed: BTreeSet<&str> = gone
        .clone()
        .chain(come.clone())
        .filter_map(|line| rested_on(line))
        .collect();
    for name in changed {
        ui.result(format!("changed: {}", name.escape_debug()));
    }
    let gone = gone.map(|line| ("planned: ", line));
    for (when, line) in gone.chain(come.map(|line| ("now:     ", line))) {
        if rested_on(line).is_none() && !line.starts_with("fingerprint ") {
            ui.result(format!("{when}{}", line.escape_debug()));
        }
    }
    Err(refused(why_refused(&then, &new))
        .hint("`fleet plan` shows what there is to do now")
        .into())
}

/// Returns what a line of a plan's head is the fingerprint of: a project or the registry.
fn rested_on(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["project", name, _] => Some(name),
        [name @ "fleet.toml", _] => Some(name),
        _ => None,
    }
}

/// Says why a plan's lines are not those of now.
fn why_refused(then: &[String], now: &BTreeSet<&String>) -> &'static str {
    // The lines that every plan begins with, in this order.
    let is_as_now = |place: usize| then.get(place).is_none_or(|line| now.contains(line));
    let [program, fleet, fingerprint] = [1, 2, 3].map(is_as_now);
    if !fleet {
        return "the plan is another fleet's";
    }
    if !program {
        return "the plan is another version's of this program";
    }
    if fingerprint {
        return "the file is not as `fleet plan` wrote it";
    }
    "the world has moved since the plan was made"
}

fn cannot(plan: &WorldPlan) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for project in &plan.projects {
        for difference in &project.differences {
            if let Remedy::Cannot { because } = &difference.remedy {
                let name = &project.name;
                let what = format!("`{name}`: {}", difference.is);
                let fault = refused(what).because(anyhow::anyhow!("{because}"));
                outcomes.push(Outcome::new(name.clone(), Err(fault.into())));
            }
        }
    }
    outcomes
}

fn repair(fleet: &mut Fleet, names: &[Name], ui: &Ui) -> anyhow::Result<Vec<Outcome>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, names, false, ui)?;
    // The repair has told the trail of itself.
    outcomes.extend(names.into_iter().map(|name| {
        let done = format!("repaired `{name}`; `fleet plan` says what else there is to do");
        Outcome::new(name, Ok(done))
    }));
    Ok(outcomes)
}

fn move_pins(fleet: &mut Fleet, names: Vec<Name>, ui: &Ui) -> anyhow::Result<Vec<Outcome>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let back = Move {
        names,
        goal: Goal::Registered,
        restart: false,
        here: false,
        accept_moved_tag: false,
    };
    update::update(fleet, &back, false, ui)
}

/// What was seen before a lock is stale after it: only what the plan shows and is still true is done.
fn fill_stop_and_start(
    fleet: &mut Fleet,
    plan: &WorldPlan,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let wanted = [Deed::Fill, Deed::Stop, Deed::Start].map(|deed| plan.to_do(deed));
    let mut names = wanted.concat();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let Locked {
        names,
        mut outcomes,
        locks: _locks,
    } = recover::lock_all(fleet, &names, false, ui)?;
    let fleet = &*fleet;
    let [fill, stop, start] = wanted;
    outcomes.extend(start::carry_out(
        fleet,
        missing(fleet, &still(fleet, &names, &fill, Deed::Fill, ui)?),
        Occasion::Asked,
        ui,
    )?);
    let stop = still(fleet, &names, &stop, Deed::Stop, ui)?;
    outcomes.extend(stop::stop_locked(
        fleet,
        &stop,
        Afterwards::Down,
        false,
        ui,
    )?);
    let start = still(fleet, &names, &start, Deed::Start, ui)?;
    let brought = bring_back::bring_back(fleet, &start, ui)?;
    outcomes.extend(brought.refused);
    outcomes.extend(brought.tried);
    Ok(outcomes)
}

/// Returns those of some projects about which this is still to be done, now that they are locked.
fn still(
    fleet: &Fleet,
    locked: &[Name],
    meant: &[Name],
    deed: Deed,
    ui: &Ui,
) -> anyhow::Result<Vec<Name>> {
    let meant: Vec<Name> = meant
        .iter()
        .filter(|name| locked.contains(name) && fleet.registry.projects.contains_key(*name))
        .cloned()
        .collect();
    let facts = facts::of(fleet, &meant, ui)?;
    let is_still = |(name, mut facts): (Name, facts::Facts)| {
        // It is this command that is at work on it.
        facts.is_busy = false;
        let found = differences(&name, &facts);
        found
            .iter()
            .any(|it| it.deed() == Some(deed))
            .then_some(name)
    };
    Ok(meant.into_iter().zip(facts).filter_map(is_still).collect())
}

/// Plans to make engines that are missing, and to start nothing.
fn missing(fleet: &Fleet, names: &[Name]) -> Vec<Plan> {
    let fill = |name: &Name| {
        let project = fleet.registry.projects.get(name)?;
        let engine = fleet.engine(project).ok()?;
        let pinned = pins::read(&project.location, engine, Depth::Fast);
        let commit = pinned.head.commit()?.clone();
        let done = format!("filled the engine of `{name}`");
        Some(Plan::new(name, vec![Step::Fill { commit }], done))
    };
    names.iter().filter_map(fill).collect()
}
