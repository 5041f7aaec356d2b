//! Values of fleet.toml that can be wrong by themselves: each is checked where it is read.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::checked_text;

/// Whether a project is started again when it dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Watch {
    /// It is.
    Heal,
    /// It is not.
    #[default]
    Off,
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Heal => "heal",
            Self::Off => "off",
        })
    }
}

/// How many projects may be started at once, or run: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Count(usize);

impl Count {
    /// More than one machine ever runs.
    const MOST: i64 = 100_000;

    /// Returns the number.
    pub(super) fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<i64> for Count {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        usize::try_from(number)
            .ok()
            .filter(|_| (1..=Self::MOST).contains(&number))
            .map(Self)
            .ok_or_else(|| format!("it must be 1 to {}, not {number}", Self::MOST))
    }
}

impl JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": Self::MOST })
    }
}

/// A text that may be a process's argument or a variable's value: it has no NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Argument(String);

checked_text!(Argument, "^[^\\u0000]*$");

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("no process can be given a text with a NUL in it".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct EnvironmentName(String);

checked_text!(EnvironmentName, "^[A-Za-z_][A-Za-z0-9_]*$");

impl FromStr for EnvironmentName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if first && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is not the name of a variable: ASCII letters, digits and `_`, no digit first",
            text.escape_debug()
        ))
    }
}

/// A word to select projects by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Label(String);

checked_text!(Label, "^[^-,\\s][^,\\s]{0,63}$");

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::names::label(text).map(Self)
    }
}

/// A path as written: relative to the fleet, absolute, or below `~`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Place(String);

checked_text!(Place, "^(~(/.*)?|[^~].*)$");

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("`{}` is not a path: {why}", text.escape_debug()));
        if text.is_empty() || text.len() > 4000 {
            return refused("it must have 1 to 4000 bytes");
        }
        if text.chars().any(char::is_control) {
            return refused("it contains a control character");
        }
        if text.starts_with('~') && text != "~" && !text.starts_with("~/") {
            return refused("only `~/...`, your own home, is understood");
        }
        if text.split('/').any(|part| part.len() > 255) {
            return refused("a part of it has more than 255 bytes");
        }
        Ok(Self(text.to_owned()))
    }
}

/// Where a harness is mounted inside a project: a plain relative path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct EnginePath(String);

checked_text!(
    EnginePath,
    "^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$"
);

impl FromStr for EnginePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        // `git~1` is `.git` on some file systems, and `~` is none of the plain characters.
        if text.len() <= 200 && text.split('/').all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is not a path inside a project: parts of ASCII letters, digits, `.`, `_` and `-` joined by `/`, \
             a letter, digit or `_` first in each",
            text.escape_debug()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case<T: FromStr>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "{text:?} is refused");
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text:?} is taken");
        }
    }

    #[test]
    fn an_engine_is_mounted_inside_its_project_only() {
        case::<EnginePath>(
            &["engine", "vendor/engine", "engine-2.0"],
            &[
                "",
                ".",
                "..",
                "a/../b",
                "/engine",
                ".git",
                ".git/x",
                "x/.git",
                ".GIT",
                "git~1",
                "-x",
                "a//b",
                "a/",
                "a\nb",
                "a\0b",
                "a b",
                "a\\b",
                "ébène",
                &"x".repeat(201),
            ],
        );
    }

    #[test]
    fn places_labels_and_variables_are_plain_text() {
        case::<Place>(
            &[
                "projects/demo",
                "/srv/demo",
                "~",
                "~/demo",
                "../demo",
                "with space",
            ],
            &[
                "",
                "a\0b",
                "a\nb",
                "~root/x",
                "~x",
                &"x".repeat(300),
                &"x/".repeat(2001),
            ],
        );
        case::<Label>(
            &["research", "a.b:c", "é"],
            &["", "-x", "a b", "a,b", "a\nb", "a\0b", &"x".repeat(65)],
        );
        case::<EnvironmentName>(
            &["RUST_LOG", "_x", "a1"],
            &["", "1a", "A=B", "A B", "A-B", "A\0", "É"],
        );
        case::<Argument>(&["", "a b", "a\nb", "--x"], &["a\0b"]);
    }
}
