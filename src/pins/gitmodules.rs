//! What `.gitmodules` says of a harness: its name, and its URL.

use std::path::{Component, Path};

use crate::error::refused;

use super::config_text::{ConfigText, parsed};
use super::hostile::is_harmless;
use super::layout::read_if_there;

/// The file's name.
pub(super) const MODULES: &str = ".gitmodules";

/// Returns the URL that `.gitmodules` gives the submodule at a path, as it is written there; `None` where it gives none.
pub(crate) fn submodule_url(project: &Path, engine: &str) -> Option<String> {
    let read = read(project).ok()??;
    let name = name_of(&read, engine).ok()?;
    let url = read.get(&format!("submodule.{name}.url"))?;
    Some(url.into_owned())
}

/// Returns the name under which `.gitmodules` has a path; the path itself where it says nothing.
pub(super) fn submodule_name(project: &Path, engine: &str) -> anyhow::Result<String> {
    match read(project)? {
        Some(read) => name_of(&read, engine),
        None => Ok(engine.to_owned()),
    }
}

fn read(project: &Path) -> anyhow::Result<Option<ConfigText>> {
    let path = project.join(MODULES);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    let bytes = if is_file {
        read_if_there(&path).map_err(refused)?
    } else {
        None
    };
    bytes
        .map(|bytes| parsed(&bytes, Path::new(MODULES)))
        .transpose()
}

fn name_of(read: &ConfigText, engine: &str) -> anyhow::Result<String> {
    let named = read.subsections("submodule", "path");
    let found = named.into_iter().rfind(|(_, path)| path == engine);
    let name = found.map_or_else(|| engine.to_owned(), |(name, _)| name.into_owned());
    let is_plain = Path::new(&name)
        .components()
        .all(|component| match component {
            Component::Normal(part) => is_harmless(part.as_encoded_bytes()),
            Component::CurDir
            | Component::ParentDir
            | Component::RootDir
            | Component::Prefix(_) => false,
        });
    if is_plain {
        return Ok(name);
    }
    Err(refused(format!(
        "`.gitmodules` holds the strange name `{}`",
        name.escape_debug()
    ))
    .into())
}
