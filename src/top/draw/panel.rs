//! The selected project, beside or below the table: its facts, its last lines, its history.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::ui::Mood;

use super::super::model::{Model, Tab};
use super::super::text::{fit, plain, width, wrapped};
use super::Pen;
use super::facts::facts;

/// How wide the labels of facts are.
const LABEL: usize = 9;

/// Draws as much of it as there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, pen: Pen) {
    let [title, body] = ratatui::layout::Layout::vertical([
        ratatui::layout::Constraint::Length(1),
        ratatui::layout::Constraint::Min(0),
    ])
    .areas(area);
    frame.render_widget(rule(model, usize::from(title.width)), title);
    let lines = lines(model, usize::from(body.width), pen);
    let room = usize::from(body.height);
    // Of what grows the end is shown.
    let skipped = match model.tab {
        Tab::Lines => lines.len().saturating_sub(room),
        Tab::Facts | Tab::History => 0,
    };
    for (place, line) in lines.into_iter().skip(skipped).take(room).enumerate() {
        let y = body.y + u16::try_from(place).unwrap_or_default();
        frame.render_widget(
            line,
            Rect {
                y,
                height: 1,
                ..body
            },
        );
    }
}

/// Returns the line above it: whose it is, and what else there is to see.
pub(super) fn rule(model: &Model, columns: usize) -> Line<'static> {
    let name = model.selected.as_ref().map_or("", |name| name.as_str());
    let terminal = match &model.lines {
        Some((of, lines)) if model.tab == Tab::Lines && of.as_str() == name => {
            match (lines.terminals.len(), lines.terminals.get(lines.place)) {
                (2.., Some(terminal)) => format!(
                    "/{} ({} of {})",
                    plain(terminal),
                    lines.place + 1,
                    lines.terminals.len()
                ),
                _ => String::new(),
            }
        }
        Some(_) | None => String::new(),
    };
    let mut spans = vec![
        Span::styled("── ", Pen::faint()),
        Span::styled(
            fit(&format!("{}{terminal}", plain(name)), columns / 2),
            Pen::strong(),
        ),
        Span::raw(" "),
    ];
    for (place, tab) in Tab::ALL.into_iter().enumerate() {
        let style = if tab == model.tab {
            Pen::strong().add_modifier(Modifier::UNDERLINED)
        } else {
            Pen::faint()
        };
        spans.push(Span::raw(" "));
        spans.push(Span::styled(
            format!("{} {}", place + 1, tab.title()),
            style,
        ));
        spans.push(Span::raw(" "));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let rest = columns.saturating_sub(used + 1);
    spans.push(Span::styled(format!(" {}", "─".repeat(rest)), Pen::faint()));
    Line::from(spans)
}

/// Returns all lines of what is shown of the selected project.
pub(super) fn lines(model: &Model, columns: usize, pen: Pen) -> Vec<Line<'static>> {
    if model.current().is_none() {
        return Vec::new();
    }
    match model.tab {
        Tab::Facts => fact_lines(model, columns, pen),
        Tab::Lines => last_lines(model, columns),
        Tab::History => history(model, columns, pen),
    }
}

fn fact_lines(model: &Model, columns: usize, pen: Pen) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for fact in model.current().map(|it| facts(it, pen)).unwrap_or_default() {
        let mut label = format!("{:<LABEL$}", fact.about);
        for part in wrapped(&fact.says, columns.saturating_sub(LABEL)) {
            lines.push(Line::from(vec![
                Span::styled(label, Pen::faint()),
                Span::styled(part, pen.mood(fact.mood)),
            ]));
            label = " ".repeat(LABEL);
        }
    }
    lines
}

fn last_lines(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let faint = |text: &str| vec![Line::styled(fit(&plain(text), columns), Pen::faint())];
    let of_selected = model
        .lines
        .as_ref()
        .filter(|(name, _)| Some(name) == model.selected.as_ref());
    match of_selected {
        None => faint("asking tmux ..."),
        Some((_, lines)) => match &lines.trouble {
            Some(trouble) => faint(trouble),
            None if lines.lines.is_empty() => faint("nothing was printed"),
            None => {
                let broken = lines
                    .lines
                    .iter()
                    .flat_map(|line| wrapped(&plain(line), columns));
                broken.map(Line::raw).collect()
            }
        },
    }
}

fn history(model: &Model, columns: usize, pen: Pen) -> Vec<Line<'static>> {
    let faint = |text: &str| vec![Line::styled(fit(&plain(text), columns), Pen::faint())];
    let of_selected = model
        .history
        .as_ref()
        .filter(|(name, _)| Some(name) == model.selected.as_ref());
    let events = match of_selected {
        None => return faint("reading the trail ..."),
        Some((_, Err(why))) => return faint(why),
        Some((_, Ok(events))) if events.is_empty() => {
            return faint("the trail says nothing of it");
        }
        Some((_, Ok(events))) => events,
    };
    let widest = |text: fn(&super::super::model::Happened) -> &str| {
        events.iter().map(|it| width(text(it))).max().unwrap_or(0)
    };
    let (time, what) = (widest(|it| &it.at), widest(|it| &it.what).min(20));
    let margin = time + what + 4;
    let mut lines = Vec::new();
    // What has happened last comes first.
    for event in events.iter().rev() {
        let details = match event.details.is_empty() {
            true => plain(&event.who),
            false => format!("{} [{}]", plain(&event.details), plain(&event.who)),
        };
        let what_shown = fit(&plain(&event.what), what);
        let padding = " ".repeat(what.saturating_sub(width(&what_shown)) + 2);
        let mut head = vec![
            Span::styled(format!("{:<time$}  ", event.at), Pen::faint()),
            Span::styled(
                what_shown,
                pen.mood(if event.mood == Mood::Plain {
                    Mood::Plain
                } else {
                    event.mood
                }),
            ),
            Span::raw(padding),
        ];
        for part in wrapped(&details, columns.saturating_sub(margin)) {
            head.push(Span::styled(part, pen.mood(event.mood)));
            lines.push(Line::from(std::mem::take(&mut head)));
            head.push(Span::raw(" ".repeat(margin)));
        }
    }
    lines
}
