//! Where a harness comes from.

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
