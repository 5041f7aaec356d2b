//! `fleet doctor`: every prerequisite and every invariant, each with its evidence and its remedy.
//!
//! Checks look and change nothing; [`catalogue`] is their list. They run side by side, each on a thread of its own, so that
//! one that cannot look (a pipe in the place of a file, a server that stands still) is unknown after a while and holds
//! up no other. [`fix`] is all that `--fix` ever does.

mod capacity;
mod catalogue;
mod check;
mod contents;
mod files;
mod finding;
mod fix;
mod ground;
mod installation;
mod journals;
mod leftovers;
mod machine;
mod mirrors;
mod processes;
mod projects;
mod report;
mod run;
mod server;
mod service;

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use nix::unistd::geteuid;

use crate::cli::Doctor;
use crate::commands::print_json;
use crate::error::{Exit, refused};
use crate::fleet::Fleet;
use crate::names::shell_word;
use crate::registry::FILE;
use crate::ui::Ui;

use report::Report;
use run::run;

/// Checks the fleet and what it relies on, or outside of any fleet the machine; with `--fix`, does what is safe, and
/// looks again.
pub(crate) fn doctor(
    named: Option<&Path>,
    patience: Duration,
    wanted: &Doctor,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let root = ground::find(named)?;
    if root.is_none() {
        ui.status(format!(
            "there is no `{FILE}` here or above: only the machine is checked"
        ));
    }
    ui.waiting("looking");
    let look = || run(root.clone(), patience);
    let mut checked = look();
    let mut fixed = Vec::new();
    let mut failures = 0;
    if wanted.fix {
        let plan = fix::plan(checked.findings());
        if wanted.dry_run {
            ui.end_progress();
            ui.result(report::plan(&plan));
            return Ok(checked.exit());
        }
        if !plan.is_empty() {
            refuse_others(root.as_deref())?;
            ui.end_progress();
            // Opened anew: what is repaired may be what kept it from being read.
            let mut fleet = root
                .as_ref()
                .and_then(|root| Fleet::open(root.clone(), patience).ok());
            failures = fix::carry_out(&plan, fleet.as_mut(), ui);
            fixed = plan.iter().map(|(fix, _)| fix.text()).collect();
            checked = look();
        }
    }
    ui.end_progress();
    if wanted.json {
        print_json(&Report::new(&checked, fixed), ui)?;
    } else {
        ui.result(report::sheet(&checked, wanted.all));
    }
    Ok(if failures > 0 {
        Exit::Failed
    } else {
        checked.exit()
    })
}

/// Refuses to write into somebody else's fleet: what is written there would be this user's, and in its owner's way.
fn refuse_others(root: Option<&Path>) -> anyhow::Result<()> {
    let Some(root) = root else { return Ok(()) };
    let Ok(met) = std::fs::metadata(root) else {
        return Ok(());
    };
    if met.uid() == geteuid().as_raw() {
        return Ok(());
    }
    let place = shell_word(&root.display().to_string());
    Err(refused(format!(
        "the fleet `{}` is of user {}",
        root.display(),
        met.uid()
    ))
    .hint(format!(
        "have its owner run `fleet --fleet {place} doctor --fix`"
    ))
    .into())
}
