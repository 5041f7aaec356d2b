//! What stands against moving a project's files to the trash.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use crate::error::{Fault, refused};
use crate::fleet::Fleet;
use crate::names::{HarnessUrl, Name, shell_word};
use crate::parallel::within;
use crate::pins::{self, Hindrance, OnlyHere};
use crate::registry::Project;

/// How long the look at a project's files may take: seconds, for very many.
const DEADLINE: Duration = Duration::from_secs(120);

/// Refuses a place that is not the project's alone, that is no plain directory, or that cannot become part of the trash
/// by a rename. Returns it without links.
pub(super) fn admit_place(fleet: &Fleet, project: &Project) -> anyhow::Result<PathBuf> {
    let name = &project.name;
    let location = plain_directory(&project.location)
        .and_then(|location| used_otherwise(fleet, name, &location).map_or(Ok(location), Err))
        .map_err(|why| {
            refused(format!("cannot move the files of `{name}`: {why}")).hint(format!(
                "`fleet remove {name}` takes it out of fleet.toml and leaves its files"
            ))
        })?;
    let holders = fleet.holders(std::slice::from_ref(name))?;
    if let Some(process) = holders.get(&project.location) {
        return Err(refused(format!("`{name}` is run by process {process}"))
            .hint(format!(
                "stop that run where it was started: `ps -fp {process}` shows it"
            ))
            .into());
    }
    same_file_system(fleet, name, &location)?;
    Ok(location)
}

fn plain_directory(location: &Path) -> Result<PathBuf, String> {
    let place = location.display();
    let cannot = |error: io::Error| format!("cannot look at {place}: {error}");
    let met = location.symlink_metadata().map_err(cannot)?;
    if met.is_symlink() {
        return Err(format!("{place} is a symbolic link"));
    }
    if !met.is_dir() {
        return Err(format!("{place} is no directory"));
    }
    location.canonicalize().map_err(cannot)
}

/// Says what else of the fleet has its place in a project's directory, if anything has.
fn used_otherwise(fleet: &Fleet, name: &Name, location: &Path) -> Option<String> {
    if fleet.root.starts_with(location) {
        return Some("the fleet itself is in it".to_owned());
    }
    if location.starts_with(fleet.runtime("")) {
        return Some("it is inside the fleet's own `.fleet/`".to_owned());
    }
    let is_inside = |path: &Path| {
        let real = path.canonicalize();
        real.is_ok_and(|real| real.starts_with(location)) || path.starts_with(location)
    };
    let others = fleet.registry.projects.values();
    for other in others.filter(|other| other.name != *name) {
        if is_inside(&other.location) {
            return Some(format!("the project `{}` is inside it", other.name));
        }
        if pins::borrows_from(&other.location, location) {
            let other = &other.name;
            return Some(format!(
                "the repository of the project `{other}` is a part of it"
            ));
        }
    }
    let mut harnesses = fleet.registry.harnesses.values();
    let comes_from_there = harnesses.find(|harness| {
        let url = harness.url.as_ref().map(HarnessUrl::as_str);
        url.is_some_and(|url| is_inside(Path::new(url.trim_start_matches("file://"))))
    })?;
    let harness = &comes_from_there.name;
    Some(format!("the harness `{harness}` comes from there"))
}

fn same_file_system(fleet: &Fleet, name: &Name, location: &Path) -> anyhow::Result<()> {
    let trash = fleet.runtime("trash");
    let device = |path: &Path| {
        let met = path.metadata();
        met.map(|met| met.dev())
            .with_context(|| format!("cannot look at `{}`", path.display()))
    };
    if device(location)? == device(&trash)? {
        return Ok(());
    }
    Err(refused(format!(
        "cannot move the files of `{name}`: {} is on another file system than the trash, {}",
        location.display(),
        trash.display()
    ))
    .hint(format!(
        "`fleet remove {name}` takes it out of fleet.toml; then remove {} yourself",
        quoted(location)
    ))
    .into())
}

/// Refuses a project that holds what exists nowhere else, naming each thing that was found; forced, only one that nobody
/// can look into. Returns what was found.
pub(super) fn admit_work(
    fleet: &Fleet,
    project: &Project,
    location: &Path,
    is_forced: bool,
) -> anyhow::Result<OnlyHere> {
    let name = &project.name;
    let (engine, mirror) = (
        fleet.engine(project)?.to_owned(),
        fleet.known_mirror(&project.harness),
    );
    let place = location.to_owned();
    let look = move || pins::only_here(&place, &engine, mirror.as_ref());
    let found = within(DEADLINE, look).ok_or_else(|| {
        let seconds = DEADLINE.as_secs();
        refused(format!(
            "cannot tell what `{name}` holds: the look has not ended in {seconds} s"
        ))
        .hint(format!("`git -C {} status` may say why", quoted(location)))
    })?;
    if !found.obstacles.is_empty() {
        let all: Vec<&Hindrance> = found.obstacles.iter().chain(&found.work).collect();
        let fault = refused(format!(
            "cannot tell what would be lost with the files of `{name}`"
        ));
        let without = format!("or `fleet remove {name}`: it leaves fleet.toml, and its files stay");
        return Err(naming(fault, &all).hint(without).into());
    }
    if !found.work.is_empty() && !is_forced {
        let all: Vec<&Hindrance> = found.work.iter().collect();
        let fault = refused(format!("`{name}` holds what exists nowhere else"));
        let fault = naming(fault, &all).hint(format!(
            "or `fleet remove {name} --delete-files --force`: it goes to the trash with all of that"
        ));
        return Err(fault.into());
    }
    Ok(found)
}

/// Adds each thing that was found, a line for each, and its way out.
fn naming(fault: Fault, found: &[&Hindrance]) -> Fault {
    let whats = found.iter().rev().map(|one| one.what.clone());
    let because = whats.fold(None, |inner: Option<anyhow::Error>, what| {
        Some(match inner {
            Some(inner) => inner.context(what),
            None => anyhow!(what),
        })
    });
    let mut fault = match because {
        Some(because) => fault.because(because),
        None => fault,
    };
    let mut said = Vec::new();
    for one in found {
        if !said.contains(&&one.way_out) {
            said.push(&one.way_out);
            fault = fault.hint(&one.way_out);
        }
    }
    fault
}

/// Returns the first of some names, and how many more there are; nothing where there are none.
pub(super) fn some(names: &[String], most: usize) -> Option<(&[String], String)> {
    let shown = &names[..names.len().min(most)];
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then_some((shown, more))
}

/// Writes a path so that a shell reads it as one word.
pub(super) fn quoted(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}
