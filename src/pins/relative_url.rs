//! Where a submodule's URL leads that begins with `./` or `../`: git-submodule(1) counts from where the project is from.

use std::path::Path;

use git2::Repository;

/// Tells whether a submodule's URL counts from where the project is from.
pub(super) fn is_relative(url: &str) -> bool {
    url.starts_with("./") || url.starts_with("../")
}

/// Returns where a submodule's URL leads; `None` where it leads nowhere, or to a path that counts from somewhere else.
pub(super) fn resolved(project: &Repository, url: &str) -> Option<String> {
    if !is_relative(url) {
        return Some(url.to_owned());
    }
    joined(&from(project)?, url)
}

/// Returns where the project is from: its branch's remote, or `origin`, or else where it is itself.
fn from(project: &Repository) -> Option<String> {
    let config = project.config().ok()?;
    let of_branch = || {
        let head = project.head().ok()?;
        let branch = head.shorthand().ok()?.to_owned();
        config.get_string(&format!("branch.{branch}.remote")).ok()
    };
    let remote = of_branch().unwrap_or_else(|| "origin".to_owned());
    config
        .get_string(&format!("remote.{remote}.url"))
        .ok()
        .or_else(|| project.workdir().and_then(Path::to_str).map(str::to_owned))
}

/// Joins the two as git does.
fn joined(from: &str, url: &str) -> Option<String> {
    let mut from = from.trim_end_matches('/').to_owned();
    let is_local = !from.contains(':') || from.starts_with('/');
    // What counts from the working directory means another place in the harness than in the project.
    if is_local && !from.starts_with('/') {
        return None;
    }
    let (mut rest, mut between) = (url, '/');
    loop {
        if let Some(below) = rest.strip_prefix("../") {
            let cut = from.rfind('/').or_else(|| from.rfind(':'))?;
            if from[cut..].starts_with(':') {
                between = ':';
            }
            from.truncate(cut);
            rest = below;
        } else if let Some(below) = rest.strip_prefix("./") {
            rest = below;
        } else {
            break;
        }
    }
    Some(format!("{from}{between}{}", rest.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_relative_url_leads_where_git_says() {
        for (from, url, expected) in [
            (
                "https://example.org/me/demo.git",
                "../harness.git",
                "https://example.org/me/harness.git",
            ),
            (
                "https://example.org/me/demo/",
                "../../them/harness/",
                "https://example.org/them/harness",
            ),
            (
                "git@example.org:demo.git",
                "../harness.git",
                "git@example.org:harness.git",
            ),
            (
                "git@example.org:me/demo",
                "../harness",
                "git@example.org:me/harness",
            ),
            ("/srv/demo", "./harness", "/srv/demo/harness"),
            ("/srv/demo", "../harness", "/srv/harness"),
        ] {
            assert_eq!(joined(from, url).as_deref(), Some(expected), "{from} {url}");
        }
        assert_eq!(joined("../demo", "../harness"), None);
        assert_eq!(joined("demo", "../harness"), None);
    }
}
