//! Where things are on disk: from what is written in fleet.toml to one spelling per directory.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::load::Registry;
use crate::error::refused;
use crate::names::plain_path;

/// Turns paths as written into absolute ones.
pub(super) struct Places {
    root: PathBuf,
    home: Option<PathBuf>,
    /// The real path of each directory asked for: projects mostly share their parent.
    real: HashMap<PathBuf, PathBuf>,
}

impl Places {
    /// Makes one for the fleet in `root`, an absolute path.
    pub(super) fn new(root: &Path) -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        Self {
            root: root.to_owned(),
            home: home.filter(|home| home.is_absolute()),
            real: HashMap::new(),
        }
    }

    /// Returns the absolute path of what is written: relative to the fleet, absolute, or below the user's home.
    pub(super) fn absolute(&self, written: &str) -> Result<PathBuf, String> {
        let written = Path::new(written);
        let path = match written.strip_prefix("~") {
            Ok(below) => self
                .home
                .as_ref()
                .ok_or("`~` means nothing here: `HOME` is not set")?
                .join(below),
            Err(_) => self.root.join(written),
        };
        if path.components().any(|part| part == Component::ParentDir) {
            // What is before a `..` may be a link, so the file system decides where it leads.
            return Ok(path.canonicalize().unwrap_or_else(|_| plain_path(&path)));
        }
        Ok(path.components().collect())
    }

    /// Returns the one true spelling of a path, of which the last parts need not exist.
    pub(super) fn real(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return path.to_owned();
        };
        if path.is_symlink()
            && let Ok(real) = path.canonicalize()
        {
            return real;
        }
        if let Some(real) = self.real.get(parent) {
            return real.join(name);
        }
        let real = match parent.canonicalize() {
            Ok(real) => real,
            Err(_) => self.real(parent),
        };
        self.real.insert(parent.to_owned(), real.clone());
        real.join(name)
    }
}

impl Registry {
    /// Refuses a place for a new project: one that is another's, in another or around another, and one that is the
    /// fleet's or git's own. Says nothing of what is there.
    pub(crate) fn check_location(&self, location: &Path) -> anyhow::Result<()> {
        let mut places = Places::new(&self.root);
        let real_root = self.root.canonicalize().unwrap_or(self.root.clone());
        let real = places.real(location);
        let refuse = |why: String| {
            let location = location.display();
            Err(refused(format!("no project can be at `{location}`: {why}"))
                .hint("name another place, outside of the fleet's own and of other projects")
                .into())
        };
        if let Some(why) = forbidden(&real, &real_root) {
            return refuse(why);
        }
        for project in self.projects.values() {
            let other = places.real(&project.location);
            let name = &project.name;
            if real == other {
                return refuse(format!("`{name}` is there"));
            }
            if real.starts_with(&other) {
                return refuse(format!("it is inside the project `{name}`"));
            }
            if other.starts_with(&real) {
                return refuse(format!("the project `{name}` is inside it"));
            }
        }
        Ok(())
    }
}

/// Returns why no project may be at a real path, if so; `root` is the fleet's real path.
pub(super) fn forbidden(real: &Path, root: &Path) -> Option<String> {
    let in_git = real
        .components()
        .any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    if in_git {
        return Some("it is inside a `.git`".to_owned());
    }
    if real.starts_with(root.join(".fleet")) {
        return Some("it is inside the fleet's own `.fleet/`".to_owned());
    }
    if root.starts_with(real) {
        return Some("the fleet itself is in it".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_directory_has_one_spelling() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/demo")).unwrap();
        std::os::unix::fs::symlink(root.join("a"), root.join("b")).unwrap();
        std::os::unix::fs::symlink("a/demo", root.join("c")).unwrap();
        let mut places = Places::new(&root);
        for written in [
            "a/demo",
            "b/demo",
            "c",
            "./a/./demo/",
            "b/../a/demo",
            "x/../a/demo",
        ] {
            let absolute = places.absolute(written).unwrap();
            assert_eq!(places.real(&absolute), root.join("a/demo"), "{written}");
        }
        let missing = places.absolute("b/none/at/all").unwrap();
        assert_eq!(places.real(&missing), root.join("a/none/at/all"));
    }

    #[test]
    fn a_new_project_keeps_off_the_others() {
        let text = "[projects.demo]\nharness = 'agents'\nref = 'v1'\nlocation = 'p/demo'\n";
        let registry = Registry::parse(text, Path::new("/fleet/home")).unwrap();
        let case = |location: &str, expected: &str| {
            let error = registry.check_location(Path::new(location)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        case(
            "/fleet/home/p/demo",
            "no project can be at `/fleet/home/p/demo`: `demo` is there",
        );
        case(
            "/fleet/home/p/demo/sub",
            "no project can be at `/fleet/home/p/demo/sub`: it is inside the project `demo`",
        );
        case(
            "/fleet/home/p",
            "no project can be at `/fleet/home/p`: the project `demo` is inside it",
        );
        case(
            "/fleet/home/.fleet/x",
            "no project can be at `/fleet/home/.fleet/x`: it is inside the fleet's own `.fleet/`",
        );
        let free = registry.check_location(Path::new("/fleet/home/p/demo2"));
        assert!(free.is_ok());
    }

    #[test]
    fn projects_stay_out_of_what_is_not_theirs() {
        let root = Path::new("/home/me/fleet");
        for bad in [
            "/home/me/fleet/.fleet/x",
            "/home/me/fleet",
            "/home/me",
            "/",
            "/srv/x/.git/y",
            "/srv/.GIT",
        ] {
            assert!(forbidden(Path::new(bad), root).is_some(), "{bad}");
        }
        for good in [
            "/home/me/fleet/projects/x",
            "/home/me/fleet.d",
            "/srv/.github",
        ] {
            assert!(forbidden(Path::new(good), root).is_none(), "{good}");
        }
    }
}
