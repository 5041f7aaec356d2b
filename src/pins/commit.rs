//! Making a commit object: by libgit2, or by `git` where the person signs.

use std::time::Duration;

use anyhow::Context as _;
use git2::{Commit, Oid, Repository, Tree};

use super::git::Git;
use super::identity::Identity;
use super::repository::Settings;

/// How long a signature may take; somebody may have to touch a key.
const SIGNING_DEADLINE: Duration = Duration::from_secs(60);

/// Writes a commit object; moves no ref and runs no hook.
pub(super) fn write(
    repository: &Repository,
    identity: &Identity,
    message: &str,
    tree: &Tree<'_>,
    parent: Option<&Commit<'_>>,
) -> anyhow::Result<Oid> {
    if is_signing(repository) {
        return signed(repository, identity, message, tree, parent);
    }
    write_unsigned(repository, identity, message, tree, parent)
}

/// The same, but never signed: for what nobody is to see, and nobody is asked for a key for.
pub(super) fn write_unsigned(
    repository: &Repository,
    identity: &Identity,
    message: &str,
    tree: &Tree<'_>,
    parent: Option<&Commit<'_>>,
) -> anyhow::Result<Oid> {
    let parents: Vec<&Commit<'_>> = parent.into_iter().collect();
    repository
        .commit(
            None,
            &identity.author,
            &identity.committer,
            message,
            tree,
            &parents,
        )
        .context("cannot write the commit")
}

/// Returns what the reflog says of a commit.
pub(super) fn reflog_line(message: &str, is_first: bool) -> String {
    let subject = message.lines().next().unwrap_or("");
    let first = if is_first { " (initial)" } else { "" };
    format!("commit{first}: {subject}")
}

fn is_signing(repository: &Repository) -> bool {
    let value = Settings::of(repository)
        .get("commit.gpgsign")
        .unwrap_or_default();
    git2::Config::parse_bool(value).unwrap_or(false)
}

fn signed(
    repository: &Repository,
    identity: &Identity,
    message: &str,
    tree: &Tree<'_>,
    parent: Option<&Commit<'_>>,
) -> anyhow::Result<Oid> {
    let directory = repository.workdir().unwrap_or_else(|| repository.path());
    let mut arguments = vec![
        "commit-tree".to_owned(),
        "-S".to_owned(),
        tree.id().to_string(),
    ];
    if let Some(parent) = parent {
        arguments.extend(["-p".to_owned(), parent.id().to_string()]);
    }
    let mut git = Git::new(directory, SIGNING_DEADLINE, arguments);
    for (name, value) in identity.variables() {
        git = git.env(name, value);
    }
    let out = git
        .input(message.as_bytes().to_vec())
        .run()
        .context("cannot sign the commit")?;
    let text = String::from_utf8_lossy(&out);
    Oid::from_str(text.trim()).context("cannot read the id of the signed commit")
}
