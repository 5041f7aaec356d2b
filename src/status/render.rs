//! The status for people.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::fold::rows;
use super::report::{Brake, PinReport};
use super::rollout::RollOutReport;
use super::stray::Stray;
use super::{ProjectReport, Report, Verdict};
use crate::fleet::{Use, warning_of};
use crate::names::{Name, Ref};
use crate::pins::PinWord;
use crate::ui::{Mood, Table, ago, count};

/// Returns the table: a row for each project, and one for many that died of one cause. A project of `asked` is never
/// folded into such a row.
pub(crate) fn table(report: &Report, asked: &[Name], now: Timestamp) -> Table {
    let mut table = Table::new(["name", "state", "for", "pin", "ref", "reason"]);
    for row in rows(report, asked) {
        let age = row
            .since()
            .map(|since| ago(between(since, now)))
            .unwrap_or_default();
        let word = row.pin_word();
        table.moody_row([
            (row.name(), Mood::Plain),
            (row.verdict().to_string(), mood(row.verdict())),
            (age, Mood::Plain),
            (
                word.to_string(),
                if word == PinWord::Ok {
                    Mood::Good
                } else {
                    Mood::Odd
                },
            ),
            (row.reference(), Mood::Plain),
            (row.reason(), Mood::Plain),
        ]);
    }
    table
}

/// Returns what concerns more than one project, a line each: incidents with their plans, the brake, bad versions in use,
/// and sessions of nobody.
pub(crate) fn notices(report: &Report, now: Timestamp) -> Vec<String> {
    let incidents = report.incidents.iter().map(|incident| incident.line(now));
    let rollout = report.rollout.iter().map(RollOutReport::line);
    incidents
        .chain(report.brake.line(now))
        .chain(rollout)
        .chain(bad_versions(&report.projects))
        .chain(report.strays.iter().map(Stray::line))
        .collect()
}

fn bad_versions(projects: &[ProjectReport]) -> Vec<String> {
    let mut users: BTreeMap<(&Name, &Ref, Use), Vec<&Name>> = BTreeMap::new();
    for project in projects {
        if let Some(bad) = &project.pin.bad {
            let harness = &project.harness.name;
            let how = project.pin.bad_use;
            users
                .entry((harness, bad, how))
                .or_default()
                .push(&project.name);
        }
    }
    let warnings = users.into_iter();
    warnings
        .map(|((harness, bad, how), names)| warning_of(harness, bad, how, &names))
        .collect()
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

/// Returns what there is to say of one project, its pin included.
pub(crate) fn reasons(project: &ProjectReport) -> String {
    let pin = &project.pin;
    // Where nothing is there at all, that its engine is not says nothing new.
    let is_there = project.verdict != Verdict::Missing;
    let parts = [
        project.reason.clone(),
        project.due().map(str::to_owned),
        pin_reason(pin).filter(|_| is_there),
        pin.reason.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Says what is out of order with a pin, beside what cannot be read.
pub(super) fn pin_reason(pin: &PinReport) -> Option<String> {
    let short = |commit: &Option<crate::names::CommitId>| {
        commit
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), |commit| commit.short().to_owned())
    };
    match pin.word {
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
        PinWord::Interrupted => {
            Some("a command was interrupted; run it again, or `fleet update NAME`".to_owned())
        }
        PinWord::Unknown if pin.reason.is_none() && pin.wanted.is_none() => Some(format!(
            "fleet.toml does not say which commit {} stood for",
            pin.reference
        )),
        PinWord::Unknown => None,
    }
}

impl Brake {
    /// Says that it is on, and what takes it off; or that it cannot be told.
    pub(crate) fn line(&self, now: Timestamp) -> Option<String> {
        if self.engaged == Some(false) {
            return None;
        }
        let reason = self.reason.clone().unwrap_or_default();
        if self.engaged.is_none() {
            return Some(reason);
        }
        let age = self
            .since
            .map(|since| format!(" for {}", ago(between(since, now))))
            .unwrap_or_default();
        Some(format!(
            "the brake is on{age}: {reason}; `fleet go` takes it off"
        ))
    }
}

/// Returns how a verdict is to be felt.
pub(crate) fn mood(verdict: Verdict) -> Mood {
    match verdict {
        Verdict::Up | Verdict::UpByHand => Mood::Good,
        Verdict::Down | Verdict::Finished | Verdict::Disabled => Mood::Plain,
        Verdict::Starting | Verdict::Degraded | Verdict::Unknown => Mood::Odd,
        Verdict::Crashed | Verdict::Parked | Verdict::Missing => Mood::Bad,
    }
}

/// The clock may have been set back since: then nothing has passed.
pub(crate) fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}
