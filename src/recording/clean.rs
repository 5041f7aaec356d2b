//! What a terminal was sent, as lines that are safe to print: no control sequence comes through. Pure.
//!
//! One line is kept as a terminal would show it: what a progress bar writes over is gone. Whole screens are not: where
//! the cursor leaves a line, the line is done.

mod line;

use std::mem;

use line::{Line, column};

/// How many characters of a sequence's parameters are remembered, and after how many a text within one is given up on.
const PARAMETERS: usize = 64;
const TEXT: usize = 1024 * 1024;

/// Turns bytes into lines, however they are cut into pieces.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    keeps_colours: bool,
    /// The beginning of a character.
    begun: Vec<u8>,
    state: State,
    line: Line,
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
        !self.line.is_blank()
    }

    /// Returns the line that has begun, and begins another one.
    pub(crate) fn rest(&mut self) -> Option<String> {
        self.has_begun().then(|| self.line.end())
    }

    fn take(&mut self, c: char, done: &mut dyn FnMut(String)) {
        match (mem::take(&mut self.state), c) {
            (_, '\u{18}' | '\u{1a}') => {}
            (State::Text { is_ending, .. }, '\u{1b}') if !is_ending => {
                self.state = State::Text {
                    length: 0,
                    is_command: false,
                    is_ending: true,
                };
            }
            (State::Text { is_ending, .. }, '\\') if is_ending => {}
            (State::Text { is_ending, .. }, c) if is_ending => self.escaped(c, done),
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
            'D' | 'M' => self.leave(self.line.column, done),
            'E' => self.leave(0, done),
            'c' => {
                self.line.colours.clear();
                self.leave(0, done);
            }
            _ => {}
        }
    }

    fn control(&mut self, c: char, done: &mut dyn FnMut(String)) {
        match c {
            '\n' | '\u{b}' | '\u{c}' => {
                done(self.line.end());
            }
            '\r' => self.line.column = 0,
            '\u{8}' => self.line.column = self.line.column.saturating_sub(1),
            '\t' => {
                let stop = (self.line.column / 8 + 1) * 8;
                while self.line.column < stop {
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
        let second = numbers.get(1).copied().unwrap_or(0);
        match last {
            'm' if self.keeps_colours => self.line.colour(parameters),
            'H' | 'f' => self.leave(column(second), done),
            'A' | 'B' | 'd' | 'J' => self.leave(self.line.column, done),
            'E' | 'F' => self.leave(0, done),
            'h' | 'l' if is_of_another_screen(parameters) => self.leave(0, done),
            last => self.line.obey(numbers[0], last),
        }
    }

    fn print(&mut self, letter: char, done: &mut dyn FnMut(String)) {
        if self.line.is_full() {
            done(self.line.end());
        }
        self.line.put(letter);
    }

    /// The cursor goes to another line: what stands on this one is done.
    fn leave(&mut self, column: usize, done: &mut dyn FnMut(String)) {
        if !self.line.is_blank() {
            done(self.line.end());
        }
        self.line.begin(column);
    }
}

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
mod tests;
