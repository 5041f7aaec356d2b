//! `fleet adopt --scan`: what could be adopted below a directory. Adopts nothing, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use walkdir::{DirEntry, WalkDir};

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::{CommitId, Name, Ref, shell_word};
use crate::pins::{Candidate, Unfit};
use crate::ui::{Ui, count};

use super::Adoption;
use super::infer::{Harnesses, unfit};
use super::naming::{check_name, check_place, free_name, is_gone};

/// How deep below the directory repositories are looked for.
const DEEPEST: usize = 12;

/// How many entries of directories are looked at, be they files or directories: a second or two.
const MOST: usize = 1_000_000;

/// What holds no projects and may be large.
const PASSED_OVER: [&str; 10] = [
    ".git",
    ".fleet",
    "node_modules",
    "target",
    ".venv",
    "venv",
    "__pycache__",
    ".cargo",
    ".rustup",
    ".cache",
];

/// How often it is told how far a long scan is.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// What was found below a directory.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The directory.
    pub(crate) directory: PathBuf,
    /// How many directories were looked at.
    pub(crate) directories: usize,
    /// How many could not be.
    pub(crate) unreadable: usize,
    /// Whether the scan gave up before its end.
    pub(crate) is_cut_off: bool,
    /// How many repositories have nothing to do with a harness.
    pub(crate) others: usize,
    /// The repositories that have, by path.
    pub(crate) rows: Vec<Row>,
}

/// A repository with a harness.
#[derive(Debug)]
pub(crate) struct Row {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it is called, or would be; `None` where that is for the operator to say.
    pub(crate) name: Option<Name>,
    /// Its harness, ref and pin, where they are known.
    pub(crate) pin: Option<(Name, Ref, CommitId)>,
    /// Whether it is registered already.
    pub(crate) is_registered: bool,
    /// Why it cannot be adopted.
    pub(crate) why_not: Option<String>,
}

/// Looks for repositories below a directory: follows no link, leaves no file system, and has an end.
pub(crate) fn scan(fleet: &Fleet, directory: &Path, ui: &Ui) -> anyhow::Result<Scan> {
    let directory = directory.canonicalize().map_err(|error| {
        refused(format!("cannot look into `{}`", directory.display()))
            .because(error)
            .hint("name a directory with repositories in it")
    })?;
    let mut look = Look {
        harnesses: Harnesses::of(fleet),
        fleet,
        registered: registered(fleet),
        names: fleet.registry.projects.keys().cloned().collect(),
        submodules: BTreeSet::new(),
        scan: Scan {
            directory: directory.clone(),
            directories: 0,
            unreadable: 0,
            is_cut_off: false,
            others: 0,
            rows: Vec::new(),
        },
    };
    let mut walk = WalkDir::new(&directory)
        .max_depth(DEEPEST)
        .same_file_system(true)
        .sort_by_file_name()
        .into_iter();
    let (mut entries, mut told) = (0, Instant::now());
    while let Some(entry) = walk.next() {
        entries += 1;
        if entries > MOST {
            look.scan.is_cut_off = true;
            break;
        }
        if told.elapsed() > TOLD_EVERY {
            told = Instant::now();
            let (seen, found) = (look.scan.directories, look.scan.rows.len());
            ui.waiting(format!(
                "looked into {}, found {found}",
                count(seen, "directory")
            ));
        }
        match entry {
            Ok(entry) if !entry.file_type().is_dir() => {}
            Ok(entry) if look.passes_over(&entry) => walk.skip_current_dir(),
            Ok(entry) => look.at(entry.path()),
            Err(_) => look.scan.unreadable += 1,
        }
    }
    ui.end_progress();
    look.scan.rows.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(look.scan)
}

fn registered(fleet: &Fleet) -> BTreeMap<PathBuf, Name> {
    let projects = fleet.registry.projects.values();
    projects
        .map(|project| {
            let real = project.location.canonicalize();
            let real = real.unwrap_or_else(|_| project.location.clone());
            (real, project.name.clone())
        })
        .collect()
}

