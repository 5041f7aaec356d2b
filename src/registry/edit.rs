//! Changing fleet.toml: one command at a time, on what the file says now, whole or not at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::change::{Change, NewHarness, NewProject, Setting, written_location};
use super::load::{FILE, Registry, read_bytes};
use crate::error::{failed, refused};
use crate::files::{Durability, Lock, remove_left_over, replace_known};
use crate::names::{CommitId, HarnessUrl, Name, Ref};

/// How often an edit is made again on a file that somebody without our lock keeps changing.
const TRIES: usize = 50;

/// Where a new text is written before it takes the old one's place.
const ASIDE: &str = ".fleet";

/// How long somebody who writes it has to end that, each time.
const PAUSE: Duration = Duration::from_millis(20);

/// What saving did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// The file said so already, and was not touched.
    Unchanged,
    /// The file was replaced, and read back.
    Written,
}

/// An edit of the registry: holds its lock from the read to the write.
#[derive(Debug)]
pub(crate) struct Edit {
    _lock: Lock,
    root: PathBuf,
    /// The file itself, where fleet.toml is a link to it.
    target: PathBuf,
    /// The bytes on disk when they were read.
    base: Vec<u8>,
    registry: Registry,
    changes: Vec<Change>,
}

impl Edit {
    /// Waits up to `patience` for other commands' edits, then reads the registry anew, of which `known` is what it said
    /// last; `waiting` is called before a wait.
    ///
    /// Exits 6 when the lock is not had in time, 2 when the registry is not valid.
    pub(crate) fn open(
        known: &Registry,
        patience: Duration,
        waiting: impl FnOnce(),
    ) -> anyhow::Result<Self> {
        let root = known.root.clone();
        let path = root.join(FILE);
        // Before the lock: a directory that is no fleet gets no `.fleet/` from being asked.
        read_bytes(&path)?;
        // No project can have a name with a dot, so no project lock is this one.
        let lock = Lock::take(&root.join(".fleet/locks/.registry"), patience, waiting)?;
        let target = path
            .canonicalize()
            .with_context(|| format!("cannot find `{}`", path.display()))?;
        // Who was killed between the exchange and the end has left the old text.
        remove_left_over(&target);
        remove_left_over(&root.join(ASIDE).join(FILE));
        let base = read_bytes(&path)?;
        let registry = known.said_by(&base)?;
        Ok(Self {
            _lock: lock,
            root,
            target,
            base,
            registry,
            changes: Vec::new(),
        })
    }

    /// Returns the registry with the changes made so far.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Registers a project; refused where the name or the place is taken or forbidden.
    pub(crate) fn add_project(&mut self, new: &NewProject) -> anyhow::Result<()> {
        self.registry.harness(&new.harness)?;
        if !self.registry.projects.contains_key(&new.name) {
            self.registry.check_location(&new.location)?;
        }
        self.make(Change::Add(new.clone()))
            .with_context(|| format!("cannot register `{}`", new.name))
    }

    /// Records what projects are pinned to.
    pub(crate) fn set_pins(&mut self, pins: &[(Name, Ref, CommitId)]) -> anyhow::Result<()> {
        let set = |name: &Name, key, value: &str| Setting {
            name: name.clone(),
            key,
            value: value.into(),
        };
        let settings = pins.iter().flat_map(|(name, reference, commit)| {
            [
                set(name, "ref", reference.as_str()),
                set(name, "commit", commit.as_str()),
            ]
        });
        self.make(Change::Set(settings.collect()))
    }

    /// Records whether projects may be started; nothing is written where that is so already, by default too.
    pub(crate) fn set_enabled(&mut self, names: &[Name], enabled: bool) -> anyhow::Result<()> {
        let mut settings = Vec::new();
        for name in names {
            if self.registry.project(name)?.enabled != enabled {
                settings.push(Setting {
                    name: name.clone(),
                    key: "enabled",
                    value: enabled.into(),
                });
            }
        }
        self.make(Change::Set(settings))
    }

