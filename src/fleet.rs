//! A fleet: the only place where registry, pins, harness and sessions meet in one type.

mod bad;
mod harnesses;
mod moved;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::error::usage;
use crate::events::{self, Event};
use crate::files::{self, Durability, Lock};
use crate::journal::Journal;
use crate::names::{Name, Operator, fingerprint};
use crate::recording::Settings;
use crate::registry::{self, Edit, Project, Registry};
use crate::server::ServerRecord;
use crate::sessions::{self, Recorder, Tmux};
use crate::supervision;
use crate::ui::Ui;

pub(crate) use bad::{Bad, BadRefs, Use, is_among, warning_of};
pub(crate) use harnesses::{
    data_directory, embedded_harness, harness_cache, harness_caches, mirrors_directory,
};

/// The directory beside `fleet.toml` that holds runtime state.
pub(crate) const RUNTIME: &str = ".fleet";

/// The variable that says who gives a command: `ai:NAME` or `human:NAME`.
const OPERATOR: &str = "FLEET_OPERATOR";

/// A fleet's directory and registry, as read when it was opened.
#[derive(Debug)]
pub(crate) struct Fleet {
    /// The canonical path of the directory with `fleet.toml`.
    pub(crate) root: PathBuf,
    /// What `fleet.toml` says.
    pub(crate) registry: Registry,
    /// How long to wait for another command's lock.
    pub(crate) patience: Duration,
    /// Who gives this command, where the environment says it.
    named: Option<Operator>,
}

/// The files through which commands and a project's tender talk.
#[derive(Clone, Debug)]
pub(crate) struct UnitFiles {
    /// What the tender is told.
    pub(crate) unit: PathBuf,
    /// What the operator last asked for: commands write it.
    pub(crate) desired: PathBuf,
    /// What the tender says.
    pub(crate) state: PathBuf,
}

/// Finds the directory of a fleet: the one that was named, or the nearest one upwards from here.
pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return named.canonicalize().map_err(|error| {
            usage(format!("cannot open the fleet `{}`", named.display()))
                .because(error)
                .hint(format!("`fleet init {}` makes a new one", named.display()))
                .into()
        });
    }
    let here = std::env::current_dir().context("cannot tell the working directory")?;
    let found = here
        .ancestors()
        .find(|directory| directory.join(registry::FILE).is_file());
    Ok(found.map(Path::to_owned).ok_or_else(|| {
        usage(format!("there is no `{}` here or in a directory above", registry::FILE))
            .hint("go to a fleet's directory, name one with `--fleet DIR`, or make one with `fleet init DIR`")
    })?)
}

/// Returns who gives this command: an agent that operates the fleet says so here, since fleet.toml names a person.
pub(crate) fn operator_by_environment() -> anyhow::Result<Option<Operator>> {
    let Some(given) = std::env::var_os(OPERATOR).filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    let read = given.to_string_lossy().parse();
    Ok(Some(read.map_err(|why: String| {
        usage(format!("`${OPERATOR}` is not an operator"))
            .because(anyhow::anyhow!(why))
            .hint(format!("`export {OPERATOR}=ai:NAME`, or `human:NAME`; `unset {OPERATOR}` leaves it to `{}`", registry::FILE))
    })?))
}

impl Fleet {
    /// Opens the fleet in a directory. The registry must be valid.
    pub(crate) fn open(root: PathBuf, patience: Duration) -> anyhow::Result<Self> {
        let registry = Registry::load(&root)?;
        let named = operator_by_environment()?;
        Ok(Self::of(root, registry, patience, named))
    }

    /// The same, of which the registry has been read, and with whom the environment names as its operator.
    pub(crate) fn of(
        root: PathBuf,
        registry: Registry,
        patience: Duration,
        named: Option<Operator>,
    ) -> Self {
        Self {
            root,
            registry,
            patience,
            named,
        }
    }

    /// Locks a project: no other command changes it until the result is dropped. Reads the registry again, since it
    /// may have changed while the lock was held by somebody else.
    pub(crate) fn lock(&mut self, name: &Name, ui: &Ui) -> anyhow::Result<Lock> {
        let lock = self.lock_only(name, ui)?;
        self.reload()?;
        Ok(lock)
    }

