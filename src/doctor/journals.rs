//! What was cut off, what holds everybody up, and who holds which lock.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::journal;
use crate::names::{Name, shell_word};
use crate::operations;
use crate::rollout::{BACK_OUT, RESUME, RollOut};
use crate::supervision::{self, Process};
use crate::ui::{count, list};

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::{Ground, names_in};

pub(super) fn journals(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let directory = fleet.runtime("journal");
    let source = directory.display().to_string();
    let open = match journal::open_in(&directory) {
        Ok(open) => open,
        Err(error) => {
            let remedy = format!("`ls -la {}`", shell_word(&source));
            return vec![Finding::unknown(format!("{error:#}"), source, remedy)];
        }
    };
    let locks: Vec<PathBuf> = open.iter().map(|name| fleet.command_lock(name)).collect();
    let holders = ground.holders(&locks);
    let mut at_work = Vec::new();
    let mut found = Vec::new();
    for (name, lock) in open.iter().zip(&locks) {
        match holders.get(lock) {
            Some(pid) => at_work.push(format!("process {pid} is at work on `{name}`")),
            None => found.push(interrupted(ground, name)),
        }
    }
    let evidence = if at_work.is_empty() {
        "none is open".to_owned()
    } else {
        at_work.join("; ")
    };
    or_ok(found, evidence, source)
}

fn interrupted(ground: &Ground, name: &Name) -> Finding {
    let fleet = ground.fleet();
    let path = fleet.runtime("journal").join(format!("{name}.json"));
    let source = path.display().to_string();
    let since = age_of(&path);
    let finding = match operations::interrupted(fleet, name) {
        Ok(Some(meant)) => {
            let evidence = format!("a command was cut off that was to {meant}");
            let remedy = "`fleet doctor --fix` completes it or takes it back; so does the next command on it";
            let finding = Finding::wrong(evidence, source, remedy);
            match ground.is_registered() {
                true => finding.fixed_by(Fix::Journal(name.clone())),
                false => finding,
            }
        }
        Ok(None) => Finding::ok("closed just now", source),
        Err(error) => {
            let remedy = format!(
                "look at the project with git, then `rm {}`; a newer fleet may have written it: then use that one",
                shell_word(&source)
            );
            Finding::wrong(format!("{error:#}"), source, remedy)
        }
    };
    finding.of(name.as_str()).since(since)
}

/// Returns when a file was last changed.
pub(super) fn age_of(path: &Path) -> Option<Timestamp> {
    let modified = fs::symlink_metadata(path).ok()?.modified().ok()?;
    Timestamp::try_from(modified).ok()
}

pub(super) fn roll_out(ground: &Ground) -> Vec<Finding> {
    let source = ".fleet/rollout.json";
    let rollout = match RollOut::read(&ground.fleet().runtime("")) {
        // One that cannot be read is told by `states`.
        Ok(None) | Err(_) => return vec![Finding::ok("none is open", source)],
        Ok(Some(rollout)) => rollout,
    };
    let wave = rollout.wave_name(rollout.current());
    let target = &rollout.target;
    let finding = if rollout.is_under_way() {
        let pid = rollout.process.pid;
        Finding::ok(format!("process {pid} rolls {target} out: {wave}"), source)
    } else {
        Finding::wrong(
            format!("the roll-out of {target} was interrupted at {wave}"),
            source,
            format!("`{RESUME}` goes on with it, `{BACK_OUT}` takes it back"),
        )
    };
    vec![finding.since(Some(rollout.began.at))]
}

pub(super) fn brake(ground: &Ground) -> Vec<Finding> {
    let source = ".fleet/brake";
    match supervision::brake(&ground.fleet().runtime("")) {
        Ok(Some(on)) => vec![
            Finding::warning(
                format!(
                    "it is on: {}; what died does not come back a second time",
                    on.reason
                ),
                source,
                "look why (`fleet status`, `fleet why NAME`), then `fleet go`",
            )
            .since(Some(on.since.at)),
        ],
        Ok(None) | Err(_) => vec![Finding::ok("it is off", source)],
    }
}

pub(super) fn locks(ground: &Ground) -> Vec<Finding> {
    let directory = ground.fleet().runtime("locks");
    let source = directory.display().to_string();
    let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
    let locks: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let mut holders: Vec<(PathBuf, i32)> = ground.holders(&locks).into_iter().collect();
    holders.sort();
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let mut found = Vec::new();
    let mut said = Vec::new();
    for (path, pid) in &holders {
        let is_stopped = Process::of(*pid).is_some_and(|process| process.is_stopped());
        if is_stopped {
            let evidence = format!(
                "process {pid} holds it, and was stopped by a signal: everybody else waits"
            );
            let remedy = format!("`kill -CONT {pid}` lets it go on; `ps -fp {pid}` shows it");
            found.push(Finding::wrong(evidence, &source, remedy).of(name(path)));
        } else {
            said.push(format!("{} by process {pid}", name(path)));
        }
    }
    let evidence = match said.len() {
        0 => "none is held".to_owned(),
        some => format!("{} held: {}", count(some, "lock"), list(said)),
    };
    or_ok(found, evidence, source)
}

/// Lists the names that `.fleet` knows, whether or not they are registered.
pub(super) fn known_names(ground: &Ground) -> Vec<(String, PathBuf)> {
    ["state", "desired", "units", "probes"]
        .iter()
        .flat_map(|directory| names_in(&ground.fleet().runtime(directory)))
        .collect()
}
