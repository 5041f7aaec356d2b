//! Files in a harness that git does not know: nobody's pin, and an update refuses to lose them.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use git2::StatusOptions;

use super::index_file::IndexFile;
use super::layout::Layout;
use super::repository::{open, respect_environment};

/// Returns the untracked files and directories of a project's harness; none where there is no harness.
///
/// Slower than [`super::read`], which does not look for them. Runs nothing.
pub(crate) fn untracked(project: &Path, engine: &str) -> anyhow::Result<Vec<String>> {
    respect_environment();
    let place = project.join(engine);
    let Some(layout) = Layout::find(&place).map_err(|why| anyhow!(why))? else {
        return Ok(Vec::new());
    };
    // libgit2 would wait for ever on what only looks like an index.
    IndexFile::read(&layout.git_directory).map_err(|why| anyhow!(why))?;
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .include_ignored(false)
        .exclude_submodules(true);
    let repository = open(&place)?;
    let statuses = repository
        .statuses(Some(&mut options))
        .with_context(|| format!("cannot look for files in `{engine}`"))?;
    let new = statuses
        .iter()
        .filter(|status| status.status().is_wt_new())
        .map(|status| String::from_utf8_lossy(status.path_bytes()).into_owned());
    Ok(new.collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::World;
    use super::*;

    #[test]
    fn only_what_git_does_not_know_is_named() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        assert_eq!(untracked(&project, "engine").unwrap(), [""; 0]);
        std::fs::write(project.join("engine/harness.toml"), "changed\n").unwrap();
        std::fs::write(project.join("engine/mine.txt"), "mine\n").unwrap();
        assert_eq!(untracked(&project, "engine").unwrap(), ["mine.txt"]);
        std::fs::remove_dir_all(project.join("engine")).unwrap();
        assert_eq!(untracked(&project, "engine").unwrap(), [""; 0]);
    }
}
