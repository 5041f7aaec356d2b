//! Rows for people: many projects that died of one cause are one row.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::death::{common, end_of_all};
use super::render::{pin_reason, reasons, short_reference};
use super::{ProjectReport, Report, Verdict};
use crate::names::Name;
use crate::pins::PinWord;

/// How many projects are worth a common row: of fewer, each has its own.
const FEWEST: usize = 3;
/// How long the names in a common row may be together.
const LONGEST: usize = 20;

/// One row: a project, or several with one cause, one verdict and one pin word.
#[derive(Debug)]
pub(super) struct Row<'a>(Vec<&'a ProjectReport>);

/// What the projects of a row share.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shared<'a> {
    incident: Option<usize>,
    /// Of parked projects: these are alike though they died at different times.
    signature: Option<&'a str>,
    verdict: &'static str,
    pin: PinWord,
}

/// Puts projects into rows, each where its first project stands. A project of `asked` has a row of its own.
pub(super) fn rows<'a>(report: &'a Report, asked: &[Name]) -> Vec<Row<'a>> {
    let incidents: BTreeMap<&Name, usize> = report
        .incidents
        .iter()
        .enumerate()
        .flat_map(|(index, incident)| incident.projects.iter().map(move |name| (name, index)))
        .collect();
    let shared = |project: &'a ProjectReport| {
        if asked.contains(&project.name) {
            return None;
        }
        let death = project.death.as_ref()?;
        let is_parked = project.verdict == Verdict::Parked && !death.signature.is_empty();
        let signature = is_parked.then_some(&*death.signature);
        // What parked projects have in common is said best by their signature.
        let incident = match signature {
            Some(_) => None,
            None => Some(*incidents.get(&project.name)?),
        };
        Some(Shared {
            incident,
            signature,
            verdict: project.verdict.word(),
            pin: project.pin.word,
        })
    };
    let mut folds: BTreeMap<Shared<'_>, Vec<&ProjectReport>> = BTreeMap::new();
    for project in &report.projects {
        if let Some(shared) = shared(project) {
            folds.entry(shared).or_default().push(project);
        }
    }
    folds.retain(|_, projects| projects.len() >= FEWEST);
    let mut rows = Vec::new();
    for project in &report.projects {
        let Some(shared) = shared(project).filter(|shared| folds.contains_key(shared)) else {
            rows.push(Row(vec![project]));
            continue;
        };
        // The row stands where its first project does; what follows is in it already.
        let fold = folds.get_mut(&shared).map(std::mem::take);
        rows.extend(fold.filter(|fold| !fold.is_empty()).map(Row));
    }
    rows
}

impl Row<'_> {
    /// Returns the projects.
    pub(super) fn projects(&self) -> &[&ProjectReport] {
        &self.0
    }

    /// Names the project, or the first ones and how many more: as many as are short enough to be read at a glance.
    pub(super) fn name(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|project| project.name.as_str()).collect();
        let named = match names[..] {
            [] => String::new(),
            [only] => return only.to_owned(),
            [first, second, third] => format!("{first}, {second} and {third}"),
            [first, second, ..] => format!("{first}, {second} and {} more", names.len() - 2),
        };
        if named.len() <= LONGEST {
            return named;
        }
        format!("{} +{}", names[0], names.len() - 1)
    }

    /// Returns the verdict on all of them.
    pub(super) fn verdict(&self) -> Verdict {
        self.0.first().map_or(Verdict::Unknown, |one| one.verdict)
    }

    /// Returns the pin word of all of them.
    pub(super) fn pin_word(&self) -> PinWord {
        self.0.first().map_or(PinWord::Unknown, |one| one.pin.word)
    }

    /// Returns since when the first of them has been so.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|project| project.since).min()
    }

    /// Returns the ref, where it is the same for all; a commit's id is shortened.
    pub(super) fn reference(&self) -> String {
        let references = self.0.iter().map(|project| project.pin.reference.as_str());
        short_reference(common(references).unwrap_or_default())
    }

    /// Returns what there is to say of all of them.
    pub(super) fn reason(&self, now: Timestamp) -> String {
        if let [only] = self.0[..] {
            return reasons(only, now);
        }
        let deaths = self.0.iter().filter_map(|project| project.death.as_ref());
        let held = common(deaths.clone().map(|death| death.held.clone())).flatten();
        let how = end_of_all(deaths).map(str::to_owned);
        let pin = common(self.0.iter().map(|project| pin_reason(&project.pin))).flatten();
        [held, how, pin]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ")
    }
}

#[cfg(test)]
mod tests;
