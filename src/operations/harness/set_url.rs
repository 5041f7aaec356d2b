//! `fleet harness set-url`: a harness is somewhere else now, for every project that uses it and then for fleet.toml.

use anyhow::Context as _;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::journal;
use crate::names::{CommitId, HarnessUrl, Name};
use crate::operations::plan::{self, Change, Locked, Outcome, Plan};
use crate::operations::recover;
use crate::operations::step::Step;
use crate::parallel::in_parallel;
use crate::pins::{self, Depth, Mirror, Settled, Whence};
use crate::registry::{FILE, Project};
use crate::ui::{Ui, list};

use super::{Copied, print_edit, refuse_taken, usable, warn_of_path};

/// What became of a harness's move to another place.
#[derive(Debug)]
pub(crate) struct UrlSet {
    /// How it went with each project that uses it.
    pub(crate) outcomes: Vec<Outcome>,
    /// What fleet.toml says of it; `None` where that is as before.
    pub(crate) registry: Option<Change>,
}

impl UrlSet {
    fn is_complete(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.result.is_ok())
    }
}

/// Makes all projects of a harness name another place, then fleet.toml; or prints how.
///
/// A project that is refused stays as it was, and so does fleet.toml until no project is: the same command completes it.
pub(crate) fn set_harness_url(
    fleet: &mut Fleet,
    name: &Name,
    url: &HarnessUrl,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<UrlSet> {
    fleet.registry.harness(name)?;
    refuse_taken(&fleet.registry, name, url)?;
    // Before any lock: another machine may take its time.
    let cannot = || format!("cannot take `{name}` from `{url}`");
    let copied = Copied::make(name, url, ui).with_context(cannot)?;
    let set = copied.keep_if(
        |mirror| {
            let Locked {
                names: mut ready,
                outcomes,
                locks: _locks,
            } = recover::lock_all(fleet, &users(fleet, name), dry_run, ui)?;
            let users = users(fleet, name);
            ready.retain(|project| users.contains(project));
            check_place(fleet, name, mirror, url).with_context(cannot)?;
            let mut set = UrlSet {
                outcomes,
                registry: None,
            };
            set_projects(fleet, mirror, url, ready, &mut set, dry_run, ui)?;
            if set.is_complete() {
                set.registry = record(fleet, name, url, &set.outcomes, dry_run, ui)?;
            }
            Ok(set)
        },
        |_| !dry_run,
    )?;
    warn_of_path(url, ui);
    Ok(set)
}

fn users(fleet: &Fleet, harness: &Name) -> Vec<Name> {
    let projects = fleet.registry.projects.values();
    let using = projects.filter(|project| project.harness == *harness);
    using.map(|project| project.name.clone()).collect()
}

/// Refuses a place that lacks what projects are pinned to, or what new ones would get.
fn check_place(
    fleet: &Fleet,
    name: &Name,
    mirror: &Mirror,
    url: &HarnessUrl,
) -> anyhow::Result<()> {
    let projects: Vec<&Project> = fleet
        .registry
        .projects
        .values()
        .filter(|project| project.harness == *name)
        .collect();
    let mut lacking = Vec::new();
    for project in &projects {
        let Some(pin) = pin(fleet, project)? else {
            continue;
        };
        if !mirror.publishes(&pin)? {
            lacking.push((*project, pin));
        }
    }
    if let [(first, pin), ..] = &lacking[..] {
        let pins = lacking
            .iter()
            .map(|(project, pin)| format!("{} ({})", project.name, pin.short()));
        let engine = first.location.join(fleet.engine(first)?);
        return Err(refused(format!(
            "no branch or tag there has what projects pin: {}",
            list(pins)
        ))
        .hint(format!(
            "push it there: `git -C {} push {url} {}:refs/heads/BRANCH`",
            engine.display(),
            pin.short()
        ))
        .into());
    }
    let default = fleet.registry.harness(name)?.default_ref.as_ref();
    if default.is_some() || projects.is_empty() {
        usable(fleet, name, mirror, default)?;
    }
    Ok(())
}

/// Returns what a project pins; where that cannot be read, what fleet.toml says that it should.
fn pin(fleet: &Fleet, project: &Project) -> anyhow::Result<Option<CommitId>> {
    let facts = pins::read(&project.location, fleet.engine(project)?, Depth::Fast);
    Ok(facts.head.commit().or(project.commit.as_ref()).cloned())
}

/// A plan, and what it was made from.
struct Looked {
    plan: Plan,
    whence: Whence,
}

fn set_projects(
    fleet: &Fleet,
    mirror: &Mirror,
    url: &HarnessUrl,
    ready: Vec<Name>,
    set: &mut UrlSet,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    let counting = ui.counting("looking at projects", ready.len());
    let looked = in_parallel(&ready, |name| {
        let _one = counting.on(name);
        look(fleet, mirror, url, name).with_context(|| format!("cannot change `{name}`"))
    });
    drop(counting);
    let (looked, refused) = plan::part(ready.into_iter().zip(looked));
    set.outcomes.extend(refused);
    if dry_run {
        plan::print(looked.iter().map(|looked| &looked.plan), ui);
        return Ok(());
    }
    let plans: Vec<&Plan> = looked
        .iter()
        .map(|looked| &looked.plan)
        .filter(|plan| !plan.steps.is_empty())
        .collect();
    let journals: Vec<_> = plans
        .iter()
        .map(|plan| fleet.journal(&plan.project))
        .collect();
    let steps = plans.iter().map(|plan| &plan.steps);
    journal::begin_all(&journals.iter().zip(steps).collect::<Vec<_>>())?;
    let counting = ui.counting("changing projects", looked.len());
    let changed = in_parallel(&looked, |looked| {
        let _one = counting.on(&looked.plan.project);
        carry_out(fleet, mirror, url, looked)
    });
    drop(counting);
    for (looked, changed) in looked.into_iter().zip(changed) {
        let Looked { plan, whence } = looked;
        let change = (changed.is_ok() && !plan.steps.is_empty()).then_some(Change {
            before: Some(whence.from),
            after: Some(whence.to),
        });
        let outcome = Outcome::new(plan.project, changed.map(|()| plan.done));
        set.outcomes.push(outcome.changing(change));
    }
    set.outcomes.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(())
}

fn look(fleet: &Fleet, mirror: &Mirror, url: &HarnessUrl, name: &Name) -> anyhow::Result<Looked> {
    let project = fleet.registry.project(name)?;
    if !project.location.exists() {
        let place = project.location.display();
        return Err(refused(format!("there is nothing at {place}"))
            .hint("clone it there, or correct its `location` in fleet.toml")
            .into());
    }
    let rescue = fleet.runtime("trash");
    let whence = pins::look_whence(&fleet.pin_move(project, mirror, false, &rescue)?, url)?;
    let (from, to) = (whence.from.clone(), whence.to.clone());
    let mut steps = Vec::new();
    let mut done = format!("`{name}` takes its harness from there already");
    if whence.changes {
        done = format!("`{name}`: {from} -> {to}");
        steps.push(Step::SetUrl {
            from,
            to: to.clone(),
        });
    } else if whence.is_elsewhere {
        done = format!("`{name}`: git's configuration names {to} now");
    }
    if whence.is_elsewhere {
        steps.push(Step::Point { to });
    }
    let plan = Plan::new(name, steps, done);
    Ok(Looked { plan, whence })
}

fn carry_out(
    fleet: &Fleet,
    mirror: &Mirror,
    url: &HarnessUrl,
    looked: &Looked,
) -> anyhow::Result<()> {
    let Looked { plan, whence } = looked;
    let project = fleet.registry.project(&plan.project)?;
    let (place, engine) = (&project.location, fleet.engine(project)?);
    let journal = fleet.journal(&plan.project);
    for step in &plan.steps {
        let done = if let Step::SetUrl { from, to } = step {
            let rescue = fleet.runtime("trash");
            let wish = fleet.pin_move(project, mirror, false, &rescue)?;
            let message = format!("Take {engine} from {url}");
            pins::change_whence(&wish, whence, &message).or_else(|error| {
                match pins::settle_whence(place, engine, from, to) {
                    // What failed came after the commit, and is made up for.
                    Ok(Settled::Completed) => Ok(()),
                    Ok(Settled::TakenBack) => journal.close().and(Err(error)),
                    // The journal stays open: the next command, or this one again, finds it.
                    Ok(Settled::Overtaken) | Err(_) => Err(error),
                }
            })
        } else if let Step::Point { to } = step {
            pins::point_to(place, engine, to)
        } else {
            Ok(())
        };
        done.with_context(|| format!("`{}`: cannot {step}", plan.project))?;
    }
    journal.close()
}

/// Writes the place into fleet.toml, where every project of the harness is done.
fn record(
    fleet: &Fleet,
    name: &Name,
    url: &HarnessUrl,
    outcomes: &[Outcome],
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Change>> {
    let before = fleet.registry.harness(name)?.url.as_ref();
    if before == Some(url) {
        return Ok(None);
    }
    let change = Change {
        before: Some(match before {
            Some(before) => format!("{name} from {before}"),
            None => format!("{name}, built in"),
        }),
        after: Some(format!("{name} from {url}")),
    };
    if dry_run {
        print_edit(name, &[format!("url = \"{url}\"")], ui);
        return Ok(None);
    }
    let cannot =
        || format!("the projects are done, but {FILE} does not say so yet; run the command again");
    let mut edit = fleet.edit(ui).with_context(cannot)?;
    let is_done = |project: &Name| outcomes.iter().any(|outcome| outcome.project == *project);
    let late = edit.registry().projects.values();
    let mut late = late.filter(|project| project.harness == *name && !is_done(&project.name));
    if let Some(project) = late.next() {
        return Err(
            refused(format!("`{}` came to use it meanwhile", project.name))
                .hint("run the command again")
                .into(),
        );
    }
    refuse_taken(edit.registry(), name, url).with_context(cannot)?;
    edit.set_url(name, url).with_context(cannot)?;
    edit.save().with_context(cannot)?;
    Ok(Some(change))
}
