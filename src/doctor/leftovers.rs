//! What is left in `.fleet` of names, probes and commands that are no more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fleet::RUNTIME;
use crate::names::{Name, shell_word};
use crate::recording;
use crate::registry::FILE;
use crate::supervision::Liveness;
use crate::ui::count;

use super::capacity::size;
use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::{Ground, Server};
use super::journals::{age_of, known_names};

/// The files of a fleet's directory that are written by commands.
const WRITTEN_IN_ROOT: [&str; 2] = [FILE, ".gitignore"];

/// More than this is worth a word.
const LARGE: u64 = 1 << 30;

pub(super) fn strays(ground: &Ground) -> Vec<Finding> {
    let projects = &ground.fleet().registry.projects;
    let mut strays: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (name, path) in known_names(ground) {
        let is_registered = name
            .parse::<Name>()
            .is_ok_and(|name| projects.contains_key(&name));
        if !is_registered {
            strays.entry(name).or_default().push(path);
        }
    }
    let found = strays
        .iter()
        .map(|(name, files)| stray(ground, name, files))
        .collect();
    or_ok(found, "all are of registered projects", RUNTIME)
}

fn stray(ground: &Ground, name: &str, files: &[PathBuf]) -> Finding {
    let source = files[0].display().to_string();
    let many = count(files.len(), "file");
    let Ok(parsed) = name.parse::<Name>() else {
        let remedy = format!("`rm -r {}`, if it is not yours", shell_word(&source));
        return Finding::warning("no project can have this name", source, remedy).of(name);
    };
    let evidence = format!("{many} of a name that fleet.toml does not have");
    let since = age_of(&files[0]);
    let remedy = format!("`fleet stop {name}` ends what runs of it and forgets it");
    let finding = Finding::warning(evidence, source, remedy)
        .of(name)
        .since(since);
    match runs_nothing(ground, name) {
        true => finding.fixed_by(Fix::Forget(parsed)),
        false => finding,
    }
}

/// Tells whether it is certain that nothing runs of a name.
fn runs_nothing(ground: &Ground, name: &str) -> bool {
    let has_session = match ground.server() {
        Server::NotRunning => false,
        Server::Running { panes, .. } => panes.iter().any(|pane| pane.session == name),
        Server::Silent { .. } => return false,
    };
    let Ok(census) = ground.census() else {
        return false;
    };
    let unit = ground.fleet().runtime("units").join(format!("{name}.json"));
    let tenders = census.tenders_of(&ground.fleet().runtime("units"));
    let has_tender = tenders.iter().any(|tender| tender.unit == unit);
    let is_over = match ground.states().get(name) {
        None => true,
        Some(state) => {
            let life = state.life.as_ref();
            state.tender.liveness() == Liveness::Gone
                && life.is_none_or(|life| {
                    life.process.liveness() == Liveness::Gone && census.of_life(life).is_empty()
                })
        }
    };
    is_over && !has_session && !has_tender
}

pub(super) fn probe(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let place = fleet.runtime("probe");
    let source = place.display().to_string();
    if place.symlink_metadata().is_err() {
        return vec![Finding::ok("nothing is left of one", source)];
    }
    let lock = fleet.runtime("locks").join(".probe");
    if let Some(pid) = ground.holders(std::slice::from_ref(&lock)).get(&lock) {
        return vec![Finding::ok(
            format!("process {pid} tries a version"),
            source,
        )];
    }
    let evidence = "a probe was killed, and its trial is still there";
    let remedy = "`fleet doctor --fix` ends and removes it; so does the next `fleet harness probe`";
    let finding = Finding::wrong(evidence, source, remedy).since(age_of(&place));
    vec![finding.fixed_by(Fix::Probe)]
}

