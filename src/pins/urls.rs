//! URLs as git reads them: what a relative one stands for, and which spellings mean the same place.

use std::path::{Path, PathBuf};

use crate::names::plain_path;

use super::config_text::ConfigText;

/// Returns what a submodule's URL stands for: one that begins with `./` or `../` counts from where the project itself comes
/// from. `None` where it leads nowhere, or to a path that counts from somewhere else.
pub(super) fn resolved(url: &str, base: &str) -> Option<String> {
    if !is_relative(url) {
        return Some(url.to_owned());
    }
    let mut base = base.trim_end_matches('/').to_owned();
    // What counts from the working directory means another place in the harness than in the project.
    if !base.contains(':') && !base.starts_with('/') {
        return None;
    }
    let (mut rest, mut between) = (url, '/');
    loop {
        if let Some(below) = rest.strip_prefix("../") {
            let cut = base.rfind('/').or_else(|| base.rfind(':'))?;
            if base[cut..].starts_with(':') {
                between = ':';
            }
            base.truncate(cut);
            rest = below;
        } else if let Some(below) = rest.strip_prefix("./") {
            rest = below;
        } else {
            break;
        }
    }
    Some(format!("{base}{between}{}", rest.trim_end_matches('/')))
}

/// Tells whether a submodule's URL counts from where the project comes from.
pub(super) fn is_relative(url: &str) -> bool {
    url.starts_with("./") || url.starts_with("../")
}

/// Returns where a project comes from, which relative URLs of its submodules count from: its branch's remote, or its only
/// one, or `origin`; else where it is itself.
pub(super) fn base(config: &ConfigText, branch: Option<&str>, directory: &Path) -> String {
    let remote = branch.and_then(|branch| config.get(&format!("branch.{branch}.remote")));
    let remotes = config.subsections("remote", "url");
    let remote = match (&remote, remotes.as_slice()) {
        (Some(remote), _) => remote,
        (None, [(only, _)]) => only,
        (None, _) => "origin",
    };
    let url = remotes.iter().find(|(name, _)| name == remote);
    url.map_or_else(
        || directory.to_string_lossy().into_owned(),
        |(_, url)| url.to_string(),
    )
}

/// Tells whether two URLs mean the same repository, as far as their text and this machine's directories say.
///
/// A slash or `.git` at the end, `host:path` for `ssh://host/path`, a scheme's usual port, the user's name of https,
/// `~` and links on the way to a local path make no difference.
pub(crate) fn same_place(a: &str, b: &str) -> bool {
    a == b || meaning(a) == meaning(b)
}

/// Returns the directory that a URL names on this machine; `None` where it is elsewhere.
pub(super) fn local_path(url: &str) -> Option<PathBuf> {
    let path = match url.split_once("://") {
        Some(("file", rest)) => &rest[rest.find('/')?..],
        Some(_) => return None,
        None if is_of_ssh(url) => return None,
        None => url,
    };
    let below_home = match path.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('/'),
        None => None,
    };
    match (below_home, std::env::home_dir()) {
        (Some(below), Some(home)) => Some(home.join(below)),
        _ => Some(PathBuf::from(path)),
    }
}

/// Tells whether a URL without a scheme is `host:path`: a colon before the first slash.
fn is_of_ssh(url: &str) -> bool {
    url.split('/').next().is_some_and(|host| host.contains(':'))
}

fn meaning(url: &str) -> String {
    if let Some(path) = local_path(url) {
        return local_meaning(&path);
    }
    let (scheme, authority, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            (scheme.to_ascii_lowercase(), authority, path)
        }
        None => {
            let (authority, path) = url.split_once(':').unwrap_or((url, ""));
            ("ssh".to_owned(), authority, path)
        }
    };
    let scheme = match scheme.as_str() {
        "git+ssh" | "ssh+git" => "ssh".to_owned(),
        _ => scheme,
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = if scheme == "ssh" { user } else { "" };
    let host = host.to_ascii_lowercase();
    let port = match scheme.as_str() {
        "ssh" => ":22",
        "https" => ":443",
        "http" => ":80",
        "git" => ":9418",
        _ => ":",
    };
    let host = host.strip_suffix(port).unwrap_or(&host);
    let path = path.trim_start_matches('/');
    let path = path.strip_prefix("~/").unwrap_or(path);
    format!("{scheme}://{user}@{host}/{}", without_end(path))
}

/// Drops what git adds by itself where it is missing.
fn without_end(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let joined = parts.join("/");
    joined.strip_suffix(".git").unwrap_or(&joined).to_owned()
}

fn local_meaning(path: &Path) -> String {
    let mut with_end = path.as_os_str().to_owned();
    with_end.push(".git");
    let real = path
        .canonicalize()
        .or_else(|_| Path::new(&with_end).canonicalize());
    match real {
        // `x` and `x.git` may be two; a repository's `.git` is the repository.
        Ok(real) => {
            let text = real.to_string_lossy();
            text.strip_suffix("/.git").unwrap_or(&text).to_owned()
        }
        Err(_) => format!("/{}", without_end(&plain_path(path).to_string_lossy())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls_are_resolved_as_git_does() {
        for (base, url, expected) in [
            ("https://h/a/b.git", "../x.git", "https://h/a/x.git"),
            ("https://h/a/b.git/", "../../x", "https://h/x"),
            ("git@h:a/b", "../x", "git@h:a/x"),
            ("git@h:b", "../x", "git@h:x"),
            ("/srv/a/b", "./x/", "/srv/a/b/x"),
            ("/srv/a/b", "../x", "/srv/a/x"),
            ("/srv/a/b", "https://h/x", "https://h/x"),
            ("a/b", "https://h/x", "https://h/x"),
            ("https://h/me/demo/", "../../them/x/", "https://h/them/x"),
        ] {
            assert_eq!(
                resolved(url, base).as_deref(),
                Some(expected),
                "{base} {url}"
            );
        }
        assert_eq!(resolved("../x", "../demo"), None);
        assert_eq!(resolved("../x", "demo"), None);
    }

    #[test]
    fn spellings_of_one_place_mean_the_same() {
        let same = [
            ("https://h/a/b", "https://H/a/b.git/"),
            ("https://ann@h:443/a/b", "https://h//a/b"),
            ("git@h:a/b.git", "ssh://git@h/a/b"),
            ("git@h:~/b", "ssh://git@h:22/~/b"),
            ("/srv/none/b", "file:///srv/none/x/../b.git/"),
            ("https://example.org/x.git", "https://example.org/x/"),
            ("file:///srv/none/x", "/srv/none/x/"),
        ];
        for (a, b) in same {
            assert!(same_place(a, b), "{a} {b}");
        }
        let other = [
            ("https://h/a/b", "https://h/a/c"),
            ("https://h/a/b", "https://h:8443/a/b"),
            ("ann@h:b", "bob@h:b"),
            ("https://h/a", "http://h/a"),
            ("/srv/a", "h:srv/a"),
        ];
        for (a, b) in other {
            assert!(!same_place(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_local_repository_is_the_same_by_every_way_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        std::fs::create_dir_all(directory.path().join("one.git")).unwrap();
        std::fs::create_dir_all(directory.path().join("two/.git")).unwrap();
        std::os::unix::fs::symlink(directory.path().join("two"), directory.path().join("link"))
            .unwrap();
        assert!(same_place(&at("one"), &at("one.git/")));
        assert!(same_place(&at("two/.git"), &at("link")));
        assert!(!same_place(&at("one"), &at("two")));
        std::fs::create_dir_all(directory.path().join("one")).unwrap();
        assert!(!same_place(&at("one"), &at("one.git")));
    }
}
