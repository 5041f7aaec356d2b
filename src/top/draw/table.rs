//! The table of the projects.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::names::Name;
use crate::status::{ProjectReport, between, mood, pin_mood, reasons, short_reference};
use crate::ui::{Mood, ago, count};

use super::super::model::Model;
use super::super::text::{fit, plain, width};
use super::Pen;

/// What stands between two columns.
const GAP: usize = 2;
/// No name is shown wider than this, and no ref than that: the longest ones would leave no room for reasons.
const WIDEST: usize = 28;
const WIDEST_REFERENCE: usize = 16;
/// In how narrow a place a reason says anything.
const NARROWEST: usize = 16;
/// The columns before the reason, and which of them give way to it first.
const TITLES: [&str; 6] = ["NAME", "STATE", "FOR", "PIN", "REF", "REASON"];
const GIVE_WAY: [usize; 2] = [4, 3];

/// A row: its cells, and how each is to be felt.
type Cells = [(String, Mood); 6];

/// Draws the rows around the selected one.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &mut Model, pen: Pen) {
    let height = usize::from(area.height.saturating_sub(1));
    model.rows = height;
    let place = model.place;
    let first = model
        .first_row
        .min(place)
        .max((place + 1).saturating_sub(height));
    let shown = model.shown();
    // No row is left empty below while there are more above.
    let first = first.min(shown.len().saturating_sub(height));
    let visible: Vec<&ProjectReport> = shown.iter().copied().skip(first).take(height).collect();
    if visible.is_empty() {
        frame.render_widget(Line::styled(nothing(model), Pen::faint()), below_head(area));
    }
    let rows: Vec<Cells> = visible.iter().map(|project| cells(project, pen)).collect();
    // Widths follow from all rows, so that they stay while the table is scrolled.
    let widths = widths(&shown, &rows, usize::from(area.width));
    if !visible.is_empty() {
        frame.render_widget(titles(model, &widths), Rect { height: 1, ..area });
    }
    for (line, (project, cells)) in visible.iter().zip(&rows).enumerate() {
        let is_selected = Some(&project.name) == model.selected.as_ref();
        let row = Rect {
            y: area.y + 1 + u16::try_from(line).unwrap_or_default(),
            height: 1,
            ..area
        };
        frame.render_widget(
            painted(project, cells, &widths, is_selected, &model.marked, pen),
            row,
        );
    }
    model.first_row = first;
}

fn below_head(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: 1.min(area.height),
    }
}

/// Says why there is no row.
fn nothing(model: &Model) -> String {
    match &model.report {
        None => "looking at the fleet ...".to_owned(),
        Some(report) if report.projects.is_empty() && model.registered > 0 => {
            let all = count(model.registered, "project");
            format!("none of {all} is chosen: leave it with q, and choose others")
        }
        Some(report) if report.projects.is_empty() => {
            "no project is registered: `fleet create NAME` makes one".to_owned()
        }
        Some(_) => format!("nothing matches `{}`: Esc clears it", plain(&model.filter)),
    }
}

fn cells(project: &ProjectReport, pen: Pen) -> Cells {
    let age = project.since.map(|since| ago(between(since, pen.now)));
    [
        (plain(project.name.as_str()), Mood::Plain),
        (project.verdict.to_string(), mood(project.verdict)),
        (age.unwrap_or_default(), Mood::Plain),
        (project.pin.word.to_string(), pin_mood(project.pin.word)),
        (
            plain(&short_reference(project.pin.reference.as_str())),
            Mood::Plain,
        ),
        (plain(&reasons(project, pen.now)), Mood::Plain),
    ]
}

/// Returns how wide each column is; 0: it is left out.
fn widths(shown: &[&ProjectReport], rows: &[Cells], columns: usize) -> [usize; 6] {
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).min(WIDEST);
    let mut widths = [0; 6];
    widths[0] = widest(&mut shown.iter().map(|it| width(it.name.as_str())));
    widths[1] = widest(&mut shown.iter().map(|it| it.verdict.word().len()));
    widths[2] = 4;
    widths[3] = widest(&mut shown.iter().map(|it| it.pin.word.to_string().len()));
    let reference = |it: &&ProjectReport| width(&short_reference(it.pin.reference.as_str()));
    widths[4] = widest(&mut shown.iter().map(reference)).min(WIDEST_REFERENCE);
    for (width, title) in widths.iter_mut().zip(TITLES).take(5) {
        *width = (*width).max(title.len());
    }
    let has_reasons = rows.iter().any(|row| !row[5].0.is_empty());
    let wanted = if has_reasons { NARROWEST } else { 0 };
    for column in GIVE_WAY {
        if left(&widths, columns) < wanted {
            widths[column] = 0;
        }
    }
    if left(&widths, columns) < wanted {
        // The selected project's reason is told beside or below.
        widths[0] = widths[0].min(16);
    }
    widths[5] = left(&widths, columns);
    widths
}

/// Returns how many columns are left for the reason.
fn left(widths: &[usize; 6], columns: usize) -> usize {
    let used: usize = widths[..5]
        .iter()
        .filter(|width| **width > 0)
        .map(|width| width + GAP)
        .sum();
    columns.saturating_sub(used + 2)
}

fn titles(model: &Model, widths: &[usize; 6]) -> Line<'static> {
    let mut spans = vec![Span::raw("  ")];
    for (title, width) in TITLES.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let mut style = Pen::faint();
        if *title == model.sort.column() {
            style = Pen::strong().add_modifier(Modifier::UNDERLINED);
        }
        let padding = (width + GAP).saturating_sub(title.len());
        spans.push(Span::styled(fit(title, *width), style));
        spans.push(Span::raw(" ".repeat(padding)));
    }
    Line::from(spans)
}

fn painted(
    project: &ProjectReport,
    cells: &Cells,
    widths: &[usize; 6],
    is_selected: bool,
    marked: &BTreeSet<Name>,
    pen: Pen,
) -> Line<'static> {
    let pointer = if is_selected { ">" } else { " " };
    let mark = if marked.contains(&project.name) {
        "*"
    } else {
        " "
    };
    let mut spans = vec![Span::raw(format!("{pointer}{mark}"))];
    for ((text, mood), columns) in cells.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let text = fit(text, *columns);
        let padding = columns + GAP - width(&text);
        spans.push(Span::styled(text, pen.mood(*mood)));
        spans.push(Span::raw(" ".repeat(padding)));
    }
    let style = if is_selected {
        Style::new().add_modifier(Modifier::REVERSED)
    } else {
        Style::new()
    };
    Line::from(spans).style(style)
}
