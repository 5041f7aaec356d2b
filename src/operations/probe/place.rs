//! Where a version of a harness is tried: a fleet of one project, with a tmux server of its own, in one known place. What
//! a killed probe has left there is ended and removed by the next one.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::error::failed;
use crate::files::{self, Durability};
use crate::fleet::{Fleet, RUNTIME};
use crate::harness::Places;
use crate::names::{CommitId, HarnessUrl, Name};
use crate::registry::{EMBEDDED, FILE};
use crate::sessions::{Panes, Tmux};
use crate::supervision::{Process, ProcessFd, end_trees};
use crate::ui::Ui;

use super::super::prepare;
use super::super::stop;

/// What the project is called, and its directory.
pub(super) const NAME: &str = "trial";

/// How long what a terminal runs may take once it is told that it closes, and a server after its last session.
const AFTER_HANG_UP: Duration = Duration::from_secs(3);

/// The place.
pub(super) struct Place {
    root: PathBuf,
    patience: Duration,
}

/// What is tried there.
pub(super) struct Tried<'a> {
    pub(super) harness: &'a Name,
    pub(super) url: Option<&'a HarnessUrl>,
    pub(super) path: &'a str,
    pub(super) reference: &'a str,
    pub(super) commit: Option<&'a CommitId>,
}

impl Place {
    /// Names the place of a fleet. Whoever uses it holds [`Self::lock`].
    pub(super) fn of(fleet: &Fleet) -> Self {
        Self {
            root: fleet.runtime("probe"),
            patience: fleet.patience,
        }
    }

    /// Returns the lock of the one probe of a fleet. No project's name has a dot.
    pub(super) fn lock(fleet: &Fleet) -> PathBuf {
        fleet.runtime("locks").join(".probe")
    }

    /// Returns what the project is called.
    pub(super) fn name() -> Name {
        NAME.parse().expect("it is a name")
    }

    /// Returns where the project is.
    pub(super) fn project(&self) -> PathBuf {
        self.root.join(NAME)
    }

    /// Makes the fleet, whose project may be made afterwards: what begins to run in it is known from here on.
    pub(super) fn make(&self, tried: &Tried<'_>) -> anyhow::Result<Fleet> {
        let root = self.root.display();
        fs::create_dir_all(&self.root).with_context(|| format!("cannot make `{root}`"))?;
        let text = tried.registry();
        let path = self.root.join(FILE);
        files::replace(&path, text.as_bytes(), 0o600, Durability::Cached)?;
        let canonical = self
            .root
            .canonicalize()
            .with_context(|| format!("cannot find `{root}`"))?;
        let fleet = Fleet::open(canonical, self.patience)?;
        fleet.make_runtime()?;
        Ok(fleet)
    }

    /// Ends all that runs there, and removes it, with what the project has remembered elsewhere. Nothing to do where
    /// nothing is.
    pub(super) fn clear(&self, ui: &Ui) -> anyhow::Result<()> {
        match self.root.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Ok(found) if found.is_dir() => self.end(ui)?,
            // Never through a link: what is behind it is somebody else's.
            Ok(_) | Err(_) => return files::remove_if_there(&self.root),
        }
        prepare::clear_left_over()?;
        files::remove_stubborn_tree(&self.state()?)?;
        files::remove_stubborn_tree(&self.root)
    }

    /// Returns where the project's `{state}` is; only that goes by the path, so that it can be found after a kill.
    fn state(&self) -> anyhow::Result<PathBuf> {
        let harness: Name = EMBEDDED.parse().expect("it is a name");
        let fleet = self.make(&Tried::anything(&harness))?;
        let none: CommitId = "0".repeat(40).parse().map_err(|why: String| failed(why))?;
        let Places { state, .. } = fleet.places(fleet.registry.project(&Self::name())?, &none)?;
        Ok(state)
    }

    fn end(&self, ui: &Ui) -> anyhow::Result<()> {
        let runtime = self.root.join(RUNTIME);
        if runtime.is_symlink() {
            files::remove_if_there(&runtime)?;
        }
        // What is written there may be cut off, or a harness may have written over it.
        let harness: Name = EMBEDDED.parse().expect("it is a name");
        let mut fleet = self.make(&Tried::anything(&harness))?;
        let tmux = fleet.tmux()?;
        let server = server(&tmux)?;
        for outcome in stop::stop(&mut fleet, &[Self::name()], false, ui)? {
            outcome.result?;
        }
        close_sessions(&tmux)?;
        if let Some(server) = server {
            end_server(&server)?;
        }
        files::remove_if_there(tmux.socket())
    }
}

