//! Where each value of a project comes from.

use std::fmt;

use toml::de::DeTable;

use super::load::{FILE, Harness, Project, Registry};
use super::locate::{line_of, locate};
use crate::names::Name;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In fleet.toml at the project, at this line.
    File {
        /// The line, from 1.
        line: usize,
    },
    /// In fleet.toml at the project's harness.
    Harness(Name),
    /// Nowhere: it is what holds without being written.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line } => write!(f, "{FILE}:{line}"),
            Self::Harness(name) => write!(f, "harness {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One value that holds for a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The key in fleet.toml, with those of the tables it is in, joined by `.`.
    pub(crate) key: &'static str,
    /// The value as text; empty where there is none, lists and tables as TOML.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

impl Registry {
    /// Returns every value that holds for a project and where it comes from, in the order of the reference; nothing
    /// for a project that is not there.
    ///
    /// `path` and `url` are the harness's.
    pub(crate) fn origins(&self, name: &Name) -> Vec<Setting> {
        let Some(project) = self.projects.get(name) else {
            return Vec::new();
        };
        let document = DeTable::parse_recoverable(&self.text).0;
        let table = document.get_ref();
        let own = values(project).map(|(key, value)| {
            let path: Vec<&str> = ["projects", name.as_str()]
                .into_iter()
                .chain(key.split('.'))
                .collect();
            let line = line_of(&self.text, table, &path);
            let origin = line.map_or(Origin::Default, |line| Origin::File { line });
            Setting { key, value, origin }
        });
        let of_harness = self
            .harnesses
            .get(&project.harness)
            .into_iter()
            .flat_map(harness_values)
            .map(|(key, value)| {
                let harness = &project.harness;
                let written = locate(table, &["harnesses", harness.as_str(), key]).is_some();
                let origin = if written {
                    Origin::Harness(harness.clone())
                } else {
                    Origin::Default
                };
                Setting { key, value, origin }
            });
        own.into_iter().chain(of_harness).collect()
    }
}

fn values(project: &Project) -> [(&'static str, String); 20] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let after: Vec<String> = project.after.iter().map(ToString::to_string).collect();
    let restart = &project.restart;
    [
        ("harness", project.harness.to_string()),
        ("ref", project.reference.to_string()),
        (
            "commit",
            text(&project.commit.as_ref().map(ToString::to_string)),
        ),
        ("location", project.location.display().to_string()),
        ("branch", text(&project.branch)),
        ("enabled", project.enabled.to_string()),
        ("watch", project.watch.to_string()),
        ("labels", list(&project.labels)),
        ("stop_grace", seconds(project.stop_grace)),
        ("env", environment(project)),
        (
            "env_file",
            text(
                &project
                    .env_file
                    .as_ref()
                    .map(|file| file.display().to_string()),
            ),
        ),
        ("args", list(&project.args)),
        ("restart.on", restart.on.to_string()),
        ("restart.backoff", seconds(restart.backoff)),
        ("restart.backoff_max", seconds(restart.backoff_max)),
        ("restart.give_up_after", restart.give_up_after.to_string()),
        ("restart.window", seconds(restart.window)),
        ("restart.healthy_after", seconds(restart.healthy_after)),
        ("after", list(&after)),
        ("log", project.log.to_string()),
    ]
}

fn harness_values(harness: &Harness) -> [(&'static str, String); 2] {
    let url = harness.url.as_ref();
    [
        ("path", harness.path.clone()),
        ("url", url.map_or_else(String::new, ToString::to_string)),
    ]
}

fn list(texts: &[String]) -> String {
    toml::Value::from(texts.to_vec()).to_string()
}

fn environment(project: &Project) -> String {
    let entries: toml_edit::InlineTable = project
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    entries.to_string()
}

/// Spells a time in the largest unit that leaves no rest.
fn seconds(duration: std::time::Duration) -> String {
    let milliseconds = duration.as_millis();
    if !milliseconds.is_multiple_of(1000) {
        return format!("{milliseconds}ms");
    }
    match milliseconds / 1000 {
        hours if hours > 0 && hours.is_multiple_of(3600) => format!("{}h", hours / 3600),
        minutes if minutes > 0 && minutes.is_multiple_of(60) => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}
