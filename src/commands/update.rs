//! `fleet update` and `fleet rollback`: projects move to other versions of their harnesses.

use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::operations::{self, Command, Goal, Move, Rollback};
use crate::ui::Ui;

use super::moved::conclude_moves;
use super::rollout;
use super::select::{chosen_names, say_none_is_chosen, split_update};

/// Moves projects, and says how it went with each.
pub(crate) fn update(fleet: &mut Fleet, wanted: &cli::Update, ui: &Ui) -> anyhow::Result<Exit> {
    if rollout::is_meant(wanted) {
        return rollout::roll_out(fleet, wanted, ui);
    }
    let command = Command::new("update").because(wanted.how.message.clone());
    let (named, reference) = split_update(fleet, &wanted.words, &wanted.selector)?;
    let movement = Move {
        names: chosen_names(fleet, &named, &wanted.selector)?,
        goal: reference.map_or(Goal::Registered, Goal::Ref),
        restart: wanted.restart,
        here: wanted.here,
        accept_moved_tag: wanted.accept_moved_tag,
    };
    if movement.names.is_empty() {
        say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    let done = operations::update(fleet, &movement, wanted.how.dry_run, ui);
    conclude_moves(
        fleet,
        &command,
        &movement.names,
        wanted.how.dry_run,
        done,
        ui,
    )
}

/// Moves projects back, and says how it went with each.
pub(crate) fn rollback(fleet: &mut Fleet, wanted: &cli::Rollback, ui: &Ui) -> anyhow::Result<Exit> {
    let command = Command::new("rollback").because(wanted.how.message.clone());
    let rollback = Rollback {
        names: chosen_names(fleet, &wanted.names, &wanted.selector)?,
        restart: wanted.restart,
        here: wanted.here,
    };
    if rollback.names.is_empty() {
        say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    let done = operations::rollback(fleet, &rollback, wanted.how.dry_run, ui);
    conclude_moves(
        fleet,
        &command,
        &rollback.names,
        wanted.how.dry_run,
        done,
        ui,
    )
}
