//! The tables of keys in docs/, written from the types that read the files: their names, kinds and doc comments.
//!
//! `.ci/regenerate` writes them; without it the tests compare.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A table of a file that people write: `[projects.NAME]`, and the schema of what may be in it.
struct Table<'a> {
    heading: String,
    schema: &'a Value,
}

/// A key: its name, kind, default, meaning, and with what a change takes effect.
type Row = [String; 5];

const TITLES: [&str; 5] = ["key", "type", "default", "means", "a change takes effect"];

/// Tells whether what is generated is to be written, and not to be compared.
pub(crate) fn is_regenerating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Compares the part of a document that is generated for `file` with the file's schema, or writes it anew.
#[track_caller]
pub(crate) fn is_up_to_date(document: &str, file: &str, schema: &Value) {
    // A document may have the keys of two files.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(&path).expect("the document is there");
    let begin =
        format!("<!-- the keys of {file}: `.ci/regenerate` writes them from the types -->\n");
    let end = format!("<!-- the end of the keys of {file} -->");
    let parts = text
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let (before, (written, after)) =
        parts.unwrap_or_else(|| panic!("{document} has no `{begin}` and no `{end}`"));
    let wanted = reference(file, schema);
    if is_regenerating() {
        let text = format!("{before}{begin}{wanted}{end}{after}");
        fs::write(&path, text).expect("the documents can be written");
    } else {
        assert_eq!(
            written, wanted,
            "{document} is not what the types say: type `.ci/regenerate`"
        );
    }
}

fn reference(file: &str, root: &Value) -> String {
    let mut text = "\n".to_owned();
    for table in tables(file, root) {
        let _ = writeln!(text, "### `{}`\n", table.heading);
        let about = description(table.schema);
        if !about.is_empty() {
            let _ = writeln!(text, "{about}\n");
        }
        let rows = rows(root, table.schema);
        if !rows.is_empty() {
            let _ = writeln!(text, "{}", grid(rows));
        }
    }
    text
}

/// Returns the tables of a file in the order of their names, each before those inside it.
fn tables<'a>(file: &str, root: &'a Value) -> Vec<Table<'a>> {
    let mut found = Vec::new();
    for (name, key) in properties(root) {
        collect(root, name, key, &mut found);
    }
    if found.is_empty() {
        found.push(Table {
            heading: file.to_owned(),
            schema: root,
        });
    }
    found
}

fn collect<'a>(root: &'a Value, name: &str, key: &'a Value, found: &mut Vec<Table<'a>>) {
    let table = resolved(root, key);
    let (name, schema) = match member(table).map(|member| resolved(root, member)) {
        Some(member) if member["properties"].is_object() => (format!("{name}.NAME"), member),
        Some(_) => (name.to_owned(), key),
        None if table["properties"].is_object() => (name.to_owned(), table),
        None => return,
    };
    found.push(Table {
        heading: format!("[{name}]"),
        schema,
    });
    for (inner, key) in properties(schema) {
        // A table of plain values is a key like any other.
        if resolved(root, key)["properties"].is_object() {
            collect(root, &format!("{name}.{inner}"), key, found);
        }
    }
}

/// Returns what each of a table's members is, where their names are free.
fn member(table: &Value) -> Option<&Value> {
    let named = table["patternProperties"].as_object();
    let any = &table["additionalProperties"];
    named
        .and_then(|them| them.values().next())
        .or_else(|| any.is_object().then_some(any))
}

/// Returns the keys of a table: first those that must be there.
fn rows(root: &Value, table: &Value) -> Vec<Row> {
    let required: Vec<&str> = table["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut rows: Vec<_> = properties(table)
        .map(|(name, key)| {
            let is_required = required.contains(&name.as_str());
            (!is_required, row(root, name, key, is_required))
        })
        .collect();
    rows.sort_by_cached_key(|(is_optional, row)| {
        (*is_optional, row[0].trim_matches('`').to_owned())
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row(root: &Value, name: &str, key: &Value, is_required: bool) -> Row {
    let about = description(key);
    let (about, effect) = about.split_once("Takes effect: ").unwrap_or((&about, ""));
    let (means, default) = about.split_once("Default: ").unwrap_or((about, ""));
    assert!(!means.is_empty(), "`{name}` has no doc comment");
    assert!(
        !is_required || default.is_empty(),
        "`{name}` must be there, and its doc comment has a default"
    );
    let default = match (is_required, default) {
        (true, _) => "must be there",
        (false, "") => "none",
        (false, default) => default,
    };
    let end = |text: &str| text.trim_end().trim_end_matches('.').to_owned();
    [
        format!("`{name}`"),
        kind(root, key),
        end(default),
        end(means),
        end(effect),
    ]
}

/// Says in a word or two what may stand there.
fn kind(root: &Value, key: &Value) -> String {
    let values = values(resolved(root, key));
    if !values.is_empty() {
        return values.join(" or ");
    }
    let named = reference_of(key).and_then(|name| match name {
        "Time" => Some("time"),
        "Place" | "EnginePath" | "PlainPath" => Some("path"),
        "Name" => Some("name"),
        "Ref" => Some("ref"),
        "CommitId" => Some("commit"),
        "HarnessUrl" => Some("URL"),
        "Label" => Some("word"),
        "Size" => Some("size"),
        _ => None,
    });
    if let Some(named) = named {
        return named.to_owned();
    }
    let schema = resolved(root, key);
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    let first = kinds
        .iter()
        .filter_map(Value::as_str)
        .find(|it| *it != "null");
    match first {
        Some("array") => format!("list of {}s", kind(root, &schema["items"])),
        Some("object") if schema["properties"].is_object() => "table".to_owned(),
        Some("object") => "table of texts".to_owned(),
        Some("integer") => "number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some(_) | None => "text".to_owned(),
    }
}

/// Returns the words that a key may be, where it is one of several words.
fn values(schema: &Value) -> Vec<String> {
    let alternatives = schema["oneOf"].as_array();
    let schemas = alternatives.map_or_else(|| vec![schema], |them| them.iter().collect());
    let words = schemas.into_iter().flat_map(|one| {
        let several = one["enum"].as_array().into_iter().flatten();
        several.chain(one.get("const"))
    });
    words.map(|word| format!("`{word}`")).collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Follows a key to what it refers to.
fn resolved<'a>(root: &'a Value, key: &'a Value) -> &'a Value {
    let definitions = [&root["definitions"], &root["$defs"]];
    reference_of(key)
        .and_then(|name| definitions.into_iter().find_map(|them| them.get(name)))
        .unwrap_or(key)
}

fn reference_of(key: &Value) -> Option<&str> {
    let alternatives = [&key["allOf"], &key["anyOf"]];
    let inner = alternatives.into_iter().filter_map(Value::as_array);
    std::iter::once(key)
        .chain(inner.flatten())
        .find_map(|it| it["$ref"].as_str()?.rsplit('/').next())
}

/// Returns a doc comment in one line.
fn description(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lays rows out as Markdown, without the columns that are empty.
fn grid(rows: Vec<Row>) -> String {
    let used: Vec<usize> = (0..TITLES.len())
        .filter(|column| rows.iter().any(|row| !row[*column].is_empty()))
        .collect();
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&mut used.iter().map(|column| TITLES[*column].to_owned()));
    text.push_str(&format!("|{}\n", "---|".repeat(used.len())));
    for row in rows {
        text.push_str(&line(&mut used.iter().map(|column| row[*column].clone())));
    }
    text
}
