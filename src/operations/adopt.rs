//! `fleet adopt`: a repository that is there already is registered, and nothing in it is changed.

mod infer;
mod scan;

use std::path::{Path, PathBuf};

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::pins::Candidate;
use crate::registry::Project;
use crate::ui::Ui;

use infer::{Harnesses, Inferred, unfit};

use super::placing;
use super::recover;
use super::step::{Entry, Step};
use super::{Change, Plan};

pub(crate) use scan::{Row, Scan, scan};

/// What is to be adopted.
#[derive(Debug)]
pub(crate) struct Adoption {
    /// Where it is, absolute.
    pub(crate) location: PathBuf,
    /// Its name; `None`: its directory's.
    pub(crate) name: Option<Name>,
    /// Its labels.
    pub(crate) labels: Vec<String>,
}

/// Registers a repository, or prints how. Returns what that changed; `None` where it is registered already.
pub(crate) fn adopt(
    fleet: &mut Fleet,
    new: &Adoption,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Change>> {
    if is_done(fleet, new, ui)? {
        return Ok(None);
    }
    let name = match &new.name {
        Some(name) => name.clone(),
        None => name_of(fleet, &new.location)?,
    };
    fleet.make_runtime()?;
    let _lock = fleet.lock(&name, ui)?;
    if dry_run {
        recover::refuse_open(fleet, &name)?;
    } else if recover::recover(fleet, &name, ui)?.is_some() {
        fleet.reload()?;
    }
    // Another command may have adopted it while this one waited.
    if is_done(fleet, new, ui)? {
        return Ok(None);
    }
    let site = Site::look(fleet, new, &name)?;
    if dry_run {
        ui.result(&site.plan);
        ui.status(site.says(&name));
        return Ok(None);
    }
    for step in &site.plan.steps {
        site.carry_out(fleet, step, ui)?;
    }
    ui.status(&site.plan.done);
    site.advise(&name, ui);
    Ok(Some(site.change))
}

/// Tells whether a place is registered already, as what was asked for.
fn is_done(fleet: &Fleet, new: &Adoption, ui: &Ui) -> anyhow::Result<bool> {
    let Some(known) = registered_at(fleet, &new.location) else {
        return Ok(false);
    };
    let (place, known) = (new.location.display(), &known.name);
    if new.name.as_ref().is_some_and(|name| name != known) {
        return Err(refused(format!("`{place}` is registered already, as `{known}`"))
            .hint(format!(
                "`fleet status {known}` shows it; `fleet remove {known}` first to give it another name"
            ))
            .into());
    }
    ui.status(format!("`{place}` is registered already, as `{known}`"));
    Ok(true)
}

fn registered_at<'a>(fleet: &'a Fleet, location: &Path) -> Option<&'a Project> {
    let is_there = |project: &&Project| {
        project.location == location
            || project.location.canonicalize().ok().as_deref() == Some(location)
    };
    fleet.registry.projects.values().find(is_there)
}

/// Makes a name of a directory's; one that cannot be used is refused with one that can.
fn name_of(fleet: &Fleet, location: &Path) -> anyhow::Result<Name> {
    let text = location.file_name().unwrap_or_default().to_string_lossy();
    text.parse().map_err(|why: String| {
        let free = free_name(&text, |name| !fleet.registry.projects.contains_key(name));
        let suggested = free.map_or_else(|| "NAME".to_owned(), |name| name.to_string());
        refused(format!(
            "the directory's name cannot be the project's: {why}"
        ))
        .hint(format!(
            "`fleet adopt {} --name {suggested}`",
            quoted(&location.to_string_lossy())
        ))
        .into()
    })
}

/// Returns a name that is like a text and not taken; `None` where nothing of the text can be used.
fn free_name(text: &str, is_free: impl Fn(&Name) -> bool) -> Option<Name> {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let text: String = text.chars().map(plain).take(56).collect();
    let text = text.trim_matches(['-', '_']);
    let numbered = (2..1000).map(|number| format!("{text}-{number}"));
    std::iter::once(text.to_owned())
        .chain(numbered)
        .filter_map(|text| text.parse::<Name>().ok())
        .find(is_free)
        .filter(|_| !text.is_empty())
}

/// Writes a word so that a shell reads it as one.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=~".contains(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// What was found out about a repository that is to be a project.
struct Site {
    plan: Plan,
    change: Change,
    candidate: Candidate,
    inferred: Inferred,
    location: PathBuf,
    /// Registered projects whose place is gone, and that this one could be.
    could_be: Vec<Name>,
}