    /// Registers a harness; refused where the name is taken.
    pub(crate) fn add_harness(&mut self, new: &NewHarness) -> anyhow::Result<()> {
        self.make(Change::AddHarness(new.clone()))
            .with_context(|| format!("cannot add the harness `{}`", new.name))
    }

    /// Records where a harness is cloned from.
    pub(crate) fn set_url(&mut self, name: &Name, url: &HarnessUrl) -> anyhow::Result<()> {
        self.make(Change::SetUrl(name.clone(), url.clone()))
    }

    /// Says that a project is somewhere else now; refused where that place is taken or forbidden.
    pub(crate) fn set_location(&mut self, name: &Name, location: &Path) -> anyhow::Result<()> {
        self.registry.check_location(location)?;
        let written = written_location(location, &self.root)?;
        self.make(Change::Set(vec![Setting {
            name: name.clone(),
            key: "location",
            value: written.into(),
        }]))
    }

    /// Takes a project out of the registry; its files are not touched.
    pub(crate) fn remove_project(&mut self, name: &Name) -> anyhow::Result<()> {
        self.make(Change::Remove(name.clone()))
    }

    fn make(&mut self, change: Change) -> anyhow::Result<()> {
        self.registry = made(&change, &self.registry)?;
        self.changes.push(change);
        Ok(())
    }

    /// Writes the changes, if there are any, and reads the file back.
    ///
    /// Where somebody without the lock (an editor) changed the file meanwhile, the changes are made on the new text.
    pub(crate) fn save(mut self) -> anyhow::Result<Saved> {
        let (aside, mut trouble) = (self.root.join(ASIDE), None);
        for tried in 0..TRIES {
            if trouble.is_none() {
                let bytes = self.bytes();
                if bytes == self.base {
                    return Ok(Saved::Unchanged);
                }
                if replace_known(&self.target, &self.base, &bytes, &aside, Durability::Synced)? {
                    return self.read_back(&bytes);
                }
            }
            // Mostly the other's text is whole already. Where not, nothing tells when all of it is written.
            if tried > 0 {
                std::thread::sleep(PAUSE);
            }
            trouble = self.start_again().err();
        }
        Err(trouble.unwrap_or_else(|| {
            failed(format!(
                "cannot write `{FILE}`: something else keeps changing it, or has it open for writing"
            ))
            .hint("close it there, and run this again")
            .into()
        }))
    }

    /// Returns what is to be on disk.
    fn bytes(&self) -> Vec<u8> {
        let mark: &[u8] = "\u{feff}".as_bytes();
        let mark = if self.base.starts_with(mark) {
            mark
        } else {
            &[]
        };
        [mark, self.registry.text.as_bytes()].concat()
    }

    fn start_again(&mut self) -> anyhow::Result<()> {
        self.base = read_bytes(&self.target)?;
        self.registry = self.registry.said_by(&self.base)?;
        for change in &self.changes {
            self.registry = made(change, &self.registry)?;
        }
        Ok(())
    }

    fn read_back(&self, meant: &[u8]) -> anyhow::Result<Saved> {
        let path = self.root.join(FILE);
        if read_bytes(&path)? == meant {
            return Ok(Saved::Written);
        }
        // Every change was parsed and checked before it was written, so this is somebody else's text.
        let fault = failed(format!(
            "`{}` does not say what was just written",
            path.display()
        ));
        Err(fault
            .hint("another program changed it at the same moment; run this again")
            .into())
    }
}

/// Makes one change; the outcome is a valid registry.
fn made(change: &Change, old: &Registry) -> anyhow::Result<Registry> {
    let text = change.apply(old)?;
    if text == old.text {
        return Ok(old.clone());
    }
    Registry::parse(&text, &old.root).map_err(|problems| {
        // The lines are those of a text that will never be on disk.
        let why: Vec<String> = problems.into_iter().map(|it| it.message).collect();
        refused(why.join("; ")).into()
    })
}
