//! Where a project says that its harness comes from: `.gitmodules`, its git configuration, and the harness's `origin`.
//!
//! Another place is one commit whose only change is one value of one file. That commit is the point of no return: before
//! it nothing of the project has changed, after it what is left to do is done again until it is.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, Index, IndexEntry, IndexTime, Oid, Repository, Status};

use crate::error::{Fault, failed, refused};
use crate::files::{Durability, replace, replace_if};
use crate::names::HarnessUrl;

use super::check::check;
use super::commit;
use super::config_text::{ConfigText, Entry};
use super::identity::Identity;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::project_index::{NewIndex, clear_left_overs};
use super::relative_url::{is_relative, resolved};
use super::repin::{Move, Ready, record};
use super::repository::{oid, open};
use super::settle::{Settled, clear_branch_lock};

const MODULES: &str = ".gitmodules";

/// What a project says of where its harness comes from, and what it is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whence {
    /// What `.gitmodules` says in HEAD.
    pub(crate) from: String,
    /// Whether that is to change.
    pub(crate) changes: bool,
    /// What git's configuration of the project and of the harness is to say: a relative URL is written out there.
    pub(crate) to: String,
    /// Whether it says something else.
    pub(crate) is_elsewhere: bool,
    ready: Ready,
}

/// Looks whether a project's harness may be said to come from another place, touching nothing. What stands against a
/// move of the pin stands against this as well, and so does any change of `.gitmodules` that is not committed.
pub(crate) fn look_whence(wish: &Move<'_>, url: &HarnessUrl) -> anyhow::Result<Whence> {
    let ready = check(wish)?;
    let project = open(wish.project)?;
    check_work_file(wish.project, &project)?;
    let head = project.find_commit(oid(&ready.head))?;
    let (_, text) = committed(&project, &head)?;
    let module = Module::find(&text, wish.engine)?;
    // Conversions of line ends aside, the file says the same.
    let file = fs::read(wish.project.join(MODULES)).context("cannot read `.gitmodules`")?;
    if Module::find(&file, wish.engine)?.url != module.url {
        return Err(modified(wish.project));
    }
    let leads = is_relative(&module.url)
        .then(|| resolved(&project, &module.url))
        .flatten()
        .filter(|leads| leads.parse().is_ok_and(|leads| url.is_same_place(&leads)));
    let changes = leads.is_none() && module.url != url.as_str();
    let to = leads.unwrap_or_else(|| url.as_str().to_owned());
    let mut is_elsewhere = false;
    for place in places(wish.project, wish.engine, &project, &module.name)? {
        is_elsewhere |= place.changed(&to)?.is_some();
    }
    Ok(Whence {
        from: module.url,
        changes,
        to,
        is_elsewhere,
        ready,
    })
}

/// Changes what `.gitmodules` says, in a commit of its own, and then in the index and the file itself. If it fails
/// before its commit, nothing has changed.
pub(crate) fn change_whence(wish: &Move<'_>, found: &Whence, message: &str) -> anyhow::Result<()> {
    let project = open(wish.project)?;
    let identity = Identity::find(&project).context("cannot tell who commits")?;
    let head = project.find_commit(oid(&found.ready.head))?;
    let (mode, text) = committed(&project, &head)?;
    let changed = with_url(&text, wish.engine, &found.to)?;
    let blob = project
        .blob(&changed)
        .context("cannot write the new `.gitmodules`")?;
    let tree = TreeUpdateBuilder::new()
        .upsert(MODULES, blob, mode)
        .create_updated(&project, &head.tree()?)
        .context("cannot write the commit's tree")?;
    let tree = project.find_tree(tree)?;
    let commit = commit::write(&project, &identity, message, &tree, Some(&head))?;
    let index = NewIndex::prepare_entry(project.path(), &unseen(blob, mode))?;
    record(&found.ready, &project, commit, message, index)?;
    finish(wish.project, wish.engine, &project, &found.from, &found.to)
}

