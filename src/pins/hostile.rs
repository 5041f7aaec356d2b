//! Paths that no honest repository holds: out of their directory, or into a git directory by another spelling.

use anyhow::Context as _;
use git2::{ObjectType, Repository, Tree};

use crate::error::refused;
use crate::names::CommitId;

use super::engine::find_tree;
use super::mirror::Mirror;
use super::remembered::Remembered;

/// Refuses a commit of a mirror whose tree could write outside its directory or into a git directory.
pub(super) fn verify(mirror: &Mirror, commit: &CommitId) -> anyhow::Result<()> {
    static HARMLESS: Remembered<CommitId, ()> = Remembered::new();
    HARMLESS.get(commit.clone(), |commit| {
        let repository = mirror.repository()?;
        verify_tree(&repository, &find_tree(&repository, commit)?)
    })
}

fn verify_tree(repository: &Repository, tree: &Tree<'_>) -> anyhow::Result<()> {
    let mut names: Vec<Vec<u8>> = Vec::with_capacity(tree.len());
    for entry in tree {
        let name = entry.name_bytes();
        if !is_harmless(name) {
            return Err(hostile(name));
        }
        names.push(name.to_vec());
        if entry.kind() == Some(ObjectType::Tree) {
            let below = repository
                .find_tree(entry.id())
                .context("cannot read the harness")?;
            verify_tree(repository, &below)?;
        }
    }
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(hostile(&pair[0])),
        None => Ok(()),
    }
}

fn hostile(name: &[u8]) -> anyhow::Error {
    refused(format!(
        "the harness holds a path that git itself would refuse: `{}`",
        name.escape_ascii()
    ))
    .hint("choose another commit of the harness, and do not trust this one")
    .into()
}

/// Tells whether a name in a tree is a plain name on every file system, and no alias of `.git`.
pub(super) fn is_harmless(name: &[u8]) -> bool {
    // What HFS+ ignores within names: zero-width and directional marks.
    let visible: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|c| {
            !matches!(u32::from(*c), 0x200c..=0x200f | 0x202a..=0x202e | 0x206a..=0x206f | 0xfeff)
        })
        .collect();
    let folded = visible.to_ascii_lowercase();
    // NTFS drops trailing dots and spaces, and what follows a colon.
    let stem = folded
        .split(':')
        .next()
        .unwrap_or("")
        .trim_end_matches(['.', ' ']);
    !name.is_empty()
        && !name.contains(&b'/')
        && !name.contains(&0)
        && name != b"."
        && name != b".."
        && stem != ".git"
        && stem != "git~1"
}
