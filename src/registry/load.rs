//! The registry as the rest of the program sees it, and how it is loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::check;
use super::problem::{Invalid, Problem, position};
use super::recover::{Recovered, recover};
use super::values::Watch;
use crate::error::usage;
use crate::names::{CommitId, HarnessUrl, Name, Operator, Ref, Restart, nearest};

/// The name of the registry's file.
pub(crate) const FILE: &str = "fleet.toml";

/// The harness that is built in: it needs no URL, and exists in every registry.
pub(crate) const EMBEDDED: &str = "agents";

/// What a fleet.toml says, with every default filled in and every path absolute.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// The directory of the fleet.
    pub(crate) root: PathBuf,
    /// The fleet.toml in it.
    pub(crate) path: PathBuf,
    /// The fleet itself.
    pub(crate) fleet: FleetSettings,
    /// Who operates it, where that is written.
    pub(crate) operator: Option<Operator>,
    /// Every harness, the embedded one included.
    pub(crate) harnesses: BTreeMap<Name, Harness>,
    /// Every project.
    pub(crate) projects: BTreeMap<Name, Project>,
    /// What is valid and yet worth a word.
    pub(crate) warnings: Vec<Problem>,
    /// What was read, without a byte order mark: origins are looked up in it.
    pub(super) text: String,
}

/// The settings of the fleet itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FleetSettings {
    /// What it is called.
    pub(crate) name: Name,
    /// The directory that new projects are put in.
    pub(crate) projects: PathBuf,
    /// The harness of new projects; it is one of the registry's.
    pub(crate) default_harness: Name,
    /// How many projects are started at once.
    pub(crate) max_parallel_starts: usize,
    /// How many projects may run.
    pub(crate) max_running: usize,
    /// How much of what terminals print is kept.
    pub(crate) log: LogLimits,
}

/// How much of what terminals print is kept, of projects that have it kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLimits {
    /// How many bytes a file may have.
    pub(crate) max_size: u64,
    /// How many files of each terminal.
    pub(crate) files: usize,
    /// How many bytes all files of the fleet may have: at least those of one file.
    pub(crate) total: u64,
}

/// A harness that projects may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Harness {
    /// Its name in the registry.
    pub(crate) name: Name,
    /// Where it is cloned from; `None` only for the embedded one.
    pub(crate) url: Option<HarnessUrl>,
    /// Where it is mounted in a project: a plain relative path.
    pub(crate) path: String,
    /// The ref of new projects.
    pub(crate) default_ref: Option<Ref>,
    /// Refs that no project should be moved to.
    pub(crate) bad_refs: Vec<Ref>,
}

/// A registered project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// Its name in the registry.
    pub(crate) name: Name,
    /// Its harness, which is one of the registry's.
    pub(crate) harness: Name,
    /// What the operator asked to be pinned.
    pub(crate) reference: Ref,
    /// What that stood for when it was set.
    pub(crate) commit: Option<CommitId>,
    /// Its directory: absolute, not necessarily free of links.
    pub(crate) location: PathBuf,
    /// The branch that moves of the pin are committed to.
    pub(crate) branch: Option<String>,
    /// Whether it may be started.
    pub(crate) enabled: bool,
    /// Whether it is started again when it dies.
    pub(crate) watch: Watch,
    /// Words to select it by.
    pub(crate) labels: Vec<String>,
    /// How long a stop may take.
    pub(crate) stop_grace: Duration,
    /// Variables for the harness; each name is a valid one and no value has a NUL.
    pub(crate) env: BTreeMap<String, String>,
    /// A file with further variables; absolute.
    pub(crate) env_file: Option<PathBuf>,
    /// What `{args}` becomes; no NUL in any.
    pub(crate) args: Vec<String>,
    /// When it comes back after a death, where `watch` says that it does.
    pub(crate) restart: Restart,
    /// Which projects are started before it where several are: each is registered, and no one waits for itself.
    pub(crate) after: Vec<Name>,
    /// Whether what its terminals print is kept on disk.
    pub(crate) log: bool,
}