/// Ends a change of `from` to `to` that was cut off. Safe to repeat. Refuses where HEAD says neither: somebody went on.
pub(crate) fn settle_whence(
    directory: &Path,
    engine: &str,
    from: &str,
    to: &str,
) -> anyhow::Result<Settled> {
    let project = open(directory)?;
    clear_left_overs(project.path())?;
    clear_branch_lock(&project, |commit| {
        says(&project, commit, engine).is_ok_and(|said| said == to)
    })?;
    let head = project.head().and_then(|head| head.peel_to_commit());
    let said = says(&project, &head.context("cannot read HEAD")?, engine)?;
    if said == to {
        finish(directory, engine, &project, from, to)?;
        return Ok(Settled::Completed);
    }
    if said == from {
        return Ok(Settled::TakenBack);
    }
    Err(refused(format!(
        "the project's `.gitmodules` names neither `{from}` nor `{to}`: somebody went on"
    ))
    .hint(format!("`git -C {} log -- {MODULES}`", directory.display()))
    .into())
}

/// Makes git's configuration of a project and of its harness name a place. Safe to repeat.
pub(crate) fn point_to(directory: &Path, engine: &str, url: &str) -> anyhow::Result<()> {
    let project = open(directory)?;
    let head = project.head()?.peel_to_commit()?;
    let (_, text) = committed(&project, &head)?;
    let name = Module::find(&text, engine)?.name;
    for place in places(directory, engine, &project, &name)? {
        if let Some(changed) = place.changed(url)? {
            place.write(&changed)?;
        }
    }
    Ok(())
}

/// A submodule as `.gitmodules` has it.
#[derive(Debug)]
struct Module {
    name: String,
    url: String,
}

impl Module {
    fn find(text: &[u8], engine: &str) -> anyhow::Result<Self> {
        let read = parsed(text, Path::new(MODULES))?;
        let names = read.with("submodule", "path", engine.as_bytes());
        let [name] = names[..] else {
            let count = if names.is_empty() {
                "no"
            } else {
                "more than one"
            };
            return Err(by_hand(format!("`{MODULES}` has {count} submodule at `{engine}`")).into());
        };
        let name = std::str::from_utf8(name)
            .map_err(|_| refused(format!("a name in `{MODULES}` is not UTF-8")))?;
        let url = Self::url(&read, name)?.value.clone().unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            url: String::from_utf8(url)
                .map_err(|_| refused(format!("a URL in `{MODULES}` is not UTF-8")))?,
        })
    }

    /// Returns the one value that says where a submodule comes from.
    fn url<'a>(read: &'a ConfigText<'_>, name: &str) -> anyhow::Result<&'a Entry> {
        match read.all("submodule", name, "url")[..] {
            [only] if only.value.is_some() => Ok(only),
            _ => {
                let name = name.escape_debug();
                Err(by_hand(format!("`{MODULES}` does not name one `url` of `{name}`")).into())
            }
        }
    }
}

fn by_hand(found: String) -> Fault {
    refused(found).hint(format!("correct `{MODULES}` and commit that"))
}

fn parsed<'t>(text: &'t [u8], path: &Path) -> anyhow::Result<ConfigText<'t>> {
    ConfigText::parse(text)
        .map_err(|line| refused(format!("cannot read `{}`: line {line}", path.display())).into())
}

fn with_url(text: &[u8], engine: &str, url: &str) -> anyhow::Result<Vec<u8>> {
    let module = Module::find(text, engine)?;
    let read = parsed(text, Path::new(MODULES))?;
    let changed = read.with_value(Module::url(&read, &module.name)?, url);
    // What was written must read as what was meant, whatever stood around it.
    let again = Module::find(&changed, engine)?;
    if again.url != url || again.name != module.name {
        return Err(failed(format!("cannot write `{url}` into `{MODULES}`")).into());
    }
    Ok(changed)
}

