//! One line, as a terminal would show it: letters in places, each in its colours.

use std::mem;

/// How many characters a line may have: longer ones are cut into several.
const LONGEST: usize = 16 * 1024;
/// How far one sequence may move the cursor to the right.
const FARTHEST: usize = 512;
/// How long the colours that are in force may be, as written.
const COLOURS: usize = 256;

const BLANK: Cell = Cell {
    letter: ' ',
    colours: 0,
};

/// The line, and the cursor in it.
#[derive(Debug, Default)]
pub(super) struct Line {
    cells: Vec<Cell>,
    pub(super) column: usize,
    /// The colours in force, as they were asked for; and all of this line.
    pub(super) colours: String,
    palette: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    letter: char,
    /// The place in the palette, from 1; 0: no colours.
    colours: usize,
}

impl Line {
    /// Tells whether nothing can be seen on it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.letter == ' ')
    }

    /// Tells whether no letter has room any more.
    pub(super) fn is_full(&self) -> bool {
        self.column >= LONGEST
    }

    /// Tells whether it is as short as it must be, whatever was sent.
    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        self.cells.len() <= LONGEST && self.colours.len() <= 2 * COLOURS
    }

    /// Puts a letter where the cursor is, which must have room.
    pub(super) fn put(&mut self, letter: char) {
        let colours = self.place_in_palette();
        if self.cells.len() <= self.column {
            self.cells.resize(self.column + 1, BLANK);
        }
        self.cells[self.column] = Cell { letter, colours };
        self.column += 1;
    }

    fn place_in_palette(&mut self) -> usize {
        if self.colours.is_empty() {
            return 0;
        }
        if self.palette.last() != Some(&self.colours) {
            self.palette.push(self.colours.clone());
        }
        self.palette.len()
    }

    /// Does what a control sequence asks for, if it is about this line only: `last` is its last character.
    pub(super) fn obey(&mut self, number: usize, last: char) {
        let far = number.clamp(1, FARTHEST);
        match last {
            'C' | 'a' => self.column = (self.column + far).min(LONGEST),
            'D' => self.column = self.column.saturating_sub(far),
            'G' | '`' => self.column = column(number),
            'K' => self.erase(number),
            'X' => self.blank(self.column, self.column + far),
            'P' => {
                let end = (self.column + far).min(self.cells.len());
                let begin = self.column.min(end);
                self.cells.drain(begin..end);
            }
            _ => {}
        }
    }

    fn erase(&mut self, what: usize) {
        match what {
            0 => self.cells.truncate(self.column),
            1 => self.blank(0, self.column + 1),
            _ => self.cells.clear(),
        }
    }

    fn blank(&mut self, begin: usize, end: usize) {
        let end = end.min(self.cells.len());
        for cell in self.cells.iter_mut().take(end).skip(begin) {
            *cell = BLANK;
        }
    }

    /// Changes the colours in force.
    pub(super) fn colour(&mut self, parameters: &str) {
        let is_plain = |c: char| c.is_ascii_digit() || c == ';' || c == ':';
        if !parameters.chars().all(is_plain) {
            return;
        }
        let begins_anew = parameters.is_empty()
            || parameters.starts_with("0;")
            || parameters.chars().all(|c| c == '0');
        if begins_anew || self.colours.len() > COLOURS {
            self.colours.clear();
        }
        if parameters.chars().any(|c| matches!(c, '1'..='9')) {
            self.colours += &format!("\u{1b}[{parameters}m");
        }
    }

    /// Begins an empty line, in the colours in force, with the cursor in this column.
    pub(super) fn begin(&mut self, column: usize) {
        self.cells.clear();
        self.column = column;
    }

    /// Returns what is to be seen of it, and begins an empty one.
    pub(super) fn end(&mut self) -> String {
        let cells = mem::take(&mut self.cells);
        let palette = mem::take(&mut self.palette);
        self.column = 0;
        let end = cells.iter().rposition(|cell| cell.letter != ' ');
        let mut text = String::new();
        let mut now = 0;
        for cell in &cells[..end.map_or(0, |end| end + 1)] {
            if cell.colours != now {
                text += if now > 0 { "\u{1b}[0m" } else { "" };
                now = cell.colours;
                text += now.checked_sub(1).map_or("", |place| &palette[place]);
            }
            text.push(cell.letter);
        }
        if now > 0 {
            text += "\u{1b}[0m";
        }
        text
    }
}

/// Returns the column that a sequence means with a number.
pub(super) fn column(number: usize) -> usize {
    number.clamp(1, FARTHEST) - 1
}
