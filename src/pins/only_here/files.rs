//! Files that no commit has.

use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::{DiffOptions, ObjectType, Oid, Repository, Status, StatusOptions};

use super::super::index_file::IndexFile;
use super::super::layout::Layout;
use super::super::repository::{commit_id, if_there, open};
use super::{OnlyHere, Part, named, relative};

/// Lists the submodules of a repository by its index, with their pins.
pub(super) fn gitlinks(layout: &Layout) -> Result<Vec<(PathBuf, Oid)>, String> {
    let mut found = Vec::new();
    walk(layout, |path, mode, id, _| {
        if mode == 0o160_000 {
            found.push((path.to_owned(), id));
        }
    })?;
    Ok(found)
}

fn walk(layout: &Layout, mut visit: impl FnMut(&Path, u32, Oid, bool)) -> Result<(), String> {
    let Some(index) = IndexFile::read(&layout.git_directory)? else {
        return Ok(());
    };
    index
        .walk(|entry| {
            let path = Path::new(OsStr::from_bytes(entry.path.to_bytes()));
            let is_hidden = entry.is_assumed_valid || entry.is_skipped;
            visit(path, entry.mode, entry.id, is_hidden);
            ControlFlow::Continue(())
        })
        .map(drop)
}

/// Looks at the files of one repository.
pub(super) fn look(
    project: &Path,
    part: &Part,
    work_tree: &Path,
    found: &mut OnlyHere,
) -> anyhow::Result<()> {
    let (name, git) = (&part.name, &part.git);
    // Before libgit2 sees the index: it would wait for ever on what only looks like one.
    let hidden = hidden(&part.layout, work_tree).map_err(|why| anyhow::anyhow!(why))?;
    let repository = open(work_tree)?;
    let is_here = repository.workdir().and_then(|it| it.canonicalize().ok());
    anyhow::ensure!(
        is_here.as_deref() == work_tree.canonicalize().ok().as_deref(),
        "its configuration says that its files are elsewhere"
    );
    let status = format!("`{git} status` shows them; commit and push them, or `{git} stash`");
    let mut kinds = Kinds {
        staged: staged(&repository)?,
        ..Kinds::default()
    };
    kinds.read(&repository)?;
    kinds.read_top(&repository, work_tree)?;
    for (what, names) in [
        ("staged changes", &kinds.staged),
        ("changes that are not committed", &kinds.changed),
        ("conflicts", &kinds.conflicts),
        ("untracked files", &kinds.untracked),
    ] {
        if !names.is_empty() {
            found.work(
                format!("{name} has {what}: {}", named(names)),
                status.clone(),
            );
        }
    }
    if !hidden.is_empty() {
        let what = format!(
            "{name} has changes that git was told not to see: {}",
            named(&hidden)
        );
        let way_out = format!(
            "`{git} update-index --no-assume-unchanged --no-skip-worktree FILE` shows them"
        );
        found.work(what, way_out);
    }
    if !kinds.unreadable.is_empty() {
        let what = format!(
            "{name} has files that cannot be read: {}",
            named(&kinds.unreadable)
        );
        found.obstacle(what, "make them readable, or move them away".to_owned());
    }
    for (path, pinned) in gitlinks(&part.layout).map_err(|why| anyhow::anyhow!(why))? {
        moved(project, part, &work_tree.join(path), pinned, found);
    }
    for path in kinds.ignored {
        let end = if path.ends_with('/') { "/" } else { "" };
        let place = relative(project, &work_tree.join(path));
        found.ignored.push(format!("{place}{end}"));
    }
    Ok(())
}

/// Tells of a submodule whose commit is not the pinned one. Whether that commit is kept elsewhere, its history says.
fn moved(project: &Path, part: &Part, place: &Path, pinned: Oid, found: &mut OnlyHere) {
    let layout = Layout::find(place).ok().flatten();
    let head = layout.and_then(|layout| layout.head().ok());
    let Some(commit) = head.and_then(|head| head.commit).filter(|it| *it != pinned) else {
        return;
    };
    let (submodule, name) = (relative(project, place), &part.name);
    let commit = commit_id(commit);
    found.work(
        format!(
            "`{submodule}` is at {}, which {name} does not pin",
            commit.short()
        ),
        format!("commit that, or `{} submodule update`", part.git),
    );
}

