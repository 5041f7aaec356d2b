//! `fleet harness refs`: the versions of harnesses, and who uses which.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::commands::print_json;
use crate::fleet::Fleet;
use crate::names::{CommitId, Name};
use crate::pins::{Kind, Version};
use crate::ui::{Mood, Table, Ui, count};

use super::known::{Known, Using, age};
use super::row::{Behind, Row, User};

/// How many tags and how many branches are shown, beside those that are used or marked.
const SHOWN: usize = 10;

/// Who has been asked within this time need not be asked for what is new.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// The versions of several harnesses, for people and for programs.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    harnesses: Vec<Offered>,
}

/// The versions of one harness. Fields may be added; none changes its meaning.
#[derive(Debug, Serialize)]
struct Offered {
    name: Name,
    /// When it was last asked for what is new; null where it never was, or nobody knows.
    fetched: Option<Timestamp>,
    /// Tags, the newest first; branches; then what is used and is neither.
    refs: Vec<Row>,
    /// How many tags and branches have names that nobody could type.
    nameless: usize,
}

/// Prints the versions of harnesses. Asks no network.
pub(super) fn refs(
    fleet: &Fleet,
    names: &[Name],
    is_whole: bool,
    as_json: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    ui.waiting("reading versions");
    let known = Known::of(fleet, names)?;
    let report = Report {
        schema: 1,
        harnesses: known.iter().map(offered).collect(),
    };
    if as_json {
        return print_json(&report, ui);
    }
    for (place, (known, offered)) in known.iter().zip(&report.harnesses).enumerate() {
        if place > 0 {
            ui.result("");
        }
        show(known, offered, is_whole, ui);
    }
    let now = Timestamp::now();
    let is_asked = |offered: &Offered| {
        let since = offered.fetched.map(|fetched| now.duration_since(fetched));
        since.is_some_and(|since| since < FRESH)
    };
    if !report.harnesses.iter().all(is_asked) {
        ui.hint("`fleet harness fetch` asks for what is new");
    }
    Ok(())
}

fn show(known: &Known<'_>, offered: &Offered, is_whole: bool, ui: &Ui) {
    let name = &offered.name;
    let asked = match offered.fetched {
        Some(fetched) => format!(", asked {} ago", age(fetched)),
        None => String::new(),
    };
    ui.result(format!("{name}: {}{asked}", known.place()));
    let (shown, left) = cut(&offered.refs, is_whole);
    let mut table = Table::new(["version", "commit", "behind", "marks", "who"]);
    for row in shown {
        let is_odd = row
            .marks
            .iter()
            .any(|mark| !["default", "newest"].contains(mark));
        table.moody_row([
            (row.name(), Mood::Plain),
            (
                row.commit.as_ref().map_or("", CommitId::short).to_owned(),
                Mood::Plain,
            ),
            (row.distance(), Mood::Plain),
            (
                row.marks.join(", "),
                if is_odd { Mood::Odd } else { Mood::Plain },
            ),
            (row.who(), Mood::Plain),
        ]);
    }
    if !offered.refs.is_empty() {
        ui.result(table);
    }
    if left > 0 {
        ui.status(format!(
            "and {left} more: `fleet harness refs {name} --all`"
        ));
    }
    if offered.nameless > 0 {
        let refs = count(offered.nameless, "ref");
        ui.warn(format!("{name}: {refs} with a name that nobody could type"));
    }
    if known.mirror.is_none() {
        ui.warn(format!(
            "{name}: there is no copy of it: `fleet harness fetch {name}` makes one"
        ));
    }
}

/// Chooses what to show where there is much: what is used or marked, and of the others the first.
fn cut(rows: &[Row], is_whole: bool) -> (Vec<&Row>, usize) {
    let mut room = std::collections::HashMap::new();
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| {
            let left = room.entry(row.kind).or_insert(SHOWN);
            let fits = *left > 0;
            *left = left.saturating_sub(1);
            is_whole || fits || !row.used_by.is_empty() || !row.marks.is_empty()
        })
        .collect();
    let left = rows.len() - shown.len();
    (shown, left)
}

fn offered(known: &Known<'_>) -> Offered {
    let mut refs: Vec<Row> = known.versions.all.iter().map(Row::of).collect();
    for user in &known.users {
        place(&mut refs, user);
    }
    for row in &mut refs {
        row.marks = marks(known, row);
        if !row.used_by.is_empty() {
            row.behind = behind(known, row);
        }
    }
    Offered {
        name: known.harness.name.clone(),
        fetched: known.fetched(),
        refs,
        nameless: known.versions.nameless,
    }
}

/// Notes a project at what fleet.toml names, and at what it pins where that is something else.
fn place(rows: &mut Vec<Row>, user: &Using<'_>) {
    let project = user.project;
    let named = rows
        .iter()
        .position(|row| row.is_called(&project.reference))
        .unwrap_or_else(|| {
            rows.push(Row::used(&project.reference, project.commit.as_ref()));
            rows.len() - 1
        });
    let of = |by| User {
        project: project.name.clone(),
        by,
    };
    let Some(pin) = &user.pin else {
        rows[named].used_by.push(of("ref"));
        return;
    };
    if rows[named]
        .commit
        .as_ref()
        .is_none_or(|commit| commit == pin)
    {
        rows[named].used_by.push(of("both"));
        return;
    }
    rows[named].used_by.push(of("ref"));
    let pinned = rows
        .iter()
        .position(|row| row.commit.as_ref() == Some(pin))
        .or_else(|| {
            let name = pin.short().parse().ok()?;
            rows.push(Row::used(&name, Some(pin)));
            Some(rows.len() - 1)
        });
    if let Some(pinned) = pinned {
        rows[pinned].used_by.push(of("pin"));
    }
}

fn marks(known: &Known<'_>, row: &Row) -> Vec<&'static str> {
    let harness = known.harness;
    let version = known.versions.all.iter().find(|it| row.is(it));
    let newest = known.good_tags().next();
    let is_gone = match (version, &row.commit, &known.mirror) {
        (Some(version), _, _) => version.is_gone,
        // A commit that no branch or tag leads to any more, or a ref that is no more.
        (None, Some(commit), Some(mirror)) => {
            row.kind.is_none() || !mirror.publishes(commit).unwrap_or(true)
        }
        (None, None, Some(_)) => true,
        (None, _, None) => false,
    };
    let is_bad = known.is_bad(&row.version, version.map(|it| it.kind), row.commit.as_ref());
    let marks = [
        (
            harness.default_ref.as_ref() == Some(&row.version),
            "default",
        ),
        (newest.is_some_and(|newest| row.is(newest)), "newest"),
        (is_bad, "bad"),
        (row.moved_to.is_some(), "moved upstream"),
        (is_gone, "gone upstream"),
    ];
    marks
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, mark)| mark)
        .collect()
}

fn behind(known: &Known<'_>, row: &Row) -> Option<Behind> {
    let (newest, commit) = (known.good_tags().next()?, row.commit.as_ref()?);
    let commits = known
        .mirror
        .as_ref()?
        .commits_between(commit, &newest.commit)?;
    let order = |wanted: &Version| {
        known
            .versions
            .all
            .iter()
            .position(|it| it.name == wanted.name)
    };
    let own = known
        .versions
        .all
        .iter()
        .position(|it| it.kind == Kind::Tag && row.is(it));
    let versions = own.map(|own| {
        known
            .good_tags()
            .filter(|tag| order(tag) < Some(own))
            .count()
    });
    Some(Behind { versions, commits })
}
