//! Finds everything that is wrong with a fleet.toml that does not load.
//!
//! The types of `text.rs` stop at the first error. So each table is read on its own; what an error names is taken
//! out, and the rest is read again. A sound file never comes here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{MOST, Problem};
use super::syntax::syntax;
use super::text::{FileText, FleetText};
use crate::names::{Name, Odd, nearest};

/// Keys that are designed and not built: refused as such, so that nobody believes they have an effect.
const NOT_BUILT: [(&str, &[&str]); 3] = [
    ("fleet", &["on"]),
    ("harnesses", &["preset", "commands"]),
    ("projects", &["on", "hold"]),
];

/// What is left of a file without its problems.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// Everything that could be read.
    pub(super) file: FileText,
    /// What was wrong with the rest.
    pub(super) problems: Vec<Problem>,
    /// The paths of the keys that were taken out: nothing may be concluded from their absence.
    pub(super) removed: HashSet<String>,
}

impl Recovered {
    /// Tells whether something of `path` was taken out.
    pub(super) fn lost(&self, path: &[&str]) -> bool {
        self.removed.contains(&path.join("."))
    }
}

/// Reads what can be read of a text that is not a valid registry.
pub(super) fn recover(text: &str) -> Recovered {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // After a syntax error nothing else is certain: the keys that follow may belong to another table.
        return Recovered {
            problems: syntax(text, &errors),
            ..Recovered::default()
        };
    }
    let mut reader = Reader {
        text,
        found: Recovered::default(),
    };
    for (key, value) in root.get_ref() {
        match key.get_ref().as_ref() {
            "fleet" => {
                let fleet = reader.read::<FleetText>(&["fleet"], key.span(), value);
                reader.found.file.fleet = fleet.unwrap_or_default();
            }
            "operator" => {
                reader.found.file.operator = reader.read(&["operator"], key.span(), value);
            }
            "harnesses" => reader.found.file.harnesses = reader.read_all("harnesses", value),
            "projects" => reader.found.file.projects = reader.read_all("projects", value),
            other => reader.unknown::<FileText>(&[], &[], other, &key.span()),
        }
    }
    reader.found
}

struct Reader<'t> {
    text: &'t str,
    found: Recovered,
}

