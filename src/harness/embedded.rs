//! The harness `agents`, written out of this program as a real git repository.
//!
//! A release is frozen: its bytes, modes, author and date are fixed, so that it has the same commit id everywhere. A
//! newer program only adds releases to a repository that an older one wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use git2::{Index, IndexEntry, IndexTime, Oid, Repository, RepositoryInitOptions, Signature, Time};

use crate::files::Lock;

/// The releases that come along, oldest first: each tag with the commit it stands for.
pub(crate) const RELEASES: &[(&str, &str)] = &[
    ("v0.1.0", "014856645d1549b0f22f01e8ed454de47fa10744"),
    ("v0.2.0", "e605d3bf6322b53718c2a2c4a5f3a5fbeb0d14ce"),
];

const BRANCH: &str = "refs/heads/main";

/// How long another process may take to write the repository: it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

struct Release {
    tag: &'static str,
    message: &'static str,
    /// Seconds since 1970.
    date: i64,
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("embedded/", $folder, "/", $path)))),+]
    };
}

const CONTENTS: &[Release] = &[
    Release {
        tag: "v0.1.0",
        message: "agents 0.1.0\n\nRuns the agents of agents.toml; the prompt is an agent's last argument.\n",
        date: 1_793_534_400,
        files: files!["v0.1.0":
            "README.md",
            "harness.toml",
            "prompts/builder.md",
            "runner.toml",
            "templates/agents.toml",
        ],
    },
    Release {
        tag: "v0.2.0",
        message: "agents 0.2.0\n\nA working agreement comes before every agent's prompt, and a line above each agent's terminal\nsays who it is and how it is.\n",
        date: 1_794_744_000,
        files: files!["v0.2.0":
            "README.md",
            "harness.toml",
            "prompts/agreement.md",
            "prompts/builder.md",
            "runner.toml",
            "templates/agents.toml",
        ],
    },
];

/// Returns the bare repository below the user's data directory, complete with every release of [`RELEASES`].
///
/// It is written where it is missing, and gains what it lacks; one look at one file where it is up to date
/// (a few more where somebody has packed its tags). Any number
/// of processes may do this at once, and one that is killed leaves nothing half written.
pub(crate) fn ensure_written(data: &Path) -> anyhow::Result<PathBuf> {
    let directory = data.join("agents");
    let repository = place(data);
    let newest = CONTENTS.last().expect("there are releases");
    if repository.join("refs/tags").join(newest.tag).exists() {
        return Ok(repository);
    }
    write(&directory, &repository)
        .with_context(|| format!("cannot write the harness `{}`", repository.display()))?;
    Ok(repository)
}

/// Returns where it is, or will be, below the user's data directory.
pub(crate) fn place(data: &Path) -> PathBuf {
    data.join("agents").join("harness.git")
}

/// Returns what is written there, release by release of [`RELEASES`]: the commit, where all of it can be read. Fails
/// where there is no repository.
pub(crate) fn written(data: &Path) -> anyhow::Result<Vec<Option<String>>> {
    let place = place(data);
    let repository = Repository::open_bare(&place)
        .with_context(|| format!("cannot read `{}`", place.display()))?;
    let commit = |tag: &str| {
        let commit = repository
            .find_reference(&format!("refs/tags/{tag}"))
            .ok()?
            .peel_to_commit()
            .ok()?;
        let mut is_whole = true;
        let tree = commit.tree().ok()?;
        tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
            is_whole &= entry.to_object(&repository).is_ok();
            git2::TreeWalkResult::Ok
        })
        .ok()?;
        is_whole.then(|| commit.id().to_string())
    };
    Ok(RELEASES.iter().map(|(tag, _)| commit(tag)).collect())
}

fn write(directory: &Path, repository: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    let _lock = Lock::take(directory, PATIENCE, || ())?;
    if repository.exists() {
        return add_releases(&Repository::open_bare(repository)?);
    }
    let beside = tempfile::Builder::new()
        .prefix(".harness.git.")
        .tempdir_in(directory)?;
    let built = beside.path().join("harness.git");
    add_releases(&init(&built)?)?;
    sync(&built)?;
    fs::rename(&built, repository)?;
    fs::File::open(directory)?.sync_all()?;
    Ok(())
}

fn init(path: &Path) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options
        .bare(true)
        .no_reinit(true)
        .external_template(false)
        .initial_head("main")
        .description("the harness agents");
    Repository::init_opts(path, &options)
}

/// Writes what is missing, the newest tag last: it is what says that all is there.
fn add_releases(repository: &Repository) -> anyhow::Result<()> {
    let mut parent = None;
    for (release, (tag, expected)) in CONTENTS.iter().zip(RELEASES) {
        let commit = write_commit(repository, release, parent)?;
        anyhow::ensure!(
            release.tag == *tag && commit.to_string() == *expected,
            "the release {} is not what it should be: it is {commit}, and not {expected}",
            release.tag
        );
        parent = Some(commit);
    }
    let newest = parent.expect("there are releases");
    repository.reference(BRANCH, newest, true, "release")?;
    for (release, (_, commit)) in CONTENTS.iter().zip(RELEASES) {
        write_tag(repository, release, Oid::from_str(commit)?)?;
    }
    Ok(())
}

