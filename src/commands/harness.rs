//! `fleet harness`: where harnesses come from, and their versions.

mod known;
mod list;
mod refs;
mod row;

use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::names::{HarnessUrl, Name};
use crate::operations::{self, Addition, Command, News};
use crate::pins::Fetched;
use crate::registry::FILE;
use crate::ui::{Ui, list};

use super::outcomes::{common, finish};

/// Carries out one of the verbs about harnesses.
pub(crate) fn harness(fleet: &mut Fleet, wanted: &cli::Harness, ui: &Ui) -> anyhow::Result<Exit> {
    match wanted {
        cli::Harness::List { json } => list::list(fleet, *json, ui)?,
        cli::Harness::Add {
            name,
            url,
            path,
            default_ref,
            how,
        } => {
            let addition = Addition {
                name: name.clone(),
                url: url.clone(),
                path: path.clone(),
                default_ref: default_ref.clone(),
            };
            let command = Command::new("harness add").because(how.message.clone());
            return add(fleet, &command, &addition, how.dry_run, ui);
        }
        cli::Harness::SetUrl { name, url, how } => {
            let command = Command::new("harness set-url").because(how.message.clone());
            return set_url(fleet, &command, name, url, how.dry_run, ui);
        }
        cli::Harness::Fetch { names } => return fetch(fleet, names, ui),
        cli::Harness::Refs { names, all, json } => {
            refs::refs(fleet, &chosen(fleet, names)?, *all, *json, ui)?;
        }
        cli::Harness::Probe {
            name,
            reference,
            soak,
        } => {
            let trial = operations::Trial {
                harness: name,
                reference,
                soak: *soak,
            };
            operations::probe(fleet, &trial, ui)?;
        }
    }
    Ok(Exit::Done)
}

/// Returns the harnesses that are meant: those named, or all.
fn chosen(fleet: &Fleet, names: &[Name]) -> anyhow::Result<Vec<Name>> {
    let mut chosen = names.to_vec();
    for name in names {
        fleet.registry.harness(name)?;
    }
    if chosen.is_empty() {
        chosen = fleet.registry.harnesses.keys().cloned().collect();
    }
    chosen.sort();
    chosen.dedup();
    Ok(chosen)
}

fn add(
    fleet: &Fleet,
    command: &Command,
    addition: &Addition,
    is_dry: bool,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let added = operations::add_harness(fleet, addition, is_dry, ui);
    if !is_dry {
        let change = added.as_ref().ok().and_then(Option::as_ref);
        command.record_none(fleet, change, added.as_ref().err(), ui);
    }
    added.map(|_| Exit::Done)
}

fn set_url(
    fleet: &mut Fleet,
    command: &Command,
    name: &Name,
    url: &HarnessUrl,
    is_dry: bool,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let set = match operations::set_harness_url(fleet, name, url, is_dry, ui) {
        Ok(set) => set,
        Err(error) => {
            if !is_dry {
                command.record_none(fleet, None, Some(&error), ui);
            }
            return Err(error);
        }
    };
    let left: Vec<Name> = set
        .outcomes
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .map(|outcome| outcome.project.clone())
        .collect();
    let done = Ok(set.outcomes);
    if !is_dry {
        command.record(fleet, &[], &done, ui);
        command.record_none(fleet, set.registry.as_ref(), None, ui);
    }
    let exit = finish(done?, ui);
    let said_so = fleet.registry.harness(name)?.url.as_ref() == Some(url);
    if set.registry.is_some() {
        ui.status(format!("{FILE}: `{name}` comes from {url}"));
    } else if said_so {
        ui.status(format!("{FILE} says so already"));
    } else if !left.is_empty() {
        ui.warn(format!(
            "{FILE} stays as it is until {} can follow",
            list(&left)
        ));
    }
    if !left.is_empty() {
        ui.hint("then run the same command again");
    }
    Ok(exit)
}

fn fetch(fleet: &Fleet, names: &[Name], ui: &Ui) -> anyhow::Result<Exit> {
    let names = chosen(fleet, names)?;
    let fetched = operations::fetch_harnesses(fleet, &names, ui);
    let mut codes = Vec::new();
    for (name, news) in names.iter().zip(fetched) {
        codes.push(match news {
            Ok(news) => {
                tell(name, &news, ui);
                Exit::Done
            }
            Err(error) => ui.fail(&error),
        });
    }
    Ok(common(&codes))
}

fn tell(name: &Name, news: &News, ui: &Ui) {
    let changed = match news {
        News::Copied(newest) => {
            let newest = newest
                .as_ref()
                .map(|tag| format!("; its newest tag is `{tag}`"));
            ui.result(format!("{name}: copied{}", newest.unwrap_or_default()));
            return;
        }
        News::Changed(changed) => changed,
    };
    let said = sentence(changed);
    let said = if said.is_empty() {
        "nothing new"
    } else {
        &said
    };
    ui.result(format!("{name}: {said}"));
    if !changed.moved_tags.is_empty() {
        let tags = list(&changed.moved_tags);
        ui.warn(format!(
            "{name}: upstream has moved {tags}; no project follows by itself"
        ));
        ui.hint(format!("`fleet harness refs {name}` shows who uses what"));
    }
}

fn sentence(changed: &Fetched) -> String {
    let parts = [
        ("new: ", &changed.new_tags),
        ("new branch: ", &changed.new_branches),
        ("moved branch: ", &changed.moved_branches),
        ("tag moved: ", &changed.moved_tags),
        ("tag gone: ", &changed.gone_tags),
        ("branch gone: ", &changed.gone_branches),
    ];
    let said = parts.iter().filter(|(_, names)| !names.is_empty());
    let said: Vec<String> = said
        .map(|(what, names)| format!("{what}{}", list(names.iter())))
        .collect();
    said.join("; ")
}
