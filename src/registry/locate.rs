//! Finds a key in a parsed text that remembers its places.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::problem::position;

/// Returns the spans of a key and of its value; for a table both are the key's. The last step may be a place in a list,
/// from 0: then both are the item's.
pub(super) fn locate(table: &DeTable<'_>, path: &[&str]) -> Option<(Range<usize>, Range<usize>)> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.get_key_value(*first)?;
    match value.get_ref() {
        // A table's own span may be that of a later header; its name is where people look.
        DeValue::Table(_) if rest.is_empty() => Some((key.span(), key.span())),
        DeValue::Table(inner) => locate(inner, rest),
        DeValue::Array(items) if !rest.is_empty() => {
            let [place] = rest else { return None };
            let item = items.get(place.parse::<usize>().ok()?)?;
            Some((item.span(), item.span()))
        }
        _ if rest.is_empty() => Some((key.span(), value.span())),
        _ => None,
    }
}

/// Returns the line of a key, from 1.
pub(super) fn line_of(text: &str, table: &DeTable<'_>, path: &[&str]) -> Option<usize> {
    let (key, _) = locate(table, path)?;
    Some(position(text.as_bytes(), key.start).0)
}
