//! Tables for people.
//!
//! A table library prints a table as one text; here a page of a terminal shows some rows of one, each with all its lines,
//! and the last column of prose stands below its row where there is too little room beside it. comfy-table would leave
//! those, and the widths that they follow from, to be reckoned here, and do no more than put cells side by side.

use std::fmt;

use anstyle::{AnsiColor, Effects, Style};

use super::terminal;
use super::text::{clean, cut, width, wrapped};

/// The columns that a narrow terminal may wrap.
const PROSE: [&str; 6] = ["labels", "location", "reason", "value", "details", "who"];

/// What stands between two columns.
const GAP: &str = "  ";
/// In how narrow a place prose can be read: where there is less, it stands below its row.
const NARROWEST: usize = 36;
/// How narrow a column of prose becomes beside another one.
const NARROWEST_OF_SEVERAL: usize = 10;
/// Of anything else as much is always shown.
const LEAST: usize = 4;
/// How far below its row prose stands from the margin.
const MARGIN: &str = "    ";

const HEADER: Style = Style::new().effects(Effects::DIMMED);

/// How a cell is to be felt. Its colour only repeats what its text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// Only of interest to who looks for it.
    Quiet,
    /// Somebody should look.
    Odd,
    /// Something is wrong.
    Bad,
}

impl Mood {
    /// Returns how it looks.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Plain => Style::new(),
            Self::Quiet => Style::new().effects(Effects::DIMMED),
            Self::Odd => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().effects(Effects::BOLD),
        }
    }

    /// Colours a text.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = self.style();
        if text.is_empty() || style == Style::new() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }
}

/// A table whose empty columns disappear.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<(String, Mood)>>,
    /// How many lines of a terminal prose may take in each row.
    most: usize,
    /// How wide columns may be on a terminal.
    widest: Vec<(&'static str, usize)>,
}

