//! The status for people.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;

use super::fold::{Row, rows};
use super::judge::restart_in;
use super::report::{Brake, PinReport};
use super::stray::Stray;
use super::{ProjectReport, Report, Verdict};
use crate::fleet::{Use, warning_of};
use crate::names::{CommitId, Name, Ref};
use crate::pins::PinWord;
use crate::ui::{Mood, Table, ago, clean, count};

/// How many lines of a terminal a reason may take: `fleet why` has the rest.
const BRIEF: usize = 2;
/// How much of a name, and of a ref, is shown on a terminal: the longest ones would leave no room for reasons.
const WIDEST_NAME: usize = 28;
const WIDEST_REFERENCE: usize = 16;

/// Returns the table: a row for each project, and one for many that died of one cause. A project of `asked` is never
/// folded into such a row.
pub(crate) fn table(report: &Report, asked: &[Name], now: Timestamp) -> Table {
    table_of(&rows(report, asked), now)
}

/// Returns the table of these rows.
pub(super) fn table_of(rows: &[Row<'_>], now: Timestamp) -> Table {
    let mut table = Table::new(["name", "state", "for", "pin", "ref", "reason"])
        .brief(BRIEF)
        .narrow("name", WIDEST_NAME)
        .narrow("ref", WIDEST_REFERENCE);
    for row in rows {
        let age = row
            .since()
            .map(|since| ago(between(since, now)))
            .unwrap_or_default();
        let (mood, word) = (mood(row.verdict()), row.pin_word());
        let reason_mood = match mood {
            Mood::Good | Mood::Quiet if word == PinWord::Ok => Mood::Quiet,
            Mood::Good | Mood::Quiet | Mood::Plain | Mood::Odd | Mood::Bad => Mood::Plain,
        };
        table.moody_row([
            (row.name(), Mood::Plain),
            (row.verdict().to_string(), mood),
            (age, Mood::Plain),
            (word.to_string(), pin_mood(word)),
            (row.reference(), Mood::Plain),
            (row.reason(now), reason_mood),
        ]);
    }
    table
}

/// Returns what concerns more than one project, a line each: incidents with their plans, the brake, bad versions in use,
/// and sessions of nobody.
pub(crate) fn notices(report: &Report, now: Timestamp) -> Vec<String> {
    let incidents = report.incidents.iter().map(|incident| incident.line(now));
    let rollout = report.rollout.iter().map(|rollout| rollout.line(now));
    incidents
        .chain(report.brake.line(now))
        .chain(rollout)
        .chain(bad_versions(&report.projects))
        .chain(report.strays.iter().map(Stray::line))
        .map(|line| clean(&line).into_owned())
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

/// Returns one line over all of it, the worst first: "3 projects: 1 crashed, 2 up; pins: 1 behind".
pub(crate) fn summary(report: &Report) -> String {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut pins: BTreeMap<PinWord, usize> = BTreeMap::new();
    for project in &report.projects {
        *verdicts.entry(project.verdict).or_default() += 1;
        let is_there = project.verdict != Verdict::Missing;
        if is_there && project.pin.word != PinWord::Ok {
            *pins.entry(project.pin.word).or_default() += 1;
        }
    }
    let total = count(report.projects.len(), "project");
    let mut parts = vec![match verdicts.is_empty() {
        true => total,
        false => format!("{total}: {}", tally(&verdicts, mood)),
    }];
    // Of one project the table says that.
    if report.projects.len() > 1 && !pins.is_empty() {
        parts.push(format!("pins: {}", tally(&pins, pin_mood)));
    }
    parts.extend(
        report
            .server
            .reason
            .as_deref()
            .map(|why| clean(why).into_owned()),
    );
    parts.join("; ")
}

/// Writes "1 crashed, 2 up", each in its colour.
pub(super) fn tally<K: Copy + Display>(counts: &BTreeMap<K, usize>, mood: fn(K) -> Mood) -> String {
    let words = counts.iter();
    let words = words.map(|(word, number)| mood(*word).paint(&format!("{number} {word}")));
    words.collect::<Vec<_>>().join(", ")
}

/// Returns a ref as a table shows it: of a commit's id the beginning.
pub(crate) fn short_reference(reference: &str) -> String {
    match reference.parse::<CommitId>() {
        Ok(commit) => commit.short().to_owned(),
        Err(_) => reference.to_owned(),
    }
}

/// Returns what there is to say of one project, its pin included.
pub(crate) fn reasons(project: &ProjectReport, now: Timestamp) -> String {
    let pin = &project.pin;
    // Where nothing is there at all, that its engine is not says nothing new.
    let is_there = project.verdict != Verdict::Missing;
    let due = match project.due {
        Some(due) => Some(restart_in(between(now, due))),
        None => project.due().map(str::to_owned),
    };
    let parts = [
        project.reason.clone(),
        due,
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
        PinWord::Interrupted => Some("a command was interrupted".to_owned()),
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
        Verdict::Finished => Mood::Plain,
        Verdict::Down | Verdict::Disabled => Mood::Quiet,
        Verdict::Starting | Verdict::Degraded | Verdict::Unknown => Mood::Odd,
        Verdict::Crashed | Verdict::Parked | Verdict::Missing => Mood::Bad,
    }
}

/// Returns how a pin word is to be felt.
pub(crate) fn pin_mood(word: PinWord) -> Mood {
    match word {
        PinWord::Ok => Mood::Quiet,
        PinWord::Behind | PinWord::Skew | PinWord::Staged | PinWord::Moved | PinWord::Dirty => {
            Mood::Odd
        }
        PinWord::Unknown => Mood::Odd,
        PinWord::Missing | PinWord::Lost | PinWord::Interrupted => Mood::Bad,
    }
}

/// The clock may have been set back since: then nothing has passed.
pub(crate) fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}
