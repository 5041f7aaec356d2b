//! What is wrong with fleet.toml, and where.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::load::FILE;
use crate::error::usage;

/// How many problems are told at once; a file with more is not a registry at all.
pub(super) const MOST: usize = 50;

/// One thing that is wrong, or worth a warning, at one place of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// What is wrong; names the key.
    pub(crate) message: String,
    /// What to do about it, where that is known.
    pub(crate) hint: Option<String>,
}

impl Problem {
    /// Makes a problem of the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = position(text.as_bytes(), span.start);
        Self {
            line,
            column,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line, self.column);
        write!(f, "{FILE}:{line}:{column}: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a fleet.toml; its text has one line per problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// At least one, in the order of the file.
    pub(crate) problems: Vec<Problem>,
}

impl Invalid {
    /// Makes the error of a command that needs the registry of the fleet in `root`: exits 2, lists every problem.
    pub(crate) fn fault(&self, root: &Path) -> anyhow::Error {
        let path = root.join(FILE);
        usage(format!("`{}` is not valid\n{self}", path.display())).into()
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl Error for Invalid {}

/// Returns the line and the column, both from 1, of a byte; a column counts characters.
pub(super) fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    // Every byte that does not continue a character begins one.
    let column = before[line_start..]
        .iter()
        .filter(|byte| **byte & 0xC0 != 0x80)
        .count();
    (line, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_line_and_a_column_in_characters() {
        let text = "a = 1\r\né = x\n";
        let problem = Problem::at(text, &(text.find('x').unwrap()..0), "bad");
        assert_eq!(problem.to_string(), "fleet.toml:2:5: bad");
        assert_eq!(position(text.as_bytes(), 10_000), (3, 1));
    }
}