pub(super) fn temporary(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let mut directories = vec![fleet.root.clone(), fleet.root.join(RUNTIME)];
    let entries = fs::read_dir(fleet.root.join(RUNTIME))
        .into_iter()
        .flatten()
        .flatten();
    // What a link leads to may be anybody's.
    let is_own = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    directories.extend(
        entries
            .filter(is_own)
            .map(|entry| entry.path())
            .filter(|path| !path.ends_with("probe")),
    );
    let mut found = Vec::new();
    for directory in directories {
        // Beside fleet.toml is what people keep there: only what is written there is known by its name.
        let is_root = directory == fleet.root;
        for path in hidden_in(&directory) {
            let is_ours = |name: &str| !is_root || WRITTEN_IN_ROOT.contains(&name);
            if half_written(&path).is_some_and(is_ours) {
                let source = path.display().to_string();
                let remedy = format!("`rm {}`", shell_word(&source));
                let finding = Finding::warning(
                    "a killed command has left a half-written file",
                    source,
                    remedy,
                );
                found.push(finding.since(age_of(&path)).fixed_by(Fix::Remove(path)));
            }
        }
    }
    for path in hidden_in(&fleet.registry.fleet.projects) {
        if let Some(name) = half_built(&path)
            && !fleet.journal(&name).is_open()
        {
            let source = path.display().to_string();
            let remedy = format!(
                "`rm -rf {}`, if you want nothing of it",
                shell_word(&source)
            );
            let evidence =
                "a killed `create` has left half a project, and nothing tells of it any more";
            found.push(
                Finding::warning(evidence, source, remedy)
                    .of(name.as_str())
                    .since(age_of(&path)),
            );
        }
    }
    or_ok(found, "none", RUNTIME)
}

fn hidden_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    entries
        .filter(is_hidden)
        .map(|entry| entry.path())
        .collect()
}

/// `.NAME.PID` is what a writer makes beside a file before it takes its place. Returns the file's name, where the writer
/// has gone.
fn half_written(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    let (file, writer) = name.rsplit_once('.')?;
    let is_left = is_gone(writer.parse().ok()?) && path.symlink_metadata().ok()?.is_file();
    (is_left && !file.is_empty()).then_some(file)
}

/// `.NAME.new-PID` is where a project is built.
fn half_built(path: &Path) -> Option<Name> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    let (name, builder) = name.rsplit_once(".new-")?;
    builder.parse().ok().filter(|builder| is_gone(*builder))?;
    name.parse().ok()
}

fn is_gone(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

pub(super) fn trash(ground: &Ground) -> Vec<Finding> {
    vec![sized(
        &ground.fleet().runtime("trash"),
        "`ls` shows what was let go; what you do not want back: `rm -rf",
    )]
}

pub(super) fn logs(ground: &Ground) -> Vec<Finding> {
    let mut found = vec![sized(
        &ground.fleet().runtime("logs"),
        "what nobody reads any more: `rm -rf",
    )];
    for project in ground.projects() {
        let name = &project.name;
        let logs = ground.fleet().logs_of(name);
        let source = logs.display().to_string();
        found.extend(recording::troubles(&logs).into_iter().map(|(window, why)| {
            let evidence = format!("output of `{window}` is being lost: {why}");
            let remedy = format!(
                "`df {}` shows whether its disk is full",
                shell_word(&source)
            );
            Finding::warning(evidence, &source, remedy).of(name.as_str())
        }));
    }
    found
}

fn sized(directory: &Path, advice: &str) -> Finding {
    let source = directory.display().to_string();
    let entries = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .count();
    let files = walkdir::WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok);
    let bytes: u64 = files
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|met| met.len())
        .sum();
    let evidence = match entries {
        0 => "it is empty".to_owned(),
        some => format!("{}, {}", count(some, "entry"), size(bytes)),
    };
    if bytes < LARGE {
        return Finding::ok(evidence, source);
    }
    let remedy = format!("{advice} {}/NAME`", shell_word(&source));
    Finding::note(evidence, source, remedy)
}