/// A table as a terminal shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LaidOut {
    pub(crate) header: String,
    /// The lines of each row.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Makes a table with these columns.
    pub(crate) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
            most: usize::MAX,
            widest: Vec::new(),
        }
    }

    /// On a terminal, prose takes so many lines of each row at most; the rest of it is cut off.
    pub(crate) fn brief(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// On a terminal, a column is no wider than this; what is longer is cut off.
    pub(crate) fn narrow(mut self, column: &'static str, most: usize) -> Self {
        self.widest.push((column, most));
        self
    }

    /// Adds a row of plain cells, one for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.moody_row(cells.map(|cell| (cell, Mood::Plain)));
    }

    /// Adds a row of cells, one for each column. What a terminal would obey is taken out of them.
    pub(crate) fn moody_row<const N: usize>(&mut self, cells: [(String, Mood); N]) {
        let cells = cells.map(|(text, mood)| (clean(&text).into_owned(), mood));
        self.rows.push(cells.into());
    }

    /// Lays it out for a terminal of this width, in which no line is longer; without one no line is broken or cut.
    pub(crate) fn laid_out(&self, room: Option<usize>) -> LaidOut {
        let mut columns = self.used();
        let below = columns.pop_if(|last| self.has_no_room_for(*last, room));
        let widths = self.widths(&columns, room);
        let room = room.unwrap_or(usize::MAX);
        let grid: Vec<(usize, usize)> = columns.into_iter().zip(widths).collect();
        let header = grid.iter().map(|(column, width)| {
            let title = self.header[*column].to_uppercase();
            (vec![cut(&title, *width).into_owned()], HEADER, *width)
        });
        let rows = self.rows.iter().map(|row| {
            let cells = grid.iter().map(|(column, width)| {
                let (text, mood) = &row[*column];
                (self.fitted(*column, text, *width), mood.style(), *width)
            });
            let mut lines = lines_of(&cells.collect::<Vec<_>>());
            if let Some(below) = below {
                let (text, mood) = &row[below];
                let part = self.fitted(below, text, room.saturating_sub(MARGIN.len()));
                let parts = part.iter().filter(|part| !part.is_empty());
                lines.extend(parts.map(|part| format!("{MARGIN}{}", mood.paint(part))));
            }
            lines
        });
        LaidOut {
            rows: rows.collect(),
            header: lines_of(&header.collect::<Vec<_>>()).concat(),
        }
    }

    /// Returns the columns that somebody fills.
    fn used(&self) -> Vec<usize> {
        let is_used = |column: &usize| self.rows.iter().any(|row| !row[*column].0.is_empty());
        (0..self.header.len()).filter(is_used).collect()
    }

    fn is_prose(&self, column: usize) -> bool {
        PROSE.contains(&self.header[column])
    }

    /// Returns how wide a column would like to be in so much room.
    fn natural(&self, column: usize, room: Option<usize>) -> usize {
        let title = self.header[column];
        let cells = self.rows.iter().map(|row| width(&row[column].0));
        let natural = cells.max().unwrap_or(0).max(title.len());
        let widest = self.widest.iter().find(|(name, _)| *name == title);
        match widest.filter(|_| room.is_some()) {
            Some((_, widest)) => natural.min(*widest),
            None => natural,
        }
    }

    /// Returns how wide the columns are in so much room: where it is not enough, prose is wrapped; where that does not
    /// do, whatever is widest is cut.
    fn widths(&self, columns: &[usize], room: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = columns.iter().map(|at| self.natural(*at, room)).collect();
        let mut excess = (widths.iter().sum::<usize>()
            + GAP.len() * widths.len().saturating_sub(1))
        .saturating_sub(room.unwrap_or(usize::MAX));
        for (is_prose, least) in [(true, NARROWEST_OF_SEVERAL), (false, LEAST)] {
            let least = |at: usize| least.max(self.header[columns[at]].len());
            while excess > 0 {
                let shrinks = |at: &usize| self.is_prose(columns[*at]) == is_prose;
                let candidates = (0..columns.len()).filter(shrinks);
                let widest = candidates
                    .filter(|at| widths[*at] > least(*at))
                    .max_by_key(|at| widths[*at]);
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        widths
    }

    /// Breaks or cuts a text to a width.
    fn fitted(&self, column: usize, text: &str, room: usize) -> Vec<String> {
        if width(text) <= room {
            return vec![text.to_owned()];
        }
        if !self.is_prose(column) {
            return vec![cut(text, room).into_owned()];
        }
        let mut lines = wrapped(text, room);
        if lines.len() > self.most {
            // What follows the last line that is shown is cut off there.
            let rest = lines.split_off(self.most - 1).join(" ");
            lines.push(cut(&rest, room).into_owned());
        }
        lines
    }

    /// Returns whether the last column is prose that would stand in too narrow a place; then it stands below each row,
    /// which therefore must be one line.
    fn has_no_room_for(&self, last: usize, room: Option<usize>) -> bool {
        let used = self.used();
        let mut others = used.iter().filter(|column| **column != last);
        if !self.is_prose(last) || others.clone().any(|column| self.is_prose(*column)) {
            return false;
        }
        let taken: usize = others
            .by_ref()
            .map(|column| self.natural(*column, room) + GAP.len())
            .sum();
        // What fits without being broken needs no more.
        room.is_some_and(|room| room < taken + self.natural(last, None).min(NARROWEST))
    }
}

/// Puts cells side by side: the lines of each, its style, its width. No line ends in blanks.
fn lines_of(cells: &[(Vec<String>, Style, usize)]) -> Vec<String> {
    let height = cells.iter().map(|(lines, ..)| lines.len()).max();
    let line = |number: usize| {
        let mut line = String::new();
        let mut blanks = 0;
        for (lines, style, room) in cells {
            let text = lines.get(number).map_or("", String::as_str);
            if !text.is_empty() {
                line.extend(std::iter::repeat_n(' ', blanks));
                blanks = 0;
                if *style == Style::new() {
                    line.push_str(text);
                } else {
                    line += &format!("{style}{text}{style:#}");
                }
            }
            blanks += room.saturating_sub(width(text)) + GAP.len();
        }
        line
    };
    (0..height.unwrap_or(0)).map(line).collect()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let laid_out = self.laid_out(terminal::size().map(|size| size.columns));
        f.write_str(&laid_out.header)?;
        let lines = laid_out.rows.iter().flatten();
        lines.into_iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

#[cfg(test)]
mod tests;
