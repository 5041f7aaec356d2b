//! A new project: its repository, the harness pinned in it, its first files, one commit.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use git2::{Commit, IndexEntry, IndexTime, Oid, Repository, RepositoryInitOptions, Tree};

use crate::error::refused;
use crate::names::{CommitId, HarnessUrl};

use super::commit;
use super::engine::{Engine, quoted};
use super::hostile::is_harmless;
use super::identity::Identity;
use super::mirror::Mirror;
use super::repository::{Settings, commit_id, oid, respect_environment};

/// A project that is to be made.
#[derive(Debug)]
pub(crate) struct NewRepository<'a> {
    /// Where: a directory of nobody else, which may be renamed afterwards. Made if missing.
    pub(crate) directory: &'a Path,
    /// The harness's path in the project.
    pub(crate) engine: &'a str,
    /// Where the harness really comes from.
    pub(crate) url: &'a HarnessUrl,
    /// The mirror that has the commit.
    pub(crate) mirror: &'a Mirror,
    /// The commit to pin.
    pub(crate) commit: &'a CommitId,
    /// The project's first files; one that is there already stays as it is.
    pub(crate) files: Vec<NewFile>,
    /// The message of the first commit.
    pub(crate) message: &'a str,
    /// The first branch; `None` means the person's `init.defaultBranch`, or `main`.
    pub(crate) branch: Option<&'a str>,
}

/// A file of a new project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Where, relative to the project.
    pub(crate) path: PathBuf,
    /// Permission bits: of these, git keeps whether it can be executed.
    pub(crate) mode: u32,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// A project that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// Its first commit.
    pub(crate) commit: CommitId,
    /// The branch it is on.
    pub(crate) branch: String,
    /// Whether git knew no name or address for the person, so that the account's stands in.
    pub(crate) identity_is_made_up: bool,
    /// The first files that were there already, and stayed.
    pub(crate) kept: Vec<PathBuf>,
}

/// Makes a project: after this, every `git` command finds what `git submodule add` and `git commit` would have left.
///
/// Refuses a path that leads out of the project or into a git directory, and a harness with such paths.
pub(crate) fn build(new: &NewRepository<'_>) -> anyhow::Result<Built> {
    build_with(new, commit::write)
}

/// The same for a project that is thrown away: nobody is asked to sign for it.
pub(crate) fn build_scratch(new: &NewRepository<'_>) -> anyhow::Result<Built> {
    build_with(new, commit::write_unsigned)
}

/// How a commit is written.
type Write =
    fn(&Repository, &Identity, &str, &Tree<'_>, Option<&Commit<'_>>) -> anyhow::Result<Oid>;

fn build_with(new: &NewRepository<'_>, write: Write) -> anyhow::Result<Built> {
    respect_environment();
    check_path(Path::new(new.engine))?;
    for file in &new.files {
        check_path(&file.path)?;
        if file.path.starts_with(new.engine) || file.path == Path::new(".gitmodules") {
            return Err(unfit(&file.path, "belongs to the harness's submodule"));
        }
    }
    let (repository, branch) = init(new)?;
    let git_directory = repository.path().to_path_buf();
    Engine {
        project: new.directory,
        git_directory: &git_directory,
        path: new.engine,
        name: new.engine,
        mirror: new.mirror,
        url: new.url,
        commit: new.commit,
    }
    .make()?;
    let kept = write_files(new)?;
    let identity = Identity::find(&repository).context("cannot tell who commits")?;
    let commit = first_commit(new, &repository, &identity, write)?;
    let line = commit::reflog_line(new.message, true);
    repository
        .reference(&format!("refs/heads/{branch}"), oid(&commit), false, &line)
        .with_context(|| format!("cannot make the branch `{branch}`"))?;
    Ok(Built {
        commit,
        branch,
        identity_is_made_up: identity.is_made_up,
        kept,
    })
}

