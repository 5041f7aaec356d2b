//! Whether the files of a commit are its blobs' bytes, or have to be converted on their way to disk.

use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Tree, TreeWalkMode, TreeWalkResult};

use super::remembered::Remembered;
use super::repository::Settings;

/// Tells whether nothing can ask for a conversion of line ends or the like: no attributes, no `core.autocrlf`.
///
/// Then a checkout need not look for attributes at each file, which for libgit2 means two `realpath` calls a file.
pub(super) fn writes_blobs_as_they_are(repository: &Repository, tree: &Tree<'_>) -> bool {
    converts_nothing(repository, &Settings::of(repository)) && !has_attributes(tree)
}

/// Tells whether nothing outside of the versions themselves can ask for a conversion.
pub(super) fn converts_nothing(repository: &Repository, settings: &Settings) -> bool {
    let converts = settings
        .get("core.autocrlf")
        .is_some_and(|value| value != "false");
    let named = settings.get("core.attributesFile").is_some();
    let elsewhere = [
        user_attributes(),
        Some("/etc/gitattributes".into()),
        Some(repository.path().join("info/attributes")),
    ];
    !converts && !named && !elsewhere.into_iter().flatten().any(|file| file.exists())
}

fn user_attributes() -> Option<PathBuf> {
    let directory = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    let directory =
        directory.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".config")))?;
    Some(directory.join("git/attributes"))
}

/// Tells whether a version comes with attributes, or may do so.
pub(super) fn has_attributes(tree: &Tree<'_>) -> bool {
    static KNOWN: Remembered<Oid, bool> = Remembered::new();
    KNOWN
        .get(tree.id(), |_| Ok::<_, ()>(look_for_attributes(tree)))
        .unwrap_or(true)
}

fn look_for_attributes(tree: &Tree<'_>) -> bool {
    let mut found = false;
    let walked = tree.walk(TreeWalkMode::PreOrder, |_, entry| {
        found = entry.name_bytes().eq_ignore_ascii_case(b".gitattributes");
        if found {
            TreeWalkResult::Abort
        } else {
            TreeWalkResult::Ok
        }
    });
    // A walk that was cut short has found it, or could not look.
    found || walked.is_err()
}
