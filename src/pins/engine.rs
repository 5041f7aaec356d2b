//! The harness inside a project: its git directory, taken from the mirror by hard links, and its files.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use git2::build::CheckoutBuilder;
use git2::{IndexEntry, Repository, Tree};

use crate::error::Advise as _;
use crate::names::{CommitId, HarnessUrl};

use super::filters::writes_blobs_as_they_are;
use super::hostile::verify;
use super::mirror::Mirror;
use super::mirror_refs::Published;
use super::nested::update_nested;
use super::repository::{oid, open, path_bytes};

/// Where a harness goes, and what is to be there.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    /// The top of the project's work tree.
    pub(super) project: &'a Path,
    /// The git directory of the project (for a linked work tree: its own).
    pub(super) git_directory: &'a Path,
    /// The path of the harness in the project.
    pub(super) path: &'a str,
    /// The name of its submodule: where its git directory is.
    pub(super) name: &'a str,
    pub(super) mirror: &'a Mirror,
    pub(super) url: &'a HarnessUrl,
    pub(super) commit: &'a CommitId,
}

impl Engine<'_> {
    /// Makes the harness, with its git directory; nothing of it may be there yet.
    pub(super) fn make(&self) -> anyhow::Result<()> {
        let (modules, work_tree) = self.places()?;
        self.lay_out(&modules, &relative(&modules, &work_tree))?;
        // libgit2 opens no git directory whose work tree is missing.
        fs::create_dir_all(&work_tree)
            .with_context(|| format!("cannot make `{}`", work_tree.display()))?;
        let repository = open(&modules)?;
        self.populate(&repository, &work_tree, &relative(&work_tree, &modules))?;
        update_nested(&open(&work_tree)?)
    }

    /// Returns the git directory of the harness and its work tree, without symlinks: git resolves `..` in the real tree.
    pub(super) fn places(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        let modules = self.git_directory.canonicalize()?.join("modules");
        Ok((
            modules.join(self.name),
            self.project.canonicalize()?.join(self.path),
        ))
    }

    /// Makes a git directory with all that the mirror has, its HEAD on the commit; `work_tree` is the way to the files.
    pub(super) fn lay_out(&self, directory: &Path, work_tree: &Path) -> anyhow::Result<()> {
        verify(self.mirror, self.commit)?;
        let laid_out = (|| {
            for below in [
                "objects/info",
                "objects/pack",
                "refs/heads",
                "refs/tags",
                "info",
            ] {
                fs::create_dir_all(directory.join(below))?;
            }
            link_objects(self.mirror.directory(), directory)?;
            fs::write(
                directory.join("packed-refs"),
                packed_refs(&self.mirror.published()?),
            )?;
            fs::write(directory.join("HEAD"), format!("{}\n", self.commit))?;
            fs::write(directory.join("config"), self.configuration(work_tree))?;
            anyhow::Ok(())
        })();
        laid_out.with_context(|| format!("cannot make `{}`", directory.display()))
    }

    /// Checks the commit out in a directory of nobody else, and makes it a work tree; `back` is the way to its git
    /// directory from where it will be.
    pub(super) fn populate(
        &self,
        repository: &Repository,
        directory: &Path,
        back: &Path,
    ) -> anyhow::Result<()> {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make `{}`", directory.display()))?;
        repository.set_workdir(directory, false)?;
        check_out(repository, self.commit, CheckoutBuilder::new().force())?;
        age_index(&repository.path().join("index")).context("cannot finish the harness's index")?;
        let gitfile = [b"gitdir: ".as_slice(), path_bytes(back), b"\n"];
        fs::write(directory.join(".git"), gitfile.concat())
            .with_context(|| format!("cannot write into `{}`", directory.display()))
    }

    fn configuration(&self, work_tree: &Path) -> String {
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
             \tlogallrefupdates = true\n\tworktree = {}\n[remote \"origin\"]\n\turl = {}\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n",
            quoted(&work_tree.to_string_lossy()),
            quoted(self.url.as_str()),
        )
    }
}

