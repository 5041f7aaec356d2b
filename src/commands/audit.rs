//! `fleet audit`: nothing in a project knows of the fleet.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use serde::Serialize;

use super::records::print_json;
use super::select::{chosen_registered, say_none_is_chosen};
use crate::cli::{self, Cli};
use crate::error::Exit;
use crate::files;
use crate::fleet::{self, Fleet, RUNTIME};
use crate::names::Name;
use crate::parallel::in_parallel;
use crate::pins::{self, Found, Looked, Marks, Search, Seen, Telltales, Unread};
use crate::registry::{self, Project};
use crate::supervision;
use crate::ui::{Mood, Table, Ui, count};

/// The version of the JSON.
const SCHEMA: u32 = 1;

/// What an audit has found out.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: u32,
    fleet: String,
    /// Whether everything was read and nothing knows of the fleet.
    proven: bool,
    looked: Looked,
    projects: Vec<Audited<'a>>,
}

/// What it has found out about one project.
#[derive(Debug, Serialize)]
struct Audited<'a> {
    name: &'a Name,
    location: &'a Path,
    proven: bool,
    #[serde(flatten)]
    search: Search,
}

/// Looks for traces of the fleet in projects, and says what was looked at.
pub(crate) fn audit(fleet: &Fleet, wanted: &cli::Audit, ui: &Ui) -> anyhow::Result<Exit> {
    let projects = chosen_registered(fleet, &wanted.names, &wanted.selector)?;
    let report = look(fleet, &projects, ui)?;
    if wanted.json {
        print_json(&report, ui)?;
    } else if report.projects.is_empty() {
        say_none_is_chosen(fleet, &wanted.selector, ui);
    } else {
        show(&report, ui);
    }
    Ok(if report.proven {
        Exit::Done
    } else {
        Exit::Found
    })
}

fn look<'a>(fleet: &Fleet, projects: &[&'a Project], ui: &Ui) -> anyhow::Result<Report<'a>> {
    let marks = Marks::new(telltales(fleet)?);
    let seen = Seen::default();
    let counting = ui.counting("looking over projects", projects.len());
    let searched = in_parallel(projects, |project| {
        let _one = counting.on(&project.name);
        let engine = fleet.engine(project).unwrap_or("engine");
        pins::search_traces(&project.location, engine, &marks, &seen)
    });
    let mut looked = Looked::default();
    let audited = projects.iter().zip(searched).map(|(project, search)| {
        looked += search.looked;
        Audited {
            name: &project.name,
            location: &project.location,
            proven: search.is_proof(),
            search,
        }
    });
    let projects: Vec<Audited<'_>> = audited.collect();
    Ok(Report {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        proven: projects.iter().all(|project| project.proven),
        looked,
        projects,
    })
}

/// Returns what this fleet has that nothing else has.
fn telltales(fleet: &Fleet) -> anyhow::Result<Telltales> {
    let root = fleet.root.canonicalize().unwrap_or(fleet.root.clone());
    // Where none is recorded, no server of this fleet has ever listened.
    let socket = files::read_if_there(&fleet.runtime("socket"))?.unwrap_or_default();
    let socket = Path::new(socket.trim_end());
    let mut secrets = vec![
        ("fleet-tender".to_owned(), "the name of fleet's own program"),
        (
            fleet.systemd_name(),
            "the name of the fleet's systemd units",
        ),
    ];
    let names = [Some(socket.as_os_str()), socket.file_name()];
    let names = names.into_iter().flatten().filter_map(OsStr::to_str);
    let names = names.filter(|name| !name.is_empty());
    secrets.extend(names.map(|it| (it.to_owned(), "the fleet's tmux socket")));
    let mirrors = fleet::mirrors_directory()?;
    let mirrors = mirrors.to_str().map(str::to_owned);
    secrets.extend(mirrors.map(|it| (it, "the fleet's copies of harnesses")));
    let projects = fleet.registry.projects.values();
    let projects = projects.map(|project| project.location.clone());
    let harnesses = fleet.registry.harnesses.values();
    let harnesses = harnesses
        .filter_map(|harness| harness.url.as_ref())
        .map(|url| PathBuf::from(url.as_str().trim_start_matches("file://")));
    let cli = Cli::command();
    let verbs = cli.get_subcommands().map(|verb| verb.get_name().to_owned());
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    let below_home = home.as_ref().and_then(|home| root.strip_prefix(home).ok());
    let own_files = vec![registry::FILE, RUNTIME];
    secrets.extend(below_home.into_iter().flat_map(|below| {
        let ways = own_files.iter().map(|file| below.join(file));
        ways.filter_map(|way| Some((format!("~/{}", way.to_str()?), "the fleet's directory")))
    }));
    Ok(Telltales {
        own_files,
        is_shared: root.parent().is_none() || home.is_some_and(|home| home.starts_with(&root)),
        root,
        secrets,
        mark: supervision::MARK,
        variables: vec!["FLEET_DIR", "FLEET_LOG"],
        verbs: verbs.collect(),
        neighbours: harnesses.chain(projects).collect(),
    })
}

