//! Roll-outs: what was asked for, and how it went.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli;
use crate::error::{Exit, failed, usage};
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{self, Goal, How, Wanted};
use crate::rollout::{BACK_OUT, Member, Own, RollOut, Stage};
use crate::ui::{Mood, Table, Ui, list};

use super::outcomes::{common, finish};
use super::select::{chosen_names, split_update};

/// How long a wave must stay up where nobody says: longer than a harness takes to find that it cannot work, and no longer
/// than a person likes to look at it.
const SOAK: Duration = Duration::from_secs(30);

/// Tells whether an update is a roll-out.
pub(super) fn is_meant(wanted: &cli::Update) -> bool {
    let is_new = wanted.canary.is_some() || wanted.wave.is_some() || wanted.soak.is_some();
    is_new || wanted.resume || wanted.back_out
}

/// Rolls a version out, goes on with that, or takes it back; and says how it went with each project.
pub(super) fn roll_out(fleet: &mut Fleet, wanted: &cli::Update, ui: &Ui) -> anyhow::Result<Exit> {
    let why = wanted.how.message.clone();
    let mut code = Exit::Done;
    let ended = if wanted.resume {
        operations::resume(fleet, why, wanted.how.dry_run, ui)?
    } else if wanted.back_out {
        operations::back_out(fleet, why, wanted.how.dry_run, ui)?
    } else {
        let new = new(fleet, wanted)?;
        let say = |unmoved| code = finish(unmoved, ui);
        operations::roll_out(fleet, &new, wanted.how.dry_run, say, ui)?
    };
    let Some(ended) = ended else {
        return Ok(code);
    };
    ui.result(table(&ended.rollout, &ended.notes));
    let own = conclude(&ended.rollout, ended.how, ui);
    Ok(match code {
        Exit::Done => own,
        _ => common(&[code, own]),
    })
}

fn new(fleet: &Fleet, wanted: &cli::Update) -> anyhow::Result<Wanted> {
    if wanted.canary.is_none() && wanted.wave.is_none() {
        return Err(usage("`--soak` is for a roll-out")
            .hint("add `--canary N`, `--wave N`, or both")
            .into());
    }
    let (named, reference) = split_update(fleet, &wanted.words, &wanted.selector)?;
    Ok(Wanted {
        names: chosen_names(fleet, &named, &wanted.selector)?,
        goal: reference.map_or(Goal::Registered, Goal::Ref),
        accept_moved_tag: wanted.accept_moved_tag,
        canaries: wanted.canary.map(usize::from),
        most: wanted.wave.map(usize::from),
        soak: wanted.soak.unwrap_or(SOAK),
        why: wanted.how.message.clone(),
    })
}

/// Shows what became of each project.
fn table(rollout: &RollOut, notes: &BTreeMap<Name, String>) -> Table {
    let mut table = Table::new(["name", "wave", "outcome", "version", "reason"]);
    for (place, wave) in rollout.waves.iter().enumerate() {
        for member in &wave.members {
            let (word, mood) = outcome(wave.stage, member);
            let reasons = [
                member.failure.as_deref(),
                member.left_out.as_deref(),
                member.own.map(Own::text),
                notes.get(&member.name).map(String::as_str),
            ];
            let reasons: Vec<&str> = reasons.into_iter().flatten().collect();
            table.moody_row([
                (member.name.to_string(), Mood::Plain),
                ((place + 1).to_string(), Mood::Plain),
                (word.to_owned(), mood),
                (version(wave.stage, member), Mood::Plain),
                (reasons.join("; "), Mood::Plain),
            ]);
        }
    }
    table
}

/// Names what a project is at now, and what it was at where that is another.
fn version(stage: Stage, member: &Member) -> String {
    if member.own.is_some_and(Own::has_the_pin) {
        // It is where the operator has put it.
        return String::new();
    }
    match stage {
        Stage::Planned | Stage::BackedOut => member.before().to_owned(),
        Stage::Moving | Stage::Soaking | Stage::Healthy | Stage::BackingOut => member.change(),
    }
}

fn outcome(stage: Stage, member: &Member) -> (&'static str, Mood) {
    if member.left_out.is_some() {
        return ("left out", Mood::Odd);
    }
    if member.own.is_some_and(Own::has_the_pin) {
        return ("left alone", Mood::Odd);
    }
    match stage {
        Stage::Planned => ("not touched", Mood::Plain),
        Stage::Healthy => ("moved", Mood::Good),
        Stage::BackedOut => ("went back", Mood::Bad),
        Stage::Moving | Stage::Soaking | Stage::BackingOut => ("not over", Mood::Bad),
    }
}

/// Says how it ended and what to type next, and returns the exit code.
fn conclude(rollout: &RollOut, how: How, ui: &Ui) -> Exit {
    let kept = rollout
        .waves
        .iter()
        .filter(|wave| wave.stage == Stage::Healthy);
    let kept: Vec<&Member> = kept
        .flat_map(|wave| &wave.members)
        .filter(|member| member.takes_part())
        .collect();
    let target = &rollout.target;
    match how {
        How::Done => {
            let is_left_out = |member: &Member| member.left_out.is_some();
            let mut members = rollout.waves.iter().flat_map(|wave| &wave.members);
            match members.any(is_left_out) {
                true => Exit::Mixed,
                false => Exit::Done,
            }
        }
        How::TakenBack => {
            ui.status(format!("the roll-out of {target} is taken back"));
            Exit::Done
        }
        How::Stuck => {
            let error = failed(format!(
                "the roll-out of {target} is not over: some projects could not be taken back"
            ));
            ui.fail(
                &error
                    .hint(format!("put right what is said above, then `{BACK_OUT}`"))
                    .into(),
            )
        }
        How::Failed(place) => {
            ui.fail(&failure(rollout, place, &kept));
            if kept.is_empty() {
                Exit::Failed
            } else {
                Exit::Mixed
            }
        }
    }
}

fn failure(rollout: &RollOut, place: usize, kept: &[&Member]) -> anyhow::Error {
    let wave = rollout.wave_name(place);
    let mut error = failed(format!(
        "the roll-out of {} has ended: {wave} failed and went back",
        rollout.target
    ));
    let members = rollout.waves[place].members.iter();
    if let Some(worst) = members.clone().find(|member| member.failure.is_some()) {
        let name = &worst.name;
        error = error.hint(format!(
            "`fleet history {name}` and `fleet why {name}` say more"
        ));
        error = error.hint(format!(
            "a version in `bad_refs` of fleet.toml is refused from then on: {}",
            worst.to.reference.shown()
        ));
    }
    if !kept.is_empty() {
        let names: Vec<&str> = kept.iter().map(|member| member.name.as_str()).collect();
        error = error.hint(format!(
            "`fleet rollback {} --restart` takes back what has moved and is healthy: {}",
            names.join(" "),
            list(&names)
        ));
    }
    error.into()
}
