//! What runs and should not, and what should run and does not. Nothing here is chosen by its name: a tender by the unit
//! that it was given, what a life left by the life's mark.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::names::Name;
use crate::supervision::{Liveness, State, Tender, Want, read_desired};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::ground::{Ground, Server};

const CANNOT_LOOK: &str = "`ls /proc` shows whether the system's processes can be seen";

pub(super) fn sessions(ground: &Ground) -> Vec<Finding> {
    let source = "tmux list-panes";
    if let Server::Silent { why, remedy } = ground.server() {
        return vec![Finding::unknown(why, source, remedy)];
    }
    let strays = match ground.report() {
        Ok(report) => &report.strays,
        Err(why) => return vec![Finding::unknown(why, source, "`fleet status` tells more")],
    };
    let found = strays.iter().map(|stray| {
        Finding::warning(
            "its session is of no project in fleet.toml",
            source,
            format!("`{}` shows it, `{}` ends it", stray.show, stray.end),
        )
        .of(&stray.session)
    });
    or_ok(found.collect(), "all are of projects in fleet.toml", source)
}

pub(super) fn orphans(ground: &Ground) -> Vec<Finding> {
    let source = "marks in /proc/PID/environ";
    let census = match ground.census() {
        Ok(census) => census,
        Err(why) => return vec![Finding::unknown(why, source, CANNOT_LOOK)],
    };
    let mut found = Vec::new();
    for (name, state) in ground.states() {
        let Some(life) = &state.life else { continue };
        if state.tender.liveness() != Liveness::Gone {
            continue;
        }
        let left: Vec<String> = census
            .of_life(life)
            .iter()
            .map(|one| one.pid.to_string())
            .collect();
        if left.is_empty() {
            continue;
        }
        let evidence = format!(
            "{} of a life whose tender is gone: {}",
            count(left.len(), "process"),
            left.join(", ")
        );
        let remedy = format!(
            "`fleet stop {name}` ends what is left; `ps -fp {}` shows it",
            left.join(",")
        );
        found.push(
            Finding::wrong(evidence, source, remedy)
                .of(name)
                .since(Some(life.since)),
        );
    }
    or_ok(found, "nothing is left of lives that are over", source)
}

pub(super) fn lost(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let states = ground.states();
    let mut projects = ground.projects();
    projects.retain(|project| project.enabled);
    // The kernel's list is read once for all.
    let locks: Vec<PathBuf> = projects
        .iter()
        .map(|it| fleet.command_lock(&it.name))
        .collect();
    let held = ground.holders(&locks);
    let mut found = Vec::new();
    for (project, lock) in projects.into_iter().zip(&locks) {
        let name = &project.name;
        let desired = read_desired(&fleet.unit_files(name).desired).ok().flatten();
        let Some(desired) = desired.filter(|desired| desired.in_the_end() == Want::Up) else {
            continue;
        };
        if held.contains_key(lock) {
            continue;
        }
        if desired.restart {
            let remedy = format!("`fleet start {name}` completes it");
            found
                .push(lost_one(name, "its restart was cut off", remedy).since(Some(desired.since)));
            continue;
        }
        let Some(state) = states.get(name.as_str()) else {
            let evidence = "it was asked to start, and never did";
            found.push(
                lost_one(name, evidence, format!("`fleet start {name}`"))
                    .since(Some(desired.since)),
            );
            continue;
        };
        if state.is_lost() && state.tender.liveness() == Liveness::Gone {
            let evidence = format!(
                "it should be up, and its tender is gone: it was {}",
                state.phase.word()
            );
            found.push(
                lost_one(name, evidence, "`fleet boot` brings back what should be up")
                    .since(Some(state.since)),
            );
        }
    }
    or_ok(
        found,
        "what should be up has a tender, or has come to its end",
        ".fleet/state",
    )
}

fn lost_one(name: &Name, evidence: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding::wrong(evidence, format!(".fleet/state/{name}.json"), remedy).of(name.as_str())
}

fn is_worked_on(ground: &Ground, name: &Name) -> bool {
    ground.is_held(&ground.fleet().command_lock(name))
}

pub(super) fn tenders(ground: &Ground) -> Vec<Finding> {
    let source = "arguments in /proc/PID/cmdline";
    let census = match ground.census() {
        Ok(census) => census,
        Err(why) => return vec![Finding::unknown(why, source, CANNOT_LOOK)],
    };
    let mut by_unit: BTreeMap<&PathBuf, Vec<&Tender>> = BTreeMap::new();
    let tenders = census.tenders_of(&ground.fleet().runtime("units"));
    let number = tenders.len();
    for tender in tenders {
        by_unit.entry(&tender.unit).or_default().push(tender);
    }
    let states = ground.states();
    let mut found = Vec::new();
    for (unit, tenders) in by_unit {
        let name = unit
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        found.extend(of_one(ground, &name, &tenders, states.get(&name)));
    }
    or_ok(
        found,
        format!("{} with a state of its own", count(number, "tender")),
        source,
    )
}

fn of_one(
    ground: &Ground,
    name: &str,
    tenders: &[&Tender],
    state: Option<&State>,
) -> Option<Finding> {
    let pids: Vec<String> = tenders
        .iter()
        .map(|tender| tender.process.pid.to_string())
        .collect();
    let source = "arguments in /proc/PID/cmdline";
    // While a start is at work, a tender may not have written yet.
    if name.parse().is_ok_and(|name| is_worked_on(ground, &name)) {
        return None;
    }
    if tenders.len() > 1 {
        let evidence = format!(
            "{} tend it at once: {}",
            count(pids.len(), "process"),
            pids.join(", ")
        );
        let remedy = format!(
            "`ps -fp {}` shows them; `fleet stop {name}` ends what is this fleet's",
            pids.join(",")
        );
        return Some(Finding::wrong(evidence, source, remedy).of(name));
    }
    let tender = tenders.first()?;
    let is_known = state.is_some_and(|state| state.tender == tender.process);
    if is_known || tender.process.liveness() != Liveness::Alive {
        return None;
    }
    let pid = tender.process.pid;
    let what = if state.is_some() {
        "the state is another tender's"
    } else {
        "there is no state of it"
    };
    let evidence =
        format!("process {pid} tends it, and {what}: this fleet knows nothing of what it runs");
    let remedy =
        format!("`kill {pid}` has it end what it runs, and itself; then `fleet start {name}`");
    Some(Finding::wrong(evidence, source, remedy).of(name))
}

pub(super) fn still(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, state) in ground.states() {
        let life = state.life.as_ref().map(|life| &life.process);
        let processes = [
            Some((&state.tender, "its tender")),
            life.map(|process| (process, "its process")),
        ];
        for (process, what) in processes.into_iter().flatten() {
            let is_doubled = what == "its process" && *process == state.tender;
            if is_doubled || process.liveness() != Liveness::Alive || !process.is_stopped() {
                continue;
            }
            let pid = process.pid;
            let evidence =
                format!("{what}, process {pid}, was stopped by a signal and answers nothing");
            let remedy = format!("`kill -CONT {pid}` lets it go on");
            found.push(Finding::wrong(evidence, format!("/proc/{pid}/stat"), remedy).of(name));
        }
    }
    or_ok(found, "none stands still", "/proc/PID/stat")
}
