//! Projects that are made to be thrown away: what `prepare` runs in, and what a version of a harness is tried with.

use std::path::Path;

use anyhow::Context as _;

use crate::fleet::Fleet;
use crate::harness::Manifest;
use crate::names::{CommitId, Name};
use crate::pins::{self, Mirror, NewFile, NewRepository};

use super::create::first_files;

/// A commit of a harness that a throw-away project is made of.
pub(super) struct Scratch<'a> {
    /// The harness.
    pub(super) harness: &'a Name,
    /// Its mirror, which has the commit.
    pub(super) mirror: &'a Mirror,
    /// The commit.
    pub(super) commit: &'a CommitId,
    /// The manifest at the commit.
    pub(super) manifest: &'a Manifest,
}

impl Scratch<'_> {
    /// Makes the project, as `create` does: with the harness where projects have it, its scaffold, and a commit that nobody
    /// is asked to sign. `files` go before those of the scaffold.
    pub(super) fn make(
        &self,
        fleet: &Fleet,
        directory: &Path,
        files: Vec<NewFile>,
    ) -> anyhow::Result<()> {
        let parent = directory.parent().context("a project has a parent")?;
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot make `{}`", parent.display()))?;
        pins::build_scratch(&NewRepository {
            directory,
            engine: &fleet.registry.harness(self.harness)?.path,
            url: &fleet.harness_url(self.harness)?,
            mirror: self.mirror,
            commit: self.commit,
            files: first_files(files, self.manifest, self.mirror, self.commit)?,
            message: "Start",
            branch: None,
        })
        .map(drop)
    }
}
