//! What only the whole registry shows: names that nothing has, two projects in one place, defaults.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeTable;

use super::load::{EMBEDDED, FILE, FleetSettings, Harness, LogLimits, Project, Registry};
use super::locate::locate;
use super::places::{Places, forbidden};
use super::problem::{MOST, Problem};
use super::recover::Recovered;
use super::size::{Size, spelled};
use super::text::{FleetText, HarnessText, OperatorText, ProjectText};
use super::values::Count;
use crate::names::{Name, Ref, Time, nearest};

/// How long a stop may take where nobody says.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(10);

/// How many projects are started at once where nobody says.
const MAX_PARALLEL_STARTS: usize = 8;

/// How many projects may run where nobody says.
const MAX_RUNNING: usize = 200;

/// How much of what terminals print is kept where nobody says.
const LOG: LogLimits = LogLimits {
    max_size: 10 << 20,
    files: 5,
    total: 1 << 30,
};

/// Where a harness is mounted where nobody says.
pub(crate) const ENGINE: &str = "engine";

/// Checks what was read and fills in the defaults.
pub(super) fn registry(text: &str, root: &Path, read: Recovered) -> Result<Registry, Vec<Problem>> {
    let mut places = Places::new(root);
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut check = Check {
        text,
        real_root,
        parsed: OnceCell::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
        read,
    };
    check.has_something();
    let harnesses = check.harnesses();
    let fleet = check.fleet(root, &places, &harnesses);
    let projects = check.projects(&mut places, &harnesses);
    let operator = check.read.file.operator.take();
    let (problems, warnings) = check.finish();
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Registry {
        root: root.to_owned(),
        path: root.join(FILE),
        fleet: fleet.expect("a fleet without a problem was made"),
        operator: operator.map(OperatorText::settled),
        harnesses,
        projects,
        warnings,
        text: text.to_owned(),
    })
}

pub(super) struct Check<'t> {
    text: &'t str,
    real_root: PathBuf,
    /// The text with its places, parsed when the first problem asks for one.
    parsed: OnceCell<Spanned<DeTable<'t>>>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    pub(super) read: Recovered,
}

