//! `fleet update` and `fleet rollback`: projects move to other versions of their harnesses.

use crate::cli;
use crate::error::{Exit, failed};
use crate::fleet::Fleet;
use crate::operations::{self, Command, Goal, Move};
use crate::ui::Ui;

use super::outcomes::conclude;
use super::rollout;
use super::select::{chosen_names, split_update};

/// Moves projects, and says how it went with each.
pub(crate) fn update(fleet: &mut Fleet, wanted: &cli::Update, ui: &Ui) -> anyhow::Result<Exit> {
    if rollout::is_meant(wanted) {
        return rollout::roll_out(fleet, wanted, ui);
    }
    let command = Command::new("update").because(wanted.message.clone());
    let (named, reference) = split_update(fleet, &wanted.words, &wanted.selector)?;
    let movement = Move {
        names: chosen_names(fleet, &named, &wanted.selector)?,
        goal: reference.map_or(Goal::Registered, Goal::Ref),
        restart: wanted.restart,
        here: wanted.here,
        accept_moved_tag: wanted.accept_moved_tag,
    };
    let done = operations::update(fleet, &movement, wanted.dry_run, ui);
    conclude(fleet, &command, &movement.names, wanted.dry_run, done, ui)
}

/// Moves projects back, and says how it went with each.
pub(crate) fn rollback(
    _fleet: &mut Fleet,
    _wanted: &cli::Rollback,
    _ui: &Ui,
) -> anyhow::Result<Exit> {
    Err(failed("`fleet rollback` is not there yet").into())
}
