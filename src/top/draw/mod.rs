//! What the screen looks like: functions of the model, the moment and the size alone.

mod asking;
mod facts;
mod head;
mod over;
mod panel;
mod table;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use crate::ui::Mood;

use super::model::{Model, Open};

/// From how many columns on the selected project is shown beside the table, not below it.
const WIDE: u16 = 130;
/// In how few lines there is room for the table alone.
const LOW: u16 = 12;

/// What is drawn with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    /// Whether there are colours. What they say is said by words as well.
    pub(super) has_colours: bool,
    /// Now: what ages are reckoned from.
    pub(super) now: Timestamp,
}

impl Pen {
    fn mood(self, mood: Mood) -> Style {
        let colour = match mood {
            Mood::Good => Color::Green,
            Mood::Plain => return Style::new(),
            Mood::Quiet => return Self::faint(),
            Mood::Odd => Color::Yellow,
            Mood::Bad => Color::Red,
        };
        self.coloured(colour)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }
}

/// Draws the whole screen. Notes in the model what keys have to know of it.
pub(super) fn draw(frame: &mut Frame<'_>, model: &mut Model, pen: Pen) {
    let area = frame.area();
    let notices = head::notices(model, pen);
    let room = if area.height < 30 { 1 } else { 3 };
    let (message, has_cursor) = head::message(model);
    let [top, notice, body, below, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(height_of(&notices).min(room)),
        Constraint::Min(0),
        Constraint::Length(u16::from(message.is_some())),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(head::head(model, pen, top.width), top);
    head::draw_notices(frame, notice, &notices, pen);
    if let Open::Large(_) = model.open {
        over::draw_large(frame, body, model, pen);
    } else {
        draw_body(frame, body, model, pen);
    }
    over::draw_over(frame, body, model, pen);
    if let Some(message) = message {
        if has_cursor {
            let end = u16::try_from(super::text::width(&message)).unwrap_or(u16::MAX);
            frame.set_cursor_position((end.min(below.width.saturating_sub(1)), below.y));
        }
        frame.render_widget(
            Line::raw(super::text::fit(&message, below.width.into())),
            below,
        );
    }
    frame.render_widget(head::keys(model, keys.width), keys);
}

fn height_of(lines: &[String]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// Draws the table, and beside or below it the selected project.
fn draw_body(frame: &mut Frame<'_>, body: Rect, model: &mut Model, pen: Pen) {
    // The filter does not count: what is below the table stays where it is while it is typed.
    let (table, panel) = parted(body, model.projects().len());
    model.has_panel = panel.is_some() && model.current().is_some();
    table::draw(frame, table, model, pen);
    if let Some(panel) = panel {
        panel::draw(frame, panel, model, pen);
    }
}

fn parted(body: Rect, projects: usize) -> (Rect, Option<Rect>) {
    if body.height < LOW || projects == 0 {
        return (body, None);
    }
    if body.width >= WIDE {
        let [table, _, panel] = Layout::horizontal([
            Constraint::Fill(3),
            Constraint::Length(1),
            Constraint::Fill(2),
        ])
        .areas(body);
        return (table, Some(panel));
    }
    // A table of a few rows leaves the rest of its part to what is below.
    let rows = u16::try_from(projects + 2).unwrap_or(u16::MAX);
    let table = rows.clamp(4, body.height * 3 / 5);
    let [table, panel] =
        Layout::vertical([Constraint::Length(table), Constraint::Min(0)]).areas(body);
    (table, Some(panel))
}

#[cfg(test)]
mod tests;
