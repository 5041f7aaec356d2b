//! One version of a harness, as `fleet harness refs` shows it.

use serde::Serialize;

use crate::names::{CommitId, Name, Ref};
use crate::pins::{Kind, Version};
use crate::ui::count;

/// One version.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Its name.
    pub(super) version: Ref,
    /// `tag`, `branch` or `commit`; null for what is known by its name alone.
    pub(super) kind: Option<&'static str>,
    /// What it stands for, as far as that is known.
    pub(super) commit: Option<CommitId>,
    /// Where a tag has moved to upstream.
    pub(super) moved_to: Option<CommitId>,
    /// Who uses it.
    pub(super) used_by: Vec<User>,
    /// How far it is from the newest; null where nobody uses it, or that cannot be told.
    pub(super) behind: Option<Behind>,
    /// What is worth knowing of it.
    pub(super) marks: Vec<&'static str>,
}

/// A project that uses a version.
#[derive(Debug, Serialize)]
pub(super) struct User {
    /// The project.
    pub(super) project: Name,
    /// `both`: fleet.toml names it and the project pins it; `ref` or `pin`: only the one of them.
    pub(super) by: &'static str,
}

/// How far something is from the newest tag.
#[derive(Debug, Serialize)]
pub(super) struct Behind {
    /// How many newer tags there are; null where it is no tag.
    pub(super) versions: Option<usize>,
    /// How many commits the newest tag has that this has not.
    pub(super) commits: usize,
}

impl Row {
    /// Returns a tag or branch that nobody is known to use yet.
    pub(super) fn of(version: &Version) -> Self {
        Self {
            version: version.name.clone(),
            kind: Some(word(version.kind)),
            commit: Some(version.commit.clone()),
            moved_to: version.moved.clone(),
            used_by: Vec::new(),
            behind: None,
            marks: Vec::new(),
        }
    }

    /// What is used and is neither a tag nor a branch: a commit, or a name that is no more.
    pub(super) fn used(name: &Ref, commit: Option<&CommitId>) -> Self {
        let is_commit = commit.is_some_and(|commit| commit.as_str().starts_with(name.as_str()));
        Self {
            version: name.clone(),
            kind: is_commit.then(|| word(Kind::Commit)),
            commit: commit.cloned(),
            moved_to: None,
            used_by: Vec::new(),
            behind: None,
            marks: Vec::new(),
        }
    }

    /// Tells whether it is this tag or branch.
    pub(super) fn is(&self, version: &Version) -> bool {
        self.version == version.name && self.kind == Some(word(version.kind))
    }

    /// Tells whether fleet.toml means this: a tag before a branch of its name, and `refs/heads/x` the branch.
    pub(super) fn is_called(&self, reference: &Ref) -> bool {
        let full = match self.kind {
            Some("tag") => Some("refs/tags/"),
            Some("branch") => Some("refs/heads/"),
            Some(_) | None => None,
        };
        let short = full.and_then(|full| reference.as_str().strip_prefix(full));
        self.version == *reference || short == Some(self.version.as_str())
    }

    /// Says what it is called.
    pub(super) fn name(&self) -> String {
        match self.kind {
            Some("branch") => format!("{} (branch)", self.version),
            Some(_) | None => self.version.to_string(),
        }
    }

    /// Says how far behind it is.
    pub(super) fn distance(&self) -> String {
        let Some(behind) = &self.behind else {
            return String::new();
        };
        let versions = behind.versions.filter(|number| *number > 0);
        let versions = versions.map(|number| count(number, "version"));
        let commits = (behind.commits > 0).then(|| count(behind.commits, "commit"));
        let parts: Vec<String> = versions.into_iter().chain(commits).collect();
        parts.join(", ")
    }

    /// Says who uses it.
    pub(super) fn who(&self) -> String {
        let each = |user: &User| match user.by {
            "both" => user.project.to_string(),
            by => format!("{} ({by})", user.project),
        };
        self.used_by.iter().map(each).collect::<Vec<_>>().join(", ")
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Tag => "tag",
        Kind::Branch => "branch",
        Kind::Commit => "commit",
    }
}
