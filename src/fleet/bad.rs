//! Versions that fleet.toml calls bad: who is at one, and what to say of that.

use std::collections::BTreeMap;

use crate::names::{CommitId, Name, Ref};
use crate::pins::Mirror;
use crate::registry::Harness;
use crate::ui::{count, list};

use super::{Fleet, mirrors_directory};

/// How many projects a warning names.
const NAMED: usize = 5;

/// The bad versions of a harness, each with the commit that it stands for where that is known.
#[derive(Debug, Default)]
pub(crate) struct Bad<'a>(Vec<(&'a Ref, Option<CommitId>)>);

/// The bad versions of all harnesses that have any.
#[derive(Debug, Default)]
pub(crate) struct BadRefs<'a>(BTreeMap<&'a Name, Bad<'a>>);

impl Fleet {
    /// Returns the bad versions, with what the mirrors say of them: by plain reads, and none where there are none.
    pub(crate) fn bad_refs(&self) -> BadRefs<'_> {
        let harnesses = self.registry.harnesses.values();
        let bad = harnesses.filter(|harness| !harness.bad_refs.is_empty());
        BadRefs(
            bad.map(|harness| (&harness.name, self.bad_refs_of(harness)))
                .collect(),
        )
    }

    /// Returns the bad versions of one harness, in the same way.
    pub(crate) fn bad_refs_of<'a>(&self, harness: &'a Harness) -> Bad<'a> {
        if harness.bad_refs.is_empty() {
            return Bad::default();
        }
        let place = mirrors_directory()
            .ok()
            .zip(self.harness_url(&harness.name).ok());
        let tag = |bad: &Ref| {
            let (cache, url) = place.as_ref()?;
            Mirror::peek(cache, &harness.name, url, bad)
        };
        Bad(harness.bad_refs.iter().map(|bad| (bad, tag(bad))).collect())
    }
}

impl<'a> BadRefs<'a> {
    /// Tells whether a harness has bad versions at all.
    pub(crate) fn concern(&self, harness: &Name) -> bool {
        self.0.contains_key(harness)
    }

    /// Returns the bad version of a harness that something is, as [`Bad::among`] does.
    pub(crate) fn among(
        &self,
        harness: &Name,
        reference: &Ref,
        commits: &[Option<&CommitId>],
    ) -> Option<&'a Ref> {
        self.0.get(harness)?.among(reference, commits)
    }
}

impl<'a> Bad<'a> {
    /// Returns the bad version that something is: by the same word, or by one of its commits, for which a tag stands or
    /// which is named itself. A branch condemns by its name alone.
    pub(crate) fn among(&self, reference: &Ref, commits: &[Option<&CommitId>]) -> Option<&'a Ref> {
        let is_commit = |bad: &Ref, tag: &Option<CommitId>| {
            let mut commits = commits.iter().flatten();
            commits.any(|commit| tag.as_ref() == Some(*commit) || is_abbreviated(commit, bad))
        };
        let by_word = self.0.iter().find(|(bad, _)| *bad == reference);
        let found = by_word.or_else(|| self.0.iter().find(|(bad, tag)| is_commit(bad, tag)));
        found.map(|(bad, _)| *bad)
    }
}

/// Says that a version is bad, and as what where that is another word.
pub(crate) fn is_among(reference: &Ref, bad: &Ref, harness: &Name) -> String {
    let same = if bad == reference {
        String::new()
    } else {
        format!(", as `{bad}`")
    };
    format!("`{reference}` is among the `bad_refs` of harness `{harness}`{same}")
}

/// How a bad version is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// It is registered or pinned.
    Pinned,
    /// The pin is another one already; what runs was begun before that.
    Runs,
}

/// Says who uses a bad version of a harness, and what to type.
pub(crate) fn warning_of(harness: &Name, bad: &Ref, how: Use, projects: &[&Name]) -> String {
    let names: Vec<&str> = projects.iter().map(|name| name.as_str()).collect();
    let (who, which) = match names.len() {
        0..=NAMED => (list(&names), names.join(" ")),
        many => (count(many, "project"), format!("--harness {harness}")),
    };
    let is_one = names.len() == 1;
    let (it, s) = if is_one { ("it", "s") } else { ("them", "") };
    let (does, cure) = match how {
        Use::Pinned => (
            format!("use{s}"),
            format!("`fleet update {which} REF` moves {it} to another version"),
        ),
        Use::Runs => (
            format!("still run{s}"),
            format!("`fleet restart {which}` runs the pinned version"),
        ),
    };
    format!("{who} {does} `{bad}`, one of the `bad_refs` of harness `{harness}`; {cure}")
}

/// Tells whether a ref is the beginning of a commit's id, long enough to mean one.
fn is_abbreviated(commit: &CommitId, reference: &Ref) -> bool {
    let text = reference.as_str().to_ascii_lowercase();
    text.len() >= 7 && commit.as_str().starts_with(&text)
}