fn init(new: &NewRepository<'_>) -> anyhow::Result<(Repository, String)> {
    let initialised = |branch: &str| {
        Repository::init_opts(
            new.directory,
            RepositoryInitOptions::new()
                .external_template(false)
                .no_reinit(true)
                .mkpath(true)
                .initial_head(branch),
        )
        .with_context(|| format!("cannot make a repository in `{}`", new.directory.display()))
    };
    let mut repository = initialised(new.branch.unwrap_or("main"))?;
    let mut branch = new.branch.unwrap_or("main").to_owned();
    if new.branch.is_none()
        && let Some(chosen) = Settings::of(&repository).get("init.defaultBranch")
        && git2::Reference::is_valid_name(&format!("refs/heads/{chosen}"))
        && chosen != branch
    {
        repository.set_head(&format!("refs/heads/{chosen}"))?;
        branch = chosen;
    }
    let git_directory = repository.path().to_path_buf();
    for sample in ["hooks/README.sample", "description"] {
        // libgit2's own decoration; it harms nobody where it stays.
        let _ = fs::remove_file(git_directory.join(sample));
    }
    configure(new, &git_directory).context("cannot write the repository's configuration")?;
    repository = Repository::open(new.directory)?;
    Ok((repository, branch))
}

/// Tells git of the submodule, as `git submodule init` does.
fn configure(new: &NewRepository<'_>, git_directory: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .open(git_directory.join("config"))?;
    let text = format!(
        "[submodule {}]\n\tactive = true\n\turl = {}\n",
        section(new.engine),
        quoted(new.url.as_str())
    );
    file.write_all(text.as_bytes())
}

fn section(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn write_files(new: &NewRepository<'_>) -> anyhow::Result<Vec<PathBuf>> {
    let modules = format!(
        "[submodule {}]\n\tpath = {}\n\turl = {}\n",
        section(new.engine),
        quoted(new.engine),
        quoted(new.url.as_str())
    );
    let path = new.directory.join(".gitmodules");
    fs::write(&path, modules).with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut kept = Vec::new();
    for file in &new.files {
        let written = write_file(new.directory, file)
            .with_context(|| format!("cannot write `{}`", file.path.display()))?;
        if !written {
            kept.push(file.path.clone());
        }
    }
    Ok(kept)
}

/// Writes one file, with its folders, never through a symlink; false if something of that name is there.
fn write_file(directory: &Path, file: &NewFile) -> anyhow::Result<bool> {
    let mut folder = directory.to_path_buf();
    for component in file.path.parent().into_iter().flat_map(Path::components) {
        folder.push(component);
        match fs::create_dir(&folder) {
            Ok(()) => {}
            Err(_) if folder.symlink_metadata().is_ok_and(|met| met.is_dir()) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(file.mode & 0o777)
        .open(directory.join(&file.path));
    match opened {
        Ok(mut opened) => {
            opened.write_all(&file.bytes)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn first_commit(
    new: &NewRepository<'_>,
    repository: &Repository,
    identity: &Identity,
    write: Write,
) -> anyhow::Result<CommitId> {
    let mut index = repository.index()?;
    index.add_path(Path::new(".gitmodules"))?;
    for file in &new.files {
        index
            .add_path(&file.path)
            .with_context(|| format!("cannot add `{}`", file.path.display()))?;
    }
    index.add(&gitlink(new.engine, new.commit))?;
    let tree = index.write_tree()?;
    index.write().context("cannot write the index")?;
    let tree = repository.find_tree(tree)?;
    let commit = write(repository, identity, new.message, &tree, None)?;
    Ok(commit_id(commit))
}

/// Returns the index entry that pins a commit.
pub(super) fn gitlink(path: &str, commit: &CommitId) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0o160_000,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: oid(commit),
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Refuses a path that is not plainly below the project.
fn check_path(path: &Path) -> anyhow::Result<()> {
    let mut has_any = false;
    for component in path.components() {
        has_any = true;
        match component {
            Component::Normal(name) if is_harmless(name.as_encoded_bytes()) => {}
            Component::Normal(_) => return Err(unfit(path, "leads into a git directory")),
            Component::CurDir
            | Component::ParentDir
            | Component::RootDir
            | Component::Prefix(_) => return Err(unfit(path, "leads out of the project")),
        }
    }
    if has_any
        && !path
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .any(u8::is_ascii_control)
    {
        return Ok(());
    }
    Err(unfit(path, "is no path of a file"))
}

fn unfit(path: &Path, why: &str) -> anyhow::Error {
    refused(format!(
        "`{}` {why}",
        path.display().to_string().escape_debug()
    ))
    .into()
}

#[cfg(test)]
mod tests;