fn show(report: &Report<'_>, ui: &Ui) {
    let mut table = Table::new([
        "name", "traces", "files", "commits", "refs", "notes", "reflog", "settings", "hooks",
    ]);
    for project in &report.projects {
        let looked = project.search.looked;
        let verdict = match (project.search.traces.len(), project.proven) {
            (0, true) => ("none".to_owned(), Mood::Good),
            (0, false) => ("not proven".to_owned(), Mood::Odd),
            (traces, _) => (traces.to_string(), Mood::Bad),
        };
        let number = |number: u64| (number.to_string(), Mood::Plain);
        table.moody_row([
            (project.name.to_string(), Mood::Plain),
            verdict,
            number(looked.files),
            number(looked.commits),
            number(looked.refs),
            number(looked.notes),
            number(looked.reflog),
            number(looked.settings),
            number(looked.hooks),
        ]);
    }
    ui.result(table);
    for Audited { name, search, .. } in &report.projects {
        for found in &search.traces {
            ui.result(format!("\n{name}: {}", sentence(found)));
        }
        for unread in &search.unread {
            ui.result(format!(
                "\n{name}: {}\n  not read: {}",
                plain(&unread.place),
                plain(&unread.why)
            ));
        }
    }
    for Audited { name, search, .. } in &report.projects {
        for found in &search.mentions {
            ui.status(format!(
                "{name}: a mention, which proves nothing: {}",
                sentence(found)
            ));
        }
        for Unread { place, why } in &search.skipped {
            ui.status(format!(
                "{name}: not looked at: {}, {}",
                plain(place),
                plain(why)
            ));
        }
        if search.unlisted > 0 {
            ui.warn(format!("{name}: {} more of these", search.unlisted));
        }
    }
    ui.status(format!("\n{}", summary(report)));
}

fn sentence(found: &Found) -> String {
    format!(
        "{}\n  {}\n  {}",
        plain(&found.place),
        plain(&found.text),
        found.why
    )
}

fn summary(report: &Report<'_>) -> String {
    let Looked {
        repositories,
        files,
        commits,
        refs,
        others,
        ..
    } = report.looked;
    let counted = [
        (repositories, "repository"),
        (files, "file"),
        (commits, "commit"),
        (refs, "ref"),
        (others, "other file of git's"),
    ];
    let counted: Vec<String> = counted
        .iter()
        .map(|(number, noun)| numbered(*number, noun))
        .collect();
    let traces: usize = report
        .projects
        .iter()
        .map(|it| it.search.traces.len())
        .sum();
    let open = report
        .projects
        .iter()
        .filter(|it| !it.search.unread.is_empty());
    let found = match (traces, open.count()) {
        (0, 0) if report.projects.len() == 1 => "nothing in it knows of this fleet".to_owned(),
        (0, 0) => "nothing in them knows of this fleet".to_owned(),
        (0, open) => format!(
            "no trace was found, but {} could not be read as a whole",
            count(open, "project")
        ),
        (traces, _) => format!("{} of this fleet", count(traces, "trace")),
    };
    let projects = count(report.projects.len(), "project");
    format!("{projects}: {found}; looked at {}", counted.join(", "))
}

fn numbered(number: u64, noun: &str) -> String {
    match (
        number,
        noun.strip_suffix('y'),
        noun.strip_prefix("other file"),
    ) {
        (1, ..) => format!("1 {noun}"),
        (_, Some(stem), _) => format!("{number} {stem}ies"),
        (_, _, Some(rest)) => format!("{number} other files{rest}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Writes somebody else's text so that it does nothing to a terminal.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        // Marks of direction, and letters of no width, would show another text than there is.
        let is_hidden = matches!(
            u32::from(letter),
            0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff
        );
        if letter.is_control() || is_hidden {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_is_shown_and_does_nothing() {
        assert_eq!(plain("a\x1b[2Jb\u{202e}c\né"), "a\\u{1b}[2Jb\\u{202e}c\\né");
    }

    #[test]
    fn things_are_counted_in_words() {
        assert_eq!(numbered(1, "repository"), "1 repository");
        assert_eq!(numbered(2, "repository"), "2 repositories");
        assert_eq!(numbered(0, "other file of git's"), "0 other files of git's");
        assert_eq!(numbered(3, "ref"), "3 refs");
    }
}
