//! The first lines and the last: what concerns all projects, and the keys that work now.

use anstream::adapter::strip_str;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};

use crate::status::{Report, between, notices as notices_of, summary};
use crate::ui::{ago, count};

use super::super::help::keys_now;
use super::super::model::{Model, Open};
use super::super::text::{fit, plain, width};
use super::Pen;

/// Returns the first line: the fleet, how many projects are how, and how they are shown.
pub(super) fn head(model: &Model, pen: Pen, columns: u16) -> Line<'static> {
    let Some(report) = &model.report else {
        return Line::raw("fleet");
    };
    let columns = usize::from(columns);
    let name = fit(&plain(&report.fleet), columns / 3);
    let left = format!("  {}", plain(&strip_str(&summary(report)).to_string()));
    let used = width(&name) + width(&left);
    let right = right(model, report, pen.now, columns.saturating_sub(used + 2));
    let left = fit(&left, columns.saturating_sub(width(&name) + width(&right)));
    let gap = columns.saturating_sub(width(&name) + width(&left) + width(&right));
    Line::from(vec![
        Span::styled(name, Pen::strong().patch(pen.coloured(Color::Cyan))),
        Span::raw(left),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, Pen::faint()),
    ])
}

/// Returns what stands at the right, as far as there is room for it: what matters most is left out last.
fn right(model: &Model, report: &Report, now: Timestamp, room: usize) -> String {
    let mut parts = Vec::new();
    if !model.filter.is_empty() && !matches!(model.open, Open::Filter { .. }) {
        parts.push(format!("filter `{}`", plain(&model.filter)));
    }
    if !model.marked.is_empty() {
        parts.push(format!("{} marked", model.marked.len()));
    }
    let order = match model.is_reversed {
        true => ", reversed",
        false => "",
    };
    parts.push(format!("by {}{order}", model.sort.column().to_lowercase()));
    parts.extend(server(report, now));
    while parts.len() > 1 && width(&parts.join(", ")) > room {
        parts.pop();
    }
    let parts = parts.join(", ");
    match model.filter.is_empty() && width(&parts) > room {
        true => String::new(),
        false => fit(&parts, room),
    }
}

fn server(report: &Report, now: Timestamp) -> Option<String> {
    let server = &report.server;
    match (server.alive, server.since) {
        (Some(true), Some(since)) => Some(format!("server up {}", ago(between(since, now)))),
        (Some(true), None) => Some("server up".to_owned()),
        (Some(false), _) => Some("no server".to_owned()),
        (None, _) => None,
    }
}

/// Returns what concerns more than one project.
pub(super) fn notices(model: &Model, pen: Pen) -> Vec<String> {
    let of_report = model
        .report
        .iter()
        .flat_map(|report| notices_of(report, pen.now));
    let all = model.trouble.iter().cloned().chain(of_report);
    all.map(|notice| plain(&notice)).collect()
}

/// Draws as many of the notices as there is room for, and says how many there are.
pub(super) fn draw_notices(frame: &mut Frame<'_>, area: Rect, notices: &[String], pen: Pen) {
    let lines = usize::from(area.height);
    let style = Pen::strong().patch(pen.coloured(Color::Yellow));
    for (place, notice) in notices.iter().take(lines).enumerate() {
        let left = notices.len() - lines;
        let is_last = place + 1 == lines;
        let rest = match left {
            0 => String::new(),
            left if is_last => format!(" (and {}: n)", count(left, "more notice")),
            _ => String::new(),
        };
        let room = usize::from(area.width).saturating_sub(width(&rest) + 2);
        let line = format!("! {}{rest}", fit(notice, room));
        let row = area.y + u16::try_from(place).unwrap_or_default();
        frame.render_widget(
            Line::styled(line, style),
            Rect {
                y: row,
                height: 1,
                ..area
            },
        );
    }
}

/// Returns what stands above the keys, and whether something is typed there.
pub(super) fn message(model: &Model) -> (Option<String>, bool) {
    if let Open::Filter { .. } = model.open {
        return (Some(format!("/{}", plain(&model.filter))), true);
    }
    if let Some(word) = &model.word {
        return (Some(plain(word)), false);
    }
    if let Some(line) = &model.running {
        return (Some(format!("{} ... is being done", plain(line))), false);
    }
    let outcome = model.outcome.as_ref();
    let said = outcome.map(|outcome| {
        let said = outcome.said.trim();
        let said = if said.is_empty() { "done" } else { said };
        format!("{}: {}", plain(&outcome.line), plain(said))
    });
    (said.filter(|_| !model.has_outcome_open()), false)
}

/// Returns the keys that work now, as many as there is room for.
pub(super) fn keys(model: &Model, columns: u16) -> Line<'static> {
    let mut spans = Vec::new();
    let mut left = usize::from(columns);
    for (key, word) in keys_now(model) {
        let taken = width(&key) + width(&word) + 3;
        if taken > left + 2 {
            break;
        }
        left = left.saturating_sub(taken);
        spans.push(Span::styled(key, Pen::strong()));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!("{word}  "), Pen::faint()));
    }
    Line::from(spans)
}
