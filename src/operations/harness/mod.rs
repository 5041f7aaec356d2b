//! Where harnesses come from: added, moved, and asked for what is new.

mod add;
mod fetch;
mod set_url;

use std::path::Path;

use crate::error::{Advise as _, failed, refused};
use crate::fleet::{Fleet, embedded_harness, mirrors_directory};
use crate::names::{HarnessUrl, Name, Ref};
use crate::pins::{self, Mirror};
use crate::registry::{FILE, Registry};
use crate::ui::Ui;

use super::version;

pub(crate) use add::{Addition, add_harness};
pub(crate) use fetch::{News, fetch_harnesses};
pub(crate) use set_url::set_harness_url;

/// A fresh copy of what is at a URL. One that this command made goes again unless it is kept.
struct Copied {
    mirror: Mirror,
    /// Whether this command made it.
    is_new: bool,
}

impl Copied {
    /// Copies a harness, or brings the copy up to date that is there.
    fn make(name: &Name, url: &HarnessUrl, ui: &Ui) -> anyhow::Result<Self> {
        if url.as_str().starts_with('/') && !Path::new(url.as_str()).exists() {
            return Err(refused(format!("there is nothing at `{url}`"))
                .hint("name a repository: its URL, or its path on this machine")
                .into());
        }
        let cache = mirrors_directory()?;
        let ask = || format!("`git ls-remote {url}` shows whether you can reach it");
        ui.waiting(format!("copying {name} from {url}"));
        let known = Mirror::open(&cache, name, url);
        let is_new = known.is_none();
        let mirror = match known {
            Some(mirror) => {
                mirror.fetch().hint(ask)?;
                mirror
            }
            None => Mirror::open_or_clone(&cache, name, url).hint(ask)?,
        };
        ui.end_progress();
        Ok(Self { mirror, is_new })
    }

    /// Does something with it; it is kept only where that says so.
    fn keep_if<T>(
        self,
        done: impl FnOnce(&Mirror) -> anyhow::Result<T>,
        is_kept: impl FnOnce(&T) -> bool,
    ) -> anyhow::Result<T> {
        let result = done(&self.mirror);
        if self.is_new && !result.as_ref().is_ok_and(is_kept) {
            // The first error is the one to tell, and a copy too many harms nothing.
            let _ = self.mirror.remove();
        }
        result
    }
}

/// Refuses a place that another harness comes from already.
fn refuse_taken(registry: &Registry, name: &Name, url: &HarnessUrl) -> anyhow::Result<()> {
    for other in registry
        .harnesses
        .values()
        .filter(|other| other.name != *name)
    {
        let theirs = other.url.clone().map_or_else(embedded_harness, Ok)?;
        if pins::same_place(theirs.as_str(), url.as_str()) {
            let other = &other.name;
            return Err(
                refused(format!("the harness `{other}` comes from `{url}` already"))
                    .hint(format!("`fleet create NAME --harness {other}` uses it"))
                    .into(),
            );
        }
    }
    Ok(())
}

/// Returns the version that new projects would get, once its manifest is known to load: the one that was asked for, or
/// the newest tag, or where the remote says that a clone should be.
fn usable(
    fleet: &Fleet,
    name: &Name,
    mirror: &Mirror,
    asked: Option<&Ref>,
) -> anyhow::Result<(Ref, Source)> {
    let (reference, source) = match (asked, mirror.tags()?.first()) {
        (Some(asked), _) => (asked.clone(), Source::Asked),
        (None, Some(newest)) => {
            let newest = newest.parse().map_err(|why: String| failed(why))?;
            (newest, Source::NewestTag)
        }
        (None, None) => {
            let branch = mirror.default_branch()?.ok_or_else(|| {
                refused(format!(
                    "harness `{name}` has neither a tag nor a branch to begin with"
                ))
            })?;
            (branch, Source::Branch)
        }
    };
    let Some(found) = mirror.resolve(&reference)? else {
        return Err(version::unknown(name, mirror, &reference)?.into());
    };
    fleet.manifest(mirror, name, &found.commit)?;
    Ok((reference, source))
}

/// Why a version was chosen for new projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The operator named it.
    Asked,
    /// It is the newest tag; a newer one takes its place.
    NewestTag,
    /// There are no tags.
    Branch,
}

/// Says what a path of this machine means for clones.
fn warn_of_path(url: &HarnessUrl, ui: &Ui) {
    if url.is_local() {
        ui.warn(format!(
            "`{url}` is a place on this machine: clones of its projects work nowhere else"
        ));
    }
}

/// Says what an edit of the registry would write.
fn print_edit(name: &Name, lines: &[String], ui: &Ui) {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("\n  write {line}"))
        .collect();
    ui.result(format!("{FILE}, [harnesses.{name}]:{}", lines.concat()));
}
