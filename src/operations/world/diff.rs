//! What is, what should be, and what leads from the one to the other: a pure function of facts.

use serde::Serialize;

use crate::names::{CommitId, Name};
use crate::pins::PinWord;

use super::facts::{Facts, Run};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// What is.
    pub(crate) is: String,
    /// What should be.
    pub(crate) should: String,
    /// What is to be done about it.
    #[serde(flatten)]
    pub(crate) remedy: Remedy,
}

/// What is to be done about a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "remedy")]
pub(crate) enum Remedy {
    /// `apply` does it, as this command would.
    Apply { what: Deed, command: String },
    /// Nothing can be done before something else is put right.
    Cannot { because: String },
    /// The operator has to decide; this would do it.
    Yours { command: String },
}

/// What `apply` can do. They are done in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    /// Complete or take back what was interrupted.
    Repair,
    /// Move the pin to what fleet.toml says.
    Move,
    /// Make a missing engine.
    Fill,
    /// End what should be down.
    Stop,
    /// Bring back what should be up and was lost.
    Start,
}

impl Difference {
    /// Returns what `apply` does about it.
    pub(crate) fn deed(&self) -> Option<Deed> {
        match &self.remedy {
            Remedy::Apply { what, .. } => Some(*what),
            Remedy::Cannot { .. } | Remedy::Yours { .. } => None,
        }
    }
}

/// Returns what is not as it should be with a project, most urgent first. What is as it should be says nothing; a project
/// that nobody has asked to start is down as it should be.
pub(super) fn differences(name: &Name, facts: &Facts) -> Vec<Difference> {
    if facts.is_busy {
        let because = format!("another command is at work on `{name}`");
        return vec![cannot("it is being changed", "left alone", because)];
    }
    if let Some(meant) = &facts.interrupted {
        let is = format!("a command was interrupted that was to {meant}");
        let should = "completed or taken back";
        return vec![apply(is, should, Deed::Repair, "fleet apply".to_owned())];
    }
    if !facts.is_there {
        let because = "put it back, or correct its `location` in fleet.toml";
        return vec![cannot(
            format!("nothing is at {}", facts.location),
            "its repository",
            because,
        )];
    }
    let mut found: Vec<Difference> = pin(name, facts).into_iter().collect();
    found.extend(reference(name, facts));
    found.extend(run(name, facts));
    found
}

fn pin(name: &Name, facts: &Facts) -> Option<Difference> {
    let wanted = || match &facts.wanted {
        Some(commit) => format!("pinned at {} ({})", facts.reference, commit.short()),
        None => format!("pinned at {}", facts.reference),
    };
    let at = |commit: &Option<CommitId>| match commit {
        Some(commit) => commit.short().to_owned(),
        None => "nothing".to_owned(),
    };
    let is = match facts.word {
        PinWord::Ok | PinWord::Interrupted => return None,
        PinWord::Skew => {
            let is = format!("runs {}, pinned at {}", at(&facts.running), at(&facts.head));
            let command = format!("fleet restart {name}");
            return Some(yours(is, "runs what is pinned", command));
        }
        PinWord::Unknown if facts.trouble.is_none() => {
            format!("pinned at {}; fleet.toml names no commit", at(&facts.head))
        }
        PinWord::Unknown => {
            let trouble = facts.trouble.clone().unwrap_or_default();
            return Some(cannot("its pin cannot be read", wanted(), trouble));
        }
        PinWord::Lost => {
            let is = format!("pinned at {}, which is nowhere to be had", at(&facts.head));
            let because = format!("`fleet update {name} REF` moves it to a version that is there");
            return Some(cannot(is, wanted(), because));
        }
        PinWord::Missing => return Some(missing(facts, &at(&facts.head))),
        PinWord::Dirty => "files of its engine are changed".to_owned(),
        PinWord::Moved => format!(
            "its engine is at {}, pinned at {}",
            at(&facts.checkout),
            at(&facts.head)
        ),
        PinWord::Staged => format!(
            "{} is staged, pinned at {}",
            at(&facts.index),
            at(&facts.head)
        ),
        PinWord::Behind => format!("pinned at {}", at(&facts.head)),
    };
    Some(match &facts.refusal {
        Some(because) => cannot(is, wanted(), because),
        None => apply(is, wanted(), Deed::Move, format!("fleet update {name}")),
    })
}

fn missing(facts: &Facts, head: &str) -> Difference {
    let is = "its engine is missing";
    if facts.head.is_none() {
        return cannot(is, "an engine", "its HEAD pins none".to_owned());
    }
    let should = format!("its engine at {head}, as pinned");
    apply(is, should, Deed::Fill, "fleet apply".to_owned())
}

/// fleet.toml may have been edited by hand: its ref then stands for another commit than the one beside it.
fn reference(name: &Name, facts: &Facts) -> Option<Difference> {
    let stands_for = facts.stands_for.as_ref()?;
    let wanted = facts.wanted.as_ref().filter(|it| *it != stands_for)?;
    let reference = &facts.reference;
    let is = format!(
        "fleet.toml has {reference} with the commit {}",
        wanted.short()
    );
    let should = format!("{reference} stands for {}", stands_for.short());
    // A tag that is not what fleet.toml says looks like one that has moved.
    let is_commit = stands_for.as_str().starts_with(reference.as_str());
    let flag = if is_commit { "" } else { " --accept-moved-tag" };
    let command = format!("fleet update {name} {reference}{flag}");
    Some(yours(is, should, command))
}

fn run(name: &Name, facts: &Facts) -> Option<Difference> {
    let start = format!("fleet start {name}");
    match &facts.run {
        Run::AsWanted => None,
        Run::Unwanted => {
            let stop = format!("fleet stop {name}");
            Some(apply("up", "down, as asked for", Deed::Stop, stop))
        }
        Run::Lost { because, refusal } => {
            let is = format!("down: {because}");
            let should = "up, as asked for";
            Some(match refusal {
                Some(refusal) => cannot(is, should, refusal),
                None => apply(is, should, Deed::Start, start),
            })
        }
        Run::Ended(why) => Some(yours(why, "up, as asked for", start)),
    }
}

fn apply(
    is: impl Into<String>,
    should: impl Into<String>,
    what: Deed,
    command: String,
) -> Difference {
    Difference {
        is: is.into(),
        should: should.into(),
        remedy: Remedy::Apply { what, command },
    }
}

fn cannot(
    is: impl Into<String>,
    should: impl Into<String>,
    because: impl Into<String>,
) -> Difference {
    let because = because.into();
    Difference {
        is: is.into(),
        should: should.into(),
        remedy: Remedy::Cannot { because },
    }
}

fn yours(is: impl Into<String>, should: impl Into<String>, command: String) -> Difference {
    Difference {
        is: is.into(),
        should: should.into(),
        remedy: Remedy::Yours { command },
    }
}

#[cfg(test)]
mod tests;
