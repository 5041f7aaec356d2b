//! What `.gitmodules` says of a harness: its name, and its URL.

use std::path::{Component, Path};

use anyhow::Context as _;
use git2::Config;

use crate::error::refused;

use super::hostile::is_harmless;

/// Returns the URL that `.gitmodules` gives the submodule at a path, as it is written there; `None` where it gives none.
pub(crate) fn submodule_url(project: &Path, engine: &str) -> Option<String> {
    let name = submodule_name(project, engine).ok()?;
    let path = project.join(".gitmodules");
    let is_file = path.symlink_metadata().ok()?.is_file();
    let config = is_file.then(|| Config::open(&path).ok()).flatten()?;
    config.get_string(&format!("submodule.{name}.url")).ok()
}

/// Returns the name under which `.gitmodules` has a path; the path itself where it says nothing.
pub(super) fn submodule_name(project: &Path, engine: &str) -> anyhow::Result<String> {
    let path = project.join(".gitmodules");
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    if !is_file {
        return Ok(engine.to_owned());
    }
    let config = Config::open(&path).context("cannot read `.gitmodules`")?;
    let mut found = None;
    config
        .entries(Some("^submodule\\..*\\.path$"))
        .context("cannot read `.gitmodules`")?
        .for_each(|entry| {
            if entry.value_bytes() == engine.as_bytes() {
                found = entry.name().ok().and_then(|name| {
                    let name = name.strip_prefix("submodule.")?.strip_suffix(".path")?;
                    Some(name.to_owned())
                });
            }
        })
        .context("cannot read `.gitmodules`")?;
    let name = found.unwrap_or_else(|| engine.to_owned());
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
