//! Where a harness comes from.

use std::path::Component;
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
                .unwrap_or_else(|_| super::plain_path(&path)),
            false => path.components().collect(),
        };
        match path.to_str() {
            Some(path) => path.parse(),
            None => Err(format!("`{}` is not UTF-8", path.display())),
        }
    }
}

impl FromStr for HarnessUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match what_is_wrong(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(format!(
                "`{}` is not a harness URL: {why}",
                text.escape_debug()
            )),
        }
    }
}

fn what_is_wrong(text: &str) -> Option<&'static str> {
    if text.is_empty() || text.len() > 2000 {
        return Some("it must have 1 to 2000 bytes");
    }
    if text.starts_with('-') {
        return Some("it begins with `-`");
    }
    if text.chars().any(char::is_control) {
        return Some("it contains a control character");
    }
    if text.chars().any(super::is_invisible) {
        return Some("it contains a character that cannot be seen");
    }
    if text.starts_with('/') {
        return None;
    }
    if text.chars().any(char::is_whitespace) {
        return Some("it contains white space");
    }
    match text.split_once("://") {
        Some(("https" | "http" | "ssh" | "git" | "file", rest)) => {
            wrong_with_host(rest.split('/').next().unwrap_or(""))
        }
        Some(_) => Some("its scheme is none of https, http, ssh, git and file"),
        None => wrong_with_short_form(text),
    }
}

/// Looks at what stands between a scheme and a path.
fn wrong_with_host(authority: &str) -> Option<&'static str> {
    let host = authority.rsplit_once('@').map(|(_, host)| host);
    if authority.starts_with('-') || host.is_some_and(|host| host.starts_with('-')) {
        return Some("its host begins with `-`");
    }
    let user = authority.split_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
        .then_some("it carries a password; use a credential helper instead")
}

/// Looks at `host:path` of ssh; `ext::…` and its like run a program.
fn wrong_with_short_form(text: &str) -> Option<&'static str> {
    let is_short_form = text.split_once(':').is_some_and(|(host, path)| {
        let is_host = !host.is_empty() && !host.contains('/');
        is_host && !path.is_empty() && !path.starts_with(':')
    });
    if !is_short_form {
        return Some("write an absolute path, `https://…`, `ssh://…` or `host:path`");
    }
    let host = text.split_once('@').map(|(_, host)| host);
    host.is_some_and(|host| host.starts_with('-'))
        .then_some("its host begins with `-`")
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
