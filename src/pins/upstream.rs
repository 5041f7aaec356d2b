//! What a mirror says of a registered version, as of its last fetch: does its ref still stand for the commit?

use std::fs;
use std::path::Path;

use git2::{ObjectType, Oid};
use jiff::Timestamp;

use crate::names::{CommitId, HarnessUrl, Name, Ref};

use super::layout::Layout;
use super::mirror::Mirror;
use super::mirror_refs::Kind;
use super::repository::commit_id;

/// The file in a mirror that says when it was last fetched.
const FETCHED: &str = "fetched";

/// How many tags may name each other before one names a commit.
const DEEPEST: usize = 5;

/// What a mirror says of a ref and the commit that it stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// The ref stands for the commit.
    Same,
    /// A tag that did is at another commit now.
    TagMoved(CommitId),
    /// A tag that did is there no more.
    TagGone,
    /// A branch that did, perhaps, has gone on to another commit.
    BranchAt(CommitId),
    /// The ref stands for another commit, and did so when it was first seen.
    Another(CommitId),
    /// There is no such ref.
    NoRef,
}

impl Mirror {
    /// Says what became of a ref since it stood for a commit. Asks no network.
    pub(crate) fn says(&self, reference: &Ref, commit: &CommitId) -> anyhow::Result<Upstream> {
        let Some(found) = self.resolve(reference)? else {
            return Ok(Upstream::NoRef);
        };
        if found.kind == Kind::Branch && found.commit != *commit {
            return Ok(Upstream::BranchAt(found.commit));
        }
        if let Some(now) = found.moved.filter(|now| now != commit) {
            return Ok(Upstream::TagMoved(now));
        }
        if found.is_gone {
            return Ok(Upstream::TagGone);
        }
        Ok(match found.commit == *commit {
            true => Upstream::Same,
            false => Upstream::Another(found.commit),
        })
    }

    /// Returns when it was last fetched, where that is known.
    pub(crate) fn fetched(&self) -> Option<Timestamp> {
        let text = fs::read_to_string(self.directory().join(FETCHED)).ok()?;
        text.trim().parse().ok()
    }

    /// Returns the commit that a tag stood for when it was first seen, by plain reads, for status opens no repository.
    /// `None` where there is no such tag, or no mirror that can be read.
    pub(crate) fn peek(
        cache: &Path,
        name: &Name,
        url: &HarnessUrl,
        reference: &Ref,
    ) -> Option<CommitId> {
        let directory = Self::at(cache, name, url).directory().to_owned();
        let layout = Layout {
            git_directory: directory.clone(),
            common: directory,
        };
        let full = format!("refs/tags/{}", tag_name(reference));
        let mut id = layout.reference(&full).ok()??;
        let objects = layout.objects().ok()?;
        for _ in 0..DEEPEST {
            let object = objects.read(id).ok()?;
            match object.kind() {
                ObjectType::Commit => return Some(commit_id(id)),
                ObjectType::Tag => {
                    let hex = object.data().strip_prefix(b"object ")?.get(..40)?;
                    id = Oid::from_str(std::str::from_utf8(hex).ok()?).ok()?;
                }
                ObjectType::Any | ObjectType::Tree | ObjectType::Blob => return None,
            }
        }
        None
    }
}

/// Writes down in a mirror that it was fetched just now.
pub(super) fn note_fetch(directory: &Path) -> std::io::Result<()> {
    fs::write(directory.join(FETCHED), format!("{}\n", Timestamp::now()))
}

fn tag_name(reference: &Ref) -> &str {
    let name = reference.as_str();
    name.strip_prefix("refs/tags/").unwrap_or(name)
}

#[cfg(test)]
mod tests;
