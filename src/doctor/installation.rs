//! These programs: that they belong together, and that what runs is what is installed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::registry::EMBEDDED;
use crate::supervision::{tender_program, this_program};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::ground::Ground;
use super::machine::on_path;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(5);
const OWN: &str = env!("CARGO_PKG_VERSION");
const AGAIN: &str = "install the package again: its three programs come together";

/// Returns where a program of the package is: beside this one, else on PATH.
fn program(name: &str) -> Option<PathBuf> {
    let beside = this_program().ok()?.with_file_name(name);
    if beside.is_file() {
        Some(beside)
    } else {
        on_path(name)
    }
}

pub(super) fn together(_: &Ground) -> Vec<Finding> {
    let Ok(this) = this_program() else {
        let evidence = "cannot tell where this program is";
        return vec![Finding::unknown(evidence, "/proc/self/exe", AGAIN)];
    };
    let mut found = Vec::new();
    for name in ["agents", "fleet-tender"] {
        match program(name) {
            None => found.push(Finding::wrong(
                format!("`{name}` is neither beside `fleet` nor on PATH"),
                this.display().to_string(),
                AGAIN,
            )),
            Some(path) if path.parent() != this.parent() => found.push(Finding::warning(
                format!("`{name}` is elsewhere: {}", path.display()),
                this.display().to_string(),
                AGAIN,
            )),
            Some(_) => {}
        }
    }
    let directory = this.parent().unwrap_or(Path::new("/"));
    or_ok(
        found,
        format!("fleet, agents and fleet-tender in {}", directory.display()),
        "/proc/self/exe",
    )
}

pub(super) fn versions(_: &Ground) -> Vec<Finding> {
    let Some(agents) = program("agents") else {
        return vec![Finding::unknown("`agents` is not there", "PATH", AGAIN)];
    };
    let source = format!("{} --version", agents.display());
    let mut call = Command::new(&agents);
    call.arg("--version");
    let said = match command::run(call, PATIENCE) {
        Ok(answer) => answer.stdout.trim().to_owned(),
        Err(error) => return vec![Finding::wrong(format!("{error:#}"), source, AGAIN)],
    };
    if said.split_whitespace().last() == Some(OWN) {
        return vec![Finding::ok(format!("all of version {OWN}"), source)];
    }
    vec![Finding::wrong(
        format!("`agents` says {said:?}, and `fleet` is of version {OWN}"),
        source,
        AGAIN,
    )]
}

pub(super) fn path(_: &Ground) -> Vec<Finding> {
    let Ok(this) = this_program() else {
        return Vec::new();
    };
    let same = |one: &Path, other: &Path| {
        let id = |path: &Path| {
            fs::metadata(path)
                .map(|found| (found.dev(), found.ino()))
                .ok()
        };
        id(one).is_some() && id(one) == id(other)
    };
    let mut found = Vec::new();
    for name in ["fleet", "agents"] {
        let own = this.with_file_name(name);
        let remedy = "put the directory of this `fleet` first in PATH, or remove the other one";
        match on_path(name) {
            // A start puts this directory last on the PATH that it records.
            None => {}
            Some(other) if same(&other, &own) || !own.is_file() => {}
            Some(other) => found.push(Finding::warning(
                format!("PATH leads to another `{name}` first: {}", other.display()),
                own.display().to_string(),
                remedy,
            )),
        }
    }
    or_ok(found, this.display().to_string(), "PATH")
}

pub(super) fn skew(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let installed = tender_program()
        .ok()
        .and_then(|path| fs::metadata(path).ok());
    let Some(installed) = installed.map(|found| (found.dev(), found.ino())) else {
        return vec![Finding::unknown(
            "`fleet-tender` is not there",
            "PATH",
            AGAIN,
        )];
    };
    let census = match ground.census() {
        Ok(census) => census,
        Err(why) => return vec![Finding::unknown(why, "/proc", "`mount -t proc proc /proc`")],
    };
    let tenders = census.tenders_of(&fleet.runtime("units"));
    let older: Vec<&str> = tenders
        .iter()
        .filter(|tender| tender.program.is_some_and(|program| program != installed))
        .filter_map(|tender| tender.unit.file_stem()?.to_str())
        .collect();
    let found = match older[..] {
        [] => Vec::new(),
        [..] => vec![Finding::warning(
            format!(
                "{} of another build than the one that is installed: {}",
                count(older.len(), "tender"),
                older.join(", ")
            ),
            "/proc/PID/exe",
            format!(
                "`fleet restart {}` has them run the new one",
                older.join(" ")
            ),
        )],
    };
    let evidence = format!(
        "{} of the build that is installed",
        count(tenders.len(), "tender")
    );
    or_ok(found, evidence, "/proc/PID/exe")
}

/// The number in `runner.toml` of the built-in harness; other harnesses have no such file.
pub(super) fn protocol(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let own = crate::agents::PROTOCOL;
    let mut found = Vec::new();
    let mut looked = 0;
    for project in ground.projects() {
        if project.harness.as_str() != EMBEDDED {
            continue;
        }
        let engine = fleet.engine(project).unwrap_or(EMBEDDED);
        let file = project.location.join(engine).join("runner.toml");
        let Ok(Some(text)) = crate::files::read_if_there(&file) else {
            continue;
        };
        looked += 1;
        let spoken = text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "protocol").then(|| value.trim().parse::<u32>().ok())?
        });
        if spoken != Some(own) {
            let spoken = spoken.map_or_else(|| "none".to_owned(), |number| number.to_string());
            found.push(
                Finding::wrong(
                    format!("its harness speaks protocol {spoken}, and `agents` {OWN} speaks {own}"),
                    file.display().to_string(),
                    format!("`fleet update {} REF` moves it to a version that this one runs, or install the `agents` that it was made for", project.name),
                )
                .of(project.name.as_str()),
            );
        }
    }
    or_ok(
        found,
        format!("protocol {own}, in {}", count(looked, "project")),
        "runner.toml",
    )
}
