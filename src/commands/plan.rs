//! `fleet plan` and `fleet apply`: what would have to be done, and doing it.

use anyhow::Context as _;

use super::outcomes::conclude;
use super::paths::absolute;
use super::records::print_json;
use crate::cli;
use crate::error::{Exit, usage};
use crate::files::{self, Durability};
use crate::fleet::Fleet;
use crate::names::shell_word;
use crate::operations::{self, Asked, Command, WorldPlan};
use crate::status;
use crate::ui::{Ui, count};

/// Prints the plan, and writes it to a file where that is wanted.
pub(crate) fn plan(fleet: &Fleet, wanted: &cli::Plan, ui: &Ui) -> anyhow::Result<Exit> {
    let plan = WorldPlan::make(fleet, ui)?;
    if let Some(file) = &wanted.out {
        let file = absolute(file)?;
        files::replace(&file, plan.file().as_bytes(), 0o644, Durability::Synced)?;
    }
    if wanted.json {
        print_json(&plan, ui)?;
    } else {
        ui.result(&plan);
        if !plan.is_empty() {
            ui.status(format!("\n{}", summary(&plan)));
        }
    }
    warn_of_roll_out(fleet, ui);
    let [apply, ..] = plan.counts();
    if let Some(file) = wanted.out.as_ref().filter(|_| apply > 0) {
        let file = shell_word(&file.display().to_string());
        ui.hint(format!("`fleet apply {file}` does it"));
    }
    Ok(if wanted.check && !plan.is_empty() {
        Exit::Found
    } else {
        Exit::Done
    })
}

/// Warns of a roll-out that is not over: it is gone on with or taken back by itself, and no plan has it.
fn warn_of_roll_out(fleet: &Fleet, ui: &Ui) {
    if let Some(line) = status::roll_out(fleet) {
        ui.warn(line);
    }
}

fn summary(plan: &WorldPlan) -> String {
    let [apply, cannot, yours] = plan.counts();
    let parts = [
        (apply, "to do with `fleet apply`"),
        (cannot, "that cannot be done"),
        (yours, "left to you"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let projects = count(plan.projects.len(), "project");
    format!("{projects}: {}", parts.join(", "))
}

/// Carries a plan out, and says how it went with each project.
pub(crate) fn apply(fleet: &mut Fleet, wanted: &cli::Apply, ui: &Ui) -> anyhow::Result<Exit> {
    let command = Command::new("apply").because(wanted.how.message.clone());
    let asked = match &wanted.plan {
        None => Asked::Now,
        Some(file) => {
            let text = files::read_if_there(&absolute(file)?)?;
            let text = text.with_context(|| format!("there is no `{}`", file.display()));
            Asked::File(text.map_err(|error| {
                usage(error.to_string()).hint("`fleet plan --out FILE` writes one")
            })?)
        }
    };
    let done = operations::apply(fleet, &asked, wanted.how.dry_run, ui);
    let left = done.as_ref().map_or(0, |(_, left)| *left);
    let done = done.map(|(done, _)| done);
    if !wanted.how.dry_run && left == 0 && done.as_ref().is_ok_and(Vec::is_empty) {
        ui.status("there is nothing to do");
    }
    let code = conclude(fleet, &command, &[], wanted.how.dry_run, done, ui);
    if !wanted.how.dry_run && left > 0 {
        ui.status(format!("{left} left to you: `fleet plan` says what"));
    }
    code
}
