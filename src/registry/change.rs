//! The changes that commands make to fleet.toml, as data: they can be made again on a newer text.

use std::path::{Path, PathBuf};

use toml_edit::{Array, Value};

use super::check::ENGINE;
use super::cut;
use super::load::{FILE, Registry};
use super::splice::{self, Stuck};
use super::values::Watch;
use crate::error::{failed, refused};
use crate::names::{CommitId, HarnessUrl, Name, Ref};

/// The keys of a project in the order in which a person would write them.
pub(super) const PROJECT_KEYS: [&str; 14] = [
    "harness",
    "ref",
    "commit",
    "location",
    "branch",
    "enabled",
    "watch",
    "labels",
    "stop_grace",
    "env",
    "env_file",
    "args",
    "restart",
    "after",
];

/// The keys of a harness in the order in which a person would write them.
const HARNESS_KEYS: [&str; 4] = ["url", "path", "default_ref", "bad_refs"];

/// A project to be registered.
#[derive(Clone, Debug)]
pub(crate) struct NewProject {
    /// The name to register it under.
    pub(crate) name: Name,
    /// A harness of the registry.
    pub(crate) harness: Name,
    /// What was asked for.
    pub(crate) reference: Ref,
    /// What that stood for.
    pub(crate) commit: Option<CommitId>,
    /// Where it is: absolute; written relative to the fleet where it is inside.
    pub(crate) location: PathBuf,
    /// The branch that moves of the pin are committed to.
    pub(crate) branch: Option<String>,
    /// Written where it is `heal`.
    pub(crate) watch: Watch,
    /// Words to select it by.
    pub(crate) labels: Vec<String>,
}

/// A harness to be registered.
#[derive(Clone, Debug)]
pub(crate) struct NewHarness {
    /// The name to register it under.
    pub(crate) name: Name,
    /// Where it is cloned from.
    pub(crate) url: HarnessUrl,
    /// Where it is mounted in a project; written where it is not the default.
    pub(crate) path: String,
    /// The ref of new projects.
    pub(crate) default_ref: Option<Ref>,
}

/// A value of a project that is to be set.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: Name,
    pub(super) key: &'static str,
    pub(super) value: Value,
}

/// One change of the registry.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Add(NewProject),
    Set(Vec<Setting>),
    Remove(Name),
    AddHarness(NewHarness),
    SetUrl(Name, HarnessUrl),
}

impl Change {
    /// Makes the change on a registry's text; returns the new text, equal to the old where nothing is to do.
    ///
    /// Each result is parsed and compared with what was meant, whatever way the user wrote the table.
    pub(super) fn apply(&self, old: &Registry) -> anyhow::Result<String> {
        let mut meant = parse(&old.text)?;
        let spliced = match self {
            Self::Add(new) => {
                absent(old.projects.contains_key(&new.name), "project", &new.name)?;
                let entries = project_entries(new, &old.root)?;
                put(&mut meant, ["projects", new.name.as_str()], &entries);
                splice::add(&old.text, ["projects", new.name.as_str()], &entries)
            }
            Self::Set(settings) => {
                let before = meant.clone();
                for Setting { name, key, value } in settings {
                    old.project(name)?;
                    put(
                        &mut meant,
                        ["projects", name.as_str()],
                        &[(*key, value.clone())],
                    );
                }
                if meant == before {
                    return Ok(old.text.clone());
                }
                let places: Vec<_> = settings
                    .iter()
                    .map(|set| (["projects", set.name.as_str()], set.key, &set.value))
                    .collect();
                splice::set(&old.text, &places, &PROJECT_KEYS)
            }
            Self::Remove(name) => {
                old.project(name)?;
                if let Some(toml::Value::Table(projects)) = meant.get_mut("projects") {
                    projects.remove(name.as_str());
                }
                cut::remove(&old.text, ["projects", name.as_str()]).map(never_empty)
            }
            Self::AddHarness(new) => {
                absent(old.harnesses.contains_key(&new.name), "harness", &new.name)?;
                let entries = harness_entries(new);
                put(&mut meant, ["harnesses", new.name.as_str()], &entries);
                splice::add(&old.text, ["harnesses", new.name.as_str()], &entries)
            }
            Self::SetUrl(name, url) => {
                if old.harness(name)?.url.as_ref() == Some(url) {
                    return Ok(old.text.clone());
                }
                let (place, value) = (["harnesses", name.as_str()], url.as_str().into());
                put(&mut meant, place, &[("url", value)]);
                set_url(&old.text, place, url.as_str())
            }
        };
        verified(spliced, meant)
    }
}

