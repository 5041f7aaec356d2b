//! Where a repository keeps what, and what its HEAD is: by plain reads, for status must look at hundreds of them.
//!
//! Opening a repository with libgit2 reads four configuration files and costs more than all of this.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, Oid};
use nix::fcntl::OFlag;

/// How many symbolic refs may follow each other, as in git.
const DEEPEST: usize = 5;

/// The directories of one repository.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// HEAD and the index are here.
    pub(super) git_directory: PathBuf,
    /// Refs and objects are here; another place only for a linked work tree.
    pub(super) common: PathBuf,
}

/// What HEAD says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    /// The branch it is on; `None` when detached.
    pub(super) branch: Option<String>,
    /// The commit; `None` before the first.
    pub(super) commit: Option<Oid>,
}

impl Layout {
    /// Finds the repository whose work tree a directory is; `None` if it is none.
    pub(super) fn find(work_tree: &Path) -> Result<Option<Self>, String> {
        let dot_git = work_tree.join(".git");
        let git_directory = match dot_git.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot_read(&dot_git, &error)),
            Ok(met) if met.is_dir() => {
                let common = dot_git.clone();
                return Ok(Some(Self {
                    git_directory: dot_git,
                    common,
                }));
            }
            Ok(_) => {
                let text = text_of(&dot_git)?;
                let Some(target) = text.strip_prefix("gitdir: ") else {
                    return Err(format!("`{}` is no git file", dot_git.display()));
                };
                work_tree.join(target.trim_end_matches(['\n', '\r']))
            }
        };
        if !git_directory.is_dir() {
            return Err(format!(
                "`{}` points to `{}`, which is not there",
                dot_git.display(),
                git_directory.display()
            ));
        }
        let common = match read_if_there(&git_directory.join("commondir"))? {
            None => git_directory.clone(),
            Some(bytes) => git_directory.join(String::from_utf8_lossy(&bytes).trim_end()),
        };
        Ok(Some(Self {
            git_directory,
            common,
        }))
    }

    /// Reads HEAD, and the commit it leads to.
    pub(super) fn head(&self) -> Result<Head, String> {
        let mut text = text_of(&self.git_directory.join("HEAD"))?;
        let mut head = Head::default();
        for depth in 0..DEEPEST {
            let Some(name) = text.strip_prefix("ref:") else {
                head.commit = Some(self.oid(text.trim())?);
                return Ok(head);
            };
            let name = name.trim().to_owned();
            if name == "refs/heads/.invalid" {
                return Err(format!(
                    "`{}` keeps its refs in reftables",
                    self.common.display()
                ));
            }
            if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
                return Err(format!(
                    "`{}` has a strange HEAD",
                    self.git_directory.display()
                ));
            }
            if depth == 0 {
                head.branch = name.strip_prefix("refs/heads/").map(str::to_owned);
            }
            match read_if_there(&self.common.join(&name))? {
                Some(bytes) => text = String::from_utf8_lossy(&bytes).into_owned(),
                None => {
                    head.commit = self.packed(&name)?;
                    if head.commit.is_none() {
                        self.refuse_sha256()?;
                    }
                    return Ok(head);
                }
            }
        }
        Err(format!(
            "the refs of `{}` lead in a circle",
            self.common.display()
        ))
    }

    /// Reads a ref that leads to no other; `None` where there is none of that name.
    pub(super) fn reference(&self, name: &str) -> Result<Option<Oid>, String> {
        match read_if_there(&self.common.join(name))? {
            Some(bytes) => self.oid(String::from_utf8_lossy(&bytes).trim()).map(Some),
            None => self.packed(name),
        }
    }

    fn packed(&self, name: &str) -> Result<Option<Oid>, String> {
        let Some(bytes) = read_if_there(&self.common.join("packed-refs"))? else {
            return Ok(None);
        };
        bytes
            .split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_suffix(name.as_bytes())?.strip_suffix(b" "))
            .map(|hex| self.oid(&String::from_utf8_lossy(hex)))
            .transpose()
    }

    fn oid(&self, hex: &str) -> Result<Oid, String> {
        if hex.len() == 64 {
            return Err(self.is_sha256());
        }
        if hex.len() != 40 {
            return Err(format!(
                "a ref of `{}` holds no commit id",
                self.common.display()
            ));
        }
        Oid::from_str(hex)
            .map_err(|_| format!("a ref of `{}` holds no commit id", self.common.display()))
    }

    /// Before the first commit, no id tells which hash a repository uses.
    fn refuse_sha256(&self) -> Result<(), String> {
        let config = read_if_there(&self.common.join("config"))?.unwrap_or_default();
        if String::from_utf8_lossy(&config)
            .to_lowercase()
            .contains("sha256")
        {
            return Err(self.is_sha256());
        }
        Ok(())
    }

    /// Tells whether refs are kept in tables, not in files.
    pub(super) fn has_reftables(&self) -> bool {
        self.common.join("reftable").is_dir()
    }

    fn is_sha256(&self) -> String {
        format!("`{}` uses sha256", self.common.display())
    }

    /// Opens the objects alone, with those that they borrow from other repositories.
    pub(super) fn objects(&self) -> Result<Odb<'static>, String> {
        let objects = self.common.join("objects");
        let path = objects
            .to_str()
            .ok_or_else(|| format!("`{}` is not UTF-8", objects.display()))?;
        Odb::new()
            .and_then(|odb| odb.add_disk_alternate(path).map(|()| odb))
            .map_err(|error| format!("cannot read the objects of `{path}`: {}", error.message()))
    }
}

