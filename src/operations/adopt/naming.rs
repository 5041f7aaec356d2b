//! What a repository may be called, and which registered project it may be.

use std::io;
use std::path::Path;

use crate::error::refused;
use crate::fleet::Fleet;
use crate::names::{Name, is_invisible, shell_word};
use crate::registry::Project;

use super::super::remove::refuse_running;
use super::Adoption;
use super::infer::Inferred;

/// How much of a directory's name is kept: a number may follow.
const KEPT: usize = 56;

/// Makes a name of a directory's; one that cannot be used is refused with one that can.
pub(super) fn name_of(fleet: &Fleet, location: &Path) -> anyhow::Result<Name> {
    let text = location.file_name().unwrap_or_default().to_string_lossy();
    text.parse().map_err(|why: String| {
        let suggested = unregistered(fleet, &text);
        let suggested = suggested.map_or_else(|| "NAME".to_owned(), |name| name.to_string());
        let place = shell_word(&location.to_string_lossy());
        refused(format!(
            "the directory's name cannot be the project's: {why}"
        ))
        .hint(format!("`fleet adopt {place} --name {suggested}`"))
        .into()
    })
}

fn unregistered(fleet: &Fleet, text: &str) -> Option<Name> {
    free_name(text, |name| !fleet.registry.projects.contains_key(name))
}

/// Returns a name that is like a text and not taken; `None` where nothing of the text can be used.
pub(super) fn free_name(text: &str, is_free: impl Fn(&Name) -> bool) -> Option<Name> {
    let plain = |c: char| match c.is_ascii_alphanumeric() || c == '_' {
        true => c,
        false => '-',
    };
    let text: String = text.chars().map(plain).take(KEPT).collect();
    let text = text.trim_matches(['-', '_']);
    if text.is_empty() {
        return None;
    }
    let numbered = (2..1000).map(|number| format!("{text}-{number}"));
    std::iter::once(text.to_owned())
        .chain(numbered)
        .filter_map(|text| text.parse::<Name>().ok())
        .find(is_free)
}

/// Refuses a place that is not its own, or that no fleet.toml can name.
pub(super) fn check_place(fleet: &Fleet, location: &Path) -> anyhow::Result<()> {
    let text = location.to_str();
    let is_plain = |c: char| !c.is_control() && !is_invisible(c);
    if !text.is_some_and(|text| text.chars().all(is_plain)) {
        let place = location.to_string_lossy().escape_debug().to_string();
        let what = format!("fleet.toml cannot name `{place}`: it is not plain UTF-8 text");
        return Err(refused(what).hint("rename the directory first").into());
    }
    fleet.registry.check_location(location)
}

/// Refuses a name that is taken. That of a project whose place is gone may be given to what is the same project elsewhere,
/// by whoever says so; returns whether that is the case.
pub(super) fn check_name(
    fleet: &Fleet,
    new: &Adoption,
    name: &Name,
    inferred: &Inferred,
) -> anyhow::Result<bool> {
    let Some(known) = fleet.registry.projects.get(name) else {
        return Ok(false);
    };
    let place = shell_word(&new.location.to_string_lossy());
    let before = known.location.display();
    let free = unregistered(fleet, name.as_str());
    let free = free.map_or_else(|| "NAME".to_owned(), |free| free.to_string());
    let another = format!("`fleet adopt {place} --name {free}` gives it another name");
    if !is_gone(known) {
        let what = format!("`{name}` is registered already, at {before}");
        return Err(refused(what).hint(another).into());
    }
    if known.harness != inferred.harness {
        let what = format!(
            "`{name}` is registered at {before}, where nothing is, with another harness: `{}`",
            known.harness
        );
        return Err(refused(what).hint(another).into());
    }
    if new.name.is_none() {
        let what = format!("`{name}` is registered at {before}, where nothing is");
        return Err(refused(what)
            .hint(format!(
                "if this is the same project, `fleet adopt {place} --name {name}` corrects its location"
            ))
            .hint(format!("if it is another one, {another}"))
            .into());
    }
    refuse_running(fleet, name)?;
    Ok(true)
}

/// Tells whether nothing is where a project is registered.
pub(super) fn is_gone(project: &Project) -> bool {
    let met = project.location.symlink_metadata();
    met.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Lists the projects whose place is gone and whose harness and pin are those of a repository.
pub(super) fn lost_ones(fleet: &Fleet, inferred: &Inferred) -> Vec<Name> {
    let could_be = |project: &&Project| {
        project.harness == inferred.harness
            && project.commit.as_ref() == Some(&inferred.commit)
            && is_gone(project)
    };
    let projects = fleet.registry.projects.values().filter(could_be);
    projects.map(|project| project.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_what_can_be_used() {
        let name = |text: &str| free_name(text, |name| name.as_str() != "demo");
        for (text, expected) in [
            ("x", "x"),
            ("my project!", "my-project"),
            ("demo", "demo-2"),
            ("--_démo", "d-mo"),
            (&"x".repeat(300), &"x".repeat(KEPT)),
        ] {
            assert_eq!(name(text).unwrap().as_str(), expected, "{text}");
        }
        assert_eq!(name("…"), None);
        assert_eq!(free_name("x", |_| false), None);
    }
}
