//! `fleet adopt`: a repository that is there already is registered; or what could be is listed.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli;
use crate::error::{Exit, usage};
use crate::fleet::Fleet;
use crate::operations::{self, Adoption, Command, Row, Scan};
use crate::ui::{Table, Ui, count};

use super::paths::absolute;
use super::print_json;

/// How many commands are proposed after a scan.
const PROPOSED: usize = 3;

/// Registers a repository, or lists what could be.
pub(crate) fn adopt(fleet: &mut Fleet, wanted: &cli::Adopt, ui: &Ui) -> anyhow::Result<Exit> {
    if let Some(directory) = &wanted.scan {
        let scan = operations::scan(fleet, &absolute(directory)?, ui)?;
        if wanted.json {
            print_json(&as_json(&scan), ui)?;
        } else {
            show(&scan, ui);
        }
        return Ok(Exit::Done);
    }
    let Some(path) = &wanted.path else {
        return Err(usage("no repository is named")
            .hint("`fleet adopt PATH`")
            .into());
    };
    let command = Command::new("adopt").because(wanted.how.message.clone());
    let new = Adoption {
        location: absolute(path)?,
        name: wanted.name.clone(),
        labels: wanted.labels.clone(),
    };
    ui.waiting(format!("looking at {}", new.location.display()));
    let done = operations::adopt(fleet, &new, wanted.how.dry_run, ui);
    let own = || new.location.file_name()?.to_str()?.parse().ok();
    if let (false, Some(name)) = (wanted.how.dry_run, new.name.clone().or_else(own)) {
        command.record_one(fleet, &name, &done, ui);
    }
    done.map(|_| Exit::Done)
}

fn show(scan: &Scan, ui: &Ui) {
    if !scan.rows.is_empty() {
        ui.result(table(scan));
    }
    let free: Vec<&Row> = scan.rows.iter().filter(|row| row.is_free()).collect();
    ui.status(format!(
        "{} can be adopted; {} with a harness, {} without, in {}",
        free.len(),
        count(scan.rows.len(), "repository"),
        scan.others,
        count(scan.directories, "directory"),
    ));
    if scan.unreadable > 0 {
        let unreadable = count(scan.unreadable, "directory");
        ui.warn(format!("{unreadable} could not be read"));
    }
    if scan.is_cut_off {
        ui.warn("there is more than a scan looks at; scan directories further down");
    }
    for row in free.iter().take(PROPOSED) {
        ui.hint(format!("`{}`", row.command()));
    }
}

fn table(scan: &Scan) -> Table {
    let mut table = Table::new(["path", "name", "harness", "ref", "pin", "reason"]);
    for row in &scan.rows {
        let path = row.path.strip_prefix(&scan.directory).unwrap_or(&row.path);
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let (harness, reference, commit) = row.pin.as_ref().map_or_else(
            || (String::new(), String::new(), String::new()),
            |(harness, reference, commit)| {
                let is_commit = reference.as_str() == commit.as_str();
                let reference = if is_commit { "" } else { reference.as_str() };
                (
                    harness.to_string(),
                    reference.to_owned(),
                    commit.short().to_string(),
                )
            },
        );
        let name = row.name.as_ref().map(ToString::to_string);
        table.row([
            path.to_string_lossy().escape_debug().to_string(),
            name.unwrap_or_default(),
            harness,
            reference,
            commit,
            row.why_not.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn as_json(scan: &Scan) -> Value {
    let repositories: Vec<Value> = scan
        .rows
        .iter()
        .map(|row| {
            let pin = row.pin.as_ref();
            json!({
                "path": row.path.to_string_lossy(),
                "name": row.name,
                "harness": pin.map(|pin| &pin.0),
                "ref": pin.map(|pin| &pin.1),
                "commit": pin.map(|pin| &pin.2),
                "registered": row.is_registered,
                "reason": row.why_not,
            })
        })
        .collect();
    json!({
        "schema": 1,
        "directory": scan.directory.to_string_lossy(),
        "repositories": repositories,
        "others": scan.others,
        "directories": scan.directories,
        "unreadable": scan.unreadable,
        "complete": !scan.is_cut_off,
    })
}
