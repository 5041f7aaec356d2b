//! Changes single values in a TOML text and leaves every other byte as it was.
//!
//! toml_edit says where each key and value is and how a new one is spelt; the text around is never printed anew.
//! (Printing its document back would turn CRLF into LF, drop a byte order mark and sort dotted keys.)

use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike, Value};

/// Why a text cannot be changed in place: an edit by hand is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stuck;

/// A table that has a name, as it was written.
pub(super) struct Found<'d> {
    pub(super) table: &'d dyn TableLike,
    /// It is, or is in, an inline table: `{ ... }`.
    pub(super) inline: bool,
    /// What its keys need before them: `demo.` where it was written as dotted keys.
    prefix: String,
}

/// One value to be set: the path of its table, its key, and what it is to be.
pub(super) type Setting<'a> = ([&'a str; 2], &'a str, &'a Value);

/// Sets keys of tables that have at least one of the keys before each in `order`. All are found in one reading.
pub(super) fn set(text: &str, settings: &[Setting<'_>], order: &[&str]) -> Result<String, Stuck> {
    let document = Document::parse(text).map_err(|_| Stuck)?;
    let mut patches = Vec::with_capacity(settings.len());
    for setting in settings {
        patches.push(patch(text, &document, *setting, order)?);
    }
    // From the end to the start, so that the places of those to come stay right; of two at one place the later goes
    // in first, and is pushed behind the earlier.
    let mut places: Vec<usize> = (0..patches.len()).collect();
    places.sort_by_key(|place| (patches[*place].0.start, *place));
    let mut changed = text.to_owned();
    for place in places.into_iter().rev() {
        let (range, with) = &patches[place];
        changed.replace_range(range.clone(), with);
    }
    Ok(changed)
}

/// Returns what is to stand where for one value to be set.
fn patch(
    text: &str,
    document: &Document<&str>,
    (table, key, value): Setting<'_>,
    order: &[&str],
) -> Result<(Range<usize>, String), Stuck> {
    let found = find(document.as_table(), &table).ok_or(Stuck)?;
    if let Some(item) = found.table.get(key) {
        let span = item.as_value().and_then(Value::span).ok_or(Stuck)?;
        return Ok((span, value.to_string()));
    }
    let position = order.iter().position(|it| *it == key).ok_or(Stuck)?;
    let (anchor, end) = order[..position]
        .iter()
        .rev()
        .find_map(|before| leaf(found.table, before))
        .ok_or(Stuck)?;
    let entry = format!("{}{key} = {value}", found.prefix);
    if found.inline {
        return Ok((end..end, format!(", {entry}")));
    }
    let line = &text[line_start(text, anchor)..];
    let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let ending = line_ending(text, anchor);
    Ok(match text[end..].find('\n') {
        Some(newline) => {
            let next = end + newline + 1;
            (next..next, format!("{indent}{entry}{ending}"))
        }
        None => (text.len()..text.len(), format!("{ending}{indent}{entry}")),
    })
}

/// Sets a key right below the header of a table that has one.
pub(super) fn begin(
    text: &str,
    [kind, name]: [&str; 2],
    key: &str,
    value: &Value,
) -> Result<String, Stuck> {
    let document = Document::parse(text).map_err(|_| Stuck)?;
    let kinds = document.as_table().get(kind).and_then(Item::as_table_like);
    let table = kinds
        .and_then(|kinds| kinds.get(name))
        .and_then(Item::as_table)
        .filter(|table| !table.is_dotted() && !table.is_implicit() && !table.contains_key(key))
        .ok_or(Stuck)?;
    let header = table.span().ok_or(Stuck)?;
    let ending = line_ending(text, header.start);
    let entry = format!("{key} = {value}");
    Ok(match text[header.start..].find('\n') {
        Some(newline) => {
            let next = header.start + newline + 1;
            replaced(text, next..next, &format!("{entry}{ending}"))
        }
        None => format!("{text}{ending}{entry}"),
    })
}

/// Adds a table `[kind.name]` at the end, or as an inline one where the user wrote `kind = { ... }`.
pub(super) fn add(
    text: &str,
    [kind, name]: [&str; 2],
    entries: &[(&str, Value)],
) -> Result<String, Stuck> {
    let document = Document::parse(text).map_err(|_| Stuck)?;
    if let Some(Item::Value(value)) = document.as_table().get(kind) {
        let table = value.as_inline_table().ok_or(Stuck)?;
        let entries: Vec<String> = entries
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        let entry = format!("{name} = {{ {} }}", entries.join(", "));
        return Ok(match last_end(table) {
            Some(end) => replaced(text, end..end, &format!(", {entry}")),
            None => {
                let after_brace = table.span().ok_or(Stuck)?.start + 1;
                replaced(text, after_brace..after_brace, &format!(" {entry} "))
            }
        });
    }
    let ending = line_ending(text, text.len());
    let mut longer = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        longer.push_str(ending);
    }
    let last = longer.lines().next_back().unwrap_or_default();
    if !last.trim().is_empty() {
        longer.push_str(ending);
    }
    longer.push_str(&format!("[{kind}.{name}]{ending}"));
    for (key, value) in entries {
        longer.push_str(&format!("{key} = {value}{ending}"));
    }
    Ok(longer)
}

/// Finds a table by its path, in whatever way it was written.
pub(super) fn find<'d>(root: &'d Table, path: &[&str]) -> Option<Found<'d>> {
    let mut found = Found {
        table: root,
        inline: false,
        prefix: String::new(),
    };
    for name in path {
        let item = found.table.get(name)?;
        let table = item.as_table_like()?;
        let prefix = if table.is_dotted() {
            format!("{}{name}.", found.prefix)
        } else {
            String::new()
        };
        found = Found {
            table,
            inline: found.inline || item.is_value(),
            prefix,
        };
    }
    Some(found)
}

/// Returns where a plain value's key starts and the value ends.
fn leaf(table: &dyn TableLike, key: &str) -> Option<(usize, usize)> {
    let (key, item) = table.get_key_value(key)?;
    let value = item.as_value()?;
    Some((key.span()?.start, value.span()?.end))
}

/// Returns where the last value of an inline table ends.
fn last_end(table: &toml_edit::InlineTable) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, value)| match value {
        Value::InlineTable(inner) if inner.is_dotted() => last_end(inner),
        value => value.span().map(|span| span.end),
    });
    ends.max()
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Returns how the line at `offset` ends, or, where it has no end, the line before it.
fn line_ending(text: &str, offset: usize) -> &'static str {
    let newline = text[offset..]
        .find('\n')
        .map(|newline| offset + newline)
        .or_else(|| text[..offset].rfind('\n'));
    match newline {
        Some(newline) if text[..newline].ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}