impl Check<'_> {
    /// Returns all problems, in the order of the file, and the warnings.
    fn finish(mut self) -> (Vec<Problem>, Vec<Problem>) {
        let mut problems = self.read.problems;
        problems.append(&mut self.problems);
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems.truncate(MOST);
        (problems, self.warnings)
    }

    fn problem(&self, path: &[&str], message: String) -> Problem {
        let root = self
            .parsed
            .get_or_init(|| DeTable::parse_recoverable(self.text).0);
        let span = locate(root.get_ref(), path).map_or(0..0, |found| found.1);
        Problem::at(self.text, &span, message)
    }

    /// Notes that what `path` says cannot be.
    pub(super) fn refuse(&mut self, path: &[&str], message: String, hint: Option<String>) {
        if self.problems.len() < MOST {
            let problem = self.problem(path, message).hint(hint);
            self.problems.push(problem);
        }
    }

    /// An editor that died while writing leaves an empty file: that is no fleet without projects.
    fn has_something(&mut self) {
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if self.read.problems.is_empty() && self.text.lines().all(blank) {
            let hint = "a fleet without projects has at least a line `[fleet]`".to_owned();
            self.refuse(&[], "there is nothing in this file".to_owned(), Some(hint));
        }
    }

    fn harnesses(&mut self) -> BTreeMap<Name, Harness> {
        let mut texts = std::mem::take(&mut self.read.file.harnesses);
        let embedded: Name = EMBEDDED.parse().expect("it is a valid name");
        texts.entry(embedded).or_default();
        let mut harnesses = BTreeMap::new();
        for (name, text) in texts {
            harnesses.insert(name.clone(), self.harness(name, text));
        }
        harnesses
    }

    fn harness(&mut self, name: Name, text: HarnessText) -> Harness {
        let key = name.as_str();
        if text.url.is_none() && key != EMBEDDED && !self.read.lost(&["harnesses", key, "url"]) {
            self.refuse(
                &["harnesses", key],
                format!("`[harnesses.{key}]` has no `url`"),
                Some(format!("only the built-in `{EMBEDDED}` needs none")),
            );
        }
        if let Some(bad) = text
            .default_ref
            .as_ref()
            .filter(|it| text.bad_refs.contains(it))
        {
            let message = format!("`{bad}` is one of the bad refs of `{key}`");
            let warning = self.problem(&["harnesses", key, "default_ref"], message);
            self.warnings.push(warning);
        }
        Harness {
            url: text.url,
            path: text
                .path
                .map_or_else(|| ENGINE.to_owned(), |path| path.as_str().to_owned()),
            default_ref: text.default_ref,
            bad_refs: text.bad_refs,
            name,
        }
    }

    fn fleet(
        &mut self,
        root: &Path,
        places: &Places,
        harnesses: &BTreeMap<Name, Harness>,
    ) -> Option<FleetSettings> {
        let text = std::mem::take(&mut self.read.file.fleet);
        let log = self.log_limits(&text);
        let written = text.projects.as_ref().map_or("projects", |it| it.as_str());
        let projects = self.place(&["fleet", "projects"], places.absolute(written));
        let default_harness = text
            .default_harness
            .unwrap_or_else(|| EMBEDDED.parse().expect("it is a valid name"));
        self.known_harness(&["fleet", "default_harness"], &default_harness, harnesses);
        Some(FleetSettings {
            log,
            name: text.name.unwrap_or_else(|| directory_name(root)),
            projects: projects?,
            default_harness,
            max_parallel_starts: text
                .max_parallel_starts
                .map_or(MAX_PARALLEL_STARTS, Count::get),
            max_running: text.max_running.map_or(MAX_RUNNING, Count::get),
        })
    }

    fn log_limits(&mut self, text: &FleetText) -> LogLimits {
        let size = |written: &Option<Size>, default| written.as_ref().map_or(default, Size::bytes);
        let limits = LogLimits {
            max_size: size(&text.log_max_size, LOG.max_size),
            files: text.log_files.map_or(LOG.files, Count::get),
            total: size(&text.log_total, LOG.total),
        };
        if limits.total < limits.max_size {
            let (total, one) = (spelled(limits.total), spelled(limits.max_size));
            let key = if text.log_total.is_some() {
                "log_total"
            } else {
                "log_max_size"
            };
            self.refuse(
                &["fleet", key],
                format!("all that is kept, {total}, cannot be less than one file of it, {one}"),
                None,
            );
        }
        limits
    }

    fn known_harness(&mut self, path: &[&str], name: &Name, harnesses: &BTreeMap<Name, Harness>) {
        // One that is there and could not be read is not missing.
        let unread = ["harnesses", name.as_str()];
        if harnesses.contains_key(name) || self.read.lost(path) || self.read.lost(&unread) {
            return;
        }
        let hint = match nearest(name.as_str(), harnesses.keys().map(Name::as_str)) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("add `[harnesses.{name}]` with its `url`"),
        };
        self.refuse(path, format!("there is no harness `{name}`"), Some(hint));
    }

    fn place(&mut self, path: &[&str], place: Result<PathBuf, String>) -> Option<PathBuf> {
        place
            .map_err(|why| self.refuse(path, format!("`{}`: {why}", path.join(".")), None))
            .ok()
    }

    fn projects(
        &mut self,
        places: &mut Places,
        harnesses: &BTreeMap<Name, Harness>,
    ) -> BTreeMap<Name, Project> {
        let texts = std::mem::take(&mut self.read.file.projects);
        self.order(&texts);
        let mut projects = BTreeMap::new();
        let mut taken: HashMap<PathBuf, Name> = HashMap::new();
        for (name, text) in texts {
            let key = name.as_str();
            self.known_harness(&["projects", key, "harness"], &text.harness, harnesses);
            self.warn_of_bad_ref(key, &text.reference, harnesses.get(&text.harness));
            let Some(project) = self.project(places, &name, text) else {
                continue;
            };
            let at = ["projects", key, "location"];
            if !self.read.lost(&at) {
                let real = places.real(&project.location);
                if let Some(why) = forbidden(&real, &self.real_root) {
                    let location = project.location.display();
                    self.refuse(
                        &at,
                        format!("no project can be at `{location}`: {why}"),
                        None,
                    );
                } else if let Some(other) = taken.get(&real) {
                    let message = format!("`{other}` and `{key}` are in one place");
                    self.refuse(&at, message, None);
                } else {
                    taken.insert(real, name.clone());
                }
            }
            projects.insert(name, project);
        }
        projects
    }

    fn warn_of_bad_ref(&mut self, key: &str, reference: &Ref, harness: Option<&Harness>) {
        if let Some(harness) = harness.filter(|harness| harness.bad_refs.contains(reference)) {
            let message = format!("`{reference}` is one of the bad refs of `{}`", harness.name);
            let hint = format!("`fleet update {key} REF` moves it to another");
            let warning = self.problem(&["projects", key, "ref"], message);
            self.warnings.push(warning.hint(Some(hint)));
        }
    }

    fn project(&mut self, places: &Places, name: &Name, text: ProjectText) -> Option<Project> {
        let key = name.as_str();
        let restart = self.restart(key, text.restart.as_ref());
        let location = places.absolute(text.location.as_str());
        let location = self.place(&["projects", key, "location"], location);
        let env_file = match &text.env_file {
            Some(file) => {
                let file = places.absolute(file.as_str());
                self.place(&["projects", key, "env_file"], file)
            }
            None => None,
        };
        Some(Project {
            name: name.clone(),
            harness: text.harness,
            reference: text.reference,
            commit: text.commit,
            location: location?,
            branch: text.branch.map(Into::into),
            enabled: text.enabled.unwrap_or(true),
            watch: text.watch.unwrap_or_default(),
            labels: strings(text.labels),
            stop_grace: text.stop_grace.as_ref().map_or(STOP_GRACE, Time::duration),
            env: text
                .env
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            env_file,
            args: strings(text.args),
            restart,
            after: text.after.unwrap_or_default(),
            log: text.log.unwrap_or(false),
        })
    }
}

fn strings<T: Into<String>>(texts: Option<Vec<T>>) -> Vec<String> {
    texts
        .unwrap_or_default()
        .into_iter()
        .map(Into::into)
        .collect()
}

/// Makes a name of a directory's.
fn directory_name(root: &Path) -> Name {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(32)
        .collect();
    let plain = plain.trim_end_matches('-');
    plain
        .parse()
        .unwrap_or_else(|_| "fleet".parse().expect("it is a valid name"))
}
