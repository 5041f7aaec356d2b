//! Which projects are shown, and in which order.

use std::cmp::{Ordering, Reverse};

use crate::status::{ProjectReport, reasons, urgency};

/// What the projects are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// What is wrong first.
    #[default]
    State,
    Name,
    /// What has changed last first.
    Age,
    Pin,
    Ref,
}

impl Sort {
    /// Returns the next one, round and round.
    pub(super) fn next(self) -> Self {
        match self {
            Self::State => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Pin,
            Self::Pin => Self::Ref,
            Self::Ref => Self::State,
        }
    }

    /// Returns the title of the column that it is about.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Name => "NAME",
            Self::Age => "FOR",
            Self::Pin => "PIN",
            Self::Ref => "REF",
        }
    }
}

/// Returns the places of the projects that the filter leaves, in order. Those that are alike stand by their names.
pub(super) fn ordered(
    projects: &[ProjectReport],
    filter: &str,
    sort: Sort,
    is_reversed: bool,
) -> Vec<usize> {
    let words: Vec<String> = filter
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut places: Vec<usize> = (0..projects.len())
        .filter(|place| matches(&projects[*place], &words))
        .collect();
    places.sort_by(|a, b| {
        let (a, b) = (&projects[*a], &projects[*b]);
        let order = compare(a, b, sort);
        let order = if is_reversed { order.reverse() } else { order };
        order.then_with(|| a.name.cmp(&b.name))
    });
    places
}

/// Tells whether a project has all of the words: in its name, state, pin, ref, labels, harness or reason.
fn matches(project: &ProjectReport, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    // Nobody looks for how long something still takes.
    let then = project.since.unwrap_or_default();
    let mut text = format!(
        "{} {} {} {} {} {}",
        project.name,
        project.verdict,
        project.harness.name,
        project.pin.word,
        project.pin.reference,
        reasons(project, then)
    );
    for label in &project.labels {
        text += " ";
        text += label;
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn compare(a: &ProjectReport, b: &ProjectReport, sort: Sort) -> Ordering {
    match sort {
        Sort::State => urgency(a).cmp(&urgency(b)),
        Sort::Name => a.name.cmp(&b.name),
        // What has no age stands last.
        Sort::Age => Reverse(a.since).cmp(&Reverse(b.since)),
        Sort::Pin => a.pin.word.cmp(&b.pin.word),
        Sort::Ref => a.pin.reference.as_str().cmp(b.pin.reference.as_str()),
    }
}
