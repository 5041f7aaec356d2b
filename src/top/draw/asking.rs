//! The question for a version, with the known ones.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::ui::list;

use super::super::model::Asking;
use super::super::text::{fit, plain, width};
use super::Pen;
use super::over::{boxed, draw_lines, text_width};

/// Draws it, with the cursor where something is typed.
pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, asking: &Asking) {
    let columns = text_width(body);
    let mut lines = vec![
        Line::from(vec![
            Span::raw("version: "),
            Span::styled(plain(&asking.typed), Pen::strong()),
        ]),
        Line::styled(
            fit("nothing typed: the version that fleet.toml names", columns),
            Pen::faint(),
        ),
        Line::raw(match asking.restarts {
            true => "[x] restart what runs (Tab)",
            false => "[ ] restart what runs (Tab)",
        }),
        Line::raw(""),
    ];
    lines.extend(match &asking.versions {
        None => vec![Line::styled("looking for versions ...", Pen::faint())],
        Some(Err(why)) => vec![Line::styled(fit(&plain(why), columns), Pen::faint())],
        Some(Ok(_)) => versions(
            asking,
            columns,
            usize::from(body.height).saturating_sub(lines.len() + 3),
        ),
    });
    let names = list(asking.names.iter().take(3));
    let more = asking.names.len().saturating_sub(3);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let title = format!("update {names}{more}");
    let inside = boxed(frame, body, &title, lines.len());
    let end = u16::try_from(9 + width(&plain(&asking.typed))).unwrap_or(u16::MAX);
    draw_lines(frame, inside, lines, 0);
    frame.set_cursor_position((inside.x + end.min(inside.width), inside.y));
}

/// Returns the versions that are offered, those around the chosen one.
fn versions(asking: &Asking, columns: usize, room: usize) -> Vec<Line<'static>> {
    let offered = asking.offered();
    if offered.is_empty() {
        return vec![Line::styled(
            "no version that is known has this in its name",
            Pen::faint(),
        )];
    }
    let room = room.clamp(1, 12);
    let chosen = asking.chosen.unwrap_or(0);
    let first = (chosen + 1).saturating_sub(room);
    let widest = offered
        .iter()
        .map(|it| width(&it.0))
        .max()
        .unwrap_or(0)
        .min(30);
    let of = |(place, (name, note)): (usize, &&(String, String))| {
        let is_chosen = asking.chosen == Some(place);
        let pointer = if is_chosen { ">" } else { " " };
        let name = fit(&plain(name), widest);
        let gap = " ".repeat(widest - width(&name) + 2);
        let style = match is_chosen {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        Line::styled(
            fit(&format!("{pointer} {name}{gap}{}", plain(note)), columns),
            style,
        )
    };
    offered
        .iter()
        .enumerate()
        .skip(first)
        .take(room)
        .map(of)
        .collect()
}
