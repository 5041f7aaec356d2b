//! Tables for people.

use std::fmt;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table as Grid, presets};

/// The columns that a narrow terminal may wrap.
const PROSE: [&str; 6] = ["labels", "location", "reason", "value", "details", "who"];

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

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used: Vec<bool> = (0..self.header.len())
            .map(|column| {
                self.rows
                    .iter()
                    .any(|row| row.get(column).is_some_and(|(text, _)| !text.is_empty()))
            })
            .collect();
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic);
        let header = self.header.iter().zip(&used).filter(|(_, used)| **used);
        grid.set_header(
            header
                .map(|(title, _)| Cell::new(title.to_uppercase()))
                .collect::<Vec<_>>(),
        );
        for row in &self.rows {
            let cells = row.iter().zip(&used).filter(|(_, used)| **used);
            grid.add_row(cells.map(|(cell, _)| painted(cell)).collect::<Vec<_>>());
        }
        // Only prose may be wrapped: half a name or a version is none.
        for (column, (title, _)) in grid
            .column_iter_mut()
            .zip(self.header.iter().zip(&used).filter(|(_, used)| **used))
        {
            if !PROSE.contains(title) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        // The first column starts at the margin, and no line ends in blanks.
        let text = grid.to_string();
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        f.write_str(&lines.join("\n"))
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
}
