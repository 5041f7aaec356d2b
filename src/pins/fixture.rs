//! For the tests of this folder: a harness with versions, and `git` as a witness from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Once, OnceLock};

use crate::names::{CommitId, HarnessUrl, Name, Ref};

use super::build::{NewFile, NewRepository, build};
use super::check::check;
use super::mirror::Mirror;
use super::repin::{Move, Repinned, carry_out};

/// A directory with a harness in it, a cache, and room for projects.
pub(super) struct World {
    directory: tempfile::TempDir,
}

impl World {
    /// Makes a harness with the tags v0.1.0 and v0.2.0, which differ in a file, and each have one of their own.
    pub(super) fn new() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            super::repository::respect_environment();
            for level in [
                git2::ConfigLevel::Global,
                git2::ConfigLevel::XDG,
                git2::ConfigLevel::System,
                git2::ConfigLevel::ProgramData,
            ] {
                // SAFETY: `Once` orders the tests, and this is the first use of libgit2 in each.
                unsafe { git2::opts::set_search_path(level, "") }.unwrap();
            }
        });
        static TEMPLATE: OnceLock<World> = OnceLock::new();
        let template = TEMPLATE.get_or_init(Self::first);
        let world = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        copy(&template.harness(), &world.harness());
        world
    }

    fn first() -> Self {
        let world = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let harness = world.harness();
        fs::create_dir_all(&harness).unwrap();
        git(&harness, &["init", "-q", "--template=", "-b", "main"]);
        world.release(
            "v0.1.0",
            &[
                ("harness.toml", "one\n"),
                ("bin/run", "run\n"),
                ("only-one", "1\n"),
            ],
        );
        fs::remove_file(harness.join("only-one")).unwrap();
        world.release("v0.2.0", &[("harness.toml", "two\n"), ("only-two", "2\n")]);
        world
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    pub(super) fn harness(&self) -> PathBuf {
        self.path().join("harness")
    }

    /// Commits files to the harness; a tag that is not empty names the commit.
    pub(super) fn release(&self, tag: &str, files: &[(&str, &str)]) -> CommitId {
        let harness = self.harness();
        for (path, text) in files {
            let path = harness.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        git(&harness, &["add", "-A"]);
        git(
            &harness,
            &["commit", "-q", "--allow-empty", "-m", "release"],
        );
        if !tag.is_empty() {
            git(&harness, &["tag", "-a", "-f", "-m", tag, tag]);
        }
        self.commit("HEAD")
    }

    pub(super) fn commit(&self, revision: &str) -> CommitId {
        rev(&self.harness(), revision)
    }

    pub(super) fn url(&self) -> HarnessUrl {
        self.harness().to_str().unwrap().parse().unwrap()
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    pub(super) fn mirror(&self) -> Mirror {
        let name: Name = "demo".parse().unwrap();
        Mirror::open_or_clone(&self.cache(), &name, &self.url()).unwrap()
    }

    /// Makes a project pinned at a tag, built under another name and renamed.
    pub(super) fn project(&self, name: &str, tag: &str) -> PathBuf {
        self.project_at(name, tag, "engine")
    }

    pub(super) fn project_at(&self, name: &str, tag: &str, engine: &str) -> PathBuf {
        let mirror = self.mirror();
        let tag: Ref = tag.parse().unwrap();
        let resolved = mirror.resolve(&tag).unwrap().unwrap();
        let beside = self.path().join(format!(".{name}.new"));
        build(&NewRepository {
            directory: &beside,
            engine,
            url: &self.url(),
            mirror: &mirror,
            commit: &resolved.commit,
            files: vec![
                file("agents.toml", 0o644, "[agents]\n"),
                file("scripts/go", 0o755, "go\n"),
            ],
            message: "Start",
            branch: None,
        })
        .unwrap();
        let project = self.path().join(name);
        fs::rename(beside, &project).unwrap();
        project
    }
}

/// Wishes to move the pin of a project whose harness is at `engine`.
pub(super) fn wish<'a>(project: &'a Path, mirror: &'a Mirror, rescue: &'a Path) -> Move<'a> {
    Move {
        project,
        engine: "engine",
        branch: Some("main"),
        here: false,
        mirror,
        rescue,
    }
}

/// Moves a pin the way an update does.
pub(super) fn repin(
    world: &World,
    project: &Path,
    engine: &str,
    to: &str,
) -> anyhow::Result<Repinned> {
    let mirror = world.mirror();
    let rescue = world.path().join("rescue");
    let mut wish = wish(project, &mirror, &rescue);
    wish.engine = engine;
    let ready = check(&wish)?;
    carry_out(
        &wish,
        &ready,
        &world.commit(to),
        &format!("Move {engine} to {to}"),
    )
}

/// Copies a directory; links and modes as they are.
pub(super) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(copied.success());
}

pub(super) fn file(path: &str, mode: u32, text: &str) -> NewFile {
    NewFile {
        path: path.into(),
        mode,
        bytes: text.as_bytes().to_vec(),
    }
}

pub(super) fn rev(repository: &Path, revision: &str) -> CommitId {
    git(
        repository,
        &["rev-parse", &format!("{revision}^{{commit}}")],
    )
    .trim()
    .parse()
    .unwrap()
}

/// Runs git as a stranger would; panics with what it said if it fails.
#[track_caller]
pub(super) fn git(directory: &Path, arguments: &[&str]) -> String {
    let (succeeded, said) = try_git(directory, arguments);
    assert!(succeeded, "git {arguments:?}: {said}");
    said
}

pub(super) fn try_git(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@example.org")
        .env("GIT_COMMITTER_NAME", "Ann")
        .env("GIT_COMMITTER_EMAIL", "ann@example.org")
        .output()
        .unwrap();
    let said = [
        output.stdout,
        if output.status.success() {
            Vec::new()
        } else {
            output.stderr
        },
    ]
    .concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
