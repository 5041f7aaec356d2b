//! Who operates a fleet: a person, or a program on a person's behalf.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_invisible;

/// How long a name or a contact may be, in characters.
const LONGEST: usize = 200;

/// A line of text: not empty, no white space around it, nothing that could speak to a terminal or hide in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct OneLine(String);

super::checked_text!(OneLine, "^\\S(.{0,198}\\S)?$");

impl FromStr for OneLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("`{}` is not a line: {why}", text.escape_debug()));
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        let length = text.chars().count();
        if length > LONGEST {
            return Err(format!(
                "it has {length} characters, and may have {LONGEST}"
            ));
        }
        if text.trim() != text {
            return refused("there is white space around it");
        }
        if let Some(odd) = text.chars().find(|c| c.is_control() || is_invisible(*c)) {
            return refused(&format!("it contains `{}`", odd.escape_debug()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What an operator is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// A person.
    #[default]
    Human,
    /// A program that decides by itself what to type.
    Ai,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Human => "human",
            Self::Ai => "ai",
        })
    }
}

/// Who operates a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operator {
    /// What they are called.
    pub(crate) name: OneLine,
    /// What they are.
    pub(crate) role: Role,
    /// Where they can be asked.
    #[serde(default)]
    pub(crate) contact: Option<OneLine>,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name, self.role)
    }
}

/// Reads `ROLE:NAME`, such as `ai:orchestrator`.
impl FromStr for Operator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_role = || format!("`{}` does not begin with a role", text.escape_debug());
        let (role, name) = text.split_once(':').ok_or_else(no_role)?;
        let role = match role {
            "human" => Role::Human,
            "ai" => Role::Ai,
            _ => return Err(no_role()),
        };
        Ok(Self {
            name: name.parse().map_err(|why| format!("the name: {why}"))?,
            role,
            contact: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_plain_text() {
        for good in ["Ada", "Zoë von Ä, #3", "x", &"é".repeat(200)] {
            assert!(good.parse::<OneLine>().is_ok(), "{good:?}");
        }
        for bad in [
            "",
            " ",
            " Ada",
            "Ada ",
            "a\nb",
            "a\u{1b}[31mb",
            "a\0b",
            "a\u{202e}b",
            &"x".repeat(201),
        ] {
            assert!(bad.parse::<OneLine>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_role_comes_before_the_name() {
        let read = "ai:night: shift".parse::<Operator>().unwrap();
        assert_eq!(read.to_string(), "night: shift, ai");
        assert_eq!(
            "human:Ada".parse::<Operator>().unwrap().to_string(),
            "Ada, human"
        );
        for bad in ["", "Ada", "robot:x", "AI:x", "ai:", "ai", ":x", "ai: x"] {
            assert!(bad.parse::<Operator>().is_err(), "{bad:?}");
        }
    }
}
