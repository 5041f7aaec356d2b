//! `fleet create`: a new project, built beside its place, renamed into it, then registered.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::error::{Advise as _, refused};
use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::journal::Journal;
use crate::names::{CommitId, HarnessUrl, Name, Ref};
use crate::pins::{self, Built, Mirror, NewFile, NewRepository};
use crate::registry::Watch;
use crate::ui::Ui;

use super::placing;
use super::prepare::preparation;
use super::recover::{self, Recovered};
use super::step::{Entry, Step};
use super::version::{self, Chosen};
use super::{Change, Plan};

/// What is to be created.
#[derive(Debug)]
pub(crate) struct Creation {
    /// The project's name.
    pub(crate) name: Name,
    /// The harness's version; `None`: the harness's default.
    pub(crate) reference: Option<Ref>,
    /// The harness; `None`: the fleet's default.
    pub(crate) harness: Option<Name>,
    /// Where, absolute; `None`: the fleet's place for projects.
    pub(crate) location: Option<PathBuf>,
    /// Its labels.
    pub(crate) labels: Vec<String>,
    /// Whether it comes back when it dies.
    pub(crate) watch: Watch,
    /// Whether fleet.toml is to know it.
    pub(crate) register: bool,
    /// First files that go before the harness's own.
    pub(crate) files: Vec<NewFile>,
    /// Whether it is to be started afterwards: a dry run shows that too.
    pub(crate) start: bool,
}

