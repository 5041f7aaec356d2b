//! Commits that no remote has, stashes, and what git was told to stop in.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context as _;
use git2::{Oid, Repository, RepositoryOpenFlags};

use super::super::check::unfinished;
use super::super::mirror::Mirror;
use super::super::repository::if_there;
use super::super::urls::local_path;
use super::{OnlyHere, Part, count, named};

/// Looks at one repository.
pub(super) fn look(
    project: &Path,
    part: &Part,
    mirror: Option<&Mirror>,
    found: &mut OnlyHere,
) -> anyhow::Result<()> {
    let flags = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH;
    let none = std::iter::empty::<&Path>();
    let repository = Repository::open_ext(&part.layout.git_directory, flags, none)
        .with_context(|| format!("cannot open `{}`", part.layout.git_directory.display()))?;
    let (name, git) = (&part.name, &part.git);
    if let Some((doing, way_out)) = unfinished(repository.state()) {
        let what = format!("{name} is in the middle of a {doing}");
        found.work(what, format!("finish it, or `{git} {way_out}`"));
    }
    if part
        .layout
        .git_directory
        .join("index.lock")
        .symlink_metadata()
        .is_ok()
    {
        let what = format!("git is at work in {name}, or was killed there");
        found.work(what, "wait until it has ended".to_owned());
    }
    let linked = repository.worktrees().context("cannot list work trees")?;
    let linked: Vec<String> = linked
        .iter()
        .flatten()
        .flatten()
        .map(str::to_owned)
        .collect();
    if !linked.is_empty() {
        let what = format!("{name} has linked work trees: {}", named(&linked));
        found.work(
            what,
            format!("`{git} worktree list` shows them; `{git} worktree remove PATH`"),
        );
    }
    if let Ok(Some(_)) = if_there(repository.refname_to_id("refs/stash")) {
        let stashed = repository
            .reflog("refs/stash")
            .map_or(1, |log| log.len().max(1));
        let what = format!("{name} has {}", count(stashed, "stashed change"));
        found.work(
            what,
            format!("`{git} stash list` shows them; `{git} stash pop`"),
        );
    }
    unpushed(project, part, &repository, mirror, found).context("cannot compare histories")
}

/// A ref, or HEAD where it is on no branch, with its commit.
type Tip = (String, Oid);

fn unpushed(
    project: &Path,
    part: &Part,
    repository: &Repository,
    mirror: Option<&Mirror>,
    found: &mut OnlyHere,
) -> anyhow::Result<()> {
    let remotes = remotes(project, repository)?;
    let tips = tips(repository, &remotes)?;
    let published = published(repository, &remotes, mirror)?;
    let mut walk = repository.revwalk()?;
    for (_, commit) in &tips {
        walk.push(*commit)?;
    }
    for commit in published {
        walk.hide(commit)?;
    }
    let ahead: HashSet<Oid> = walk.collect::<Result<_, _>>()?;
    if ahead.is_empty() {
        return Ok(());
    }
    let on = tips
        .into_iter()
        .filter(|(_, commit)| ahead.contains(commit));
    let on: Vec<String> = on.map(|(name, _)| name).collect();
    let (name, git) = (&part.name, &part.git);
    let (commits, on) = (count(ahead.len(), "commit"), named(&on));
    match remotes.first() {
        None => found.work(
            format!("{name} has {commits}, on {on}, and no remote that has them"),
            format!("`{git} remote add origin URL`, then `{git} push --all origin`"),
        ),
        Some(remote) => found.work(
            format!("{name} has {commits} that no remote has, on {on}"),
            format!("`{git} push {remote} BRANCH`"),
        ),
    }
    Ok(())
}

/// Lists what keeps commits: branches, tags, notes and whatever else is not a copy of what a remote has; and a detached
/// HEAD.
fn tips(repository: &Repository, remotes: &[String]) -> Result<Vec<Tip>, git2::Error> {
    let mut tips: Vec<Tip> = Vec::new();
    let mut orphans: Vec<Tip> = Vec::new();
    for reference in repository.references()? {
        let reference = reference?;
        let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
        if name == "refs/stash" || is_copy(&name, remotes) {
            continue;
        }
        // A ref of something else than a commit keeps no history.
        if let Ok(commit) = reference.peel_to_commit() {
            let short = ["refs/heads/", "refs/tags/"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix));
            let tip = (short.unwrap_or(&name).to_owned(), commit.id());
            match ["refs/remotes/", "refs/prefetch/"]
                .iter()
                .any(|of| name.starts_with(of))
            {
                false => tips.push(tip),
                true => orphans.push(tip),
            }
        }
    }
    if repository.head_detached()? {
        tips.push(("HEAD".to_owned(), repository.refname_to_id("HEAD")?));
    }
    // What a remote had that is no more: told where no branch of its own says the same.
    for orphan in orphans {
        if tips.iter().all(|(_, commit)| *commit != orphan.1) {
            tips.push(orphan);
        }
    }
    Ok(tips)
}

/// Tells whether a ref is a copy of what one of these remotes has.
fn is_copy(reference: &str, remotes: &[String]) -> bool {
    let of = |place: &str, remote: &str| {
        let rest = reference.strip_prefix(place);
        let rest = rest.and_then(|rest| rest.strip_prefix(remote));
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    remotes
        .iter()
        .any(|remote| of("refs/remotes/", remote) || of("refs/prefetch/remotes/", remote))
}

/// Lists the remotes that may have what this repository says they have: not a directory that has gone, or goes with the
/// project.
fn remotes(project: &Path, repository: &Repository) -> anyhow::Result<Vec<String>> {
    let mut remotes = Vec::new();
    for name in repository.remotes()?.iter().flatten().flatten() {
        let remote = repository.find_remote(name)?;
        let url = String::from_utf8_lossy(remote.url_bytes()).into_owned();
        let is_there = match local_path(&url) {
            None => !url.is_empty(),
            Some(path) => project
                .join(path)
                .canonicalize()
                .is_ok_and(|real| !real.starts_with(project)),
        };
        if is_there {
            remotes.push(name.to_owned());
        }
    }
    Ok(remotes)
}

/// Lists commits that are kept elsewhere, with all that comes before them.
fn published(
    repository: &Repository,
    remotes: &[String],
    mirror: Option<&Mirror>,
) -> anyhow::Result<Vec<Oid>> {
    let mut published = Vec::new();
    for remote in remotes {
        for reference in repository.references_glob(&format!("refs/remotes/{remote}/*"))? {
            published.extend(reference?.peel_to_commit().map(|commit| commit.id()));
        }
    }
    // A mirror that cannot be read is no proof of anything.
    let mirrored = mirror.and_then(|mirror| mirror.published().ok());
    for (_, target, peeled) in mirrored.iter().flat_map(|it| it.iter()) {
        let commit = peeled.unwrap_or(*target);
        if repository.find_commit(commit).is_ok() {
            published.push(commit);
        }
    }
    Ok(published)
}