/// Returns the `.gitmodules` of a commit: what kind of file it is, and its bytes.
fn committed(project: &Repository, commit: &Commit<'_>) -> anyhow::Result<(FileMode, Vec<u8>)> {
    let tree = commit.tree().context("cannot read HEAD")?;
    let entry = tree
        .get_name(MODULES)
        .ok_or_else(|| by_hand(format!("HEAD holds no `{MODULES}`")))?;
    let mode = match entry.filemode() {
        0o100_644 => FileMode::Blob,
        0o100_755 => FileMode::BlobExecutable,
        _ => return Err(by_hand(format!("`{MODULES}` is no plain file in HEAD")).into()),
    };
    let blob = project.find_blob(entry.id()).context("cannot read HEAD")?;
    Ok((mode, blob.content().to_vec()))
}

fn says(project: &Repository, commit: &Commit<'_>, engine: &str) -> anyhow::Result<String> {
    Ok(Module::find(&committed(project, commit)?.1, engine)?.url)
}

fn modified(directory: &Path) -> anyhow::Error {
    let restore = format!("`git -C {} restore {MODULES}`", directory.display());
    refused(format!("`{MODULES}` has changes that are not committed"))
        .hint(format!("commit them, or {restore}"))
        .into()
}

/// Refuses a `.gitmodules` that is not as it was committed, or that git was told not to look at.
fn check_work_file(directory: &Path, project: &Repository) -> anyhow::Result<()> {
    let mut has_flags = false;
    if let Some(index) = IndexFile::read(project.path()).map_err(refused)? {
        index
            .walk(|entry| {
                has_flags |= entry.path.to_bytes() == MODULES.as_bytes() && entry.has_flags();
                ControlFlow::Continue(())
            })
            .map_err(refused)?;
    }
    if has_flags {
        return Err(refused(format!("git was told not to look at `{MODULES}`"))
            .hint(format!(
                "`git -C {} update-index --no-assume-unchanged --no-skip-worktree {MODULES}`",
                directory.display()
            ))
            .into());
    }
    let path = directory.join(MODULES);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    if !is_file || project.status_file(Path::new(MODULES)).ok() != Some(Status::CURRENT) {
        return Err(modified(directory));
    }
    Ok(())
}

/// One value of one of git's configuration files.
struct Place {
    file: PathBuf,
    section: &'static str,
    subsection: String,
}

/// Returns where git's configuration says where the harness comes from.
fn places(
    directory: &Path,
    engine: &str,
    project: &Repository,
    name: &str,
) -> anyhow::Result<[Place; 2]> {
    let harness = directory.join(engine);
    let layout = Layout::find(&harness)
        .map_err(refused)?
        .ok_or_else(|| refused(format!("there is no harness in `{}`", harness.display())))?;
    if layout.git_directory != layout.common {
        return Err(refused(format!(
            "`{engine}` is a linked work tree of the repository `{}`",
            layout.common.display()
        ))
        .hint("make it a submodule of its own")
        .into());
    }
    Ok([
        Place {
            file: project.commondir().join("config"),
            section: "submodule",
            subsection: name.to_owned(),
        },
        Place {
            file: layout.common.join("config"),
            section: "remote",
            subsection: "origin".to_owned(),
        },
    ])
}

impl Place {
    /// Returns the file as it was and as it should be; `None` where it says so already, or nothing at all: then git
    /// takes what `.gitmodules` says when it needs it.
    fn changed(&self, url: &str) -> anyhow::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let cannot = || format!("cannot read `{}`", self.file.display());
        let text = fs::read(&self.file).with_context(cannot)?;
        let read = parsed(&text, &self.file)?;
        let all = read.all(self.section, &self.subsection, "url");
        match all[..] {
            [] => Ok(None),
            [only] if only.value.as_deref() == Some(url.as_bytes()) => Ok(None),
            [only] => {
                let changed = read.with_value(only, url);
                Ok(Some((text, changed)))
            }
            _ => {
                let (file, key) = (self.file.display(), self.key());
                Err(refused(format!("`{file}` has more than one `{key}`"))
                    .hint(format!("`git config --file {file} --edit`"))
                    .into())
            }
        }
    }

    fn key(&self) -> String {
        format!("{}.{}.url", self.section, self.subsection.escape_debug())
    }

    /// Replaces the file, unless git is at work on it.
    fn write(&self, (before, after): &(Vec<u8>, Vec<u8>)) -> anyhow::Result<()> {
        let lock = self.file.with_file_name("config.lock");
        let still = || Ok(lock.symlink_metadata().is_err() && fs::read(&self.file)? == *before);
        if replace_if(&self.file, after, 0o644, Durability::Synced, still)? {
            return Ok(());
        }
        let lock = lock.display();
        Err(refused(format!(
            "another git is at work on `{}`",
            self.file.display()
        ))
        .hint(format!(
            "run the command again; or, if no git runs there, `rm {lock}`"
        ))
        .into())
    }
}

