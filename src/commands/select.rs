//! Which projects a command line means.

use std::collections::BTreeSet;

use crate::cli::{Registered, Selector};
use crate::error::usage;
use crate::fleet::Fleet;
use crate::names::{Name, Ref, nearest};
use crate::operations;
use crate::registry::Project;
use crate::status::{self, Verdict};
use crate::ui::{Ui, count, list};

/// Returns the projects that are meant, by name: those named, and those that the selectors choose.
///
/// An unknown name is an error; selectors that choose nothing are not.
pub(super) fn chosen<'a>(
    fleet: &'a Fleet,
    names: &[Name],
    selector: &Selector,
) -> anyhow::Result<Vec<&'a Project>> {
    let selects = selector.is_given();
    if names.is_empty() && !selects {
        return Err(usage("no project is named")
            .hint("name one, or choose several with `--all` or `--label LABEL`")
            .into());
    }
    let mut projects: Vec<&Project> = Vec::new();
    for name in names {
        projects.push(fleet.registry.project(name)?);
    }
    if selects {
        projects.extend(selected(fleet, selector)?);
    }
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    projects.dedup_by(|a, b| a.name == b.name);
    Ok(projects)
}

/// The same, by their names alone: what commands that change something begin with.
pub(super) fn chosen_names(
    fleet: &Fleet,
    names: &[Name],
    selector: &Selector,
) -> anyhow::Result<Vec<Name>> {
    let projects = chosen(fleet, names, selector)?;
    Ok(projects.into_iter().map(|it| it.name.clone()).collect())
}

/// The same for `stop`, which also ends what runs under a name that fleet.toml has no more.
pub(super) fn stoppable(
    fleet: &Fleet,
    names: &[Name],
    selector: &Selector,
) -> anyhow::Result<Vec<Name>> {
    let (mut strays, others): (Vec<Name>, Vec<Name>) = names
        .iter()
        .cloned()
        .partition(|name| operations::is_stray(fleet, name));
    if strays.is_empty() || !others.is_empty() || selector.is_given() {
        strays.extend(chosen_names(fleet, &others, selector)?);
    }
    strays.sort();
    strays.dedup();
    Ok(strays)
}

/// Returns the projects that a look is about: those named and those chosen by what the registry says of them; all where
/// nobody says which.
pub(super) fn chosen_registered<'a>(
    fleet: &'a Fleet,
    names: &[Name],
    wanted: &Registered,
) -> anyhow::Result<Vec<&'a Project>> {
    let mut projects = Vec::new();
    for name in names {
        projects.push(fleet.registry.project(name)?);
    }
    if names.is_empty() || wanted.label.is_some() || wanted.harness.is_some() {
        projects.extend(registered(fleet, wanted)?);
    }
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    projects.dedup_by(|a, b| a.name == b.name);
    Ok(projects)
}

/// Returns the projects that are meant by what the registry says of them, by name.
pub(crate) fn registered<'a>(
    fleet: &'a Fleet,
    wanted: &Registered,
) -> anyhow::Result<Vec<&'a Project>> {
    if let Some(harness) = &wanted.harness {
        fleet.registry.harness(harness)?;
    }
    let is_meant = |project: &&Project| {
        let label = wanted.label.as_ref();
        let harness = wanted.harness.as_ref();
        label.is_none_or(|label| project.labels.contains(label))
            && harness.is_none_or(|harness| project.harness == *harness)
    };
    Ok(fleet.registry.projects.values().filter(is_meant).collect())
}

fn selected<'a>(fleet: &'a Fleet, selector: &Selector) -> anyhow::Result<Vec<&'a Project>> {
    let projects = registered(fleet, &selector.registered)?;
    let Some(word) = &selector.state else {
        return Ok(projects);
    };
    let verdict = verdict(word)?;
    let verdicts = status::verdicts(fleet, &projects)?;
    Ok(projects
        .into_iter()
        .zip(verdicts)
        .filter(|(_, found)| *found == verdict)
        .map(|(project, _)| project)
        .collect())
}

fn verdict(word: &str) -> anyhow::Result<Verdict> {
    let words = Verdict::ALL.map(Verdict::word);
    let found = Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.word() == word);
    Ok(found.ok_or_else(|| {
        let fault = usage(format!("no project can be in the state `{word}`"));
        match nearest(word, words) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint(format!("the states are {}", list(words))),
        }
    })?)
}

/// Says why there is nothing to do or to show.
pub(super) fn say_none_is_chosen(fleet: &Fleet, wanted: &Registered, ui: &Ui) {
    let projects = &fleet.registry.projects;
    if projects.is_empty() {
        ui.status("no project is registered");
        ui.hint("`fleet create NAME` makes one");
        return;
    }
    let known: BTreeSet<&str> = projects
        .values()
        .flat_map(|project| project.labels.iter().map(String::as_str))
        .collect();
    match &wanted.label {
        Some(label) if !known.contains(label.as_str()) => {
            ui.status(format!("no project has the label `{label}`"));
            if let Some(near) = nearest(label, known) {
                ui.hint(format!("did you mean `{near}`?"));
            }
        }
        Some(_) | None => {
            let all = count(projects.len(), "project");
            ui.status(format!("none of {all} is chosen"));
        }
    }
}

/// Parts the words of `fleet update` into projects and a ref. The last word is the ref, unless it names a project.
pub(crate) fn split_update(
    fleet: &Fleet,
    words: &[String],
    selector: &Selector,
) -> anyhow::Result<(Vec<Name>, Option<Ref>)> {
    let selects = selector.is_given();
    let name = |word: &String| -> anyhow::Result<Name> {
        word.parse().map_err(|why: String| usage(why).into())
    };
    if let ([only], false) = (words, selects)
        && only.parse::<Name>().is_err()
    {
        return Err(usage("no project is named")
            .hint(format!(
                "`fleet update NAME {only}`, or `fleet update --all {only}`"
            ))
            .into());
    }
    let is_project = |word: &String| {
        word.parse()
            .is_ok_and(|name: Name| fleet.registry.projects.contains_key(&name))
    };
    let (names, reference) = match words {
        [names @ .., last] if (selects || !names.is_empty()) && !is_project(last) => {
            (names, Some(last))
        }
        names => (names, None),
    };
    let reference = reference.map(|word| word.parse::<Ref>()).transpose();
    let reference = reference
        .map_err(|why| usage(why).hint("name a tag, a branch or a commit of the harness"))?;
    Ok((
        names.iter().map(name).collect::<anyhow::Result<_>>()?,
        reference,
    ))
}
