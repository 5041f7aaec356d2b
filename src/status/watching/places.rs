//! The directories in which a change shows that a status is made of.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::sys::inotify::{AddWatchFlags, InotifyEvent, WatchDescriptor};

use crate::files::Watched;
use crate::fleet::{Fleet, RUNTIME};
use crate::names::Name;
use crate::pins;
use crate::registry;

/// The directories whose files are each about one project.
const OF_PROJECTS: [&str; 4] = ["state", "desired", "probes", "journal"];
/// What else of the runtime directory a status is made of.
const OF_ALL: [&str; 4] = ["brake", "rollout.json", "server.json", "socket"];

/// What has changed.
#[derive(Debug, Default)]
pub(super) struct News {
    /// fleet.toml.
    pub(super) registry: bool,
    /// Anything may have: a directory that is watched, or is now to be.
    pub(super) anything: bool,
    /// What tenders and commands write of these.
    pub(super) projects: BTreeSet<Name>,
}

/// What is watched of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// All files, each named for its project.
    Projects,
    /// What has one of these names.
    Names(HashSet<OsString>),
}

/// Watched directories, and what was heard of them.
pub(super) struct Places {
    kernel: Watched,
    watched: HashMap<WatchDescriptor, (PathBuf, Wanted)>,
    root: PathBuf,
    news: News,
    /// How many directories could not be watched.
    pub(super) unwatched: usize,
}

impl Places {
    /// Begins to watch all that the status of a fleet is made of.
    pub(super) fn of(fleet: &Fleet) -> anyhow::Result<Self> {
        let mut places = Self {
            kernel: Watched::nothing()?,
            watched: HashMap::new(),
            root: fleet.root.clone(),
            news: News::default(),
            unwatched: 0,
        };
        places.renew(fleet)?;
        Ok(places)
    }

    /// Watches what is there now, and nothing else. The fleet's own directories must be watched; of the projects as
    /// many as the machine allows.
    pub(super) fn renew(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let mut watched = HashMap::new();
        for (directory, wanted) in own(fleet) {
            if let Some(descriptor) = self.add(&directory)? {
                watched.insert(descriptor, (directory, wanted));
            }
        }
        self.unwatched = 0;
        for (directory, names) in of_pins(fleet) {
            match self.add(&directory) {
                Ok(Some(descriptor)) => {
                    let known = watched.entry(descriptor);
                    let (_, wanted) =
                        known.or_insert_with(|| (directory, Wanted::Names(HashSet::new())));
                    if let Wanted::Names(all) = wanted {
                        all.extend(names);
                    }
                }
                // What has gone meanwhile is seen in the directory above it.
                Ok(None) => {}
                Err(_) => self.unwatched += 1,
            }
        }
        for descriptor in self.watched.keys() {
            if !watched.contains_key(descriptor) {
                self.kernel.remove(*descriptor);
            }
        }
        self.watched = watched;
        Ok(())
    }

    /// Watches a directory; `None` where it is not there.
    fn add(&self, directory: &Path) -> anyhow::Result<Option<WatchDescriptor>> {
        let changes = AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF;
        self.kernel.add_if_there(directory, changes)
    }

    /// Can be read when something has happened there.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.kernel.as_fd()
    }

    /// Reads what has happened; returns whether any of it counts.
    pub(super) fn read(&mut self) -> anyhow::Result<bool> {
        let mut counts = false;
        for event in self.kernel.events()? {
            counts |= self.note(&event);
        }
        Ok(counts)
    }

    fn note(&mut self, event: &InotifyEvent) -> bool {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            self.news.anything = true;
            return true;
        }
        // What is watched no more may have left an event.
        let Some((directory, wanted)) = self.watched.get(&event.wd) else {
            return false;
        };
        let Some(name) = &event.name else {
            self.news.anything = true;
            return true;
        };
        match wanted {
            Wanted::Projects => {
                let name = name.to_str().unwrap_or_default();
                // A name that begins with a dot is a file that is being written beside the real one.
                let name = name.strip_suffix(".json").unwrap_or(name).parse::<Name>();
                self.news.projects.extend(name.clone());
                name.is_ok()
            }
            Wanted::Names(names) if names.contains(name) => {
                self.news.anything = true;
                self.news.registry |= *directory == self.root && name == registry::FILE;
                true
            }
            Wanted::Names(_) => false,
        }
    }

    /// Returns what has changed since it was last asked.
    pub(super) fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }
}

/// The fleet's own directories, those that are not there included.
fn own(fleet: &Fleet) -> Vec<(PathBuf, Wanted)> {
    let names = |names: &[&str]| Wanted::Names(names.iter().map(OsString::from).collect());
    let of_runtime = [&OF_PROJECTS[..], &OF_ALL].concat();
    let mut own = vec![
        (fleet.root.clone(), names(&[registry::FILE, RUNTIME])),
        (fleet.root.join(RUNTIME), names(&of_runtime)),
    ];
    let of_projects = OF_PROJECTS.iter().map(|name| fleet.runtime(name));
    own.extend(of_projects.map(|directory| (directory, Wanted::Projects)));
    own
}

/// Where the pins of all projects show: which names in which directory. For what is not there it is the first directory
/// above it, in which it or the next part of the way to it must appear.
fn of_pins(fleet: &Fleet) -> HashMap<PathBuf, HashSet<OsString>> {
    let mut found: HashMap<PathBuf, HashSet<OsString>> = HashMap::new();
    for project in fleet.registry.projects.values() {
        let engine = fleet.engine(project).unwrap_or("engine");
        for sign in pins::signs(&project.location, engine) {
            let mut ways = sign.ancestors().filter_map(|way| {
                let name = way.file_name()?.to_owned();
                Some((way.parent()?.to_owned(), name))
            });
            let known = |(directory, _): &(PathBuf, OsString)| {
                found.contains_key(directory) || directory.is_dir()
            };
            if let Some((directory, name)) = ways.find(known) {
                found.entry(directory).or_default().insert(name);
            }
        }
    }
    found
}
