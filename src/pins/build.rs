//! A new project: its repository, the harness pinned in it, its first files, one commit.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use git2::{IndexEntry, IndexTime, Repository, RepositoryInitOptions};

use crate::error::refused;
use crate::names::{CommitId, HarnessUrl};

use super::commit;
use super::engine::{Engine, quoted};
use super::hostile::is_harmless;
use super::identity::Identity;
use super::mirror::Mirror;
use super::repository::{commit_id, oid, respect_environment, setting};

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
    let commit = first_commit(new, &repository, &identity)?;
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
        && let Some(chosen) = setting(&repository, "init.defaultBranch")
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
    Ok(commit_id(commit::write(
        repository,
        identity,
        new.message,
        &tree,
        None,
    )?))
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
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::super::fixture::{World, file, git, rev, try_git};
    use super::*;

    /// What `git` says of a project that is as it should be.
    #[track_caller]
    fn assert_sound(world: &World, project: &Path, engine: &str) {
        let pin = world.commit("v0.1.0");
        assert_eq!(git(project, &["status", "--porcelain"]), "");
        assert_eq!(
            git(project, &["submodule", "status"]),
            format!(" {pin} {engine} (v0.1.0)\n")
        );
        git(project, &["fsck", "--strict"]);
        let inside = project.join(engine);
        git(&inside, &["fsck", "--strict"]);
        assert_eq!(git(&inside, &["describe", "--tags"]), "v0.1.0\n");
        assert_eq!(git(&inside, &["status", "--porcelain"]), "");
        assert_eq!(
            git(&inside, &["rev-parse", "origin/main"]).trim(),
            world.commit("main").as_str()
        );
        let clone = world.path().join("clone");
        git(
            &world.path(),
            &[
                "clone",
                "-q",
                "--recurse-submodules",
                project.to_str().unwrap(),
                "clone",
            ],
        );
        assert_eq!(rev(&clone.join(engine), "HEAD"), pin);
        assert_eq!(fs::read(clone.join("agents.toml")).unwrap(), b"[agents]\n");
        assert_eq!(
            fs::metadata(clone.join("scripts/go")).unwrap().mode() & 0o111,
            0o111
        );
    }

    #[test]
    fn a_new_project_is_what_git_would_have_made() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        assert_sound(&world, &project, "engine");
        assert_eq!(git(&project, &["rev-list", "--count", "HEAD"]), "1\n");
        assert_eq!(
            git(&project, &["log", "-1", "--format=%s", "-g"]),
            "Start\n"
        );
        assert_eq!(
            git(&project, &["symbolic-ref", "HEAD"]),
            "refs/heads/main\n"
        );
        assert_eq!(fs::read_dir(project.join(".git/hooks")).unwrap().count(), 0);
        assert!(
            !project
                .join(".git/modules/engine/objects/info/alternates")
                .exists()
        );
    }

    #[test]
    fn a_harness_may_be_deeper_in_the_project() {
        let world = World::new();
        let project = world.project_at("demo", "v0.1.0", "tools/engine");
        assert_sound(&world, &project, "tools/engine");
    }

    #[test]
    fn a_project_shares_disk_with_the_mirror_and_survives_it() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let pack = fs::read_dir(project.join(".git/modules/engine/objects/pack"))
            .unwrap()
            .flatten()
            .find(|entry| entry.path().extension().is_some_and(|e| e == "pack"))
            .unwrap();
        assert_eq!(pack.metadata().unwrap().nlink(), 2);
        fs::remove_dir_all(world.cache()).unwrap();
        assert_sound(&world, &project, "engine");
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let world = World::new();
        let mirror = world.mirror();
        let directory = world.path().join("mine");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("agents.toml"), "mine\n").unwrap();
        let built = build(&NewRepository {
            directory: &directory,
            engine: "engine",
            url: &world.url(),
            mirror: &mirror,
            commit: &world.commit("v0.1.0"),
            files: vec![
                file("agents.toml", 0o644, "theirs\n"),
                file("new", 0o644, "new\n"),
            ],
            message: "Start",
            branch: Some("trunk"),
        })
        .unwrap();
        assert_eq!(built.kept, [PathBuf::from("agents.toml")]);
        assert_eq!(built.branch, "trunk");
        assert_eq!(rev(&directory, "trunk"), built.commit);
        assert_eq!(fs::read(directory.join("agents.toml")).unwrap(), b"mine\n");
        assert_eq!(git(&directory, &["status", "--porcelain"]), "");
    }

    #[test]
    fn a_path_out_of_the_project_is_refused() {
        let world = World::new();
        let mirror = world.mirror();
        for bad in [
            "../x",
            "/etc/x",
            "a/../../x",
            ".git/hooks/x",
            ".GIT/x",
            "a/.git",
            "a/.Git./x",
            "git~1/x",
            ".g\u{200c}it/x",
            "engine/x",
            ".gitmodules",
            "",
            "a\nb",
            ".git::$INDEX_ALLOCATION/x",
        ] {
            let directory = world.path().join("bad");
            let error = build(&NewRepository {
                directory: &directory,
                engine: "engine",
                url: &world.url(),
                mirror: &mirror,
                commit: &world.commit("v0.1.0"),
                files: vec![file(bad, 0o644, "x")],
                message: "Start",
                branch: None,
            })
            .unwrap_err();
            assert_eq!(
                crate::error::exit_of(&error),
                crate::error::Exit::Refused,
                "{bad:?}"
            );
            assert!(!directory.exists(), "{bad:?}");
        }
    }

    /// Makes a commit of the harness from lines for `git mktree`, and tries to build with it.
    #[track_caller]
    fn build_with_tree(world: &World, lines: &str) -> anyhow::Result<Built> {
        let harness = world.harness();
        fs::write(world.path().join("lines"), lines).unwrap();
        let script = "git mktree --missing <../lines";
        let tree = std::process::Command::new("sh")
            .args(["-c", script])
            .current_dir(&harness)
            .output()
            .unwrap();
        assert!(tree.status.success(), "{tree:?}");
        let tree = String::from_utf8(tree.stdout).unwrap();
        let commit = git(&harness, &["commit-tree", "-m", "hostile", tree.trim()]);
        git(
            &harness,
            &["update-ref", "refs/heads/hostile", commit.trim()],
        );
        let mirror = world.mirror();
        mirror.fetch().unwrap();
        build(&NewRepository {
            directory: &world.path().join("victim"),
            engine: "engine",
            url: &world.url(),
            mirror: &mirror,
            commit: &commit.trim().parse().unwrap(),
            files: Vec::new(),
            message: "Start",
            branch: None,
        })
    }

    #[test]
    fn a_harness_that_would_write_elsewhere_is_refused() {
        let world = World::new();
        let harness = world.harness();
        let outside = world.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(world.path().join("target"), outside.to_str().unwrap()).unwrap();
        let link = git(&harness, &["hash-object", "-w", "../target"]);
        let link = link.trim();
        let file = git(&harness, &["hash-object", "-w", "harness.toml"]);
        let file = file.trim();
        let tree = git(&harness, &["rev-parse", "HEAD^{tree}"]);
        let tree = tree.trim();
        for lines in [
            format!("120000 blob {link}\ta\n040000 tree {tree}\ta\n"),
            format!("040000 tree {tree}\t.GIT\n"),
            format!("040000 tree {tree}\tgit~1\n"),
            format!("100644 blob {file}\t..\n"),
        ] {
            let error = build_with_tree(&world, &lines).unwrap_err();
            assert!(
                format!("{error:#}").contains("git itself would refuse"),
                "{error:#}"
            );
            // The directory is the caller's to remove; nothing else was written.
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
            let _ = fs::remove_dir_all(world.path().join("victim"));
        }
    }

    #[test]
    fn nothing_of_a_harness_runs() {
        let world = World::new();
        let ran = world.path().join("ran");
        let touch = format!("touch {}", ran.display());
        world.release(
            "v6.6.6",
            &[
                (".gitattributes", "* filter=evil diff=evil text eol=lf\n"),
                (".gitmodules", &format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{touch}\n\tupdate = !{touch}\n")),
                (".gitconfig", &format!("[core]\n\tfsmonitor = {touch}\n\thooksPath = hooks\n[filter \"evil\"]\n\tsmudge = {touch}\n")),
                ("hooks/post-checkout", &format!("#!/bin/sh\n{touch}\n")),
            ],
        );
        std::os::unix::fs::symlink("/etc/passwd", world.harness().join("passwd")).unwrap();
        world.release("v6.6.6", &[]);
        world.mirror().fetch().unwrap();
        let project = world.project("demo", "v6.6.6");
        assert!(!ran.exists());
        assert_eq!(
            fs::read_link(project.join("engine/passwd")).unwrap(),
            Path::new("/etc/passwd")
        );
        assert_eq!(git(&project, &["status", "--porcelain"]), "");
        let mirror = world.mirror();
        assert_eq!(
            mirror.file(&world.commit("v6.6.6"), "passwd").unwrap(),
            None
        );
    }

    #[test]
    fn nested_submodules_are_filled_or_the_reason_is_told() {
        let world = World::new();
        let inner = world.path().join("inner");
        fs::create_dir(&inner).unwrap();
        git(&inner, &["init", "-q"]);
        git(&inner, &["commit", "-q", "--allow-empty", "-m", "inner"]);
        git(
            &world.harness(),
            &[
                "submodule",
                "--quiet",
                "add",
                inner.to_str().unwrap(),
                "inner",
            ],
        );
        world.release("v0.3.0", &[]);
        let mirror = world.mirror();
        mirror.fetch().unwrap();
        let directory = world.path().join("demo");
        let error = build(&NewRepository {
            directory: &directory,
            engine: "engine",
            url: &world.url(),
            mirror: &mirror,
            commit: &world.commit("v0.3.0"),
            files: Vec::new(),
            message: "Start",
            branch: None,
        })
        .unwrap_err();
        // git does not let a submodule be cloned from a local path, unless the person's configuration says so.
        let text = format!("{error:#}");
        assert!(
            text.contains("submodules of the harness") && text.contains("'file' not allowed"),
            "{text}"
        );
        assert!(
            !try_git(&directory.join("engine/inner"), &["log"])
                .1
                .contains("inner")
        );
    }
}
