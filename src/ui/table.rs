//! Tables for people.

use std::fmt;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table as Grid, presets};

use super::sheet::wrapped;

/// The columns that a narrow terminal may wrap.
const PROSE: [&str; 6] = ["labels", "location", "reason", "value", "details", "who"];

/// What stands between two columns.
const GAP: usize = 2;
/// In how narrow a place prose can be read: where there is less, it stands below its row.
const NARROWEST: usize = 30;
/// How far from the margin.
const MARGIN: &str = "    ";

/// How a cell is to be felt. Its colour only repeats what its text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// Somebody should look.
    Odd,
    /// Something is wrong.
    Bad,
}

/// A table whose empty columns disappear.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<(String, Mood)>>,
}

impl Table {
    /// Makes a table with these columns.
    pub(crate) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of plain cells, one for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.moody_row(cells.map(|cell| (cell, Mood::Plain)));
    }

    /// Adds a row of cells, one for each column.
    pub(crate) fn moody_row<const N: usize>(&mut self, cells: [(String, Mood); N]) {
        self.rows.push(cells.into());
    }
}

impl Table {
    /// Returns the columns that somebody fills.
    fn used(&self) -> Vec<usize> {
        let is_used = |column: &usize| self.rows.iter().any(|row| !row[*column].0.is_empty());
        (0..self.header.len()).filter(is_used).collect()
    }

    /// Writes it for a terminal of this width; without one no line is broken.
    fn laid_out(&self, width: Option<u16>) -> String {
        let mut columns = self.used();
        let below = columns.pop_if(|last| self.has_no_room_for(*last, width));
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(columns.iter().map(|at| self.header[*at].to_uppercase()));
        if let Some(width) = width {
            grid.set_width(width);
        }
        for row in &self.rows {
            grid.add_row(columns.iter().map(|at| painted(&row[*at])));
        }
        // Only prose may be wrapped: half a name or a version is none.
        if let Some(first) = grid.column_mut(0) {
            first.set_padding((0, 1));
        }
        for (column, at) in grid.column_iter_mut().zip(&columns) {
            if !PROSE.contains(&self.header[*at]) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        // No line ends in blanks.
        let text = grid.to_string();
        let mut lines = text.lines().map(str::trim_end);
        let Some(below) = below else {
            return lines.collect::<Vec<_>>().join("\n");
        };
        let mut shown = lines.next().unwrap_or_default().to_owned();
        for (line, row) in lines.zip(&self.rows) {
            shown += &format!("\n{line}");
            let room = usize::from(width.unwrap_or(u16::MAX)).saturating_sub(MARGIN.len());
            let parts = wrapped(&row[below].0, "", room);
            for part in parts.iter().filter(|part| !part.text.is_empty()) {
                shown += &format!("\n{MARGIN}{}", part.text);
            }
        }
        shown
    }

    /// Returns whether the last column is prose that would stand in too narrow a place; then it stands below each row,
    /// which therefore must be one line.
    fn has_no_room_for(&self, last: usize, width: Option<u16>) -> bool {
        let Some(width) = width.filter(|_| PROSE.contains(&self.header[last])) else {
            return false;
        };
        let mut used = self.used().into_iter();
        if used.any(|column| column != last && PROSE.contains(&self.header[column])) {
            return false;
        }
        let of_column = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].0.chars().count());
            cells.max().unwrap_or(0).max(self.header[column].len()) + GAP
        };
        let others = self.used().into_iter().filter(|column| *column != last);
        let taken: usize = others.map(of_column).sum();
        usize::from(width) < taken + NARROWEST
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.laid_out(Grid::new().width()))
    }
}

fn painted((text, mood): &(String, Mood)) -> Cell {
    let cell = Cell::new(text);
    match mood {
        Mood::Good => cell.fg(Color::Green),
        Mood::Plain => cell,
        Mood::Odd => cell.fg(Color::Yellow),
        Mood::Bad => cell.fg(Color::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_it_stands_below_its_row_too_but_not_beside_other_prose() {
        let mut table = Table::new(["version", "who"]);
        table.row(["v0.1.0", "ada, bob, carl and others"].map(str::to_owned));
        assert_eq!(
            table.laid_out(Some(30)),
            "VERSION\nv0.1.0\n    ada, bob, carl and others"
        );
        let mut table = Table::new(["details", "who"]);
        table.row(["a long story of many words", "root"].map(str::to_owned));
        assert!(table.laid_out(Some(30)).starts_with("DETAILS"));
        assert!(table.laid_out(Some(30)).contains("WHO"));
    }

    #[test]
    fn a_coloured_first_column_stands_at_the_margin() {
        let mut table = Table::new(["name", "state"]);
        table.moody_row([
            ("demo".to_owned(), Mood::Odd),
            ("up".to_owned(), Mood::Good),
        ]);
        let shown = anstream::adapter::strip_str(&table.to_string()).to_string();
        assert_eq!(shown, "NAME  STATE\ndemo  up");
    }

    #[test]
    fn columns_that_nobody_fills_disappear() {
        let mut table = Table::new(["name", "reason", "pin"]);
        table.row(["demo".to_owned(), String::new(), "ok".to_owned()]);
        table.row([
            "a-longer-one".to_owned(),
            String::new(),
            "behind".to_owned(),
        ]);
        let shown = table.to_string();
        assert_eq!(
            shown,
            "NAME          PIN\ndemo          ok\na-longer-one  behind"
        );
    }

    #[test]
    fn a_reason_without_room_stands_below_its_row() {
        let mut table = Table::new(["name", "state", "reason"]);
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        table.row(row([
            "demo",
            "crashed",
            "exit status 7 after 0.1 s: no such table",
        ]));
        table.row(row(["other", "up", ""]));
        assert_eq!(
            table.laid_out(Some(36)),
            "NAME   STATE\ndemo   crashed\n    exit status 7 after 0.1 s: no\n    such table\nother  up"
        );
        assert_eq!(
            table.laid_out(None),
            "NAME   STATE    REASON\ndemo   crashed  exit status 7 after 0.1 s: no such table\nother  up"
        );
    }
}
