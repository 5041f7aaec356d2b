//! What a terminal was sent, as lines that are safe to print: no control sequence comes through. Pure.
//!
//! One line is kept as a terminal would show it: what a progress bar writes over is gone. Whole screens are not: where
//! the cursor leaves a line, the line is done.

use std::mem;

/// How many characters a line may have: longer ones are cut into several.
const LONGEST: usize = 16 * 1024;
/// How far one sequence may move the cursor to the right.
const FARTHEST: usize = 512;
/// How many characters of a sequence's parameters are remembered, and after how many a text within one is given up on.
const PARAMETERS: usize = 64;
const TEXT: usize = 1024 * 1024;
/// How long the colours that are in force may be, as written.
const COLOURS: usize = 256;

/// Turns bytes into lines, however they are cut into pieces.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    keeps_colours: bool,
    /// The beginning of a character.
    begun: Vec<u8>,
    state: State,
    line: Vec<Cell>,
    column: usize,
    /// The colours in force, as they were asked for; and all of this line.
    colours: String,
    palette: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    letter: char,
    /// The place in the palette, from 1; 0: no colours.
    colours: usize,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// After an intermediate character: the next one ends it.
    Charset,
    Control(String),
    /// A text that is not shown, so many characters long so far; whether it began as a command to the system, which a
    /// bell ends as well; whether its last character was an escape.
    Text {
        length: usize,
        is_command: bool,
        is_ending: bool,
    },
}

impl Cleaner {
    /// Makes one that takes everything away, or leaves the colours, and nothing else, in.
    pub(crate) fn new(keeps_colours: bool) -> Self {
        Self {
            keeps_colours,
            ..Self::default()
        }
    }