/// Returns the tree of a commit.
pub(super) fn tree_of(odb: &Odb<'_>, commit: Oid) -> Result<Oid, String> {
    let object = read(odb, commit, ObjectType::Commit)?;
    object
        .data()
        .strip_prefix(b"tree ")
        .and_then(|rest| rest.get(..40))
        .and_then(|hex| std::str::from_utf8(hex).ok())
        .and_then(|hex| Oid::from_str(hex).ok())
        .ok_or_else(|| format!("the commit {commit} is broken"))
}

/// Returns the commit that a tree pins at a path; `None` if there is nothing or something else.
pub(super) fn gitlink_in(odb: &Odb<'_>, tree: Oid, path: &str) -> Result<Option<Oid>, String> {
    let mut tree = tree;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let object = read(odb, tree, ObjectType::Tree)?;
        let Some((mode, id)) = entry_in(object.data(), part.as_bytes()) else {
            return Ok(None);
        };
        let is_last = parts.peek().is_none();
        match mode {
            b"160000" if is_last => return Ok(Some(id)),
            b"40000" if !is_last => tree = id,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn entry_in<'a>(mut tree: &'a [u8], name: &[u8]) -> Option<(&'a [u8], Oid)> {
    while !tree.is_empty() {
        let space = tree.iter().position(|byte| *byte == b' ')?;
        let end = space + tree[space..].iter().position(|byte| *byte == 0)?;
        let id = tree.get(end + 1..end + 21)?;
        if &tree[space + 1..end] == name {
            return Some((&tree[..space], Oid::from_bytes(id).ok()?));
        }
        tree = &tree[end + 21..];
    }
    None
}

fn read<'a>(odb: &'a Odb<'_>, id: Oid, kind: ObjectType) -> Result<git2::OdbObject<'a>, String> {
    let object = odb
        .read(id)
        .map_err(|error| format!("cannot read the object {id}: {}", error.message()))?;
    if object.kind() != kind {
        return Err(format!("the object {id} is no {kind}"));
    }
    Ok(object)
}

/// Reads a regular file; `None` where there is nothing. Never waits, as it would at a FIFO.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(cannot_read(path, &error)),
    };
    let met = file.metadata().map_err(|error| cannot_read(path, &error))?;
    if met.is_dir() {
        // A directory of a branch's name is no branch.
        return Ok(None);
    }
    if !met.is_file() {
        return Err(format!("`{}` is no regular file", path.display()));
    }
    read_all(&mut file, met.len())
        .map(Some)
        .map_err(|error| cannot_read(path, &error))
}

/// Reads a file of a known size: in one call, where `read_to_end` takes four.
fn read_all(file: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(size).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        match file.read(&mut bytes[filled..]) {
            // It has become shorter.
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn text_of(path: &Path) -> Result<String, String> {
    match read_if_there(path)? {
        Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        None => Err(format!("`{}` is not there", path.display())),
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", path.display())
}