impl Reader<'_> {
    /// Reads a table of named tables.
    fn read_all<T: DeserializeOwned + JsonSchema>(
        &mut self,
        kind: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> BTreeMap<Name, T> {
        let DeValue::Table(table) = value.get_ref() else {
            self.problem(&value.span(), format!("`{kind}` must be a table of tables"));
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for (key, value) in table {
            let text = key.get_ref().as_ref();
            match text.parse::<Name>() {
                Ok(name) => {
                    if let Some(read) = self.read(&[kind, text], key.span(), value) {
                        all.insert(name, read);
                    }
                }
                Err(why) => self.problem(&key.span(), format!("in `[{kind}]`: {why}")),
            }
        }
        all
    }

    /// Reads one table, without what is wrong in it; `None` where nothing can be read.
    fn read<T: DeserializeOwned + JsonSchema>(
        &mut self,
        path: &[&str],
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<T> {
        let mut value = value.clone();
        while self.found.problems.len() < MOST {
            let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let DeValue::Table(table) = value.get_mut() else {
                self.problem(&key, format!("`{}` must be a table", path.join(".")));
                break;
            };
            if let Some(missing) = missing(error.message()) {
                // One that was taken out a moment ago has its problem already.
                if !self.found.lost(&[path, &[missing]].concat()) {
                    let message = format!("`[{}]` has no `{missing}`", path.join("."));
                    self.problem(&key, message);
                    self.removed(path, &[missing]);
                }
                // Any text that passes as every required value, so that reading can go on.
                let filler = DeValue::String(Cow::Borrowed("x"));
                let missing = Cow::Owned(missing.to_owned());
                table.insert(
                    Spanned::new(key.clone(), missing),
                    Spanned::new(key.clone(), filler),
                );
                continue;
            }
            let Some(taken) = error.span().and_then(|at| take_out(table, &at)) else {
                self.problem(&key, format!("`{}`: {}", path.join("."), error.message()));
                break;
            };
            let steps: Vec<&str> = taken.path.iter().map(String::as_str).collect();
            self.removed(path, &steps);
            match steps[..] {
                [ref inner @ .., unknown] if error.message().starts_with("unknown field") => {
                    self.unknown::<T>(path, inner, unknown, &taken.key);
                }
                _ => {
                    let full = [path, &steps].concat().join(".");
                    let at = error.span().unwrap_or(taken.key);
                    let odd = Odd::of(error.message());
                    let message = format!("`{full}`: {}", odd.what);
                    self.push(Problem::at(self.text, &at, message).hint(odd.hint));
                }
            }
        }
        // Nothing may be concluded about what could not be read at all.
        self.removed(path, &[]);
        None
    }

    fn removed(&mut self, path: &[&str], steps: &[&str]) {
        self.found.removed.insert([path, steps].concat().join("."));
    }

    fn problem(&mut self, span: &Range<usize>, message: String) {
        self.push(Problem::at(self.text, span, message));
    }

    fn push(&mut self, problem: Problem) {
        if self.found.problems.len() < MOST {
            self.found.problems.push(problem);
        }
    }

    /// Tells of a key that is not known in the table `path`, which `T` describes, or in a table `inner` to it.
    fn unknown<T: JsonSchema>(
        &mut self,
        path: &[&str],
        inner: &[&str],
        key: &str,
        span: &Range<usize>,
    ) {
        let table = path.first().copied().unwrap_or_default();
        let not_built = NOT_BUILT
            .iter()
            .any(|(of, keys)| *of == table && inner.is_empty() && keys.contains(&key));
        if not_built {
            self.problem(span, format!("`{key}` is not built yet"));
            return;
        }
        let place = match [path, inner].concat().as_slice() {
            [] => "at the top".to_owned(),
            path => format!("in `[{}]`", path.join(".")),
        };
        let known = known::<T>(inner);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match nearest(key, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known there: {}", known.join(", ")),
        };
        let key = key.escape_debug();
        let message = format!("unknown key `{key}` {place}");
        self.push(Problem::at(self.text, span, message).hint(Some(hint)));
    }
}

/// Returns the keys that a table of this type may have, or a table inner to it.
fn known<T: JsonSchema>(inner: &[&str]) -> Vec<String> {
    // In one piece: no part of it refers to another place.
    let settings =
        schemars::generate::SchemaSettings::default().with(|it| it.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let found = inner.iter().try_fold(schema.as_value(), |schema, key| {
        let property = &schema["properties"][key];
        // What may be left out is one of several: a table, or nothing.
        let choices = property["anyOf"].as_array().into_iter().flatten();
        choices
            .chain([property])
            .find(|choice| choice["properties"].is_object())
    });
    found
        .and_then(|schema| schema["properties"].as_object())
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

fn missing(message: &str) -> Option<&str> {
    message
        .trim_end()
        .strip_prefix("missing field `")?
        .strip_suffix('`')
}

struct Taken {
    path: Vec<String>,
    key: Range<usize>,
}

/// Takes the innermost key out that an error's place is in.
fn take_out(table: &mut DeTable<'_>, at: &Range<usize>) -> Option<Taken> {
    let (key, value) = table
        .iter_mut()
        .find(|(key, value)| contains(&key.span(), at) || holds(value, at))?;
    let (name, span) = (key.get_ref().to_string(), key.span());
    if let DeValue::Table(inner) = value.get_mut()
        && let Some(mut taken) = take_out(inner, at)
    {
        taken.path.insert(0, name);
        return Some(taken);
    }
    table.remove(name.as_str());
    Some(Taken {
        path: vec![name],
        key: span,
    })
}

/// Tells whether a place is in a value; a table's own span is its header only, so what is in it is asked too.
fn holds(value: &Spanned<DeValue<'_>>, at: &Range<usize>) -> bool {
    contains(&value.span(), at)
        || match value.get_ref() {
            DeValue::Table(table) => table
                .iter()
                .any(|(key, value)| contains(&key.span(), at) || holds(value, at)),
            DeValue::Array(array) => array.iter().any(|value| holds(value, at)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => false,
        }
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
