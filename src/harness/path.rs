//! Paths in a harness's manifest: somebody else wrote them.

use std::path::Path;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// A path that stays below the directory it is joined to, and out of git's own files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(crate) struct PlainPath(String);

impl PlainPath {
    /// Returns it as a path, always relative.
    pub(crate) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// Returns the text as it was written, with `/` between its parts.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PlainPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PlainPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for PlainPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| {
            Err(format!(
                "`{}` is not a plain path: {why}",
                text.escape_debug()
            ))
        };
        if text.is_empty() || text.len() > 1024 {
            return refused("it must have 1 to 1024 bytes");
        }
        if text.starts_with('/') {
            return refused("it begins with `/`");
        }
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return refused("it contains a control character or `\\`");
        }
        if text
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..")
        {
            return refused("a part of it is empty, `.` or `..`");
        }
        // A checkout on a file system that folds case would take `.GIT` for git's own directory.
        let is_gits = |part: &str| {
            let part = part.to_ascii_lowercase();
            part == ".git" || part == "git~1" || part == ".gitmodules"
        };
        if text.split('/').any(is_gits) {
            return refused("that belongs to git");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_stay_below_and_out_of_git() {
        for good in ["agents.toml", "prompts/builder.md", ".gitignore", "a/..b/c"] {
            assert_eq!(good.parse::<PlainPath>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "./a",
            "a//b",
            "a/",
            ".git/config",
            "a/.GIT/hooks/x",
            ".gitmodules",
            "a\\b",
            "a\nb",
            "a\0b",
        ] {
            assert!(bad.parse::<PlainPath>().is_err(), "{bad:?}");
        }
    }
}