/// Writes a value so that git's configuration reads it as it is.
pub(super) fn quoted(value: &str) -> String {
    let is_plain = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_./:@+~".contains(c));
    if is_plain {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns the way from one directory to another; both are absolute and without symlinks.
pub(super) fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    from[shared..]
        .iter()
        .map(|_| Component::ParentDir)
        .chain(to[shared..].iter().copied())
        .collect()
}

/// Gives a git directory every object of the mirror that it lacks: hard links, or copies across file systems.
pub(super) fn link_objects(mirror: &Path, git_directory: &Path) -> anyhow::Result<()> {
    let (from, to) = (mirror.join("objects"), git_directory.join("objects"));
    for directory in fs::read_dir(&from)?.flatten() {
        let name = directory.file_name();
        let is_loose = name.len() == 2;
        if !is_loose && name != "pack" {
            continue;
        }
        let mut files: Vec<_> = fs::read_dir(directory.path())?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<_, _>>()?;
        files.retain(|file| {
            let extension = Path::new(file).extension();
            let of_a_pack = ["pack", "idx", "rev"]
                .iter()
                .any(|wanted| extension.is_some_and(|extension| extension == *wanted));
            is_loose && extension.is_none() && file.len() == 38 || !is_loose && of_a_pack
        });
        // An index promises that its pack is there: it comes after the pack and whatever else belongs to that.
        files.sort_by_key(|file| Path::new(file).extension().is_some_and(|e| e == "idx"));
        let directory = to.join(&name);
        fs::create_dir_all(&directory)?;
        for file in files {
            link(&from.join(&name).join(&file), &directory.join(&file))
                .with_context(|| format!("cannot take `{}` over", file.display()))?;
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Another file system, a limit on links, a file of another owner: a copy serves as well.
        Err(_) => {
            let beside = to.with_extension("tmp_copy");
            fs::copy(from, &beside)?;
            fs::rename(&beside, to)
        }
    }
}

/// Writes the mirror's tags and branches as those of a fresh clone.
fn packed_refs(published: &[Published]) -> Vec<u8> {
    let mut lines: Vec<&Published> = published.iter().collect();
    lines.sort();
    let mut text = b"# pack-refs with: peeled fully-peeled sorted \n".to_vec();
    for (name, target, peeled) in lines {
        text.extend_from_slice(format!("{target} ").as_bytes());
        text.extend_from_slice(name);
        text.push(b'\n');
        if let Some(peeled) = peeled.filter(|peeled| peeled != target) {
            text.extend_from_slice(format!("^{peeled}\n").as_bytes());
        }
    }
    text
}

/// Brings the remote branches and tags of a harness in a project to where the mirror has them.
///
/// A tag of the same name that somebody made there, on a commit that the mirror does not know, stays.
pub(super) fn refresh_refs(engine: &Repository, mirror: &Mirror) -> anyhow::Result<()> {
    for (name, target, _) in mirror.published()?.iter() {
        // A ref that is no UTF-8 cannot be named here, and is of no use to a pin.
        let Ok(name) = std::str::from_utf8(name) else {
            continue;
        };
        let has = engine.refname_to_id(name).ok();
        if has == Some(*target) {
            continue;
        }
        let is_somebodys = match has {
            Some(has) if name.starts_with("refs/tags/") => !mirror.repository()?.odb()?.exists(has),
            _ => false,
        };
        if !is_somebodys {
            engine.reference(name, *target, true, "fetch")?;
        }
    }
    Ok(())
}

/// Checks a commit out, its index whole and fresh, and puts HEAD on it, on no branch.
pub(super) fn check_out(
    engine: &Repository,
    commit: &CommitId,
    how: &mut CheckoutBuilder<'_>,
) -> anyhow::Result<()> {
    let tree = find_tree(engine, commit)?;
    how.disable_filters(writes_blobs_as_they_are(engine, &tree));
    engine
        .checkout_tree(tree.as_object(), Some(how))
        .with_context(|| format!("cannot check {} out", commit.short()))?;
    pin_index(engine, &tree, &[])?;
    pin_head(engine, commit)
}

/// Puts HEAD on a commit and on no branch.
pub(super) fn pin_head(engine: &Repository, commit: &CommitId) -> anyhow::Result<()> {
    let is_there = engine.refname_to_id("HEAD").ok() == Some(oid(commit));
    if !is_there || !engine.head_detached()? {
        engine.set_head_detached(oid(commit))?;
    }
    Ok(())
}

/// Makes the index that of a tree, with the stat data that it has and that of entries which are news to it.
///
/// With the tree's id in it, "nothing is staged" is one comparison. It is opened as a file that knows no repository:
/// otherwise libgit2 reads every file that is younger than the tick of a clock once more.
pub(super) fn pin_index(
    engine: &Repository,
    tree: &Tree<'_>,
    news: &[IndexEntry],
) -> anyhow::Result<()> {
    let mut index = git2::Index::open(&engine.path().join("index"))?;
    for entry in news {
        index.add(entry)?;
    }
    index.read_tree(tree)?;
    index.write().context("cannot write the harness's index")
}

pub(super) fn find_tree<'a>(
    repository: &'a Repository,
    commit: &CommitId,
) -> anyhow::Result<Tree<'a>> {
    repository
        .find_commit(oid(commit))
        .and_then(|commit| commit.tree())
        .with_context(|| format!("cannot read the commit {commit}"))
        .hint(|| {
            "the harness may have lost it; pin one that it has: `git update-index --cacheinfo 160000,COMMIT,engine` in the project, and commit that"
                .to_owned()
        })
}

/// Makes an index that was just written newer than all it lists.
///
/// The kernel's clock ticks every few milliseconds, so files and index get the same time, and every later look would
/// have to read the files. Only for a directory that nobody else can have touched yet.
fn age_index(path: &Path) -> anyhow::Result<()> {
    let file = fs::File::options().append(true).open(path)?;
    let modified = file.metadata()?.modified()?;
    file.set_modified(modified + std::time::Duration::from_nanos(1))?;
    Ok(())
}
