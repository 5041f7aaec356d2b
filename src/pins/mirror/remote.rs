//! What a mirror does over the network: its first copy, a fetch, a question.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use git2::Repository;

use crate::names::{HarnessUrl, Ref};
use crate::pins::git::Git;
use crate::pins::mirror_refs::{Fetched, keep_new_tags};
use crate::pins::mirror_versions::{branches, compared, gone_tags};
use crate::pins::repository::respect_environment;
use crate::pins::upstream::note_fetch;

use super::Mirror;

/// How long a clone or a fetch may take.
const DEADLINE: Duration = Duration::from_secs(120);

impl Mirror {
    /// Returns the branch that the remote says a clone should be on, if it says so. Asks the network.
    pub(crate) fn default_branch(&self) -> anyhow::Result<Option<Ref>> {
        let url = self.url().as_str();
        let words = ["ls-remote", "--symref", "--end-of-options", url, "HEAD"];
        let said = ask(self.directory(), words)
            .with_context(|| format!("cannot ask `{url}` for its branch"))?;
        let said = String::from_utf8_lossy(&said);
        let branch = said.lines().find_map(|line| {
            let (target, name) = line.strip_prefix("ref: refs/heads/")?.split_once('\t')?;
            (name == "HEAD").then_some(target)
        });
        Ok(branch.and_then(|branch| branch.parse().ok()))
    }
}

/// Runs a `git` that reaches the remote, in a mirror.
fn ask<const N: usize>(directory: &Path, words: [&str; N]) -> anyhow::Result<Vec<u8>> {
    let config = git2::Config::open_default().ok();
    Git::new(directory, DEADLINE, words)
        .env("GIT_DIR", ".")
        .reaching_out(config.as_ref())
        .run()
}

/// Checks what a killed clone, a full disk or a stray `rm` would break, without reading the objects.
pub(super) fn is_whole(directory: &Path) -> bool {
    let Ok(repository) = Repository::open_bare(directory) else {
        return false;
    };
    let refs_are_whole = repository.references().is_ok_and(|references| {
        references.flatten().all(|reference| {
            reference
                .target()
                .is_none_or(|target| repository.odb().is_ok_and(|odb| odb.exists(target)))
        })
    });
    refs_are_whole && packs_are_whole(&directory.join("objects/pack"))
}

/// Makes a copy of a harness under another name and renames it: whoever opens the mirror sees all of it or nothing.
pub(super) fn copy(directory: &Path, url: &HarnessUrl) -> anyhow::Result<()> {
    let beside = directory.with_extension("new");
    let broken = directory.with_extension("old");
    for left_over in [&beside, &broken] {
        remove_whatever(left_over)
            .with_context(|| format!("cannot remove `{}`", left_over.display()))?;
    }
    let made = (|| {
        Repository::init_opts(
            &beside,
            git2::RepositoryInitOptions::new()
                .bare(true)
                .mkpath(true)
                .external_template(false)
                .no_reinit(true),
        )
        .with_context(|| format!("cannot make `{}`", beside.display()))?;
        fetch(&beside, url).map(drop)
    })();
    if made.is_err() {
        // The first error is the one to tell; the next try removes what is left.
        let _ = fs::remove_dir_all(&beside);
        return made;
    }
    let renamed = (|| {
        if directory.symlink_metadata().is_ok() {
            fs::rename(directory, &broken)?;
        }
        fs::rename(&beside, directory)
    })();
    renamed.with_context(|| format!("cannot put `{}` in place", directory.display()))?;
    // A broken mirror that cannot be removed is in nobody's way.
    let _ = remove_whatever(&broken);
    Ok(())
}

/// Removes what is at a path of the cache: somebody may have put a file where a mirror belongs.
fn remove_whatever(path: &Path) -> std::io::Result<()> {
    match path.symlink_metadata() {
        Ok(met) if met.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// Asks a harness for what is new, and notes what that is.
pub(super) fn fetch(directory: &Path, url: &HarnessUrl) -> anyhow::Result<Fetched> {
    respect_environment();
    let before = branches(&Repository::open_bare(directory)?)?;
    ask(
        directory,
        [
            // One pack per fetch: a project then takes the objects by a handful of hard links.
            "-c",
            "fetch.unpackLimit=1",
            "-c",
            "transfer.unpackLimit=1",
            "-c",
            "fetch.writeCommitGraph=false",
            "fetch",
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--end-of-options",
            url.as_str(),
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/upstream/tags/*",
        ],
    )?;
    let repository = Repository::open_bare(directory)?;
    let mut fetched = keep_new_tags(&repository)?;
    fetched.gone_tags = gone_tags(&repository)?;
    let [moved, new, gone] = compared(&before, &branches(&repository)?);
    (
        fetched.moved_branches,
        fetched.new_branches,
        fetched.gone_branches,
    ) = (moved, new, gone);
    // What cannot be noted is no more than an age.
    let _ = note_fetch(directory);
    Ok(fetched.readable())
}

/// Tells whether every pack is as long as its index says: both end with the same checksum.
fn packs_are_whole(directory: &Path) -> bool {
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    entries.flatten().all(|entry| {
        let index = entry.path();
        if index.extension().is_none_or(|extension| extension != "idx") {
            return true;
        }
        let (pack, index) = (tail(&index.with_extension("pack"), 20), tail(&index, 40));
        match (pack, index) {
            (Ok(pack), Ok(index)) => index.starts_with(&pack),
            _ => false,
        }
    })
}

fn tail(path: &Path, count: i64) -> std::io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = fs::File::open(path)?;
    file.seek(SeekFrom::End(-count))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
