//! Refs: what a person asks a harness for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CommitId;

/// A tag, a branch or a commit of a harness, as typed: cannot be read as an option, a range or a revision expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Ref(String);

super::checked_text!(Ref, "^[^-~^:?*\\[\\\\\\s][^~^:?*\\[\\\\\\s]*$");

impl Ref {
    /// Names a commit by its full id.
    pub(crate) fn of_commit(commit: &CommitId) -> Self {
        Self(commit.to_string())
    }

    /// Returns it for people: of a commit its first digits.
    pub(crate) fn shown(&self) -> &str {
        match self.0.parse::<CommitId>() {
            Ok(_) => &self.0[..8],
            Err(_) => &self.0,
        }
    }
}

impl FromStr for Ref {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("`{}` is not a ref: {why}", text.escape_debug()));
        // The rules of git-check-ref-format(1), and no leading dash.
        if text.is_empty() || text.len() > 250 {
            return refused("it must have 1 to 250 bytes");
        }
        if text.starts_with('-') {
            return refused("it begins with `-`");
        }
        if let Some(c) = text.chars().find(|c| {
            c.is_control()
                || c.is_whitespace()
                || super::is_invisible(*c)
                || "~^:?*[\\".contains(*c)
        }) {
            return refused(&format!("it contains `{}`", c.escape_debug()));
        }
        let parts_are_fine = text
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"));
        if !parts_are_fine
            || text.contains("..")
            || text.contains("@{")
            || text.ends_with('.')
            || text == "@"
        {
            return refused("git does not allow such a name");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_are_names_and_never_options_or_expressions() {
        for good in ["v0.1.0", "main", "feature/x", "0123abc", "release-2026.01"] {
            assert_eq!(good.parse::<Ref>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a~1",
            "a^",
            "a:b",
            "a b",
            "a\nb",
            "a\0b",
            "@",
            "a@{1}",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "a*",
            "a?",
            "a[",
            "a\\b",
            "a\u{202e}b",
            "a\u{9b}b",
            &"x".repeat(251),
        ] {
            assert!(bad.parse::<Ref>().is_err(), "{bad:?}");
        }
    }
}
