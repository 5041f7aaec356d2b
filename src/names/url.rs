//! Where a harness comes from.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A URL or a local path that `git` may be given: no option, no helper program behind it, no password in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct HarnessUrl(String);

super::checked_text!(HarnessUrl, "^[^-].*$");

impl HarnessUrl {
    /// Tells whether it is a path of this machine, which nobody else can clone from.
    pub(crate) fn is_local(&self) -> bool {
        self.0.starts_with('/') || self.0.starts_with("file://")
    }

    /// Takes it as a person types it: a path may begin with `~/`, or count from the working directory.
    pub(crate) fn typed(text: &str) -> Result<Self, String> {
        let is_path = !text.contains(':') || text.starts_with(['/', '.', '~']);
        let is_plain = !text.is_empty() && !text.starts_with('-');
        if !is_path || !is_plain || text.chars().any(char::is_control) {
            return text.parse();
        }
        let path = match text.strip_prefix("~/").or((text == "~").then_some("")) {
            Some(below) => std::env::home_dir()
                .ok_or("`~` means nothing here: `HOME` is not set")?
                .join(below),
            None => std::path::absolute(text)
                .map_err(|error| format!("`{}`: {error}", text.escape_debug()))?,
        };
        // What is before a `..` may be a link, so the file system decides where it leads.
        let has_parent = path.components().any(|part| part == Component::ParentDir);
        let path = match has_parent {
            true => path
                .canonicalize()
                .unwrap_or_else(|_| without_parents(&path)),
            false => path.components().collect(),
        };
        match path.to_str() {
            Some(path) => path.parse(),
            None => Err(format!("`{}` is not UTF-8", path.display())),
        }
    }
}

/// Resolves `..` by the text alone.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

impl FromStr for HarnessUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| {
            Err(format!(
                "`{}` is not a harness URL: {why}",
                text.escape_debug()
            ))
        };
        if text.is_empty() || text.len() > 2000 {
            return refused("it must have 1 to 2000 bytes");
        }
        if text.starts_with('-') {
            return refused("it begins with `-`");
        }
        if text.chars().any(char::is_control) {
            return refused("it contains a control character");
        }
        if text.chars().any(super::is_invisible) {
            return refused("it contains a character that cannot be seen");
        }
        if text.starts_with('/') {
            return Ok(Self(text.to_owned()));
        }
        if text.chars().any(char::is_whitespace) {
            return refused("it contains white space");
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("https" | "http" | "ssh" | "git" | "file") => {}
            Some(_) => return refused("its scheme is none of https, http, ssh, git and file"),
            // `host:path` of ssh; `ext::…` and its like run a program.
            None => match text.split_once(':') {
                Some((host, path))
                    if !host.is_empty()
                        && !host.contains('/')
                        && !path.is_empty()
                        && !path.starts_with(':') => {}
                _ => {
                    return refused(
                        "write an absolute path, `https://…`, `ssh://…` or `host:path`",
                    );
                }
            },
        }
        if scheme.is_some() {
            let host = text
                .split_once("://")
                .map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
            if host.starts_with('-')
                || host
                    .rsplit_once('@')
                    .is_some_and(|(_, host)| host.starts_with('-'))
            {
                return refused("its host begins with `-`");
            }
            if host
                .split_once('@')
                .is_some_and(|(user, _)| user.contains(':'))
            {
                return refused("it carries a password; use a credential helper instead");
            }
        } else if text
            .split_once('@')
            .is_some_and(|(_, host)| host.starts_with('-'))
        {
            return refused("its host begins with `-`");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_typed_as_in_a_shell() {
        let here = std::env::current_dir().unwrap();
        let typed = |text: &str| HarnessUrl::typed(text).map(String::from);
        let below = |path: &str| Ok(here.join(path).display().to_string());
        assert_eq!(typed("harness"), below("harness"));
        assert_eq!(typed("./a b/harness/"), below("a b/harness"));
        assert_eq!(typed("src/../src"), below("src"));
        assert_eq!(typed("none/../no"), below("no"));
        assert_eq!(typed("/srv/x"), Ok("/srv/x".to_owned()));
        assert_eq!(typed("host:path"), Ok("host:path".to_owned()));
        for bad in ["", "--upload-pack=x", "ext::sh -c x", "./a\nb", "~\0"] {
            assert!(typed(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn urls_never_run_a_program_or_carry_a_password() {
        for good in [
            "https://example.org/a/b.git",
            "ssh://git@example.org/a",
            "git@example.org:a/b.git",
            "/srv/harness",
            "file:///srv/harness",
            "host:path",
        ] {
            assert_eq!(good.parse::<HarnessUrl>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "ext::sh -c x",
            "ext::sh",
            "fd::3",
            "relative/path",
            "a b",
            "a\nb",
            "https://example.org/a\u{202e}b",
            "/srv/a\u{200b}b",
            "::x",
            "https://user:secret@example.org/x",
            "ssh://-oProxyCommand=x/y",
            "ssh://a@-oProxyCommand=x/y",
            "-h:x",
            "ftp://example.org/x",
            "a@-h:x",
        ] {
            assert!(bad.parse::<HarnessUrl>().is_err(), "{bad:?}");
        }
    }
}