fn write_commit(
    repository: &Repository,
    release: &Release,
    parent: Option<Oid>,
) -> Result<Oid, git2::Error> {
    let mut index = Index::new()?;
    for (path, bytes) in release.files {
        index.add(&entry(path, repository.blob(bytes)?))?;
    }
    let tree = repository.find_tree(index.write_tree_to(repository)?)?;
    let parent = parent.map(|id| repository.find_commit(id)).transpose()?;
    let parents: Vec<_> = parent.iter().collect();
    let author = author(release)?;
    repository.commit(None, &author, &author, release.message, &tree, &parents)
}

fn write_tag(repository: &Repository, release: &Release, commit: Oid) -> anyhow::Result<()> {
    let name = format!("refs/tags/{}", release.tag);
    if let Ok(found) = repository.find_reference(&name) {
        let stands_for = found.peel_to_commit()?.id();
        anyhow::ensure!(
            stands_for == commit,
            "its tag `{}` was moved to {stands_for}; a release is {commit} for ever",
            release.tag
        );
        return Ok(());
    }
    let object = repository.find_object(commit, None)?;
    let tagger = author(release)?;
    repository.tag(release.tag, &object, &tagger, release.message, false)?;
    Ok(())
}

fn author(release: &Release) -> Result<Signature<'static>, git2::Error> {
    Signature::new("agents", "agents@localhost", &Time::new(release.date, 0))
}

fn entry(path: &str, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Puts everything on disk before the rename says that it is there.
fn sync(directory: &Path) -> anyhow::Result<()> {
    for found in walkdir::WalkDir::new(directory).contents_first(true) {
        fs::File::open(found?.path())?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::harness::{MANIFEST_FILE, Manifest};

    fn git(repository: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .arg("-C")
            .arg(repository)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn a_release_has_the_same_commit_everywhere() {
        let data = tempfile::tempdir().unwrap();
        let repository = ensure_written(data.path()).unwrap();
        assert_eq!(git(&repository, &["fsck", "--strict"]), "");
        for (tag, commit) in [
            ("v0.1.0", "014856645d1549b0f22f01e8ed454de47fa10744"),
            ("v0.2.0", "e605d3bf6322b53718c2a2c4a5f3a5fbeb0d14ce"),
        ] {
            let named = format!("{tag}^{{commit}}");
            assert_eq!(git(&repository, &["rev-parse", &named]), commit);
        }
        assert_eq!(
            git(&repository, &["log", "--format=%D", "--all"])
                .lines()
                .count(),
            2
        );
        assert_eq!(git(&repository, &["symbolic-ref", "HEAD"]), BRANCH);
        assert_eq!(git(&repository, &["describe", "main"]), "v0.2.0");
        assert_eq!(
            git(&repository, &["rev-parse", "--is-bare-repository"]),
            "true"
        );
    }

    #[test]
    fn every_release_is_a_harness_whose_scaffold_is_there() {
        for release in CONTENTS {
            let file = |path: &str| {
                release
                    .files
                    .iter()
                    .find(|(name, _)| *name == path)
                    .map(|(_, bytes)| std::str::from_utf8(bytes).unwrap())
            };
            let manifest = Manifest::parse(file(MANIFEST_FILE).unwrap()).unwrap();
            assert_eq!(manifest.commands.start, ["agents", "up", "--wait"]);
            assert!(!manifest.scaffold.is_empty());
            for template in manifest.scaffold.values() {
                assert!(file(template.as_str()).is_some(), "{template}");
            }
            for (path, _) in release.files {
                assert!(
                    !file(path).unwrap().to_lowercase().contains("fleet"),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn an_older_repository_gains_what_it_lacks_and_loses_nothing() {
        let data = tempfile::tempdir().unwrap();
        let repository = ensure_written(data.path()).unwrap();
        git(&repository, &["tag", "mine", "v0.1.0"]);
        git(&repository, &["tag", "-d", "v0.2.0"]);
        git(&repository, &["update-ref", BRANCH, "v0.1.0^{commit}"]);
        ensure_written(data.path()).unwrap();
        assert_eq!(git(&repository, &["tag", "--list"]), "mine\nv0.1.0\nv0.2.0");
        assert_eq!(git(&repository, &["describe", "main"]), "v0.2.0");
    }

    #[test]
    fn packed_tags_are_found_again() {
        let data = tempfile::tempdir().unwrap();
        let repository = ensure_written(data.path()).unwrap();
        git(&repository, &["pack-refs", "--all", "--prune"]);
        ensure_written(data.path()).unwrap();
        assert_eq!(git(&repository, &["tag", "--list"]), "v0.1.0\nv0.2.0");
    }

    #[test]
    fn many_may_write_it_at_once() {
        let data = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| ensure_written(data.path()).unwrap());
            }
        });
        let left = fs::read_dir(data.path().join("agents")).unwrap().count();
        assert_eq!(left, 1);
    }
}