impl Registry {
    /// Loads the registry of the fleet in `root`; every problem of it is in the error, which exits 2.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Self::read(root)?.map_err(|invalid| invalid.fault(root))
    }

    /// Returns what its file says now. Where the text is the same, so is its meaning: nothing is parsed again, which is
    /// most of the time that a command with a large registry takes.
    pub(crate) fn again(&self) -> anyhow::Result<Self> {
        self.said_by(&read_bytes(&self.root.join(FILE))?)
    }

    /// Returns the registry that these bytes of its file are.
    pub(super) fn said_by(&self, bytes: &[u8]) -> anyhow::Result<Self> {
        let parsed = decode(bytes).and_then(|text| {
            if text.strip_prefix('\u{feff}').unwrap_or(text) == self.text {
                return Ok(self.clone());
            }
            Self::parse(text, &self.root)
        });
        parsed.map_err(|problems| Invalid { problems }.fault(&self.root))
    }

    /// Loads the registry of the fleet in `root`; what is wrong with its text is the inner error, for who lists it.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Result<Self, Invalid>> {
        let root = std::path::absolute(root)
            .with_context(|| format!("cannot find `{}`", root.display()))?;
        let bytes = read_bytes(&root.join(FILE))?;
        Ok(decode(&bytes)
            .and_then(|text| Self::parse(text, &root))
            .map_err(|problems| Invalid { problems }))
    }

    /// Reads a registry's text; `root` is the absolute path of the fleet's directory.
    ///
    /// A byte order mark and any line ends are taken. On failure all problems are told, up to fifty.
    pub(crate) fn parse(text: &str, root: &Path) -> Result<Self, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let read = match toml::from_str(text) {
            Ok(file) => Recovered {
                file,
                ..Recovered::default()
            },
            Err(_) => recover(text),
        };
        check::registry(text, root, read)
    }

    /// Returns a project by its name.
    pub(crate) fn project(&self, name: &Name) -> anyhow::Result<&Project> {
        self.projects.get(name).ok_or_else(|| {
            let known = self.projects.keys().map(Name::as_str);
            unknown("project", name, known, "`fleet list` shows the projects")
        })
    }

    /// Returns a harness by its name.
    pub(crate) fn harness(&self, name: &Name) -> anyhow::Result<&Harness> {
        self.harnesses.get(name).ok_or_else(|| {
            let known = self.harnesses.keys().map(Name::as_str);
            let otherwise =
                format!("`fleet harness list` shows them, `fleet harness add {name} URL` adds one");
            unknown("harness", name, known, &otherwise)
        })
    }
}

fn unknown<'a>(
    kind: &str,
    name: &Name,
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> anyhow::Error {
    let fault = usage(format!("there is no {kind} `{name}` in `{FILE}`"));
    match nearest(name.as_str(), known) {
        Some(nearest) => fault
            .hint(format!("did you mean `{nearest}`?"))
            .hint(otherwise),
        None => fault.hint(otherwise),
    }
    .into()
}

/// Reads the bytes of a registry; anything but a regular file is an error, not a wait.
pub(super) fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read `{}`", path.display());
    match fs::metadata(path) {
        Ok(found) if found.is_file() => fs::read(path).with_context(cannot),
        Ok(found) => {
            let kind = if found.is_dir() {
                "it is a directory"
            } else {
                "it is not a regular file"
            };
            Err(usage(format!("{}: {kind}", cannot())).into())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(usage(format!("there is no `{}`", path.display()))
                .hint("`fleet init` makes a new fleet")
                .into())
        }
        Err(error) => Err(error).with_context(cannot),
    }
}

/// Takes bytes for text, or names the place that is none.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Vec<Problem>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = position(bytes, error.valid_up_to());
        vec![Problem {
            line,
            column,
            message: "this is not UTF-8 text".to_owned(),
            hint: None,
        }]
    })
}
