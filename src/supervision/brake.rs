//! The brake: when most of a fleet dies at once, nothing comes back for a second time until the operator says so.
//!
//! Beside the file of deaths there is one file in the fleet's runtime directory, `brake`, which says why it is on, and when
//! it was last taken off.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::deaths::{Death, deaths};
use super::record::read_record;
use super::unit::read_desired;
use super::{VERSION, Want, When};
use crate::error::Advise as _;
use crate::files::{Lock, write_json};

/// Deaths so close to each other may have one cause.
const AT_ONCE: Duration = Duration::from_secs(60);
/// With fewer projects than this, most of them dying is no sign of anything.
const FEWEST: usize = 3;
/// How long whoever puts the brake on or off waits for another one that does.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the brake is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Engaged {
    /// Since when.
    pub(crate) since: When,
    /// What happened, for people: `12 of 20 projects died within a minute`.
    pub(crate) reason: String,
    /// Whose deaths it was.
    pub(crate) projects: Vec<String>,
}

/// The file of the brake.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Brake {
    version: u32,
    engaged: Option<Engaged>,
    /// Deaths before this count no more.
    released: Option<When>,
}

/// Returns why the brake is on; `None` where it is off. `shared` is the fleet's runtime directory.
pub(crate) fn engaged(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    Ok(read(shared)?.engaged)
}

/// Puts the brake on if more than half of at least three projects have died within the last minute; returns why it is
/// on, whoever put it there.
pub(crate) fn consider(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    let now = When::now();
    let found = read(shared)?;
    if !is_news(&found, reason(shared, &found, &now)?.as_ref()) {
        return Ok(found.engaged);
    }
    let _lock = lock(shared)?;
    // Another one may have put it on meanwhile, or the operator taken it off.
    let mut brake = read(shared)?;
    let reason = reason(shared, &brake, &now)?;
    if is_news(&brake, reason.as_ref()) {
        let since = brake.engaged.take().map(|engaged| engaged.since);
        brake.engaged = reason.map(|reason| Engaged {
            since: since.unwrap_or(reason.since),
            ..reason
        });
        write_json(&brake_file(shared), &brake)?;
    }
    Ok(brake.engaged)
}

/// Returns whether a reason for the brake says more than the one that it is on for, if it is on.
fn is_news(brake: &Brake, reason: Option<&Engaged>) -> bool {
    let known = brake.engaged.as_ref();
    reason.is_some_and(|reason| {
        known.is_none_or(|known| reason.projects.len() > known.projects.len())
    })
}

/// Takes the brake off: deaths before this moment count no more. Returns what it was on for.
///
/// Tenders that it holds go on once they are told to look.
pub(crate) fn release(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    let _lock = lock(shared)?;
    // What cannot be read is written anew: the operator has said what is to be.
    let engaged = read(shared).ok().and_then(|brake| brake.engaged);
    let off = Brake {
        version: VERSION,
        engaged: None,
        released: Some(When::now()),
    };
    write_json(&brake_file(shared), &off)?;
    Ok(engaged)
}

/// Returns why the brake should be on, if it should.
fn reason(shared: &Path, brake: &Brake, now: &When) -> anyhow::Result<Option<Engaged>> {
    let dead = recent(&deaths(shared)?, brake.released.as_ref(), now);
    // Half of the fewest is more than one: the wishes of a large fleet are not read for a single crash loop.
    if dead.len() * 2 <= FEWEST {
        return Ok(None);
    }
    Ok(conclude(&wanted(shared)?, &dead, now))
}

/// Returns who has died lately, and since the brake was last taken off.
///
/// Only this boot counts: with the machine everything ends, which says nothing against bringing it back, and what an
/// earlier boot's calendar put into the future would be of this minute for as long.
fn recent(deaths: &[Death], released: Option<&When>, now: &When) -> BTreeSet<String> {
    let is_of_now = |when: &&When| when.boot == now.boot;
    let longest = released
        .filter(is_of_now)
        .map_or(f64::INFINITY, |released| released.age_at(now));
    deaths
        .iter()
        .filter(|death| {
            let age = death.when.age_at(now);
            is_of_now(&&death.when) && age <= AT_ONCE.as_secs_f64() && age < longest
        })
        .map(|death| death.name.clone())
        .collect()
}

fn conclude(wanted: &BTreeSet<String>, dead: &BTreeSet<String>, now: &When) -> Option<Engaged> {
    let projects: Vec<String> = wanted.intersection(dead).cloned().collect();
    let is_most = wanted.len() >= FEWEST && projects.len() * 2 > wanted.len();
    is_most.then(|| Engaged {
        since: now.clone(),
        reason: format!(
            "{} of {} projects died within a minute",
            projects.len(),
            wanted.len()
        ),
        projects,
    })
}

/// Returns which projects the operator wants up.
fn wanted(shared: &Path) -> anyhow::Result<BTreeSet<String>> {
    let directory = shared.join("desired");
    let entries = fs::read_dir(&directory)
        .with_context(|| format!("cannot read `{}`", directory.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries.filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // A file that is being written beside the real one begins with a dot; what cannot be read is no wish.
        let wish = read_desired(&entry.path()).ok().flatten();
        if !name.starts_with('.') && wish.is_some_and(|wish| wish.want == Want::Up) {
            names.insert(name);
        }
    }
    Ok(names)
}

fn read(shared: &Path) -> anyhow::Result<Brake> {
    let never_on = Brake {
        version: VERSION,
        engaged: None,
        released: None,
    };
    let brake = read_record(&brake_file(shared), "brake");
    let brake = brake.hint(|| "`fleet go` writes it anew".to_owned())?;
    Ok(brake.unwrap_or(never_on))
}

fn lock(shared: &Path) -> anyhow::Result<Lock> {
    Lock::take(&lock_file(shared), PATIENCE, || ())
}

pub(super) fn lock_file(shared: &Path) -> PathBuf {
    shared.join("locks").join(".brake")
}

fn brake_file(shared: &Path) -> PathBuf {
    shared.join("brake")
}

#[cfg(test)]
mod tests;
