//! A repository that might become a project: what it says of its submodules. Reads only, and changes no byte.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, RepositoryOpenFlags};

use crate::names::CommitId;

use super::config_text::ConfigText;
use super::layout::{Layout, gitlink_in, tree_of};
use super::mirror_refs::tags_at;
use super::repository::{commit_id, respect_environment};
use super::urls::{base, resolved};

/// What a repository says that may be adopted.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The branch that it is on; `None` where its HEAD is detached.
    pub(crate) branch: Option<String>,
    /// Whether it is a linked work tree of another repository.
    pub(crate) is_linked: bool,
    /// The submodules that its HEAD pins at the paths that were asked for, and those that `.gitmodules` names.
    pub(crate) submodules: Vec<Submodule>,
}

/// One submodule.
#[derive(Debug)]
pub(crate) struct Submodule {
    /// Its path in the project.
    pub(crate) path: String,
    /// The commit that the project's HEAD pins.
    pub(crate) pin: CommitId,
    /// Where it comes from, what git goes by first: relative URLs are resolved. Each is somebody else's text.
    pub(crate) urls: Vec<String>,
    /// Its own tags that stand for the pin, newest version first.
    pub(crate) tags: Vec<String>,
    /// The branch that `.gitmodules` says it follows, and where its remote had that when it was last asked.
    pub(crate) follows: Option<(String, Option<CommitId>)>,
}

/// Why a directory is no candidate.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It is not the top of a repository.
    Nothing,
    /// It is a repository without files.
    Bare,
    /// It has no commit yet.
    Unborn,
    /// It cannot be read.
    Unreadable(String),
}

impl From<String> for Unfit {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

/// Reads what a directory says. `paths` are looked at whether or not `.gitmodules` names them.
///
/// May wait for ever on what is no repository but made to look like one: a caller with a deadline runs it on a thread.
pub(crate) fn candidate(directory: &Path, paths: &[String]) -> Result<Candidate, Unfit> {
    respect_environment();
    let Some(layout) = Layout::find(directory)? else {
        return Err(if looks_bare(directory) {
            Unfit::Bare
        } else {
            Unfit::Nothing
        });
    };
    let config = ConfigText::read_until_mistake(&layout.common.join("config"))?;
    // A linked work tree has files, whatever the repository that it belongs to has.
    let is_linked = layout.common != layout.git_directory;
    if config.get("core.bare").as_deref() == Some("true") && !is_linked {
        return Err(Unfit::Bare);
    }
    let head = layout.head()?;
    let Some(commit) = head.commit else {
        return Err(Unfit::Unborn);
    };
    let modules = ConfigText::read_until_mistake(&directory.join(".gitmodules"))?;
    let objects = layout.objects()?;
    let tree = tree_of(&objects, commit)?;
    let project = Project {
        directory,
        layout: &layout,
        base: base(&config, head.branch.as_deref(), directory),
        config: &config,
        modules: &modules,
    };
    let mut all: Vec<Cow<'_, str>> = paths.iter().map(Cow::from).collect();
    let named = modules.subsections("submodule", "path");
    all.extend(named.into_iter().map(|(_, path)| path));
    all.sort_unstable();
    all.dedup();
    let mut submodules = Vec::new();
    for path in all {
        if let Some(pin) = gitlink_in(&objects, tree, &path)? {
            submodules.push(project.submodule(&path, pin));
        }
    }
    Ok(Candidate {
        branch: head.branch,
        is_linked,
        submodules,
    })
}

/// Tells whether a directory is a git directory itself.
pub(super) fn looks_bare(directory: &Path) -> bool {
    directory.join("HEAD").is_file()
        && directory.join("objects").is_dir()
        && directory.join("refs").is_dir()
}

struct Project<'a> {
    directory: &'a Path,
    layout: &'a Layout,
    base: String,
    config: &'a ConfigText,
    modules: &'a ConfigText,
}

