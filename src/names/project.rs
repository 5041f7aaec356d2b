//! Names of projects, harnesses and agents.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name: a directory entry takes 255 bytes, and locks and temporary files add to it.
const LONGEST: usize = 64;

/// The name of a project, a harness or an agent: good as a directory, a tmux session or window, and a TOML key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(String);

super::checked_text!(Name, "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$");

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first_is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let all_are_plain = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if first_is_plain && all_are_plain && text.len() <= LONGEST {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is not a name: 1 to {LONGEST} ASCII letters, digits, `-` and `_`, a letter or digit first",
            text.escape_debug()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_good_as_directory_session_and_key() {
        for good in ["demo", "a", "Demo-2_x", "0", &"x".repeat(64)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            "-x",
            "_x",
            "a b",
            "a.b",
            "a:b",
            "a/b",
            "=x",
            "%1",
            "a;b",
            "a\nb",
            "a\0b",
            "démo",
            "dеmo",
            &"x".repeat(65),
            "--upload-pack=x",
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