    /// Reads the registry again.
    pub(crate) fn reload(&mut self) -> anyhow::Result<()> {
        self.registry = self.registry.again()?;
        Ok(())
    }

    /// Locks a project without reading the registry again.
    pub(crate) fn lock_only(&self, name: &Name, ui: &Ui) -> anyhow::Result<Lock> {
        Lock::take(&self.command_lock(name), self.patience, || {
            ui.waiting(format!("waiting for another command on `{name}`"))
        })
    }

    /// Opens the registry for a change: locked and read again.
    pub(crate) fn edit(&self, ui: &Ui) -> anyhow::Result<Edit> {
        Edit::open(&self.registry, self.patience, || {
            ui.waiting("waiting for another command that edits fleet.toml")
        })
    }

    /// Returns a place below the runtime directory.
    pub(crate) fn runtime(&self, name: &str) -> PathBuf {
        self.root.join(RUNTIME).join(name)
    }

    /// Makes the runtime directories: private, since what runs there is nobody else's business.
    pub(crate) fn make_runtime(&self) -> anyhow::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        for directory in [
            "", "desired", "state", "units", "locks", "journal", "logs", "probes", "crashes",
            "trash",
        ] {
            let path = self.runtime(directory);
            let made = std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path);
            made.with_context(|| format!("cannot make `{}`", path.display()))?;
        }
        Ok(())
    }

    /// Begins an event of what this command line asks for.
    pub(crate) fn asked(&self, what: impl Into<String>) -> Event {
        self.asked_without(what, None)
    }

    /// The same, where a word of the command line is nobody's business.
    pub(crate) fn asked_without(&self, what: impl Into<String>, hidden: Option<&str>) -> Event {
        let operator = self.named.as_ref().or(self.registry.operator.as_ref());
        Event {
            operator: operator.cloned(),
            ..Event::new(events::command_line(hidden), what)
        }
    }

    /// Writes into the trail what was changed. What cannot be written is told, and stands in nobody's way.
    pub(crate) fn record(&self, events: &[Event], ui: &Ui) {
        if events.is_empty() {
            return;
        }
        let written = self
            .make_runtime()
            .and_then(|()| events::append(&self.runtime(""), events));
        if let Err(error) = written {
            ui.warn(format!("`fleet history` will not know of this: {error:#}"));
        }
    }

    /// Returns the files through which commands and a project's tender talk.
    pub(crate) fn unit_files(&self, name: &Name) -> UnitFiles {
        UnitFiles {
            unit: self.runtime("units").join(format!("{name}.json")),
            desired: self.runtime("desired").join(name.as_str()),
            state: self.runtime("state").join(format!("{name}.json")),
        }
    }

    /// Returns the file with what a project's harness last said of itself.
    pub(crate) fn probe_file(&self, name: &Name) -> PathBuf {
        self.runtime("probes").join(format!("{name}.json"))
    }

    /// Returns the file with the last screen of a project's last crash.
    pub(crate) fn crash_file(&self, name: &Name) -> PathBuf {
        self.runtime("crashes").join(format!("{name}.json"))
    }

    /// Returns where what a project's terminals print is kept, if it is or ever was.
    pub(crate) fn logs_of(&self, name: &Name) -> PathBuf {
        self.runtime("logs").join(name.as_str())
    }

    /// Returns what the recorders of a project are told; `None` where its output is not to be kept.
    pub(crate) fn recording(&self, project: &Project) -> Option<Settings> {
        let limits = &self.registry.fleet.log;
        let directory = self.logs_of(&project.name);
        let name = project.name.as_str();
        let settings = || Settings::new(name, directory, limits.max_size, limits.files);
        project.log.then(|| settings().kept_within(limits.total))
    }

    /// Returns how the tmux server starts a recorder that is told this.
    pub(crate) fn recorder(&self, settings: &Settings) -> anyhow::Result<Recorder> {
        let file = settings.file();
        let file = file.to_str().context("the fleet's path is not UTF-8")?;
        let program = supervision::tender_program()?;
        Ok(Recorder::new(&[&program, supervision::RECORD, file]))
    }

    /// Returns the lock of the command that changes a project.
    pub(crate) fn command_lock(&self, name: &Name) -> PathBuf {
        self.runtime("locks").join(name.as_str())
    }

    /// Tells whether a command has that lock. One that cannot be looked at is no proof of a working command.
    pub(crate) fn is_worked_on(&self, name: &Name) -> bool {
        // The kernel's list of locks may miss one while others come and go, and lives are given up on by this answer.
        matches!(Lock::try_take(&self.command_lock(name)), Ok(None))
    }

    /// Returns the lock of the one guardian. No project's name has a dot.
    pub(crate) fn guardian_lock(&self) -> PathBuf {
        self.runtime("locks").join(".guardian")
    }

    /// Returns who holds the directories of these projects.
    pub(crate) fn holders(&self, names: &[Name]) -> anyhow::Result<HashMap<PathBuf, i32>> {
        let projects = names
            .iter()
            .filter_map(|name| self.registry.projects.get(name));
        supervision::holders(projects.map(|project| &*project.location))
    }

    /// Returns a project's journal.
    pub(crate) fn journal(&self, name: &Name) -> Journal {
        Journal::of(&self.runtime("journal"), name)
    }

    /// Keeps a project's tender from beginning a life until the result is dropped.
    pub(crate) fn hold_spawns(&self, name: &Name) -> anyhow::Result<Lock> {
        Lock::take(&self.spawn_lock(name), self.patience, || ())
    }

    /// Returns the lock that a tender holds around a spawn, and an update around a checkout.
    pub(crate) fn spawn_lock(&self, name: &Name) -> PathBuf {
        self.runtime("locks").join(format!("{name}.spawn"))
    }

    /// Returns the fleet's own tmux server.
    ///
    /// Its socket follows from the fleet's directory: not from its path, since another fleet may have been there
    /// before. Where it was when the server was first started is written down: another environment must not lead to a
    /// second server. A record that came here with a copy of another fleet's directory does not count.
    pub(crate) fn tmux(&self) -> anyhow::Result<Tmux> {
        let own = fingerprint(files::identity(&self.root)?.as_bytes());
        let recorded = files::read_if_there(&self.runtime("socket"))?;
        let socket = match recorded {
            Some(text) if text.trim_end().ends_with(&own) => PathBuf::from(text.trim_end()),
            Some(_) | None => sessions::socket_directory()?
                .join(format!("fleet-{}-{own}", self.registry.fleet.name)),
        };
        Ok(Tmux::at(socket).configured_by(self.runtime("tmux.conf")))
    }

    /// Writes down where the tmux server listens, and its configuration.
    pub(crate) fn record_server(&self, tmux: &Tmux) -> anyhow::Result<()> {
        let socket = tmux
            .socket()
            .to_str()
            .context("the tmux socket's path is not UTF-8")?;
        let record = |name: &str, text: &str| {
            let path = self.runtime(name);
            if files::read_if_there(&path)?.as_deref() == Some(text) {
                return Ok(());
            }
            files::replace(&path, text.as_bytes(), 0o600, Durability::Cached)
        };
        record("socket", &format!("{socket}\n"))?;
        record("tmux.conf", include_str!("sessions/tmux.conf"))
    }

    /// Returns what is on record of the tmux server that the last start used; it may have ended since.
    pub(crate) fn server_record(&self) -> anyhow::Result<Option<ServerRecord>> {
        ServerRecord::read(&self.runtime("server.json"))
    }

    /// Puts the tmux server on record.
    pub(crate) fn record_server_process(&self, record: &ServerRecord) -> anyhow::Result<()> {
        record.write(&self.runtime("server.json"))
    }

    /// Returns what this fleet's systemd units are called, without their suffixes. By its path: unlike what the socket
    /// goes by, that stays the same after a reboot.
    pub(crate) fn systemd_name(&self) -> String {
        let own = fingerprint(self.root.as_os_str().as_encoded_bytes());
        format!("fleet-{}-{own}", self.registry.fleet.name)
    }
}
