//! How it went with several projects that were to move: one table for all.

use std::collections::BTreeSet;

use crate::error::{Exit, exit_of, hints, in_a_line};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{self, Command, Outcome};
use crate::ui::{Mood, Table, Ui, count};

use super::outcomes::{common, conclude};

/// How many hints are shown: of a hundred projects, those of the first say enough.
const HINTS: usize = 6;

/// Like [`conclude`], with a table where several projects were meant. A dry run has printed its plans.
pub(super) fn conclude_moves(
    fleet: &Fleet,
    command: &Command,
    names: &[Name],
    is_dry: bool,
    done: anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let stale: Vec<Name> = done
        .iter()
        .flatten()
        .filter_map(|one| stale(fleet, one))
        .collect();
    let exit = match done {
        Ok(mut outcomes) if outcomes.len() > 1 && !is_dry => {
            outcomes.sort_by(|a, b| a.project.cmp(&b.project));
            let done = Ok(outcomes);
            command.record(fleet, names, &done, ui);
            Ok(summary(&done?, ui))
        }
        done => conclude(fleet, command, names, is_dry, done, ui),
    };
    match stale.as_slice() {
        [] => {}
        some if some.len() > HINTS => ui.hint(format!(
            "{} run what they ran before: `fleet restart NAME..`",
            count(some.len(), "project")
        )),
        some => ui.hint(format!(
            "`fleet restart {}` makes it take effect",
            some.iter().map(Name::as_str).collect::<Vec<_>>().join(" ")
        )),
    }
    exit
}

/// Names a project that was moved and still runs what it ran before.
fn stale(fleet: &Fleet, outcome: &Outcome) -> Option<Name> {
    let is_moved = outcome.result.is_ok() && outcome.change.is_some() && !outcome.is_restarted;
    let is_stale = is_moved && operations::runs_another(fleet, &outcome.project);
    is_stale.then(|| outcome.project.clone())
}

fn summary(outcomes: &[Outcome], ui: &Ui) -> Exit {
    let mut table = Table::new(["name", "from", "to", "outcome", "reason"]);
    let (mut advice, mut known) = (Vec::new(), BTreeSet::new());
    let mut tally: Vec<(&str, usize)> = Vec::new();
    for outcome in outcomes {
        let (word, mood) = word(outcome);
        match tally.iter_mut().find(|(known, _)| *known == word) {
            Some((_, number)) => *number += 1,
            None => tally.push((word, 1)),
        }
        let change = outcome.change.as_ref();
        let before = change.and_then(|change| change.before.clone());
        let after = change.and_then(|change| change.after.clone());
        let reason = match (&outcome.result, change) {
            (Err(error), _) => reason(&outcome.project, error),
            (Ok(_), Some(_)) => String::new(),
            (Ok(said), None) => {
                let said_twice = format!("`{}` is ", outcome.project);
                said.strip_prefix(&said_twice).unwrap_or(said).to_owned()
            }
        };
        table.moody_row([
            (outcome.project.to_string(), Mood::Plain),
            (before.unwrap_or_default(), Mood::Plain),
            (after.unwrap_or_default(), Mood::Plain),
            (word.to_owned(), mood),
            (reason, Mood::Plain),
        ]);
        let of_project = outcome.result.as_ref().err().map(hints).unwrap_or_default();
        advice.extend(of_project.into_iter().filter(|hint| known.insert(*hint)));
    }
    ui.result(table);
    for hint in advice.iter().take(HINTS) {
        ui.hint(hint);
    }
    if let Some(more) = advice.len().checked_sub(HINTS).filter(|more| *more > 0) {
        ui.hint(format!("name one project to see its own: {more} more"));
    }
    let parts: Vec<String> = tally
        .iter()
        .map(|(word, number)| format!("{number} {word}"))
        .collect();
    ui.status(format!(
        "{}: {}",
        count(outcomes.len(), "project"),
        parts.join(", ")
    ));
    let code = |outcome: &Outcome| outcome.result.as_ref().err().map_or(Exit::Done, exit_of);
    common(&outcomes.iter().map(code).collect::<Vec<_>>())
}

fn word(outcome: &Outcome) -> (&'static str, Mood) {
    match (&outcome.result, &outcome.change, outcome.is_restarted) {
        (Ok(_), Some(_), true) => ("moved, restarted", Mood::Good),
        (Ok(_), Some(_), false) => ("moved", Mood::Good),
        (Ok(_), None, true) => ("restarted", Mood::Good),
        (Ok(_), None, false) => ("unchanged", Mood::Plain),
        // The pin is where it was meant to be; what came after that failed.
        (Err(_), Some(_), _) => ("moved, then failed", Mood::Bad),
        (Err(error), None, _) => match exit_of(error) {
            Exit::Refused => ("refused", Mood::Odd),
            Exit::TimedOut => ("timed out", Mood::Bad),
            Exit::Done
            | Exit::Failed
            | Exit::Usage
            | Exit::Mixed
            | Exit::Found
            | Exit::Interrupted => ("failed", Mood::Bad),
        },
    }
}

/// Says why not, without what the row says already.
fn reason(name: &Name, error: &anyhow::Error) -> String {
    let said = in_a_line(error);
    let known = [
        format!("cannot update `{name}`: "),
        format!("cannot roll `{name}` back: "),
        format!("`{name}`: "),
    ];
    let own = known.iter().find_map(|known| said.strip_prefix(known));
    own.unwrap_or(&said).to_owned()
}
