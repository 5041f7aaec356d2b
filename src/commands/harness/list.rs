//! `fleet harness list`.

use jiff::Timestamp;
use serde::Serialize;

use crate::fleet::Fleet;
use crate::names::{HarnessUrl, Name, Ref};
use crate::ui::{Mood, Table, Ui, count, list as enumerated};

use super::known::{Known, age};
use crate::commands::print_json;

/// All harnesses, for people and for programs.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    harnesses: Vec<Listed>,
}

/// One harness. Fields may be added; none changes its meaning.
#[derive(Debug, Serialize)]
struct Listed {
    name: Name,
    /// Null for the built-in one.
    url: Option<HarnessUrl>,
    path: String,
    default_ref: Option<Ref>,
    bad_refs: Vec<Ref>,
    /// The newest tag that is neither bad nor gone upstream, as of the last fetch.
    newest: Option<Ref>,
    /// When it was last asked for what is new; null where it never was, or nobody knows.
    fetched: Option<Timestamp>,
    projects: Vec<Name>,
    warnings: Vec<String>,
}

/// Prints the harnesses. Asks no network.
pub(super) fn list(fleet: &Fleet, as_json: bool, ui: &Ui) -> anyhow::Result<()> {
    let names: Vec<Name> = fleet.registry.harnesses.keys().cloned().collect();
    ui.waiting("reading versions");
    let known = Known::of(fleet, &names)?;
    let report = Report {
        schema: 1,
        harnesses: known.iter().map(listed).collect(),
    };
    if as_json {
        return print_json(&report, ui);
    }
    let mut table = Table::new([
        "name", "location", "path", "default", "newest", "fetched", "projects",
    ]);
    for (known, listed) in known.iter().zip(&report.harnesses) {
        let text =
            |reference: &Option<Ref>| reference.as_ref().map_or_else(String::new, Ref::to_string);
        let mood = if told(known, listed).is_empty() {
            Mood::Plain
        } else {
            Mood::Odd
        };
        table.moody_row([
            (listed.name.to_string(), mood),
            (known.place(), Mood::Plain),
            (listed.path.clone(), Mood::Plain),
            (text(&listed.default_ref), Mood::Plain),
            (text(&listed.newest), Mood::Plain),
            (listed.fetched.map_or_else(String::new, age), Mood::Plain),
            (listed.projects.len().to_string(), Mood::Plain),
        ]);
    }
    ui.result(table);
    for (known, listed) in known.iter().zip(&report.harnesses) {
        for warning in told(known, listed) {
            ui.warn(format!("{}: {warning}", listed.name));
        }
    }
    Ok(())
}

/// Returns the warnings that people are told each time: that a harness is on this machine is in its row, and `create`
/// and `harness add` have warned of what follows from it.
fn told<'a>(known: &Known<'_>, listed: &'a Listed) -> &'a [String] {
    &listed.warnings[usize::from(is_local(known))..]
}

fn listed(known: &Known<'_>) -> Listed {
    let harness = known.harness;
    Listed {
        name: harness.name.clone(),
        url: harness.url.clone(),
        path: harness.path.clone(),
        default_ref: harness.default_ref.clone(),
        bad_refs: harness.bad_refs.clone(),
        newest: known.good_tags().next().map(|tag| tag.name.clone()),
        fetched: known.fetched(),
        projects: known
            .users
            .iter()
            .map(|user| user.project.name.clone())
            .collect(),
        warnings: warnings(known),
    }
}

/// Tells whether clones of its projects work on this machine only. What is built in is a path too; that matters once a
/// project names it.
fn is_local(known: &Known<'_>) -> bool {
    match &known.harness.url {
        Some(url) => url.is_local(),
        None => !known.users.is_empty(),
    }
}

fn warnings(known: &Known<'_>) -> Vec<String> {
    let (name, users) = (&known.harness.name, &known.users);
    let mut warnings = Vec::new();
    // The first, where it is one: see `told`.
    if is_local(known) {
        warnings.push(format!(
            "it is a place on this machine: clones of its projects work nowhere else; \
             `fleet harness set-url {name} URL` says where else it is"
        ));
    }
    let bad: Vec<&Name> = users
        .iter()
        .filter(|user| {
            let project = user.project;
            known.is_bad(
                &project.reference,
                None,
                user.pin.as_ref().or(project.commit.as_ref()),
            )
        })
        .map(|user| &user.project.name)
        .collect();
    if !bad.is_empty() {
        let uses = if bad.len() == 1 { "uses" } else { "use" };
        warnings.push(format!("{} {uses} one of its `bad_refs`", enumerated(bad)));
    }
    if known.mirror.is_none() && !users.is_empty() {
        let users = count(users.len(), "project");
        warnings.push(format!(
            "there is no copy of it, and {users} may need one: `fleet harness fetch {name}`"
        ));
    }
    warnings
}
