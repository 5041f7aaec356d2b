//! The project that a command is about, and where its runs leave what they know.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::MANIFEST_FILE;
use crate::error::usage;
use crate::files::{read_json, write_json};
use crate::names::{Name, fingerprint};
use crate::supervision::Process;

/// A project: its directory, and the directory with the state of its runs.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Its canonical path: what makes two ways to name it one project.
    pub(super) root: PathBuf,
    state: PathBuf,
}

/// One run of `agents up --wait`: written by it, read by the other commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) version: u32,
    pub(super) project: PathBuf,
    /// The `agents up --wait`.
    pub(super) process: Process,
    pub(super) since: Timestamp,
    /// The tmux server and the session that the agents' windows are in.
    pub(super) socket: PathBuf,
    pub(super) session: String,
    pub(super) agents: Vec<Name>,
}

impl Project {
    /// Finds the project: the directory that was named, or the nearest one upwards with an agents.toml.
    pub(super) fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let root = match named {
            Some(directory) => directory.canonicalize().map_err(|error| {
                usage(format!("cannot find the project `{}`", directory.display()))
                    .because(error)
                    .hint("name the directory of an agents.toml: `agents --project DIR status`")
            })?,
            None => nearest_upwards()?,
        };
        let state = state_home()?.join("agents").join(label(&root));
        Ok(Self { root, state })
    }

    /// Returns what the project is called where all projects of this user are together: its name, and what no other
    /// project shares.
    pub(super) fn label(&self) -> String {
        label(&self.root)
    }

    /// Makes the directories of the state, which nobody else can look into.
    pub(super) fn make_state(&self) -> anyhow::Result<()> {
        for part in [
            "units", "states", "desired", "requests", "prompts", "screens",
        ] {
            let directory = self.state.join(part);
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&directory)
                .with_context(|| format!("cannot make `{}`", directory.display()))?;
        }
        Ok(())
    }

    pub(super) fn unit(&self, agent: &Name) -> PathBuf {
        self.state.join(format!("units/{agent}.json"))
    }

    pub(super) fn states(&self) -> PathBuf {
        self.state.join("states")
    }

    pub(super) fn state(&self, agent: &Name) -> PathBuf {
        self.state.join(format!("states/{agent}.json"))
    }

    pub(super) fn desired(&self, agent: &Name) -> PathBuf {
        self.state.join(format!("desired/{agent}.json"))
    }

    pub(super) fn requests(&self) -> PathBuf {
        self.state.join("requests")
    }

    pub(super) fn prompt(&self, agent: &Name) -> PathBuf {
        self.state.join(format!("prompts/{agent}"))
    }

    /// An agent's terminal as it was when its run ended.
    pub(super) fn screen(&self, agent: &Name) -> PathBuf {
        self.state.join(format!("screens/{agent}"))
    }

    /// Held by the `agents up --wait` that runs this project's agents.
    pub(super) fn run_lock(&self) -> PathBuf {
        self.state.join("run.lock")
    }

    /// Held by an `agents up` until the agents are up.
    pub(super) fn up_lock(&self) -> PathBuf {
        self.state.join("up.lock")
    }

    pub(super) fn directory(&self) -> &Path {
        &self.state
    }

    pub(super) fn error_file(&self) -> PathBuf {
        self.state.join("error")
    }

    pub(super) fn environment_file(&self) -> PathBuf {
        self.state.join("environment.json")
    }

    /// Returns the last run, whether it still lasts or not.
    pub(super) fn run(&self) -> anyhow::Result<Option<Run>> {
        read_json(&self.state.join("run.json"))
    }

    pub(super) fn write_run(&self, run: &Run) -> anyhow::Result<()> {
        write_json(&self.state.join("run.json"), run)
    }
}

fn nearest_upwards() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the working directory")?;
    let here = here.canonicalize().unwrap_or(here);
    let found = here
        .ancestors()
        .find(|directory| directory.join(MANIFEST_FILE).is_file());
    Ok(found.map(Path::to_owned).ok_or_else(|| {
        usage(format!(
            "there is no `{MANIFEST_FILE}` in `{}` or above it",
            here.display()
        ))
        .hint("go to a project that has one, or name it: `agents --project DIR up`")
    })?)
}

fn state_home() -> anyhow::Result<PathBuf> {
    let directories = etcetera::base_strategy::Xdg::new()
        .map_err(|_| usage("cannot tell your home directory").hint("set HOME"))?;
    directories
        .state_dir()
        .context("there is no directory for state on this system")
}

fn label(root: &Path) -> String {
    let name: String = root
        .file_name()
        .map_or_else(|| "root".into(), |name| name.to_string_lossy())
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .take(40)
        .collect();
    format!(
        "{name}-{}",
        fingerprint(root.as_os_str().as_encoded_bytes())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_one_directory_and_never_changes() {
        assert_eq!(label(Path::new("/home/me/demo")), "demo-4df8b470bf8d37fe");
        assert_ne!(label(Path::new("/a/demo")), label(Path::new("/b/demo")));
        assert!(label(Path::new("/a/my.x:y z")).starts_with("my-x-y-z-"));
    }
}