struct Look<'a> {
    harnesses: Harnesses<'a>,
    fleet: &'a Fleet,
    /// The projects of the fleet, by where they are.
    registered: BTreeMap<PathBuf, Name>,
    /// The names that are taken, and those that were promised.
    names: BTreeSet<Name>,
    /// Where the submodules of what was found are.
    submodules: BTreeSet<PathBuf>,
    scan: Scan,
}

impl Look<'_> {
    fn passes_over(&self, entry: &DirEntry) -> bool {
        let name = entry.file_name().to_str();
        let is_named = entry.depth() > 0 && name.is_some_and(|name| PASSED_OVER.contains(&name));
        is_named || self.submodules.contains(entry.path())
    }

    fn at(&mut self, path: &Path) {
        self.scan.directories += 1;
        if path.join(".git").symlink_metadata().is_err() {
            return;
        }
        match self.harnesses.read(path) {
            Ok(candidate) => {
                let below = candidate.submodules.iter().map(|it| path.join(&it.path));
                self.submodules.extend(below);
                if self.harnesses.concerns(&candidate) {
                    let row = self.row(path, &candidate);
                    self.scan.rows.push(row);
                } else {
                    self.scan.others += 1;
                }
            }
            Err(Unfit::Nothing | Unfit::Bare | Unfit::Unborn) => self.scan.others += 1,
            Err(why @ Unfit::Unreadable(_)) => {
                let error: anyhow::Error = unfit(path, why).into();
                self.scan.rows.push(Row {
                    path: path.to_owned(),
                    name: None,
                    pin: None,
                    is_registered: false,
                    why_not: Some(because(&error)),
                });
            }
        }
    }

    fn row(&mut self, path: &Path, candidate: &Candidate) -> Row {
        let inferred = self.harnesses.infer(path, candidate);
        let pin = inferred.as_ref().ok();
        let pin = pin.map(|it| (it.harness.clone(), it.reference.clone(), it.commit.clone()));
        if let Some(known) = self.registered.get(path) {
            return Row {
                path: path.to_owned(),
                name: Some(known.clone()),
                pin,
                is_registered: true,
                why_not: Some("registered already".to_owned()),
            };
        }
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        let free = free_name(&own, |name| !self.names.contains(name));
        let fits = inferred.and_then(|inferred| {
            check_place(self.fleet, path)?;
            // A project that was moved keeps its name.
            let name: Option<Name> = own.parse().ok();
            let new = Adoption {
                location: path.to_owned(),
                name: None,
                labels: Vec::new(),
            };
            match name {
                Some(name) if free.as_ref() != Some(&name) && is_of_the_lost(self.fleet, &name) => {
                    check_name(self.fleet, &new, &name, &inferred).map(drop)
                }
                Some(_) | None => Ok(()),
            }
        });
        let why_not = fits.err().map(|error| because(&error));
        if why_not.is_none() {
            self.names.extend(free.clone());
        }
        Row {
            path: path.to_owned(),
            name: free.filter(|_| why_not.is_none()),
            pin,
            is_registered: false,
            why_not,
        }
    }
}

fn is_of_the_lost(fleet: &Fleet, name: &Name) -> bool {
    fleet.registry.projects.get(name).is_some_and(is_gone)
}

/// Says in one line why something cannot be, and what to type.
fn because(error: &anyhow::Error) -> String {
    let hints = crate::error::hints(error);
    let hint = hints.first().map(|hint| format!("; {hint}"));
    let text = format!("{error:#}{}", hint.unwrap_or_default());
    // A directory's name may hold whatever a terminal would obey.
    text.replace(char::is_control, "?")
}

impl Row {
    /// Tells whether it can be adopted as it is.
    pub(crate) fn is_free(&self) -> bool {
        self.why_not.is_none()
    }

    /// Returns what to type to adopt it.
    pub(crate) fn command(&self) -> String {
        let path = shell_word(&self.path.to_string_lossy());
        let own = self.path.file_name().and_then(|name| name.to_str());
        match &self.name {
            Some(name) if own == Some(name.as_str()) => format!("fleet adopt {path}"),
            Some(name) => format!("fleet adopt {path} --name {name}"),
            None => format!("fleet adopt {path} --name NAME"),
        }
    }
}
