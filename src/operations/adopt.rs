//! `fleet adopt`: a repository that is there already is registered, and nothing in it is changed.

mod infer;
mod naming;
mod scan;

use std::path::{Path, PathBuf};

use crate::error::refused;
use crate::fleet::{Fleet, is_among};
use crate::names::{Name, shell_word};
use crate::pins::Candidate;
use crate::registry::Project;
use crate::ui::Ui;

use infer::{Harnesses, Inferred, unfit};
use naming::{check_name, check_place, lost_ones, name_of};

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
        ui.status(site.says());
        return Ok(None);
    }
    // One edit of one file, whole or not at all: nothing that a journal could tell of.
    for step in &site.plan.steps {
        site.carry_out(fleet, step, ui)?;
    }
    ui.status(&site.plan.done);
    site.advise(fleet, ui);
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
        check_place(fleet, &location)?;
        let harnesses = Harnesses::of(fleet);
        let candidate = harnesses
            .read(&location)
            .map_err(|why| unfit(&location, why))?;
        let inferred = harnesses.infer(&location, &candidate)?;
        let (plan, change, could_be) = match check_name(fleet, new, name, &inferred)? {
            true => (
                relocation(name, &location),
                moved(fleet, name, &location),
                Vec::new(),
            ),
            false => (
                registration(new, name, &inferred),
                Change {
                    before: None,
                    after: Some(format!("{} at {}", inferred.words(), location.display())),
                },
                lost_ones(fleet, &inferred),
            ),
        };
        Ok(Self {
            plan,
            change,
            candidate,
            inferred,
            location,
            could_be,
        })
    }

    fn carry_out(&self, fleet: &Fleet, step: &Step, ui: &Ui) -> anyhow::Result<()> {
        let name = &self.plan.project;
        if let Step::Register { entry } = step {
            placing::register(fleet, name, entry, ui)?;
        } else if let Step::Relocate { location } = step {
            let mut edit = fleet.edit(ui)?;
            edit.set_location(name, location)?;
            edit.save()?;
        }
        Ok(())
    }

    /// Says what was inferred.
    fn says(&self) -> String {
        let Inferred {
            harness,
            reference,
            commit,
        } = &self.inferred;
        let on = match &self.candidate.branch {
            Some(branch) => format!("the branch `{branch}`"),
            None => "no branch".to_owned(),
        };
        let (name, commit) = (&self.plan.project, commit.short());
        format!("`{name}` has {harness} {reference} ({commit}), on {on}")
    }

    /// Says what will not work as it does for others.
    fn advise(&self, fleet: &Fleet, ui: &Ui) {
        let (name, place) = (
            &self.plan.project,
            shell_word(&self.location.to_string_lossy()),
        );
        if self.candidate.is_linked {
            ui.warn("it is a linked work tree of another repository: `fleet update` refuses it");
        } else if self.candidate.branch.is_none() {
            ui.warn("its HEAD is on no branch: `fleet update` refuses it until it is on one");
            ui.hint(format!("`git -C {place} switch BRANCH`"));
        }
        let Inferred {
            harness,
            reference,
            commit,
        } = &self.inferred;
        let bad = fleet.bad_refs();
        if let Some(bad) = bad.among(harness, reference, &[Some(commit)]) {
            ui.warn(is_among(reference, bad, harness));
            ui.hint(format!(
                "`fleet update {name} REF` moves it to another version"
            ));
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

fn registration(new: &Adoption, name: &Name, inferred: &Inferred) -> Plan {
    let Inferred {
        harness,
        reference,
        commit,
    } = inferred;
    let entry = Entry {
        harness: harness.clone(),
        reference: reference.clone(),
        commit: commit.clone(),
        location: new.location.clone(),
        labels: new.labels.clone(),
        heal: false,
    };
    let (place, commit) = (new.location.display(), commit.short());
    let done = format!("adopted `{name}` at {place}, with {harness} {reference} ({commit})");
    Plan::new(name, vec![Step::Register { entry }], done)
}

fn relocation(name: &Name, location: &Path) -> Plan {
    let done = format!("`{name}` is at {} now", location.display());
    let location = location.to_owned();
    Plan::new(name, vec![Step::Relocate { location }], done)
}

fn moved(fleet: &Fleet, name: &Name, location: &Path) -> Change {
    let at = |place: &Path| format!("at {}", place.display());
    let before = fleet.registry.projects.get(name);
    Change {
        before: before.map(|before| at(&before.location)),
        after: Some(at(location)),
    }
}
