//! The form of git-config(1), byte by byte.

use std::ops::Range;

use super::{ConfigText, Entry};

/// Reads as git does: what it does not understand is `None`, and `at` is near it.
pub(super) struct Reader<'t> {
    text: &'t [u8],
    pub(super) at: usize,
    /// Where what is being read began.
    pub(super) begun: usize,
    section: Option<(String, Option<Vec<u8>>)>,
    entries: Vec<Entry>,
}

impl<'t> Reader<'t> {
    /// Begins at the beginning.
    pub(super) fn new(text: &'t [u8]) -> Self {
        let has_mark = text.starts_with(b"\xef\xbb\xbf");
        let at = if has_mark { 3 } else { 0 };
        Self {
            text,
            at,
            begun: at,
            section: None,
            entries: Vec::new(),
        }
    }

    /// Returns what was read.
    pub(super) fn end(self) -> ConfigText {
        ConfigText {
            text: self.text.to_owned(),
            entries: self.entries,
        }
    }

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

    /// Reads on, up to the end.
    pub(super) fn read(&mut self) -> Option<()> {
        while let Some(byte) = self.peek() {
            self.begun = self.at;
            match byte {
                b'#' | b';' => self.skip_line(),
                byte if byte.is_ascii_whitespace() || byte == 0x0b => drop(self.next()),
                b'[' => {
                    self.section = Some(self.section()?);
                    self.enter(String::new(), None, self.at..self.at)?;
                }
                byte if byte.is_ascii_alphabetic() => {
                    let key = self.key();
                    let (value, place) = self.value()?;
                    self.enter(key, value, place)?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn enter(&mut self, key: String, value: Option<Vec<u8>>, place: Range<usize>) -> Option<()> {
        let (section, subsection) = self.section.clone()?;
        self.entries.push(Entry {
            section,
            subsection,
            key,
            value,
            place,
        });
        Some(())
    }

    /// Goes to the next line.
    pub(super) fn skip_line(&mut self) {
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