impl Project<'_> {
    fn submodule(&self, path: &str, pin: Oid) -> Submodule {
        let named = self.modules.subsections("submodule", "path");
        let name = named.iter().find(|(_, known)| known == path);
        let name = name.map_or(path, |(name, _)| name.as_ref());
        let key = |key: &str| format!("submodule.{name}.{key}");
        let own = self.git_directory(path, name);
        let origin = own
            .as_ref()
            .and_then(|own| ConfigText::read_until_mistake(&own.join("config")).ok());
        let origin = origin.as_ref().and_then(|it| it.get("remote.origin.url"));
        let mut urls: Vec<String> = Vec::new();
        for url in [
            self.modules.get(&key("url")),
            self.config.get(&key("url")),
            origin,
        ] {
            let url = url.map(|url| resolved(&url, &self.base).unwrap_or_else(|| url.into_owned()));
            urls.extend(url.filter(|url| !urls.contains(url)));
        }
        let branch = match self.modules.get(&key("branch")) {
            // The branch of the same name as the project's.
            Some(same) if same == "." => self.layout.head().ok().and_then(|head| head.branch),
            branch => branch.map(Cow::into_owned),
        };
        let opened = own.and_then(|own| {
            let flags = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH;
            Repository::open_ext(own, flags, std::iter::empty::<&Path>()).ok()
        });
        let at = |branch: &String| {
            let name = format!("refs/remotes/origin/{branch}");
            let found = opened.as_ref()?.refname_to_id(&name).ok();
            found.map(commit_id)
        };
        Submodule {
            path: path.to_owned(),
            pin: commit_id(pin),
            urls,
            tags: opened
                .as_ref()
                .and_then(|opened| tags_at(opened, pin).ok())
                .unwrap_or_default(),
            follows: branch.map(|branch| (branch.clone(), at(&branch))),
        }
    }

    /// Returns where the refs of a submodule are, filled or not.
    fn git_directory(&self, path: &str, name: &str) -> Option<PathBuf> {
        let filled = Layout::find(&self.directory.join(path)).ok().flatten();
        let left = || {
            let modules = self.layout.git_directory.join("modules");
            let is_plain = !name.split('/').any(|part| part == "..") && !name.starts_with('/');
            is_plain.then(|| modules.join(name))
        };
        filled
            .map(|layout| layout.common)
            .or_else(left)
            .filter(|directory| directory.join("HEAD").is_file())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::{World, git};
    use super::*;

    fn read(directory: &Path) -> Candidate {
        candidate(directory, &["engine".to_owned()]).unwrap()
    }

    #[test]
    fn a_project_says_what_it_is_made_of() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        git(
            &project.join("engine"),
            &["tag", "v0.0.9", "v0.1.0^{commit}"],
        );
        let found = read(&project);
        assert_eq!(found.branch.as_deref(), Some("main"));
        let [engine] = found.submodules.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(engine.pin, world.commit("v0.1.0"));
        assert_eq!(engine.urls, [world.url().as_str()]);
        assert_eq!(engine.tags, ["v0.1.0", "v0.0.9"]);
        assert!(engine.follows.is_none());
    }

    #[test]
    fn a_submodule_that_is_not_filled_is_known_all_the_same() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        fs::remove_dir_all(project.join("engine")).unwrap();
        assert_eq!(read(&project).submodules[0].tags, ["v0.1.0"]);
        fs::remove_dir_all(project.join(".git/modules")).unwrap();
        let found = read(&project);
        assert_eq!(found.submodules[0].pin, world.commit("v0.1.0"));
        assert!(found.submodules[0].tags.is_empty());
    }

    #[test]
    fn what_is_no_project_is_told_apart() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let at = |path: &str| candidate(&world.path().join(path), &[]);
        assert!(matches!(at("demo/scripts"), Err(Unfit::Nothing)));
        assert!(matches!(at("nowhere"), Err(Unfit::Nothing)));
        assert!(matches!(at("demo/.git"), Err(Unfit::Bare)));
        git(&world.path(), &["init", "-q", "unborn"]);
        assert!(matches!(at("unborn"), Err(Unfit::Unborn)));
        fs::write(project.join(".git/HEAD"), "nonsense\n").unwrap();
        assert!(matches!(at("demo"), Err(Unfit::Unreadable(_))));
    }
}