/// Does what follows the commit: the file, and its entry in the index. What somebody changed since stays.
fn finish(
    directory: &Path,
    engine: &str,
    project: &Repository,
    from: &str,
    to: &str,
) -> anyhow::Result<()> {
    let head = project.head()?.peel_to_commit()?;
    let (mode, text) = committed(project, &head)?;
    let path = directory.join(MODULES);
    let is_file = path.symlink_metadata().is_ok_and(|met| met.is_file());
    if is_file {
        let file = fs::read(&path).context("cannot read `.gitmodules`")?;
        if Module::find(&file, engine).is_ok_and(|module| module.url == from) {
            replace(
                &path,
                &with_url(&file, engine, to)?,
                0o644,
                Durability::Synced,
            )?;
        }
    }
    let blob = head.tree()?.get_name(MODULES).map(|entry| entry.id());
    let blob = blob.context("HEAD has just held it")?;
    let staged = staged(project)?;
    let is_old = |staged: Oid| {
        let staged = project.find_blob(staged).ok();
        let then = staged.and_then(|staged| with_url(staged.content(), engine, to).ok());
        then.is_some_and(|then| then == text)
    };
    let mut entry = unseen(blob, mode);
    if let Ok(met) = path.symlink_metadata()
        && fs::read(&path).is_ok_and(|file| file == text)
    {
        see(&mut entry, &met);
    }
    match staged {
        Some(staged) if staged.id == blob && staged.is_seen_as(&entry) => Ok(()),
        Some(staged) if staged.id == blob || is_old(staged.id) => {
            NewIndex::prepare_entry(project.path(), &entry)?.put_in_place()
        }
        // Somebody has staged something else since, or taken it away.
        Some(_) | None => Ok(()),
    }
}

/// What is staged of `.gitmodules`.
struct Staged {
    id: Oid,
    modified: IndexTime,
    size: u32,
}

impl Staged {
    fn is_seen_as(&self, entry: &IndexEntry) -> bool {
        self.modified == entry.mtime && self.size == entry.file_size
    }
}

fn staged(project: &Repository) -> anyhow::Result<Option<Staged>> {
    let index = Index::open(&project.path().join("index")).context("cannot read the index")?;
    let entry = index.get_path(Path::new(MODULES), 0);
    Ok(entry.map(|entry| Staged {
        id: entry.id,
        modified: entry.mtime,
        size: entry.file_size,
    }))
}

/// Returns an entry of the index for a file that git has still to look at.
fn unseen(blob: Oid, mode: FileMode) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: u32::try_from(i32::from(mode)).unwrap_or(0o100_644),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: blob,
        flags: 0,
        flags_extended: 0,
        path: MODULES.as_bytes().to_vec(),
    }
}

/// Notes what the file is like, so that git sees at a glance that it has not changed. The index keeps 32 bits of each.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index keeps the lower 32 bits, as git does"
)]
fn see(entry: &mut IndexEntry, met: &fs::Metadata) {
    entry.ctime = IndexTime::new(met.ctime() as i32, met.ctime_nsec() as u32);
    entry.mtime = IndexTime::new(met.mtime() as i32, met.mtime_nsec() as u32);
    (entry.dev, entry.ino) = (met.dev() as u32, met.ino() as u32);
    (entry.uid, entry.gid) = (met.uid(), met.gid());
    entry.file_size = met.size() as u32;
}

#[cfg(test)]
mod tests;
