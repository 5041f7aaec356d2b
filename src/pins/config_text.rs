//! A file in the form of git-config(1), read as it stands: no file that it includes, no variable of the environment.
//!
//! The place of each value is known, so that one can be changed and no other byte: libgit2 and `git config` write such
//! files anew around a value, and quotes, continued lines and comments behind it go. `.gitmodules` comes from strangers,
//! and git itself follows no `include` in it; libgit2 would.

mod reader;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use crate::error::refused;

use super::engine::quoted;
use super::layout::read_if_there;
use reader::Reader;

/// More than this no person writes: what is longer is not read.
const LONGEST: usize = 1 << 20;

/// One value of a file, or the line that begins a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In small letters.
    pub(super) section: String,
    /// As it is written; `None` where the section has none.
    pub(super) subsection: Option<Vec<u8>>,
    /// In small letters; empty for the section's own line.
    pub(super) key: String,
    /// What it says, without quotes; `None` where there is only the key.
    pub(super) value: Option<Vec<u8>>,
    /// Where it says so, from its first byte to its last, quotes included.
    place: Range<usize>,
}

impl Entry {
    fn is(&self, section: &str, subsection: &str, key: &str) -> bool {
        self.section == section
            && self.subsection.as_deref() == Some(subsection.as_bytes())
            && self.key == key
    }

    /// Returns the value as text; a key alone is true.
    fn says(&self) -> Cow<'_, str> {
        let value = self.value.as_deref().unwrap_or(b"true");
        String::from_utf8_lossy(value)
    }
}

/// A file, read.
#[derive(Debug)]
pub(super) struct ConfigText {
    text: Vec<u8>,
    entries: Vec<Entry>,
}

impl ConfigText {
    /// Reads a text; on failure returns the number of the line that git would not read either.
    pub(super) fn parse(text: &[u8]) -> Result<Self, usize> {
        let mut reader = Reader::new(text);
        match reader.read() {
            Some(()) => Ok(reader.end()),
            None => {
                let read = &text[..reader.at.min(text.len())];
                Err(1 + read.iter().filter(|byte| **byte == b'\n').count())
            }
        }
    }

    /// Reads a text up to its end, or to what git would call a mistake.
    pub(super) fn parse_until_mistake(text: &[u8]) -> Self {
        let mut reader = Reader::new(text);
        // What follows a mistake is nothing that git would act on.
        let _ = reader.read();
        reader.end()
    }

    /// Reads a text, and passes over the lines in which git would see a mistake.
    pub(super) fn parse_despite_mistakes(text: &[u8]) -> Self {
        let mut reader = Reader::new(text);
        while reader.read().is_none() {
            reader.at = reader.begun;
            reader.skip_line();
        }
        reader.end()
    }

    /// Reads a file up to a mistake; one that is not there says nothing. Never waits.
    pub(super) fn read_until_mistake(path: &Path) -> Result<Self, String> {
        let bytes = read_if_there(path)?.unwrap_or_default();
        if bytes.len() > LONGEST {
            return Err(format!("`{}` is too long to be read", path.display()));
        }
        Ok(Self::parse_until_mistake(&bytes))
    }

    /// Returns all there is, sections' own lines included, in its order.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the last value of a key, as git does: `section.name` or `section.SUBSECTION.name`, small letters but for
    /// the subsection.
    pub(super) fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        let (section, rest) = key.split_once('.')?;
        let (subsection, key) = match rest.rsplit_once('.') {
            Some((subsection, key)) => (Some(subsection.as_bytes()), key),
            None => (None, rest),
        };
        let is_it = |entry: &&Entry| {
            let of_section = entry.section == section && entry.key == key;
            of_section && entry.subsection.as_deref() == subsection
        };
        self.entries.iter().rev().find(is_it).map(Entry::says)
    }

    /// Returns the subsections with a key, each once, in their order; with the key's last value there.
    pub(super) fn subsections(
        &self,
        section: &str,
        key: &str,
    ) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let mut found: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        let with_key = |entry: &&Entry| entry.section == section && entry.key == key;
        for entry in self.entries.iter().filter(with_key) {
            let Some(name) = entry.subsection.as_deref() else {
                continue;
            };
            let name = String::from_utf8_lossy(name);
            match found.iter_mut().find(|(other, _)| *other == name) {
                Some(earlier) => earlier.1 = entry.says(),
                None => found.push((name, entry.says())),
            }
        }
        found
    }

    /// Returns the values of a key, in their order.
    pub(super) fn all(&self, section: &str, subsection: &str, key: &str) -> Vec<&Entry> {
        let is_it = |entry: &&Entry| entry.is(section, subsection, key);
        self.entries.iter().filter(is_it).collect()
    }

    /// Returns the subsections of a section that have this value for a key.
    pub(super) fn with(&self, section: &str, key: &str, value: &[u8]) -> Vec<&[u8]> {
        let has_it = |entry: &&Entry| {
            entry.section == section && entry.key == key && entry.value.as_deref() == Some(value)
        };
        let found = self.entries.iter().filter(has_it);
        found
            .filter_map(|entry| entry.subsection.as_deref())
            .collect()
    }

    /// Returns the file with another value in the place of one, and every other byte as it was.
    pub(super) fn with_value(&self, entry: &Entry, value: &str) -> Vec<u8> {
        let (before, after) = (
            &self.text[..entry.place.start],
            &self.text[entry.place.end..],
        );
        [before, quoted(value).as_bytes(), after].concat()
    }
}

/// Reads what a file holds, or refuses it with the line.
pub(super) fn parsed(text: &[u8], path: &Path) -> anyhow::Result<ConfigText> {
    ConfigText::parse(text)
        .map_err(|line| refused(format!("cannot read `{}`: line {line}", path.display())).into())
}

#[cfg(test)]
mod tests;
