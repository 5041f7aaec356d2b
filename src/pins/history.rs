//! The pin before the last: read from the project's own history.

use std::path::Path;

use anyhow::Context as _;
use git2::{Commit, Oid};

use crate::error::{Fault, refused};
use crate::names::CommitId;

use super::repository::{commit_id, if_there, open};

/// How many commits of a project are looked through.
const FARTHEST: usize = 50_000;

/// What a project was pinned to before its pin moved last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Previous {
    /// The commit of the harness that was pinned.
    pub(crate) pin: CommitId,
    /// The one that HEAD pins.
    pub(crate) now: CommitId,
    /// The commit of the project that moved the pin away from it: a merge, where that brought the move.
    pub(crate) moved_in: CommitId,
    /// The first line of what that commit says.
    pub(crate) subject: String,
}

/// Finds the pin before the last move of it, on the first parents of HEAD: what a merge brought is one move.
///
/// Refuses where there was none, or where the history that is here does not reach that far.
pub(crate) fn previous(project: &Path, engine: &str) -> anyhow::Result<Previous> {
    let repository = open(project)?;
    let head = if_there(repository.head()).context("cannot read HEAD")?;
    let Some(head) = head else {
        return Err(none("the project has no commit yet").into());
    };
    let mut commit = head.peel_to_commit().context("cannot read HEAD")?;
    let Some(now) = pin(&commit, engine)? else {
        return Err(none(format!("HEAD holds no submodule at `{engine}`")).into());
    };
    for _ in 0..FARTHEST {
        if commit.parent_count() == 0 {
            let is_cut_off = repository.is_shallow();
            return Err(beginning(project, engine, is_cut_off).into());
        }
        let parent = commit
            .parent(0)
            .context("cannot read the project's history")?;
        match pin(&parent, engine)? {
            Some(pin) if pin == now => commit = parent,
            Some(pin) => {
                let subject = commit.summary_bytes().unwrap_or_default();
                return Ok(Previous {
                    pin: commit_id(pin),
                    now: commit_id(now),
                    moved_in: commit_id(commit.id()),
                    subject: String::from_utf8_lossy(subject).escape_debug().to_string(),
                });
            }
            None => {
                let added = commit_id(commit.id());
                return Err(none(format!(
                    "`{engine}` was added in {} and has not moved since",
                    added.short()
                ))
                .into());
            }
        }
    }
    Err(none(format!("the pin has not moved within {FARTHEST} commits")).into())
}

/// Returns what a commit pins at a path.
fn pin(commit: &Commit<'_>, engine: &str) -> anyhow::Result<Option<Oid>> {
    let found = commit
        .tree()
        .and_then(|tree| if_there(tree.get_path(Path::new(engine))))
        .with_context(|| format!("cannot read the project's commit {}", commit.id()))?;
    Ok(found
        .filter(|entry| entry.filemode() == 0o160_000)
        .map(|entry| entry.id()))
}

fn none(why: impl Into<String>) -> Fault {
    refused(why.into()).hint("name the version: `fleet update NAME REF`")
}

fn beginning(project: &Path, engine: &str, is_cut_off: bool) -> Fault {
    if !is_cut_off {
        return none(format!(
            "`{engine}` has not moved since the project's first commit"
        ));
    }
    refused("cannot tell what was pinned before")
        .because(anyhow::Error::msg(
            "the project's history is cut off (a shallow clone), and the pin has not moved in what is here",
        ))
        .hint(format!("`git -C {} fetch --unshallow`", project.display()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, git, repin, rev, try_git};
    use super::*;
    use crate::error::{Exit, exit_of};

    #[track_caller]
    fn refuses(project: &Path, because: &str) {
        let error = previous(project, "engine").unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused);
        assert!(format!("{error:#}").contains(because), "{error:#}");
    }

    #[test]
    fn the_pin_before_is_that_of_the_first_parent_which_has_another() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        refuses(&project, "has not moved since the project's first commit");
        repin(&world, &project, "engine", "v0.2.0").unwrap();
        let moved = rev(&project, "HEAD");
        git(&project, &["commit", "-q", "--allow-empty", "-m", "work"]);
        let found = previous(&project, "engine").unwrap();
        assert_eq!(found.pin, world.commit("v0.1.0"));
        assert_eq!(found.moved_in, moved);
        assert_eq!(found.subject, "Move engine to v0.2.0");
        assert!(previous(&project, "agents.toml").is_err());
    }

    #[test]
    fn a_merge_that_brought_a_move_is_the_move() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        git(&project, &["switch", "-q", "-c", "trial"]);
        git(&project, &["-C", "engine", "checkout", "-q", "v0.2.0"]);
        git(&project, &["commit", "-q", "-a", "-m", "try"]);
        git(&project, &["switch", "-q", "main"]);
        git(&project, &["commit", "-q", "--allow-empty", "-m", "work"]);
        git(&project, &["merge", "-q", "-m", "take it", "trial"]);
        let found = previous(&project, "engine").unwrap();
        assert_eq!(
            (found.pin, found.subject),
            (world.commit("v0.1.0"), "take it".to_owned())
        );
        assert_eq!(found.moved_in, rev(&project, "HEAD"));
    }

    #[test]
    fn an_engine_that_came_late_has_no_pin_before() {
        let world = World::new();
        let project = world.path().join("late");
        std::fs::create_dir(&project).unwrap();
        git(&project, &["init", "-q", "-b", "main"]);
        refuses(&project, "has no commit yet");
        git(&project, &["commit", "-q", "--allow-empty", "-m", "before"]);
        refuses(&project, "holds no submodule");
        let harness = world.harness();
        git(
            &project,
            &[
                "submodule",
                "-q",
                "add",
                harness.to_str().unwrap(),
                "engine",
            ],
        );
        git(&project, &["commit", "-q", "-m", "add"]);
        git(&project, &["commit", "-q", "--allow-empty", "-m", "after"]);
        refuses(&project, "and has not moved since");
    }

    #[test]
    fn a_history_that_is_cut_off_is_told_from_one_that_ends() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        repin(&world, &project, "engine", "v0.2.0").unwrap();
        let url = format!("file://{}", project.display());
        let (cloned, said) = try_git(
            &world.path(),
            &["clone", "-q", "--depth=1", &url, "shallow"],
        );
        assert!(cloned, "{said}");
        refuses(
            &world.path().join("shallow"),
            "is cut off (a shallow clone)",
        );
    }
}
