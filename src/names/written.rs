//! What is odd in a file that people write, in words that name what stands there: parsers speak of Rust's types.

use super::nearest;

/// What a parser found, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    /// What is odd.
    pub(crate) what: String,
    /// What may be meant, or what there is.
    pub(crate) hint: Option<String>,
}

impl Odd {
    /// Reads what a parser says of a value or a key. Words that it does not know stay as they are.
    pub(crate) fn of(said: &str) -> Self {
        let said = said.trim_end();
        let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
        let (unknown, known) = quoted.split_first().unwrap_or((&"", &[]));
        if said.starts_with("unknown field `") {
            return Self::unknown("key", unknown, known);
        }
        if said.starts_with("unknown variant `") {
            return Self::unknown("value", unknown, known);
        }
        let what = match said.strip_prefix("missing field ") {
            Some(field) => format!("{field} is missing"),
            None => wrong_type(said).unwrap_or_else(|| said.to_owned()),
        };
        Self { what, hint: None }
    }

    fn unknown(kind: &str, word: &str, known: &[&str]) -> Self {
        let hint = match nearest(word, known.iter().copied()) {
            Some(nearest) => Some(format!("did you mean `{nearest}`?")),
            None if known.is_empty() => None,
            None => Some(format!("known there: {}", known.join(", "))),
        };
        Self {
            what: format!("unknown {kind} `{}`", word.escape_debug()),
            hint,
        }
    }
}

/// Says what a value must be and what it is, where a parser says that its type is wrong.
fn wrong_type(said: &str) -> Option<String> {
    let (found, expected) = said
        .strip_prefix("invalid type: ")?
        .split_once(", expected ")?;
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        rust if rust.starts_with("struct ") => "a table",
        other => other,
    };
    let found = match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "float" | "floating", number)) => {
            format!("the number {}", number.trim_start_matches("point "))
        }
        Some(("boolean", word)) => word.to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    Some(format!("it must be {expected}, and is {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(said: &str, what: &str, hint: Option<&str>) {
        let odd = Odd::of(said);
        assert_eq!((odd.what.as_str(), odd.hint.as_deref()), (what, hint));
    }

    #[test]
    fn a_parsers_words_become_those_of_the_file() {
        says(
            "unknown field `comand`, expected one of `command`, `prompt`",
            "unknown key `comand`",
            Some("did you mean `command`?"),
        );
        says(
            "unknown variant `on`, expected `heal` or `off`",
            "unknown value `on`",
            Some("known there: heal, off"),
        );
        says(
            "invalid type: string \"yes\", expected a boolean",
            "it must be true or false, and is the text \"yes\"",
            None,
        );
        says(
            "invalid type: integer `3`, expected a string",
            "it must be a text in quotes, and is the number `3`",
            None,
        );
        says("missing field `ref`", "`ref` is missing", None);
        says("duplicate key", "duplicate key", None);
    }
}
