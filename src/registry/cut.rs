//! Takes a table out of a TOML text with what belongs to it, and leaves every other byte as it was.
//!
//! What belongs to a table that has a header: the comment lines right above it, but for one that begins the file,
//! and commented-out keys right below it. Every other comment stays.

use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike, Value};

use super::splice::{Stuck, find};

/// Removes the table `[kind.name]` with all that is in it, however it was written.
pub(super) fn remove(text: &str, [kind, name]: [&str; 2]) -> Result<String, Stuck> {
    let document = Document::parse(text).map_err(|_| Stuck)?;
    let parent = find(document.as_table(), &[kind]).ok_or(Stuck)?;
    let (key, item) = parent.table.get_key_value(name).ok_or(Stuck)?;
    let mut pieces = Pieces::default();
    let key = key.span().map_or(0, |span| span.start);
    pieces.collect(key, item).ok_or(Stuck)?;
    Ok(if parent.inline {
        without_entries(text, pieces.entries)
    } else {
        without_lines(text, &pieces)
    })
}

/// The places of everything that makes up one table.
#[derive(Default)]
struct Pieces {
    /// From a header to the end of its last value.
    sections: Vec<Range<usize>>,
    /// Single values, each from its key to its end.
    entries: Vec<Range<usize>>,
}

impl Pieces {
    fn collect(&mut self, key: usize, item: &Item) -> Option<()> {
        match item {
            Item::Table(table) => {
                if !table.is_dotted()
                    && !table.is_implicit()
                    && let Some(header) = table.span()
                {
                    let end = direct_end(table).unwrap_or(header.end);
                    self.sections.push(header.start..end.max(header.end));
                }
                self.collect_all(table)
            }
            Item::Value(Value::InlineTable(table)) if table.is_dotted() => self.collect_all(table),
            Item::Value(value) => {
                self.entries.push(key..value.span()?.end);
                Some(())
            }
            Item::None | Item::ArrayOfTables(_) => None,
        }
    }

    fn collect_all(&mut self, table: &dyn TableLike) -> Option<()> {
        for (name, item) in table.iter() {
            let key = table.key(name)?.span().map_or(0, |span| span.start);
            self.collect(key, item)?;
        }
        Some(())
    }
}

/// Returns where the last value under a header ends; tables with headers of their own do not count.
fn direct_end(table: &Table) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Table(inner) if inner.is_dotted() => direct_end(inner),
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => None,
    });
    ends.max()
}

/// Takes entries out of an inline table, each with one comma.
fn without_entries(text: &str, mut entries: Vec<Range<usize>>) -> String {
    let mut text = text.to_owned();
    entries.sort_by_key(|entry| entry.start);
    // From the last to the first, so that the places of those still to come stay true.
    for entry in entries.into_iter().rev() {
        // A dotted key's place is that of its last part.
        let of_key = |c: char| c.is_alphanumeric() || "._-\"' \t".contains(c);
        let start = text[..entry.start].trim_end_matches(of_key).len();
        let start = text[..entry.start].len() - text[start..entry.start].trim_start().len();
        let after = text[entry.end..].trim_start();
        let range = if let Some(rest) = after.strip_prefix(',') {
            start..text.len() - rest.trim_start_matches([' ', '\t']).len()
        } else {
            let before = text[..start].trim_end();
            before.strip_suffix(',').unwrap_or(before).len()..entry.end
        };
        text.replace_range(range, "");
    }
    text
}

struct Line<'t> {
    text: &'t str,
    start: usize,
    goes: bool,
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// A remark for people; `#:` speaks to editors about the whole file.
    fn is_comment(&self) -> bool {
        let text = self.text.trim_start();
        text.starts_with('#') && !text.starts_with("#:")
    }

    /// A comment that was, or may become, a key: `# watch = "heal"`.
    fn is_disabled_key(&self) -> bool {
        let text = self.text.trim_start().trim_start_matches('#').trim_start();
        self.is_comment()
            && text.split_once('=').is_some_and(|(key, _)| {
                let key = key.trim_end();
                let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
                !key.is_empty() && key.chars().all(plain)
            })
    }
}

/// Takes whole lines out: sections with the comment right above them, and the lines of single entries.
fn without_lines(text: &str, pieces: &Pieces) -> String {
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = lines
            .last()
            .map_or(0, |it: &Line<'_>| it.start + it.text.len());
        lines.push(Line {
            text: line,
            start,
            goes: false,
        });
    }
    for entry in &pieces.entries {
        mark(&mut lines, entry);
    }
    for section in &pieces.sections {
        let covered = mark(&mut lines, section);
        mark_comments(&mut lines, &covered);
    }
    for section in &pieces.sections {
        mark_blanks(&mut lines, section.start);
    }
    lines
        .iter()
        .filter(|line| !line.goes)
        .map(|line| line.text)
        .collect()
}

/// Marks the lines of a range and returns their indices.
fn mark(lines: &mut [Line<'_>], range: &Range<usize>) -> Range<usize> {
    let first = lines.partition_point(|line| line.start <= range.start) - 1;
    let end = lines.partition_point(|line| line.start < range.end);
    for line in &mut lines[first..end] {
        line.goes = true;
    }
    first..end
}

fn mark_comments(lines: &mut [Line<'_>], section: &Range<usize>) {
    let above = lines[..section.start]
        .iter()
        .rposition(|line| !line.is_comment())
        .map(|other| other + 1);
    // A comment that begins the file is about the file.
    for line in &mut lines[above.unwrap_or(section.start)..section.start] {
        line.goes = true;
    }
    let below = lines[section.end..]
        .iter()
        .take_while(|line| line.is_disabled_key())
        .count();
    for line in &mut lines[section.end..section.end + below] {
        line.goes = true;
    }
}

/// Where a section went between two gaps, one gap is enough.
fn mark_blanks(lines: &mut [Line<'_>], section: usize) {
    let inside = lines.partition_point(|line| line.start <= section) - 1;
    let first = lines[..inside]
        .iter()
        .rposition(|line| !line.goes)
        .map_or(0, |kept| kept + 1);
    let end = inside
        + lines[inside..]
            .iter()
            .position(|line| !line.goes)
            .unwrap_or(lines.len() - inside);
    let gap_follows = lines.get(end).is_none_or(Line::is_blank);
    if first == 0 {
        let blanks = lines[end..].iter().take_while(|it| it.is_blank()).count();
        for line in &mut lines[end..end + blanks] {
            line.goes = true;
        }
    } else if gap_follows {
        let above = lines[..first]
            .iter()
            .rposition(|line| !line.is_blank())
            .map_or(0, |kept| kept + 1);
        for line in &mut lines[above..first] {
            line.goes = true;
        }
    }
}
