//! What `fleet boot` says.

use serde::Serialize;

use crate::cli::Boot;
use crate::error::{Exit, hints};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{self, Booted};
use crate::ui::{Ui, count};

use super::outcomes::{common, finish};

/// The version of the JSON.
const SCHEMA: u32 = 1;

/// Brings back what should run, and says what was up, what came back, what did not, and why.
pub(crate) fn boot(fleet: &mut Fleet, wanted: &Boot, ui: &Ui) -> anyhow::Result<Exit> {
    let booted = operations::boot(fleet, wanted.dry_run, ui)?;
    if wanted.json {
        super::print_json(&Report::of(&booted), ui)?;
        let codes: Vec<Exit> = booted.outcomes.iter().map(exit).collect();
        return Ok(common(&codes));
    }
    for sentence in &booted.concluded {
        ui.status(sentence);
    }
    for (name, why) in &booted.left {
        ui.status(format!("left `{name}`: {why}"));
    }
    let (up, back) = (booted.up.len(), back(&booted));
    let failed = booted.outcomes.len() - back;
    let left = booted.left.len();
    let code = finish(booted.outcomes, ui);
    if !wanted.dry_run {
        let all = [
            (up, "already up"),
            (back, "brought back"),
            (failed, "not brought back"),
            (left, "left as it was"),
        ];
        let parts: Vec<String> = all
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        let sum = up + back + failed + left;
        ui.status(if sum == 0 {
            "no project should run".to_owned()
        } else {
            format!("{}: {}", count(sum, "project"), parts.join(", "))
        });
    }
    Ok(code)
}

fn back(booted: &Booted) -> usize {
    let back = booted.outcomes.iter();
    back.filter(|outcome| outcome.result.is_ok()).count()
}

fn exit(outcome: &operations::Outcome) -> Exit {
    match &outcome.result {
        Ok(_) => Exit::Done,
        Err(error) => crate::error::exit_of(error),
    }
}

/// The JSON of `fleet boot --json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: u32,
    concluded: &'a [String],
    up: &'a [Name],
    back: Vec<&'a Name>,
    failed: Vec<Failed<'a>>,
    left: Vec<Left<'a>>,
}

#[derive(Debug, Serialize)]
struct Failed<'a> {
    name: &'a Name,
    error: String,
    hints: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Left<'a> {
    name: &'a Name,
    reason: &'a str,
}

impl<'a> Report<'a> {
    fn of(booted: &'a Booted) -> Self {
        let outcomes = booted.outcomes.iter();
        Self {
            schema: SCHEMA,
            concluded: &booted.concluded,
            up: &booted.up,
            back: outcomes
                .clone()
                .filter(|outcome| outcome.result.is_ok())
                .map(|outcome| &outcome.project)
                .collect(),
            failed: outcomes
                .filter_map(|outcome| {
                    let error = outcome.result.as_ref().err()?;
                    Some(Failed {
                        name: &outcome.project,
                        error: format!("{error:#}"),
                        hints: hints(error),
                    })
                })
                .collect(),
            left: booted
                .left
                .iter()
                .map(|(name, reason)| Left { name, reason })
                .collect(),
        }
    }
}