    /// Takes more bytes; gives every line that is done to `done`.
    pub(crate) fn feed(&mut self, bytes: &[u8], done: &mut dyn FnMut(String)) {
        let mut all = mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return text.chars().for_each(|c| self.take(c, done)),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    let good = std::str::from_utf8(good).unwrap_or_default();
                    good.chars().for_each(|c| self.take(c, done));
                    let Some(length) = error.error_len() else {
                        self.begun = bad.to_vec();
                        return;
                    };
                    self.take(char::REPLACEMENT_CHARACTER, done);
                    rest = &bad[length..];
                }
            }
        }
    }

    /// Tells whether a line has begun that is not done.
    pub(crate) fn has_begun(&self) -> bool {
        !self.is_blank()
    }

    /// Returns the line that has begun, and begins another one.
    pub(crate) fn rest(&mut self) -> Option<String> {
        self.has_begun().then(|| self.end_line())
    }

    fn take(&mut self, c: char, done: &mut dyn FnMut(String)) {
        match (mem::take(&mut self.state), c) {
            (_, '\u{18}' | '\u{1a}') => {}
            (
                State::Text {
                    is_ending: false, ..
                },
                '\u{1b}',
            ) => {
                self.state = State::Text {
                    length: 0,
                    is_command: false,
                    is_ending: true,
                };
            }
            (
                State::Text {
                    is_ending: true, ..
                },
                '\\',
            ) => {}
            (
                State::Text {
                    is_ending: true, ..
                },
                c,
            ) => self.escaped(c, done),
            (State::Text { is_command, .. }, '\u{7}') if is_command => {}
            // Nothing that is meant has a line's end in such a command: it was cut off.
            (State::Text { is_command, .. }, '\n') if is_command => self.control('\n', done),
            (
                State::Text {
                    length, is_command, ..
                },
                _,
            ) => {
                if length < TEXT {
                    self.state = State::Text {
                        length: length + 1,
                        is_command,
                        is_ending: false,
                    };
                }
            }
            (_, '\u{1b}') => self.state = State::Escape,
            (State::Ground, c) if is_control(c) => self.control(c, done),
            (State::Ground, c) => self.print(c, done),
            (state, c) if is_control(c) => {
                self.state = state;
                self.control(c, done);
            }
            (State::Escape, c) => self.escaped(c, done),
            (State::Charset, _) => {}
            (State::Control(parameters), '\u{40}'..='\u{7e}') => {
                self.controlled(&parameters, c, done);
            }
            (State::Control(mut parameters), c) => {
                if parameters.len() < PARAMETERS {
                    parameters.push(c);
                }
                self.state = State::Control(parameters);
            }
        }
    }

    /// A character after an escape.
    fn escaped(&mut self, c: char, done: &mut dyn FnMut(String)) {
        let text = |is_command| State::Text {
            length: 0,
            is_command,
            is_ending: false,
        };
        match c {
            '[' => self.state = State::Control(String::new()),
            ']' => self.state = text(true),
            'P' | 'X' | '^' | '_' | 'k' => self.state = text(false),
            ' '..='/' => self.state = State::Charset,
            'D' | 'M' => self.leave(self.column, done),
            'E' => self.leave(0, done),
            'c' => {
                self.colours.clear();
                self.leave(0, done);
            }
            _ => {}
        }
    }

    fn control(&mut self, c: char, done: &mut dyn FnMut(String)) {
        match c {
            '\n' | '\u{b}' | '\u{c}' => {
                let line = self.end_line();
                done(line);
            }
            '\r' => self.column = 0,
            '\u{8}' => self.column = self.column.saturating_sub(1),
            '\t' => {
                let stop = (self.column / 8 + 1) * 8;
                while self.column < stop {
                    self.print(' ', done);
                }
            }
            _ => {}
        }
    }

    /// A control sequence, whole.
    fn controlled(&mut self, parameters: &str, last: char, done: &mut dyn FnMut(String)) {
        let numbers: Vec<usize> = parameters
            .split(';')
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        let first = numbers[0];
        let far = first.clamp(1, FARTHEST);
        let second = numbers.get(1).copied().unwrap_or(0);
        let column = |number: usize| number.clamp(1, FARTHEST) - 1;
        match last {
            'm' => self.colour(parameters),
            'C' | 'a' => self.column = (self.column + far).min(LONGEST),
            'D' => self.column = self.column.saturating_sub(far),
            'G' | '`' => self.column = column(first),
            'K' => self.erase(first),
            'X' => self.blank(self.column, self.column + far),
            'P' => {
                let end = (self.column + far).min(self.line.len());
                let begin = self.column.min(end);
                self.line.drain(begin..end);
            }
            'H' | 'f' => self.leave(column(second), done),
            'A' | 'B' | 'd' | 'J' => self.leave(self.column, done),
            'E' | 'F' => self.leave(0, done),
            'h' | 'l' if is_of_another_screen(parameters) => self.leave(0, done),
            _ => {}
        }
    }

    fn erase(&mut self, what: usize) {
        match what {
            0 => self.line.truncate(self.column),
            1 => self.blank(0, self.column + 1),
            _ => self.line.clear(),
        }
    }

    fn blank(&mut self, begin: usize, end: usize) {
        let end = end.min(self.line.len());
        for cell in self.line.iter_mut().take(end).skip(begin) {
            *cell = BLANK;
        }
    }

    fn colour(&mut self, parameters: &str) {
        let is_plain = |c: char| c.is_ascii_digit() || c == ';' || c == ':';
        if !self.keeps_colours || !parameters.chars().all(is_plain) {
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

    fn print(&mut self, letter: char, done: &mut dyn FnMut(String)) {
        if self.column >= LONGEST {
            let line = self.end_line();
            done(line);
        }
        let colours = self.place_in_palette();
        if self.line.len() <= self.column {
            self.line.resize(self.column + 1, BLANK);
        }
        self.line[self.column] = Cell { letter, colours };
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

    /// The cursor goes to another line: what stands on this one is done.
    fn leave(&mut self, column: usize, done: &mut dyn FnMut(String)) {
        if !self.is_blank() {
            let line = self.end_line();
            done(line);
        }
        self.line.clear();
        self.column = column;
    }

    fn is_blank(&self) -> bool {
        self.line.iter().all(|cell| cell.letter == ' ')
    }

    fn end_line(&mut self) -> String {
        let line = mem::take(&mut self.line);
        let palette = mem::take(&mut self.palette);
        self.column = 0;
        let end = line.iter().rposition(|cell| cell.letter != ' ');
        let mut text = String::new();
        let mut now = 0;
        for cell in &line[..end.map_or(0, |end| end + 1)] {
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

const BLANK: Cell = Cell {
    letter: ' ',
    colours: 0,
};

/// Tells whether private modes lead to another screen, or back.
fn is_of_another_screen(parameters: &str) -> bool {
    let modes = parameters.strip_prefix('?').unwrap_or_default();
    modes
        .split(';')
        .any(|mode| matches!(mode, "47" | "1047" | "1049"))
}

/// Tells whether a character is none that is shown; those of eight bits count, which some terminals obey.
fn is_control(c: char) -> bool {
    c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(cleaner: &mut Cleaner, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        cleaner.feed(bytes, &mut |line| lines.push(line));
        lines.extend(cleaner.rest());
        lines
    }

    #[track_caller]
    fn case(sent: &[u8], expected: &[&str]) {
        assert_eq!(lines(&mut Cleaner::new(false), sent), expected);
        // However it is cut.
        let mut cleaner = Cleaner::new(false);
        let mut found = Vec::new();
        for byte in sent {
            cleaner.feed(&[*byte], &mut |line| found.push(line));
        }
        found.extend(cleaner.rest());
        assert_eq!(found, expected);
    }

    #[test]
    fn text_stays_and_lines_end_as_on_a_terminal() {
        case(b"one\r\ntwo  \r\n\r\nthree", &["one", "two", "", "three"]);
        case("Größe 日本 ✓\n".as_bytes(), &["Größe 日本 ✓"]);
        case(b"a\tb\n", &["a       b"]);
        case(b"\xff\xfebad\n", &["\u{fffd}\u{fffd}bad"]);
    }

    #[test]
    fn what_is_written_over_is_gone() {
        case(b"10%\r20%\r\x1b[K100% done\n", &["100% done"]);
        case(b"abc\x08X\n", &["abX"]);
        case(b"hello\rj\n", &["jello"]);
        case(b"gone\x1b[2K\rhere\n", &["here"]);
        case(b"a\x1b[3Cb\n", &["a   b"]);
    }

    #[test]
    fn no_sequence_comes_through() {
        case(b"\x1b[31mred\x1b[0m\n", &["red"]);
        case(b"\x1b]0;title\x07a\x1b]52;c;aGk=\x1b\\b\n", &["ab"]);
        case(b"\x1bPq#0~~\x1b\\a\x1b_x\x1b\\b\x1b^y\x1b\\c\n", &["abc"]);
        case(b"\x1b(0a\x1b=\x1b>\x1b7b\x1b8\n", &["ab"]);
        case("a\u{9b}31mb\u{9d}c\n".as_bytes(), &["a31mbc"]);
        case(b"\x07\x00\x7fa\x05\n", &["a"]);
        case(b"\x1b[9999999999999999999999Ca\n", &[" a"]);
        case(b"\x1b]0;never ended\nnext\n", &["", "next"]);
        case(b"\x1b[31\x18mx\n", &["mx"]);
    }

    #[test]
    fn a_screen_becomes_the_lines_that_were_painted() {
        case(
            b"\x1b[?1049h\x1b[2J\x1b[1;1Hhead\x1b[3;5Hbody\x1b[?1049l",
            &["head", "    body"],
        );
    }

    #[test]
    fn colours_are_kept_where_they_are_wanted_and_nothing_else() {
        let mut cleaner = Cleaner::new(true);
        assert_eq!(
            lines(
                &mut cleaner,
                b"a\x1b[1;31mred\x1b]0;t\x07\x1b[>4m\x1b[?25l\nstill\x1b[0m not\n"
            ),
            [
                "a\u{1b}[1;31mred\u{1b}[0m",
                "\u{1b}[1;31mstill\u{1b}[0m not"
            ]
        );
        assert_eq!(
            lines(&mut cleaner, b"\x1b[38;2;1;2;3mx\x1b[mx\n"),
            ["\u{1b}[38;2;1;2;3mx\u{1b}[0mx"]
        );
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut cleaner = Cleaner::new(true);
        let mut longest = 0;
        for _ in 0..100 {
            cleaner.feed(&[b'x'; 4096], &mut |line| longest = longest.max(line.len()));
            cleaner.feed(b"\x1b[31m\x1b[1m", &mut |_| {});
        }
        assert!(longest > 0);
        assert!(cleaner.line.len() <= LONGEST && cleaner.colours.len() <= 2 * COLOURS);
        cleaner.feed(b"\x1bP", &mut |_| {});
        for _ in 0..=TEXT / 4096 {
            cleaner.feed(&[b'x'; 4096], &mut |_| {});
        }
        assert!(matches!(cleaner.state, State::Ground));
    }
}
