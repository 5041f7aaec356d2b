//! `.gitmodules`: what it says of the one submodule that is the harness.

use std::path::Path;

use anyhow::Context as _;
use git2::{Commit, FileMode, Repository};

use crate::error::{Fault, failed, refused};
use crate::pins::config_text::{ConfigText, Entry, parsed};
use crate::pins::gitmodules::MODULES;

/// A submodule as `.gitmodules` has it.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) url: String,
}

impl Module {
    /// Finds the one submodule at a path.
    pub(super) fn find(text: &[u8], engine: &str) -> anyhow::Result<Self> {
        let read = parsed(text, Path::new(MODULES))?;
        let names = read.with("submodule", "path", engine.as_bytes());
        let [name] = names[..] else {
            let count = if names.is_empty() {
                "no"
            } else {
                "more than one"
            };
            return Err(by_hand(format!("`{MODULES}` has {count} submodule at `{engine}`")).into());
        };
        let name = std::str::from_utf8(name)
            .map_err(|_| refused(format!("a name in `{MODULES}` is not UTF-8")))?;
        let url = Self::url(&read, name)?.value.clone().unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            url: String::from_utf8(url)
                .map_err(|_| refused(format!("a URL in `{MODULES}` is not UTF-8")))?,
        })
    }

    /// Returns the one value that says where a submodule comes from.
    fn url<'a>(read: &'a ConfigText, name: &str) -> anyhow::Result<&'a Entry> {
        match read.all("submodule", name, "url")[..] {
            [only] if only.value.is_some() => Ok(only),
            _ => {
                let name = name.escape_debug();
                Err(by_hand(format!("`{MODULES}` does not name one `url` of `{name}`")).into())
            }
        }
    }
}

fn by_hand(found: String) -> Fault {
    refused(found).hint(format!("correct `{MODULES}` and commit that"))
}

/// Returns the file with another URL, and every other byte as it was.
pub(super) fn with_url(text: &[u8], engine: &str, url: &str) -> anyhow::Result<Vec<u8>> {
    let module = Module::find(text, engine)?;
    let read = parsed(text, Path::new(MODULES))?;
    let changed = read.with_value(Module::url(&read, &module.name)?, url);
    // What was written must read as what was meant, whatever stood around it.
    let again = Module::find(&changed, engine)?;
    if again.url != url || again.name != module.name {
        return Err(failed(format!("cannot write `{url}` into `{MODULES}`")).into());
    }
    Ok(changed)
}

/// Returns the `.gitmodules` of a commit: what kind of file it is, and its bytes.
pub(super) fn committed(
    project: &Repository,
    commit: &Commit<'_>,
) -> anyhow::Result<(FileMode, Vec<u8>)> {
    let tree = commit.tree().context("cannot read HEAD")?;
    let entry = tree
        .get_name(MODULES)
        .ok_or_else(|| by_hand(format!("HEAD holds no `{MODULES}`")))?;
    let mode = match entry.filemode() {
        0o100_644 => FileMode::Blob,
        0o100_755 => FileMode::BlobExecutable,
        _ => return Err(by_hand(format!("`{MODULES}` is no plain file in HEAD")).into()),
    };
    let blob = project.find_blob(entry.id()).context("cannot read HEAD")?;
    Ok((mode, blob.content().to_vec()))
}

/// Returns what a commit says of where the harness comes from.
pub(super) fn says(
    project: &Repository,
    commit: &Commit<'_>,
    engine: &str,
) -> anyhow::Result<String> {
    Ok(Module::find(&committed(project, commit)?.1, engine)?.url)
}