/// Lists the files that git was told not to look at and that are not as they were.
fn hidden(layout: &Layout, work_tree: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    walk(layout, |path, _, id, is_hidden| {
        let place = work_tree.join(path);
        // One that is gone takes nothing with it.
        if is_hidden && content(&place).is_some_and(|now| now != Some(id)) {
            found.push(path.to_string_lossy().into_owned());
        }
    })?;
    Ok(found)
}

/// Names what a file or a link holds; `Some(None)` where that cannot be read, `None` where there is neither.
fn content(place: &Path) -> Option<Option<Oid>> {
    let met = place.symlink_metadata().ok()?;
    if met.is_file() {
        return Some(Oid::hash_file(ObjectType::Blob, place).ok());
    }
    let target = met.is_symlink().then(|| fs::read_link(place))?.ok();
    Some(target.and_then(|target| {
        let bytes = target.as_os_str().as_bytes();
        Oid::hash_object(ObjectType::Blob, bytes).ok()
    }))
}

/// Lists what is staged, submodules included, whatever the configuration ignores.
fn staged(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let head = if_there(repository.head()).context("cannot read HEAD")?;
    let tree = head.map(|head| head.peel_to_tree()).transpose();
    let tree = tree.context("cannot read HEAD")?;
    let mut options = DiffOptions::new();
    options.ignore_submodules(false);
    let diff = repository
        .diff_tree_to_index(tree.as_ref(), None, Some(&mut options))
        .context("cannot compare HEAD with what is staged")?;
    let path = |delta: git2::DiffDelta<'_>| {
        let path = delta.new_file().path().or(delta.old_file().path());
        path.map(|path| path.to_string_lossy().into_owned())
    };
    Ok(diff.deltas().filter_map(path).collect())
}

/// The files that differ, by how.
#[derive(Default)]
struct Kinds {
    staged: Vec<String>,
    changed: Vec<String>,
    conflicts: Vec<String>,
    untracked: Vec<String>,
    unreadable: Vec<String>,
    ignored: Vec<String>,
}

impl Kinds {
    fn read(&mut self, repository: &Repository) -> anyhow::Result<()> {
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .include_ignored(true)
            .include_unreadable(true)
            .exclude_submodules(true)
            .no_refresh(true);
        let statuses = repository
            .statuses(Some(&mut options))
            .context("cannot look for changes")?;
        let changed =
            Status::WT_MODIFIED | Status::WT_DELETED | Status::WT_TYPECHANGE | Status::WT_RENAMED;
        for entry in statuses.iter() {
            let status = entry.status();
            let kind = if status.is_conflicted() {
                &mut self.conflicts
            } else if status.contains(Status::from_bits_retain(1 << 12)) {
                // GIT_STATUS_WT_UNREADABLE, which the binding does not name.
                &mut self.unreadable
            } else if status.intersects(changed) {
                &mut self.changed
            } else if status.is_wt_new() {
                &mut self.untracked
            } else if status.is_ignored() {
                &mut self.ignored
            } else {
                continue;
            };
            kind.push(String::from_utf8_lossy(entry.path_bytes()).into_owned());
        }
        Ok(())
    }

    /// Adds what is ignored at the top: libgit2 tells of none of it where a pattern such as `*` matches the top as well.
    fn read_top(&mut self, repository: &Repository, work_tree: &Path) -> anyhow::Result<()> {
        let index = repository.index().context("cannot read the index")?;
        let entries = fs::read_dir(work_tree).context("cannot list its files")?;
        for name in entries.flatten().map(|entry| entry.file_name()) {
            let is_tracked = index.find_prefix(name.as_bytes()).is_ok();
            let text = name.to_string_lossy();
            let is_listed = self
                .ignored
                .iter()
                .any(|it| it.trim_end_matches('/') == text);
            if name != ".git" && !is_tracked && !is_listed && repository.is_path_ignored(&name)? {
                self.ignored.push(text.into_owned());
            }
        }
        self.ignored.sort();
        Ok(())
    }
}