/// Creates a project, or prints how. Returns what that changed; `None` where it only completed what was interrupted.
pub(crate) fn create(
    fleet: &mut Fleet,
    new: &Creation,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Change>> {
    fleet.make_runtime()?;
    let _lock = fleet.lock(&new.name, ui)?;
    let journal = fleet.journal(&new.name);
    if !dry_run && let Some(recovered) = recover::recover(fleet, &new.name, ui)? {
        if recovered == Recovered::Completed {
            ui.status(format!(
                "completed the `fleet create {}` that was interrupted",
                new.name
            ));
            return Ok(None);
        }
        fleet.reload()?;
    }
    // Where there is no copy of the harness yet, this is what takes long.
    ui.waiting(format!("getting the harness of `{}`", new.name));
    let site = Site::look(fleet, new)?;
    let mut plan = site.plan(new);
    if dry_run {
        plan.steps.extend(site.start(new));
        ui.result(&plan);
        return Ok(None);
    }
    ui.waiting(format!("creating `{}`", new.name));
    let built = site.carry_out(fleet, new, &plan, &journal, ui)?;
    ui.status(&plan.done);
    site.advise(&built, ui);
    Ok(Some(site.change()))
}

/// What was found out about the project to be.
struct Site {
    summary: String,
    harness: Name,
    url: HarnessUrl,
    mirror: Mirror,
    chosen: Chosen,
    location: PathBuf,
    files: Vec<NewFile>,
    /// How its harness is prepared before the first start with it, if it is to be.
    prepare: Option<Step>,
}

impl Site {
    fn look(fleet: &Fleet, new: &Creation) -> anyhow::Result<Self> {
        refuse_registered(fleet, &new.name)?;
        let location = match &new.location {
            Some(location) => location.clone(),
            None => fleet
                .root
                .join(&fleet.registry.fleet.projects)
                .join(new.name.as_str()),
        };
        let location = resolve_parent(&location)?;
        check_location(fleet, &location)?;
        let harness = new
            .harness
            .clone()
            .unwrap_or_else(|| fleet.registry.fleet.default_harness.clone());
        let url = fleet.harness_url(&harness)?;
        let mirror = fleet.mirror(&harness)?;
        let chosen = version::choose(fleet, &harness, &mirror, new.reference.as_ref())?;
        let manifest = fleet.manifest(&mirror, &harness, &chosen.commit)?;
        let files = first_files(new.files.clone(), &manifest, &mirror, &chosen.commit)?;
        let prepare = preparation(&harness, &manifest, &chosen.commit)?;
        Ok(Self {
            summary: format!("{}: {}", manifest.name, manifest.summary),
            harness,
            url,
            mirror,
            chosen,
            location,
            files,
            prepare,
        })
    }

    /// Returns what a start does after the creation.
    fn start(&self, new: &Creation) -> Vec<Step> {
        let start = new.start.then_some(Step::Start);
        let prepare = self.prepare.clone().filter(|_| new.start);
        prepare.into_iter().chain(start).collect()
    }

    fn plan(&self, new: &Creation) -> Plan {
        let beside =
            self.location
                .with_file_name(format!(".{}.new-{}", new.name, std::process::id()));
        let Chosen {
            reference, commit, ..
        } = &self.chosen;
        let mut steps = vec![
            Step::Build {
                beside: beside.clone(),
                harness: self.harness.clone(),
                reference: reference.clone(),
                commit: commit.clone(),
            },
            Step::Place {
                beside,
                location: self.location.clone(),
            },
        ];
        if new.register {
            steps.push(Step::Register {
                entry: Entry {
                    harness: self.harness.clone(),
                    reference: reference.clone(),
                    commit: commit.clone(),
                    location: self.location.clone(),
                    labels: new.labels.clone(),
                    heal: new.watch == Watch::Heal,
                },
            });
        }
        let place = self.location.display();
        let done = format!(
            "created `{}` at {place}, with {} {reference} ({})",
            new.name,
            self.harness,
            commit.short()
        );
        Plan::new(&new.name, steps, done)
    }

    fn change(&self) -> Change {
        let Chosen {
            reference, commit, ..
        } = &self.chosen;
        let (harness, place) = (&self.harness, self.location.display());
        Change {
            before: None,
            after: Some(format!(
                "{harness} {reference} {} at {place}",
                commit.short()
            )),
        }
    }

    /// Builds, places, registers; whatever fails is taken back, and the place is as empty as before.
    fn carry_out(
        &self,
        fleet: &Fleet,
        new: &Creation,
        plan: &Plan,
        journal: &Journal,
        ui: &Ui,
    ) -> anyhow::Result<Built> {
        journal.begin(&plan.steps)?;
        let mut built = None;
        for step in &plan.steps {
            let made = match step {
                Step::Build { beside, .. } => self.build(beside).map(|done| built = Some(done)),
                Step::Place { beside, location } => placing::place(beside, location),
                Step::Register { entry } => placing::register(fleet, &new.name, entry, ui),
                Step::Unregister
                | Step::Relocate { .. }
                | Step::Discard { .. }
                | Step::Fill { .. }
                | Step::Repin { .. }
                | Step::SetUrl { .. }
                | Step::Point { .. }
                | Step::Record { .. }
                | Step::Prepare { .. }
                | Step::Stop
                | Step::Start => Ok(()),
            };
            if let Err(error) = made {
                if !placing::is_unregistered(fleet, &new.name) {
                    // The write was made and something failed after it. The journal stays open: the same command
                    // completes it.
                    return Err(error.context(format!("cannot {step}")))
                        .hint(|| format!("`fleet create {}` again completes it", new.name));
                }
                placing::take_back(&plan.steps, step)?;
                journal.close()?;
                return Err(error.context(format!("cannot {step}")));
            }
        }
        journal.close()?;
        built.context("a creation begins with a build")
    }

    fn build(&self, beside: &Path) -> anyhow::Result<Built> {
        pins::build(&NewRepository {
            directory: beside,
            engine: "engine",
            url: &self.url,
            mirror: &self.mirror,
            commit: &self.chosen.commit,
            files: self.files.clone(),
            message: &format!("Start with {} {}", self.harness, self.chosen.reference),
            branch: None,
        })
    }

    fn advise(&self, built: &Built, ui: &Ui) {
        ui.status(format!("its harness {}", self.summary));
        if built.identity_is_made_up {
            ui.warn("git knows neither your name nor your address, so the first commit bears the name of your account");
            ui.hint("`git config --global user.name NAME` and `git config --global user.email ADDRESS` tell it");
        }
        if self.url.is_local() {
            ui.hint(format!(
                "its harness is at {}: the project can be cloned only where that path exists; \
                 `fleet harness set-url {} URL` says where else it is",
                self.url, self.harness
            ));
        }
    }
}

fn refuse_registered(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    let Some(known) = fleet.registry.projects.get(name) else {
        return Ok(());
    };
    let place = known.location.display();
    Err(
        refused(format!("`{name}` is registered already, at {place}"))
            .hint(format!(
                "`fleet status {name}` shows it; choose another name for a new project"
            ))
            .into(),
    )
}

/// Returns the files that a project begins with: its own, and those of the harness's scaffold that it has not.
pub(super) fn first_files(
    mut files: Vec<NewFile>,
    manifest: &Manifest,
    mirror: &Mirror,
    commit: &CommitId,
) -> anyhow::Result<Vec<NewFile>> {
    for (target, template) in &manifest.scaffold {
        if files.iter().any(|file| file.path == target.as_path()) {
            continue;
        }
        let bytes = mirror.file(commit, template.as_str())?.with_context(|| {
            format!(
                "the harness has no file `{template}` at {}, which its scaffold names",
                commit.short()
            )
        })?;
        files.push(NewFile {
            path: target.as_path().to_owned(),
            mode: 0o644,
            bytes,
        });
    }
    Ok(files)
}

/// Makes the parent of a location, and writes the location without symbolic links.
fn resolve_parent(location: &Path) -> anyhow::Result<PathBuf> {
    let name = location
        .file_name()
        .ok_or_else(|| refused(format!("`{}` has no name", location.display())))?;
    let parent = location
        .parent()
        .context("a location with a name has a parent")?;
    // Only the part that exists can have links; the rest is made when the project is.
    let existing = parent
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .unwrap_or(Path::new("/"));
    let rest = parent.strip_prefix(existing).unwrap_or(Path::new(""));
    let existing = existing
        .canonicalize()
        .with_context(|| format!("cannot look at `{}`", existing.display()))?;
    Ok(existing.join(rest).join(name))
}

/// Refuses a place where a project would harm, or be harmed by, what is there.
fn check_location(fleet: &Fleet, location: &Path) -> anyhow::Result<()> {
    let refuse = |why: String| -> anyhow::Result<()> {
        Err(refused(format!(
            "cannot put a project at {}: {why}",
            location.display()
        ))
        .hint("choose another place with `--location PATH`")
        .into())
    };
    if location.symlink_metadata().is_ok() {
        let fault = refused(format!(
            "cannot put a project at {}: something is there already",
            location.display()
        ))
        .hint("choose another place with `--location PATH`");
        let adopt = format!(
            "or register what is there: `fleet adopt {}`",
            location.display()
        );
        return Err(match location.join(".git").symlink_metadata() {
            Ok(_) => fault.hint(adopt),
            Err(_) => fault,
        }
        .into());
    }
    fleet.registry.check_location(location)?;
    match pins::enclosing_repository(location) {
        Some(repository) if repository == fleet.root => {
            let relative = location.strip_prefix(&repository).unwrap_or(location);
            if pins::tracks(&repository, relative)? {
                return refuse("files are tracked there".to_owned());
            }
            Ok(())
        }
        Some(repository) if placing::is_ignored(&repository, location)? => Ok(()),
        Some(repository) => refuse(format!(
            "it is inside the repository {}, which does not ignore it",
            repository.display()
        )),
        None => Ok(()),
    }
}
