//! What a project's own copy of its harness says, without the mirror.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use git2::{ErrorCode, ObjectType, Repository};

use crate::names::CommitId;

use super::engine::find_tree;
use super::layout::Layout;

/// Returns the bytes of a file of the harness at a commit, from the project's own objects; `None` if it has no such
/// file there. Never follows a symlink.
pub(crate) fn file_at(
    project: &Path,
    engine: &str,
    commit: &CommitId,
    path: &str,
) -> anyhow::Result<Option<Vec<u8>>> {
    let objects = layout(project, engine)?
        .objects()
        .map_err(|why| anyhow!(why))?;
    // Objects alone: opening the whole repository would read every configuration file each time.
    let repository = Repository::from_odb(objects).context("cannot read the harness's objects")?;
    let tree = find_tree(&repository, commit)?;
    let entry = match tree.get_path(Path::new(path)) {
        Ok(entry) => entry,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot find `{path}` at {}", commit.short()));
        }
    };
    let is_file = entry.kind() == Some(ObjectType::Blob) && entry.filemode() != 0o120_000;
    if !is_file {
        return Ok(None);
    }
    let blob = repository
        .find_blob(entry.id())
        .with_context(|| format!("cannot read `{path}` at {}", commit.short()))?;
    Ok(Some(blob.content().to_vec()))
}

/// Returns the file that changes whenever another commit of the harness is checked out.
pub(crate) fn head_file(project: &Path, engine: &str) -> anyhow::Result<PathBuf> {
    Ok(layout(project, engine)?.git_directory.join("HEAD"))
}

fn layout(project: &Path, engine: &str) -> anyhow::Result<Layout> {
    let directory = project.join(engine);
    let found = Layout::find(&directory).map_err(|why| anyhow!(why))?;
    found.with_context(|| format!("there is no repository at `{}`", directory.display()))
}
