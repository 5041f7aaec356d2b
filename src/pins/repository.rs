//! What others ask about a directory: is it a repository, inside one, tracked by one.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Once;

use anyhow::{Context as _, anyhow};
use git2::{Config, ConfigLevel, ErrorCode, Oid, Repository};

use crate::error::failed;
use crate::names::CommitId;

use super::index_file::IndexFile;
use super::layout::{Layout, read_if_there};

/// Tells whether a directory is itself the top of a repository's work tree, or a bare repository.
fn is_repository(path: &Path) -> bool {
    // A symlink or an unreadable `.git` counts as one: whoever asks is about to put something there.
    path.join(".git").symlink_metadata().is_ok() || open(path).is_ok()
}

/// Returns the top of the repository that a path is in; the path itself need not exist.
pub(crate) fn enclosing_repository(path: &Path) -> Option<PathBuf> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    let existing = existing.canonicalize().ok()?;
    existing
        .ancestors()
        .find(|directory| is_repository(directory))
        .map(Path::to_path_buf)
}

/// Tells whether a repository ignores a path: what is put there never becomes part of it by accident.
pub(crate) fn ignores(repository: &Path, location: &Path) -> anyhow::Result<bool> {
    let opened = open(repository)?;
    // A pattern such as `/demo/` is about directories only, and only a trailing slash says that this will be one.
    let directory = location.join("");
    opened
        .is_path_ignored(&directory)
        .with_context(|| format!("cannot tell what `{}` ignores", repository.display()))
}

/// Tells whether a repository tracks a path, or something below it, or a file that stands where it would need a directory.
///
/// `location` is relative to the repository's top.
pub(crate) fn tracks(repository: &Path, location: &Path) -> anyhow::Result<bool> {
    let unreadable = |why| {
        failed(format!(
            "cannot tell what `{}` tracks",
            repository.display()
        ))
        .because(anyhow::anyhow!("{why}"))
    };
    let layout = Layout::find(repository).map_err(unreadable)?;
    let Some(layout) = layout else {
        return Ok(false);
    };
    let Some(index) = IndexFile::read(&layout.git_directory).map_err(unreadable)? else {
        return Ok(false);
    };
    let wanted = path_bytes(location);
    let below = [wanted, b"/"].concat();
    let mut is_tracked = false;
    index
        .walk(|entry| {
            let path = entry.path.to_bytes();
            is_tracked = path == wanted
                || path.starts_with(&below)
                || wanted
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with(b"/"));
            match is_tracked {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .map_err(unreadable)?;
    Ok(is_tracked)
}

/// Tells whether a repository has its git directory, or objects that it needs, in another directory, a canonical path.
pub(crate) fn borrows_from(repository: &Path, other: &Path) -> bool {
    let Ok(Some(layout)) = Layout::find(repository) else {
        return false;
    };
    let is_inside = |path: &Path| {
        path.canonicalize()
            .is_ok_and(|real| real.starts_with(other))
    };
    let objects = layout.common.join("objects");
    let alternates = read_if_there(&objects.join("info/alternates"));
    let alternates = alternates.ok().flatten().unwrap_or_default();
    let borrowed = String::from_utf8_lossy(&alternates);
    is_inside(&layout.common) || borrowed.lines().any(|line| is_inside(&objects.join(line)))
}

/// Returns the branch that a repository is on; `None` when its HEAD is detached. An unborn branch counts.
pub(crate) fn current_branch(repository: &Path) -> anyhow::Result<Option<String>> {
    let cannot = || format!("cannot read HEAD of `{}`", repository.display());
    let layout = Layout::find(repository).map_err(|why| anyhow!(why))?;
    let head = layout.with_context(cannot)?.head();
    Ok(head
        .map_err(|why| anyhow!(why))
        .with_context(cannot)?
        .branch)
}

/// Opens the repository at exactly this path.
pub(super) fn open(path: &Path) -> anyhow::Result<Repository> {
    respect_environment();
    Repository::open(path)
        .with_context(|| format!("cannot open the repository `{}`", path.display()))
}

/// Makes libgit2 read the configuration files that `git` would: it knows neither `GIT_CONFIG_GLOBAL` nor its kin.
pub(super) fn respect_environment() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut hidden = Vec::new();
        if std::env::var_os("GIT_CONFIG_GLOBAL").is_some() {
            hidden.extend([ConfigLevel::Global, ConfigLevel::XDG]);
        }
        if std::env::var_os("GIT_CONFIG_SYSTEM").is_some()
            || std::env::var_os("GIT_CONFIG_NOSYSTEM").is_some()
        {
            hidden.extend([ConfigLevel::System, ConfigLevel::ProgramData]);
        }
        for level in hidden {
            // SAFETY: nothing of this process uses libgit2 before this has returned; `Once` orders all threads.
            // An error would mean an unknown level, and leaves the file readable: no harm.
            let _ = unsafe { git2::opts::set_search_path(level, "") };
        }
        // Partial clones, and links to work trees that are relative: neither is in the way of what is done here. An
        // object that was never fetched is an error when it is needed. It fails for want of memory only.
        // SAFETY: as above.
        let _ = unsafe { git2::opts::set_extensions(&["partialclone", "relativeworktrees"]) };
        // Objects are read from packs whose names state their content; hashing them again doubles the time.
        git2::opts::strict_hash_verification(false);
    });
}

