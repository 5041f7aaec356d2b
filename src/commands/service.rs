//! `fleet service`: what the machine itself does for a fleet.

use jiff::Timestamp;

use super::print_json;
use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::operations;
use crate::ui::Ui;

/// Sets the service up, takes it away, or says how it is.
pub(crate) fn service(fleet: &Fleet, action: &cli::Service, ui: &Ui) -> anyhow::Result<Exit> {
    let json = match action {
        cli::Service::Install { dry_run } => {
            operations::install_service(fleet, *dry_run, ui)?;
            return Ok(Exit::Done);
        }
        cli::Service::Remove { dry_run } => {
            operations::remove_service(fleet, *dry_run, ui)?;
            return Ok(Exit::Done);
        }
        cli::Service::Status { json } => *json,
    };
    ui.waiting("asking systemd");
    let report = operations::service_report(fleet)?;
    if json {
        print_json(&report, ui)?;
    } else {
        ui.result(report.table(Timestamp::now()));
        for hint in report.hints() {
            ui.hint(hint);
        }
    }
    Ok(if report.is_well() {
        Exit::Done
    } else {
        Exit::Found
    })
}
