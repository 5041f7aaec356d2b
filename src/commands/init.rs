//! `fleet init`: a new fleet, and what it shows of a demonstration.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::absolute;
use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::operations;
use crate::registry::Project;
use crate::status;
use crate::ui::Ui;

/// Makes a fleet.
pub(crate) fn init(new: &cli::Init, patience: Duration, ui: &Ui) -> anyhow::Result<Exit> {
    let default = if new.demo { "fleet-demo" } else { "." };
    let directory = new
        .directory
        .clone()
        .unwrap_or_else(|| PathBuf::from(default));
    let directory = absolute(&directory)?;
    let initiation = operations::Initiation {
        directory: directory.clone(),
        demo: new.demo,
    };
    operations::init(&initiation, patience, new.dry_run, ui)?;
    if new.demo && !new.dry_run {
        let fleet = Fleet::open(directory.clone(), patience)?;
        let all: Vec<&Project> = fleet.registry.projects.values().collect();
        let report = status::collect(&fleet, &all, status::Depth::Files)?;
        ui.result(status::table(&report, &[], Timestamp::now()));
        ui.result(operations::after_demo(&directory));
    }
    Ok(Exit::Done)
}