/// The person's configuration, as `git` would find it for a repository, at one moment.
pub(super) struct Settings(Vec<Config>);

impl Settings {
    /// Reads the configuration; what cannot be read says nothing.
    pub(super) fn of(repository: &Repository) -> Self {
        Self::with(repository.config())
    }

    /// The same outside of any repository.
    pub(super) fn personal() -> Self {
        respect_environment();
        Self::with(Config::open_default())
    }

    fn with(visible: Result<Config, git2::Error>) -> Self {
        let hidden = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"]
            .iter()
            .filter_map(std::env::var_os)
            .filter_map(|path| Config::open(Path::new(&path)).ok());
        let all = visible.into_iter().chain(hidden);
        Self(
            all.filter_map(|mut config| config.snapshot().ok())
                .collect(),
        )
    }

    /// Returns one value.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        self.0.iter().find_map(|config| config.get_string(key).ok())
    }
}

/// Turns an id that libgit2 gave into ours.
pub(super) fn commit_id(oid: Oid) -> CommitId {
    oid.to_string()
        .parse()
        .expect("libgit2 writes a SHA-1 as 40 digits of lower-case hex")
}

/// Turns our id into libgit2's.
pub(super) fn oid(commit: &CommitId) -> Oid {
    Oid::from_str(commit.as_str()).expect("a commit id is 40 digits of hex")
}

/// Turns "there is no such thing" into `None`.
pub(super) fn if_there<T>(result: Result<T, git2::Error>) -> Result<Option<T>, git2::Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.code(),
                ErrorCode::NotFound | ErrorCode::UnbornBranch | ErrorCode::InvalidSpec
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns a path as git writes it.
pub(super) fn path_bytes(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::{World, git};
    use super::*;

    #[test]
    fn a_place_inside_a_repository_is_told_from_one_outside() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        assert!(is_repository(&project) && is_repository(&project.join("engine")));
        assert!(!is_repository(&project.join("scripts")) && !is_repository(&world.path()));
        assert_eq!(
            enclosing_repository(&project.join("scripts/not/there")),
            Some(project.clone())
        );
        assert_eq!(
            enclosing_repository(&project.join(".git/objects")),
            Some(project.join(".git"))
        );
        assert_eq!(
            enclosing_repository(&project.join("engine/bin")),
            Some(project.join("engine"))
        );
        assert_eq!(enclosing_repository(&world.path().join("new")), None);
        std::os::unix::fs::symlink(&project, world.path().join("link")).unwrap();
        assert_eq!(
            enclosing_repository(&world.path().join("link/new")),
            Some(project)
        );
    }

    #[test]
    fn what_is_tracked_is_known_at_every_level() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        for (path, expected) in [
            ("agents.toml", true),
            ("agents", false),
            ("agents.toml/below", true),
            ("scripts", true),
            ("scripts/go", true),
            ("scripts/new", false),
            ("engine/new", true),
            ("projects/new", false),
        ] {
            assert_eq!(
                tracks(&project, Path::new(path)).unwrap(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn the_branch_is_known_before_the_first_commit() {
        let world = World::new();
        let directory = world.path().join("new");
        fs::create_dir(&directory).unwrap();
        git(&directory, &["init", "-q", "-b", "feature/x"]);
        assert_eq!(
            current_branch(&directory).unwrap().as_deref(),
            Some("feature/x")
        );
        let project = world.project("demo", "v0.1.0");
        git(&project, &["checkout", "-q", "--detach"]);
        assert_eq!(current_branch(&project).unwrap(), None);
        assert!(current_branch(&world.path()).is_err());
    }
}
