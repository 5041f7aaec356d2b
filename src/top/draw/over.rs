//! What lies over the table: a plan, a question, how a command went; and what is read in the large.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use crate::ui::Mood;

use super::super::errand::Outcome;
use super::super::help::help;
use super::super::model::{Model, Open, Plan, Tab, Text};
use super::super::text::{fit, plain, width, wrapped};
use super::{Pen, asking, head, panel};

/// Draws what is read in the large, with a line that says what it is.
pub(super) fn draw_large(frame: &mut Frame<'_>, area: Rect, model: &mut Model, pen: Pen) {
    let Open::Large(large) = &model.open else {
        return;
    };
    let (title, lines) = large_text(&large.of, model, usize::from(area.width), pen);
    let room = usize::from(area.height.saturating_sub(1));
    let most = lines.len().saturating_sub(room);
    let scroll = large.scroll.min(most);
    let is_from_end = matches!(large.of, Text::Tab) && model.tab == Tab::Lines;
    let skipped = if is_from_end { most - scroll } else { scroll };
    frame.render_widget(
        title,
        Rect {
            height: 1.min(area.height),
            ..area
        },
    );
    draw_lines(
        frame,
        Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        },
        lines,
        skipped,
    );
    (model.page, model.most_scroll) = (room, most);
    if let Open::Large(large) = &mut model.open {
        large.scroll = scroll;
    }
}

/// Returns the title and the lines of a text that has the screen for itself.
fn large_text(
    of: &Text,
    model: &Model,
    columns: usize,
    pen: Pen,
) -> (Line<'static>, Vec<Line<'static>>) {
    match of {
        Text::Tab => (
            panel::rule(model, columns),
            panel::lines(model, columns, pen),
        ),
        Text::Why(name, why) => {
            let text = match why {
                None => "looking ...".to_owned(),
                Some(Ok(sheet)) => sheet.to_width(columns),
                Some(Err(error)) => error.clone(),
            };
            let lines = text.lines().flat_map(|line| wrapped(&plain(line), columns));
            (titled(&format!("fleet why {name}"), columns), raw(lines))
        }
        Text::Notices => {
            let notices = head::notices(model, pen);
            let none = notices
                .is_empty()
                .then(|| "there is nothing to notice".to_owned());
            let lines = notices.into_iter().chain(none);
            (
                titled("notices", columns),
                raw(lines.flat_map(|line| wrapped(&line, columns))),
            )
        }
        Text::Help => {
            let lines = help().into_iter().map(|line| fit(&line, columns));
            (titled("keys", columns), raw(lines))
        }
    }
}

fn titled(title: &str, columns: usize) -> Line<'static> {
    let title = fit(&plain(title), columns.saturating_sub(6));
    let rest = columns.saturating_sub(width(&title) + 4);
    Line::from(vec![
        Span::styled("── ", Pen::faint()),
        Span::styled(title, Pen::strong()),
        Span::styled(format!(" {}", "─".repeat(rest)), Pen::faint()),
    ])
}

fn raw(lines: impl Iterator<Item = String>) -> Vec<Line<'static>> {
    lines.map(Line::raw).collect()
}

/// Draws lines after the first so many.
pub(super) fn draw_lines(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: Vec<Line<'static>>,
    skipped: usize,
) {
    let room = usize::from(area.height);
    for (place, line) in lines.into_iter().skip(skipped).take(room).enumerate() {
        let y = area.y + u16::try_from(place).unwrap_or_default();
        frame.render_widget(
            line,
            Rect {
                y,
                height: 1,
                ..area
            },
        );
    }
}

/// Draws what lies over a part of the table, if anything does.
pub(super) fn draw_over(frame: &mut Frame<'_>, body: Rect, model: &mut Model, pen: Pen) {
    if model.has_outcome_open() {
        draw_outcome(frame, body, model, pen);
        return;
    }
    match &model.open {
        Open::Plan(plan) => {
            let (title, lines, scroll) = plan_lines(plan, text_width(body), pen);
            let (page, most) = draw_box(frame, body, &title, lines, scroll);
            (model.page, model.most_scroll) = (page, most);
        }
        Open::Asking(asking) => asking::draw(frame, body, asking),
        Open::Table | Open::Filter { .. } | Open::Large(_) => {}
    }
}

fn draw_outcome(frame: &mut Frame<'_>, body: Rect, model: &mut Model, pen: Pen) {
    let Some(outcome) = &model.outcome else {
        return;
    };
    let mut lines = said(outcome, text_width(body));
    lines.push(Line::raw(""));
    lines.push(ending(outcome, pen));
    let (page, most) = draw_box(frame, body, &outcome.line, lines, model.outcome_scroll);
    (model.page, model.most_scroll) = (page, most);
}

fn plan_lines(plan: &Plan, columns: usize, pen: Pen) -> (String, Vec<Line<'static>>, usize) {
    let line = plan.errand.line();
    let Some(told) = &plan.told else {
        return (line, vec![Line::raw("finding out what it would do ...")], 0);
    };
    let mut lines = said(told, columns);
    lines.push(Line::raw(""));
    lines.push(if told.is_good() {
        Line::styled("y does it, Esc does not", Pen::strong())
    } else {
        ending(told, pen)
    });
    if told.may_be_done() && !told.is_good() {
        lines.push(Line::styled(
            "y does what can be done, Esc does not",
            Pen::strong(),
        ));
    }
    (line, lines, plan.scroll)
}

fn said(outcome: &Outcome, columns: usize) -> Vec<Line<'static>> {
    let lines = outcome.said.trim_end().lines();
    raw(lines.flat_map(|line| wrapped(&plain(line), columns)))
}

fn ending(outcome: &Outcome, pen: Pen) -> Line<'static> {
    let mood = if outcome.is_good() {
        Mood::Good
    } else {
        Mood::Bad
    };
    Line::styled(outcome.ending(), pen.mood(mood).patch(Pen::strong()))
}

/// How wide a text in a box may be.
pub(super) fn text_width(body: Rect) -> usize {
    usize::from(body.width.saturating_sub(4))
}

/// Draws lines in a box; returns how many are shown, and how far they can be scrolled.
fn draw_box(
    frame: &mut Frame<'_>,
    body: Rect,
    title: &str,
    lines: Vec<Line<'static>>,
    scroll: usize,
) -> (usize, usize) {
    let inside = boxed(frame, body, title, lines.len());
    let room = usize::from(inside.height);
    let most = lines.len().saturating_sub(room);
    draw_lines(frame, inside, lines, scroll.min(most));
    (room, most)
}

/// Draws an empty box at the bottom, with room for so many lines where there is room; returns its inside.
pub(super) fn boxed(frame: &mut Frame<'_>, body: Rect, title: &str, lines: usize) -> Rect {
    let height = u16::try_from(lines + 2)
        .unwrap_or(u16::MAX)
        .min(body.height);
    let area = Rect {
        y: body.bottom() - height,
        height,
        ..body
    };
    let title = fit(&plain(title), usize::from(area.width).saturating_sub(6));
    let block = Block::bordered().title(Line::styled(format!(" {title} "), Pen::strong()));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}
