//! The status as one page of a terminal, for who watches it.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::{Effects, Style};
use jiff::Timestamp;

use super::fold::{Row, rows};
use super::render::{between, mood, notices, summary, table_of, tally};
use super::{Report, Verdict, hints, urgency};
use crate::names::Name;
use crate::ui::{Mood, Size, clean, cut, cut_coloured, wrapped};

const TITLE: Style = Style::new().effects(Effects::BOLD);

/// How many lines a notice or a hint may take.
const BRIEF: usize = 3;
/// Which part of the page notices and hints may take together: one in so many lines.
const FOOT: usize = 3;
/// Beyond the moment when an age changes, so that it has.
const SLACK: Duration = Duration::from_millis(10);

/// What is shown of a status.
#[derive(Debug)]
pub(crate) struct Page {
    /// As many as the terminal has at most, each no wider than it.
    pub(crate) lines: Vec<String>,
    /// After which time something of it is another text, though nothing has happened.
    pub(crate) next: Option<Duration>,
}

/// What a page is made of.
pub(crate) struct Shown<'a> {
    pub(crate) report: &'a Report,
    /// Projects that have a row of their own.
    pub(crate) asked: &'a [Name],
    /// Whether the report is of all projects of the fleet.
    pub(crate) is_whole: bool,
    /// Why it may not be what is true.
    pub(crate) trouble: Option<&'a str>,
}

/// Lays a page out. Where not all rows have room, the worst are shown, and a line says how many are not.
pub(crate) fn page(shown: &Shown<'_>, now: Timestamp, size: Size) -> Page {
    let report = shown.report;
    let rows = rows(report, shown.asked);
    let mut lines = vec![
        cut_coloured(
            &format!("{TITLE}{}{TITLE:#}  {}", report.fleet, summary(report)),
            size.columns,
        ),
        String::new(),
    ];
    let foot = foot(shown, now, size);
    let room = size.lines.saturating_sub(lines.len() + foot.len());
    let mut visible = Vec::new();
    if !rows.is_empty() {
        let laid_out = table_of(&rows, now).laid_out(Some(size.columns));
        visible = which(&rows, &laid_out.rows, room.saturating_sub(1));
        lines.push(laid_out.header);
        let of_rows = visible.iter().flat_map(|at| laid_out.rows[*at].clone());
        lines.extend(of_rows);
        lines.extend(rest(&rows, &visible).map(|rest| cut_coloured(&rest, size.columns)));
    }
    lines.extend(foot);
    lines.truncate(size.lines);
    for line in &mut lines {
        // Of a terminal that has no room for the columns the left part is shown.
        *line = cut_coloured(line, size.columns);
    }
    let visible = visible.iter().map(|at| &rows[*at]);
    let next = next_change(report, visible, now);
    Page { lines, next }
}

/// Returns what stands under the table, after an empty line.
fn foot(shown: &Shown<'_>, now: Timestamp, size: Size) -> Vec<String> {
    let notices = notices(shown.report, now);
    let hints = hints(shown.report, shown.is_whole, &notices);
    let trouble = shown.trouble.map(|trouble| clean(trouble).into_owned());
    let warnings = trouble.into_iter().chain(notices);
    let warnings = warnings.map(|text| (Mood::Odd, "warning: ", text));
    let all = warnings.chain(hints.into_iter().map(|text| (Mood::Good, "hint: ", text)));
    let mut lines = Vec::new();
    for (mood, label, text) in all {
        let room = size.columns.saturating_sub(label.len());
        let mut parts = wrapped(&text, room);
        if parts.len() > BRIEF {
            let rest = parts.split_off(BRIEF - 1).join(" ");
            parts.push(cut(&rest, room).into_owned());
        }
        if lines.len() + parts.len() > size.lines / FOOT {
            break;
        }
        let indent = " ".repeat(label.len());
        for (number, part) in parts.iter().enumerate() {
            lines.push(match number {
                0 => format!("{}{part}", mood.paint(label)),
                _ => format!("{indent}{part}"),
            });
        }
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

/// Returns which rows are shown in so many lines, in the order in which they are: all, or the worst ones, with a line left
/// that says how many are not.
fn which(rows: &[Row<'_>], lines: &[Vec<String>], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    if lines.iter().map(Vec::len).sum::<usize>() <= room {
        return order;
    }
    order.sort_by_key(|at| rows[*at].projects().first().map(|one| urgency(one)));
    let mut left = room.saturating_sub(1);
    let fits = |at: &usize| {
        let fits = lines[*at].len() <= left;
        left = left.saturating_sub(lines[*at].len());
        fits
    };
    order.into_iter().take_while(fits).collect()
}

/// Says how many projects are not shown, and how they are.
fn rest(rows: &[Row<'_>], visible: &[usize]) -> Option<String> {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if !visible.contains(&at) {
            *verdicts.entry(row.verdict()).or_default() += row.projects().len();
        }
    }
    let number: usize = verdicts.values().sum();
    (number > 0).then(|| format!("{number} more: {}", tally(&verdicts, mood)))
}

/// Returns after which time an age, or a time that is left, is another word.
fn next_change<'a>(
    report: &Report,
    rows: impl Iterator<Item = &'a Row<'a>>,
    now: Timestamp,
) -> Option<Duration> {
    let mut ages: Vec<Timestamp> = report.incidents.iter().filter_map(|it| it.since).collect();
    ages.extend(report.brake.since);
    let mut ends: Vec<Timestamp> = report.rollout.iter().filter_map(|it| it.until).collect();
    for row in rows {
        ages.extend(row.since());
        if let [only] = row.projects() {
            ends.extend(only.due);
        }
    }
    let of_ages = ages.into_iter().map(|since| {
        // The clock may have been set back.
        let ahead = between(now, since);
        ahead + until_older(between(since, now))
    });
    let of_ends = ends.into_iter().filter_map(|end| {
        let left = between(now, end);
        (!left.is_zero()).then(|| until_sooner(left))
    });
    Some(of_ages.chain(of_ends).min()? + SLACK)
}

/// Returns after how long a time that is left is told by another word: see [`crate::ui::seconds`].
fn until_sooner(left: Duration) -> Duration {
    const SECOND: Duration = Duration::from_secs(1);
    match left.checked_sub(Duration::from_secs(120)) {
        None => left.min(SECOND),
        // Minutes are rounded.
        Some(in_minutes) => {
            let over = (left.as_millis() + 30_000) % 60_000;
            let over = Duration::from_millis(u64::try_from(over).unwrap_or(0));
            over.min(in_minutes).max(SECOND)
        }
    }
}

/// Returns how long after this age it is told by another word: see [`crate::ui::ago`].
fn until_older(age: Duration) -> Duration {
    let unit = match age.as_secs() {
        0..60 => 1,
        60..3600 => 60,
        3600..86400 => 3600,
        86400.. => 86400,
    };
    Duration::from_secs((age.as_secs() / unit + 1) * unit) - age
}

#[cfg(test)]
mod tests;
