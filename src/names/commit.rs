//! Commit ids.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A full SHA-1 commit id in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CommitId(String);

super::checked_text!(CommitId, "^[0-9a-f]{40}$");

impl CommitId {
    /// Returns the first eight digits, for people.
    pub(crate) fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl FromStr for CommitId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hex = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && text.len() == 40 {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is not a commit id: 40 digits of lower-case hex",
            text.escape_debug()
        ))
    }
}