impl<'a> Tried<'a> {
    /// Says as little as a fleet must, to end what runs in it.
    fn anything(harness: &'a Name) -> Self {
        Self {
            harness,
            url: None,
            path: "engine",
            reference: "main",
            commit: None,
        }
    }

    fn registry(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let line = |key: &str, value: &str| format!("{key} = {}\n", quoted(value));
        let mut text = format!(
            "[fleet]\nname = \"probe\"\n\n[harnesses.{}]\n",
            self.harness
        );
        if let Some(url) = self.url {
            text += &line("url", url.as_str());
        }
        text += &line("path", self.path);
        text += &format!("\n[projects.{NAME}]\n");
        text += &line("harness", self.harness.as_str());
        text += &line("ref", self.reference);
        if let Some(commit) = self.commit {
            text += &line("commit", commit.as_str());
        }
        text += &line("location", NAME);
        // Nobody waits for work that is thrown away.
        text += &line("stop_grace", "5s");
        text
    }
}

/// Gets hold of the server that listens in the place, if one does.
fn server(tmux: &Tmux) -> anyhow::Result<Option<ProcessFd>> {
    let Panes::Running { pid, .. } = tmux.panes()? else {
        return Ok(None);
    };
    let process = Process::of(pid);
    let held = process.map_or(Ok(None), |process| process.open());
    held.context("cannot reach the tmux server of a probe")
}

/// Ends what is left in its sessions, whoever has opened them.
fn close_sessions(tmux: &Tmux) -> anyhow::Result<()> {
    let panes = tmux.panes()?;
    if let Panes::Running { panes, .. } = &panes {
        let roots: Vec<i32> = panes.iter().map(|pane| pane.pid).collect();
        let left = end_trees(&roots, AFTER_HANG_UP);
        let left: Vec<String> = left.iter().map(i32::to_string).collect();
        let left = left.join(", ");
        anyhow::ensure!(left.is_empty(), "processes {left} of its windows live on");
    }
    for session in panes.sessions() {
        tmux.kill_session(&session)?;
    }
    Ok(())
}

/// Waits for the end of the server, which comes with that of its last session.
fn end_server(server: &ProcessFd) -> anyhow::Result<()> {
    let ends = |signal: Option<Signal>| {
        signal.map_or(Ok(true), |signal| server.signal(signal))?;
        server.wait(Instant::now() + AFTER_HANG_UP)
    };
    let has_ended = ends(None)
        .and_then(|ended| {
            if ended {
                Ok(true)
            } else {
                ends(Some(Signal::SIGKILL))
            }
        })
        .context("cannot wait for the tmux server of a probe")?;
    anyhow::ensure!(has_ended, "the tmux server of a probe lives on");
    Ok(())
}

/// Names a file for what a probe prints that has failed, which stays when all else is removed.
pub(super) fn log(fleet: &Fleet, harness: &Name, commit: &CommitId) -> PathBuf {
    fleet
        .runtime("logs")
        .join(format!("{harness}-{}.probe", commit.short()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::registry::Registry;

    use super::*;

    #[test]
    fn its_fleet_has_one_project_and_can_be_read() {
        let (harness, url) = ("my-runner", "/some/\"where\" else");
        let (harness, url) = (harness.parse().unwrap(), url.parse().unwrap());
        let commit = "0123456789".repeat(4).parse().unwrap();
        let tried = Tried {
            harness: &harness,
            url: Some(&url),
            path: "run/engine",
            reference: "v1.2.0",
            commit: Some(&commit),
        };
        let registry = Registry::parse(&tried.registry(), Path::new("/x")).unwrap();
        let project = registry.project(&Place::name()).unwrap();
        assert_eq!(project.location, Path::new("/x/trial"));
        assert_eq!(registry.harness(&harness).unwrap().url, Some(url));
        let embedded = EMBEDDED.parse().unwrap();
        let least = Tried::anything(&embedded).registry();
        assert!(Registry::parse(&least, Path::new("/x")).is_ok(), "{least}");
    }
}
