//! What a fleet knows of its harnesses: where each comes from, its mirror, its manifests, and what it keeps for its projects.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::{BaseStrategy as _, choose_base_strategy};

use crate::error::{failed, refused};
use crate::harness::{self, Cache, Manifest, Places};
use crate::names::{CommitId, HarnessUrl, Name, fingerprint};
use crate::pins::{self, Mirror, Move};
use crate::registry::Project;

use super::Fleet;

impl Fleet {
    /// Returns a harness's URL; the embedded one is written out first.
    pub(crate) fn harness_url(&self, harness: &Name) -> anyhow::Result<HarnessUrl> {
        if let Some(url) = &self.registry.harness(harness)?.url {
            return Ok(url.clone());
        }
        embedded_harness()
    }

    /// Returns a harness's mirror, made if it is not there.
    pub(crate) fn mirror(&self, harness: &Name) -> anyhow::Result<Mirror> {
        Mirror::open_or_clone(&mirrors_directory()?, harness, &self.harness_url(harness)?)
    }

    /// Returns where a harness's mirror is, or would be: makes none, and asks no network.
    pub(crate) fn mirror_if_any(&self, harness: &Name) -> anyhow::Result<Mirror> {
        let url = self.harness_url(harness)?;
        Ok(Mirror::at(&mirrors_directory()?, harness, &url))
    }

    /// Returns a harness's mirror, if there is one: makes none, and asks no network.
    pub(crate) fn known_mirror(&self, harness: &Name) -> Option<Mirror> {
        Mirror::open(
            &mirrors_directory().ok()?,
            harness,
            &self.harness_url(harness).ok()?,
        )
    }

    /// Returns the directory that a project's harness is vendored in, relative to the project.
    pub(crate) fn engine<'a>(&'a self, project: &Project) -> anyhow::Result<&'a str> {
        Ok(&self.registry.harness(&project.harness)?.path)
    }

    /// Returns what the placeholders of a project's manifest stand for. Nothing of it names a fleet.
    pub(crate) fn places(&self, project: &Project, commit: &CommitId) -> anyhow::Result<Places> {
        let harness = self.registry.harness(&project.harness)?;
        let canonical = project
            .location
            .canonicalize()
            .unwrap_or_else(|_| project.location.clone());
        let own = fingerprint(canonical.as_os_str().as_encoded_bytes());
        Ok(Places {
            engine: canonical.join(&harness.path),
            project: canonical,
            name: project.name.to_string(),
            args: project.args.clone(),
            cache: harness_cache(&harness.name, commit)?.directory().to_owned(),
            state: state_directory()?
                .join("agents")
                .join(format!("{}-{own}", project.name)),
        })
    }

    /// Describes a project's pin for a move of it.
    pub(crate) fn pin_move<'a>(
        &'a self,
        project: &'a Project,
        mirror: &'a Mirror,
        here: bool,
        rescue: &'a Path,
    ) -> anyhow::Result<Move<'a>> {
        let engine = self.engine(project)?;
        Ok(Move {
            project: &project.location,
            engine,
            branch: project.branch.as_deref(),
            here,
            mirror,
            rescue,
        })
    }

    /// Reads the manifest at a commit from a project's own copy of its harness: a mirror may be gone.
    pub(crate) fn vendored_manifest(
        &self,
        project: &Project,
        commit: &CommitId,
    ) -> anyhow::Result<Manifest> {
        let (name, engine, file) = (&project.name, self.engine(project)?, harness::MANIFEST_FILE);
        let bytes = pins::file_at(&project.location, engine, commit, file)?.ok_or_else(|| {
            refused(format!(
                "the harness of `{name}` has no `{file}` at {}",
                commit.short()
            ))
            .hint(format!(
                "`fleet update {name} REF` moves it to a version that has one"
            ))
        })?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("`{engine}/{file}` is not UTF-8"))?;
        Manifest::parse(&text).with_context(|| format!("cannot use the harness of `{name}`"))
    }

    /// Reads the manifest at a commit of a project's harness.
    pub(crate) fn manifest(
        &self,
        mirror: &Mirror,
        harness: &Name,
        commit: &CommitId,
    ) -> anyhow::Result<Manifest> {
        let file = harness::MANIFEST_FILE;
        let bytes = mirror.file(commit, file)?.ok_or_else(|| {
            refused(format!(
                "harness `{harness}` has no `{file}` at {}",
                commit.short()
            ))
            .hint("choose a version of the harness that has one")
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| refused(format!("`{file}` of `{harness}` is not UTF-8")))?;
        Manifest::parse(&text).map_err(|error| {
            refused(format!(
                "cannot use harness `{harness}` at {}",
                commit.short()
            ))
            .because(error)
            .hint("choose another version of the harness")
            .into()
        })
    }
}

/// Writes the embedded harness out, unless that is done, and returns where it is.
pub(crate) fn embedded_harness() -> anyhow::Result<HarnessUrl> {
    let path = harness::ensure_written(&data_directory()?)?;
    let text = path
        .to_str()
        .with_context(|| format!("`{}` is not UTF-8", path.display()))?;
    text.parse().map_err(|why: String| failed(why).into())
}

/// Returns where mirrors are kept: a cache, which may be deleted at any time.
pub(crate) fn mirrors_directory() -> anyhow::Result<PathBuf> {
    Ok(cache_directory()?.join("fleet").join("mirrors"))
}

/// Returns where all harnesses keep what they prepare.
pub(crate) fn harness_caches() -> anyhow::Result<PathBuf> {
    Ok(cache_directory()?.join("agents"))
}

/// Returns where a commit of a harness keeps what it prepares. Nothing of it names a fleet.
pub(crate) fn harness_cache(harness: &Name, commit: &CommitId) -> anyhow::Result<Cache> {
    let name = format!("{harness}-{}", commit.short());
    Ok(Cache::at(harness_caches()?.join(name)))
}

/// Returns where this user keeps data: the built-in harness among it.
pub(crate) fn data_directory() -> anyhow::Result<PathBuf> {
    Ok(choose_base_strategy()
        .context("cannot find the home directory")?
        .data_dir())
}

fn cache_directory() -> anyhow::Result<PathBuf> {
    Ok(choose_base_strategy()
        .context("cannot find the home directory")?
        .cache_dir())
}

fn state_directory() -> anyhow::Result<PathBuf> {
    let strategy = choose_base_strategy().context("cannot find the home directory")?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
}
