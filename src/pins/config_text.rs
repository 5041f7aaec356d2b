//! A file in the form of git-config(1), read with the place of each value, so that one can be changed and no other byte.
//!
//! libgit2 and `git config` write such files anew around a value: quotes, continued lines and comments behind it go.

use std::ops::Range;

use super::engine::quoted;

/// One value of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In small letters.
    section: String,
    /// As it is written; `None` where the section has none.
    subsection: Option<Vec<u8>>,
    /// In small letters.
    key: String,
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
}

/// A file, read.
#[derive(Debug)]
pub(super) struct ConfigText<'t> {
    text: &'t [u8],
    entries: Vec<Entry>,
}

impl<'t> ConfigText<'t> {
    /// Reads a file; on failure returns the number of the line that git would not read either.
    pub(super) fn parse(text: &'t [u8]) -> Result<Self, usize> {
        let mut reader = Reader {
            text,
            at: if text.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            },
        };
        let entries = reader.entries().ok_or_else(|| {
            let read = &text[..reader.at.min(text.len())];
            1 + read.iter().filter(|byte| **byte == b'\n').count()
        })?;
        Ok(Self { text, entries })
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

/// Reads as git does: what it does not understand is `None`, and `at` is near it.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        // A line may end as on other systems.
        if byte == b'\r' && self.text.get(self.at + 1) == Some(&b'\n') {
            return Some(b'\n');
        }
        Some(byte)
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += if self.text[self.at] == b'\r' && byte == b'\n' {
            2
        } else {
            1
        };
        Some(byte)
    }

    fn entries(&mut self) -> Option<Vec<Entry>> {
        let (mut entries, mut section) = (Vec::new(), None);
        while let Some(byte) = self.peek() {
            match byte {
                b'#' | b';' => self.skip_line(),
                byte if byte.is_ascii_whitespace() || byte == 0x0b => drop(self.next()),
                b'[' => section = Some(self.section()?),
                byte if byte.is_ascii_alphabetic() => {
                    let (section, subsection) = section.clone()?;
                    let key = self.key();
                    let (value, place) = self.value()?;
                    entries.push(Entry {
                        section,
                        subsection,
                        key,
                        value,
                        place,
                    });
                }
                _ => return None,
            }
        }
        Some(entries)
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|byte| byte != b'\n') {}
    }

    /// Reads `[name]`, `[name "sub"]` or, as git did once, `[name.sub]`.
    fn section(&mut self) -> Option<(String, Option<Vec<u8>>)> {
        self.next();
        let mut name = String::new();
        loop {
            match self.next()? {
                b']' => {
                    let parts = name.split_once('.');
                    let parts = parts.map(|(name, sub)| (name.to_owned(), Some(sub.into())));
                    return Some(parts.unwrap_or((name, None)));
                }
                b' ' | b'\t' => break,
                byte if byte.is_ascii_alphanumeric() || b"-.".contains(&byte) => {
                    name.push(char::from(byte.to_ascii_lowercase()));
                }
                _ => return None,
            }
        }
        while matches!(self.peek()?, b' ' | b'\t') {
            self.next();
        }
        if self.next()? != b'"' {
            return None;
        }
        let mut sub = Vec::new();
        loop {
            match self.next()? {
                b'\n' => return None,
                b'"' => break,
                b'\\' => match self.next()? {
                    b'\n' => return None,
                    byte => sub.push(byte),
                },
                byte => sub.push(byte),
            }
        }
        (self.next()? == b']').then_some((name, Some(sub)))
    }

    fn key(&mut self) -> String {
        let mut key = String::new();
        while let Some(byte) = self.peek()
            && (byte.is_ascii_alphanumeric() || byte == b'-')
        {
            key.push(char::from(byte.to_ascii_lowercase()));
            self.at += 1;
        }
        key
    }

    fn value(&mut self) -> Option<(Option<Vec<u8>>, Range<usize>)> {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.next();
        }
        match self.peek() {
            None | Some(b'\n' | b'#' | b';') => return Some((None, self.at..self.at)),
            Some(b'=') => self.next(),
            Some(_) => return None,
        };
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.next();
        }
        let (start, mut end) = (self.at, self.at);
        let (mut value, mut kept, mut is_quoted) = (Vec::new(), 0, false);
        loop {
            let begins = self.at;
            match self.peek() {
                None if is_quoted => return None,
                None | Some(b'\n') if !is_quoted => break,
                Some(b'\n') => return None,
                Some(b'#' | b';') if !is_quoted => break,
                Some(byte @ (b' ' | b'\t' | b'\r' | 0x0b | 0x0c)) if !is_quoted => {
                    self.next();
                    value.push(byte);
                    continue;
                }
                Some(b'"') => {
                    self.next();
                    is_quoted = !is_quoted;
                }
                Some(b'\\') => {
                    self.next();
                    match self.next()? {
                        // The value goes on in the next line.
                        b'\n' => continue,
                        b't' => value.push(b'\t'),
                        b'b' => value.push(0x08),
                        b'n' => value.push(b'\n'),
                        byte @ (b'\\' | b'"') => value.push(byte),
                        _ => {
                            self.at = begins;
                            return None;
                        }
                    }
                }
                Some(byte) => {
                    self.next();
                    value.push(byte);
                }
                None => return None,
            }
            (end, kept) = (self.at, value.len());
        }
        // White space at the end belongs to what follows.
        value.truncate(kept);
        Some((Some(value), start..end))
    }
}

#[cfg(test)]
mod tests;
