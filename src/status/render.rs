//! The status for people.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{ProjectReport, Report, Verdict};
use crate::pins::PinWord;
use crate::ui::{Mood, Table, ago, count};

/// Returns the table: a row for each project.
pub(crate) fn table(report: &Report, now: Timestamp) -> Table {
    let mut table = Table::new(["name", "state", "for", "pin", "ref", "reason"]);
    for project in &report.projects {
        let age = project
            .since
            .map(|since| ago(between(since, now)))
            .unwrap_or_default();
        table.moody_row([
            (project.name.to_string(), Mood::Plain),
            (project.verdict.to_string(), mood(project.verdict)),
            (age, Mood::Plain),
            (
                project.pin.word.to_string(),
                if project.pin.word == PinWord::Ok {
                    Mood::Good
                } else {
                    Mood::Odd
                },
            ),
            (project.pin.reference.to_string(), Mood::Plain),
            (reasons(project), Mood::Plain),
        ]);
    }
    table
}

/// Returns one line over all of it, such as "3 projects: 2 up, 1 crashed".
pub(crate) fn summary(report: &Report) -> String {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for project in &report.projects {
        *verdicts.entry(project.verdict.word()).or_default() += 1;
    }
    let counts: Vec<String> = verdicts
        .iter()
        .map(|(verdict, number)| format!("{number} {verdict}"))
        .collect();
    let total = count(report.projects.len(), "project");
    let server = match &report.server.reason {
        Some(why) => format!("; {why}"),
        None => String::new(),
    };
    format!("{total}: {}{server}", counts.join(", "))
}

fn reasons(project: &ProjectReport) -> String {
    let pin = &project.pin;
    let short = |commit: &Option<crate::names::CommitId>| {
        commit
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), |commit| commit.short().to_owned())
    };
    let pin_reason = match pin.word {
        PinWord::Ok => None,
        PinWord::Behind => Some(format!(
            "pinned at {}, fleet.toml wants {}",
            short(&pin.head),
            short(&pin.wanted)
        )),
        PinWord::Staged => Some("a change of the pin is staged".to_owned()),
        PinWord::Moved => Some(format!(
            "the engine is at {}, the pin at {}",
            short(&pin.checkout),
            short(&pin.head)
        )),
        PinWord::Dirty => Some("the engine has changed files".to_owned()),
        PinWord::Skew if pin.running == pin.head => Some("restart to take effect".to_owned()),
        PinWord::Skew => Some(format!(
            "runs {}, pinned at {}; restart to take effect",
            short(&pin.running),
            short(&pin.head)
        )),
        PinWord::Lost => Some("the commit is nowhere to be found".to_owned()),
        PinWord::Missing => Some("there is no engine".to_owned()),
        PinWord::Interrupted => Some("a command was interrupted; run it again".to_owned()),
        PinWord::Unknown => None,
    };
    let parts = [project.reason.clone(), pin_reason, pin.reason.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn mood(verdict: Verdict) -> Mood {
    match verdict {
        Verdict::Up | Verdict::UpByHand => Mood::Good,
        Verdict::Down | Verdict::Finished | Verdict::Disabled => Mood::Plain,
        Verdict::Starting | Verdict::Degraded | Verdict::Unknown => Mood::Odd,
        Verdict::Crashed | Verdict::Parked | Verdict::Missing => Mood::Bad,
    }
}

/// The clock may have been set back since: then nothing has passed.
fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}