/// The built-in harness may have a table without a URL, or none.
fn set_url(text: &str, place: [&str; 2], url: &str) -> Result<String, Stuck> {
    let value = url.into();
    splice::set(text, &[(place, "url", &value)], &HARNESS_KEYS)
        .or_else(|Stuck| splice::begin(text, place, "url", &value))
        .or_else(|Stuck| {
            let mut last = HARNESS_KEYS.to_vec();
            last.rotate_left(1);
            splice::set(text, &[(place, "url", &value)], &last)
        })
        .or_else(|Stuck| splice::add(text, place, &[("url", value.clone())]))
}

fn absent(is_there: bool, kind: &str, name: &Name) -> anyhow::Result<()> {
    if is_there {
        return Err(refused(format!("there is a {kind} `{name}` in `{FILE}` already")).into());
    }
    Ok(())
}

fn parse(text: &str) -> anyhow::Result<toml::Table> {
    Ok(toml::from_str(text)?)
}

/// Compares a new text with what it should say; tables that became empty do not count.
fn verified(spliced: Result<String, Stuck>, meant: toml::Table) -> anyhow::Result<String> {
    let full = |mut table: toml::Table| {
        table.retain(|_, value| value.as_table().is_none_or(|inner| !inner.is_empty()));
        table
    };
    match spliced {
        Ok(text) if toml::from_str(&text).is_ok_and(|said| full(said) == full(meant)) => Ok(text),
        Ok(_) | Err(Stuck) => Err(failed(format!(
            "cannot change `{FILE}` without touching what is around"
        ))
        .hint(format!("make the change in `{FILE}` by hand"))
        .into()),
    }
}

/// A text without a key would be taken for one that an editor emptied.
fn never_empty(text: String) -> String {
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(blank) {
        return format!("{text}[fleet]\n");
    }
    text
}

fn put(table: &mut toml::Table, [kind, name]: [&str; 2], entries: &[(&str, Value)]) {
    let empty = || toml::Value::Table(toml::Table::new());
    let kinds = table.entry(kind).or_insert_with(empty).as_table_mut();
    let named = kinds.and_then(|kinds| {
        let named = kinds.entry(name).or_insert_with(empty);
        named.as_table_mut()
    });
    if let Some(named) = named {
        for (key, value) in entries {
            named.insert((*key).to_owned(), plain(value));
        }
    }
}

/// Turns what is to be written into what a reader should find.
fn plain(value: &Value) -> toml::Value {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Array(array) => array.iter().map(plain).collect::<Vec<_>>().into(),
        Value::InlineTable(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| (key.to_owned(), plain(value)));
            toml::Value::Table(entries.collect())
        }
        Value::Datetime(date) => toml::Value::Datetime(*date.value()),
    }
}

fn harness_entries(new: &NewHarness) -> Vec<(&'static str, Value)> {
    let mut entries: Vec<(&'static str, Value)> = vec![("url", new.url.as_str().into())];
    if new.path != ENGINE {
        entries.push(("path", new.path.as_str().into()));
    }
    if let Some(reference) = &new.default_ref {
        entries.push(("default_ref", reference.as_str().into()));
    }
    entries
}

/// Writes where a project is: relative to the fleet where it is inside.
pub(super) fn written_location(location: &Path, root: &Path) -> anyhow::Result<String> {
    let location = match location.strip_prefix(root) {
        // A directory that is called `~` is not the home.
        Ok(inside) if inside.to_string_lossy().starts_with('~') => Path::new(".").join(inside),
        Ok(inside) => inside.to_owned(),
        Err(_) => location.to_owned(),
    };
    let text = location.to_str().ok_or_else(|| {
        let location = location.display();
        refused(format!(
            "cannot register `{location}`: the path is not UTF-8 text"
        ))
    })?;
    Ok(text.to_owned())
}

fn project_entries(new: &NewProject, root: &Path) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let location = written_location(&new.location, root)?;
    let mut entries: Vec<(&'static str, Value)> = vec![
        ("harness", new.harness.as_str().into()),
        ("ref", new.reference.as_str().into()),
    ];
    if let Some(commit) = &new.commit {
        entries.push(("commit", commit.as_str().into()));
    }
    entries.push(("location", location.into()));
    if let Some(branch) = &new.branch {
        entries.push(("branch", branch.as_str().into()));
    }
    if new.watch == Watch::Heal {
        entries.push(("watch", new.watch.to_string().into()));
    }
    if !new.labels.is_empty() {
        let labels: Array = new.labels.iter().map(String::as_str).collect();
        entries.push(("labels", labels.into()));
    }
    Ok(entries)
}