impl Site {
    fn look(fleet: &Fleet, new: &Adoption, name: &Name) -> anyhow::Result<Self> {
        let location = new.location.clone();
        fleet.registry.check_location(&location)?;
        let harnesses = Harnesses::of(fleet);
        let candidate = harnesses
            .read(&location)
            .map_err(|why| unfit(&location, why))?;
        let inferred = harnesses.infer(&location, &candidate)?;
        let is_moved = check_name(fleet, new, name, &inferred)?;
        let place = location.display();
        let Inferred {
            harness,
            reference,
            commit,
        } = &inferred;
        let what = format!("{harness} {reference}");
        let (step, done) = match is_moved {
            true => (
                Step::Relocate {
                    location: location.clone(),
                },
                format!("`{name}` is at {place} now"),
            ),
            false => (
                Step::Register {
                    entry: Entry {
                        harness: harness.clone(),
                        reference: reference.clone(),
                        commit: commit.clone(),
                        location: location.clone(),
                        labels: new.labels.clone(),
                        heal: false,
                    },
                },
                format!(
                    "adopted `{name}` at {place}, with {what} ({})",
                    commit.short()
                ),
            ),
        };
        let before = fleet.registry.projects.get(name);
        let change = Change {
            before: before.map(|before| format!("at {}", before.location.display())),
            after: Some(match is_moved {
                true => format!("at {place}"),
                false => format!("{what} {} at {place}", commit.short()),
            }),
        };
        let could_be = match is_moved {
            true => Vec::new(),
            false => gone(fleet, &inferred),
        };
        Ok(Self {
            plan: Plan::new(name, vec![step], done),
            change,
            candidate,
            inferred,
            location,
            could_be,
        })
    }

    fn carry_out(&self, fleet: &Fleet, step: &Step, ui: &Ui) -> anyhow::Result<()> {
        let name = &self.plan.project;
        match step {
            Step::Register { entry } => placing::register(fleet, name, entry, ui),
            Step::Relocate { location } => {
                let mut edit = fleet.edit(ui)?;
                edit.set_location(name, location)?;
                edit.save().map(drop)
            }
            Step::Build { .. }
            | Step::Place { .. }
            | Step::Discard { .. }
            | Step::Unregister
            | Step::Fill { .. }
            | Step::Repin { .. }
            | Step::Record { .. }
            | Step::Prepare { .. }
            | Step::Stop
            | Step::Start => Ok(()),
        }
    }

    fn says(&self, name: &Name) -> String {
        let Inferred {
            harness,
            reference,
            commit,
        } = &self.inferred;
        format!(
            "`{name}` has {harness} {reference} ({}), on {}",
            commit.short(),
            match &self.candidate.branch {
                Some(branch) => format!("the branch `{branch}`"),
                None => "no branch".to_owned(),
            }
        )
    }

    /// Says what will not work as it does for others.
    fn advise(&self, name: &Name, ui: &Ui) {
        let place = quoted(&self.location.to_string_lossy());
        if self.candidate.is_linked {
            ui.warn("it is a linked work tree of another repository: `fleet update` refuses it");
        } else if self.candidate.branch.is_none() {
            ui.warn("its HEAD is on no branch: `fleet update` refuses it until it is on one");
            ui.hint(format!("`git -C {place} switch BRANCH`"));
        }
        for other in &self.could_be {
            ui.hint(format!(
                "nothing is where fleet.toml says that `{other}` is: if this is `{other}`, \
                 `fleet remove {name} && fleet adopt {place} --name {other}` corrects that"
            ));
        }
        ui.hint(format!("`fleet status {name}` shows it"));
    }
}

/// Refuses a name that is taken. That of a project whose place is gone may be given to what is the same project elsewhere,
/// by whoever says so; returns whether that is the case.
fn check_name(
    fleet: &Fleet,
    new: &Adoption,
    name: &Name,
    inferred: &Inferred,
) -> anyhow::Result<bool> {
    let Some(known) = fleet.registry.projects.get(name) else {
        return Ok(false);
    };
    let place = quoted(&new.location.to_string_lossy());
    let before = known.location.display();
    let free = free_name(name.as_str(), |name| {
        !fleet.registry.projects.contains_key(name)
    });
    let another = free.map_or_else(String::new, |free| {
        format!("`fleet adopt {place} --name {free}` gives it another name")
    });
    if !is_gone(known) {
        return Err(
            refused(format!("`{name}` is registered already, at {before}"))
                .hint(another)
                .into(),
        );
    }
    if known.harness != inferred.harness {
        return Err(refused(format!(
            "`{name}` is registered at {before}, where nothing is, with another harness: `{}`",
            known.harness
        ))
        .hint(another)
        .into());
    }
    if new.name.is_none() {
        return Err(refused(format!(
            "`{name}` is registered at {before}, where nothing is"
        ))
        .hint(format!(
            "if this is the same project, `fleet adopt {place} --name {name}` corrects its location"
        ))
        .hint(format!("if it is another one, {another}"))
        .into());
    }
    super::remove::refuse_running(fleet, name)?;
    Ok(true)
}

fn is_gone(project: &Project) -> bool {
    let met = project.location.symlink_metadata();
    met.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Lists the projects whose place is gone and whose harness and pin are those of a repository.
fn gone(fleet: &Fleet, inferred: &Inferred) -> Vec<Name> {
    let could_be = |project: &&Project| {
        project.harness == inferred.harness
            && project.commit.as_ref() == Some(&inferred.commit)
            && is_gone(project)
    };
    let projects = fleet.registry.projects.values().filter(could_be);
    projects.map(|project| project.name.clone()).collect()
}
