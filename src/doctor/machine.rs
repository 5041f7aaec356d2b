//! The machine: its programs, its kernel, its clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::command;
use crate::fleet::RUNTIME;
use crate::registry::FILE;
use crate::supervision::{Process, Unit, find_program};
use crate::ui::{ago, count};

use super::finding::{Finding, or_ok};
use super::ground::Ground;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(5);

/// The oldest git that has all that is used: `--end-of-options`, partial configuration by `-c`.
const OLDEST_GIT: (u32, u32) = (2, 30);
const OLDEST_TMUX: (u32, u32) = (3, 2);

/// How far the clock may be behind a file.
const AHEAD: Duration = Duration::from_secs(120);

pub(super) fn git(_: &Ground) -> Vec<Finding> {
    vec![version("git", "--version", OLDEST_GIT)]
}

pub(super) fn tmux(_: &Ground) -> Vec<Finding> {
    vec![version("tmux", "-V", OLDEST_TMUX)]
}

fn version(program: &str, flag: &str, oldest: (u32, u32)) -> Finding {
    let install = format!("install {program} {}.{} or newer", oldest.0, oldest.1);
    let Some(path) = on_path(program) else {
        return Finding::wrong(format!("`{program}` is not on PATH"), "PATH", install);
    };
    let source = format!("{} {flag}", path.display());
    let mut call = Command::new(&path);
    call.arg(flag);
    let said = match command::run(call, PATIENCE) {
        Ok(answer) if answer.status.success() => answer.stdout.trim().to_owned(),
        Ok(answer) => {
            let evidence = format!("`{program}` ended with {}", answer.status);
            return Finding::wrong(evidence, source, install);
        }
        Err(error) => return Finding::wrong(format!("{error:#}"), source, install),
    };
    match numbers(&said) {
        Some(found) if found < oldest => {
            Finding::wrong(format!("{said} is too old"), source, install)
        }
        // Somebody's own build may say no number: it is taken as it is.
        Some(_) | None => Finding::ok(said, source),
    }
}

/// Reads the first two numbers of a version: `git version 2.39.5`, `tmux 3.3a`, `tmux next-3.5`.
fn numbers(said: &str) -> Option<(u32, u32)> {
    let start = said.find(|c: char| c.is_ascii_digit())?;
    let (major, rest) = said[start..].split_once('.')?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((major.parse().ok()?, rest[..end].parse().ok()?))
}

/// Finds a program as a command would.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let search = std::env::var("PATH").unwrap_or_default();
    find_program(program, &search, Path::new("/"))
}

pub(super) fn kernel(_: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    let newer = "run a Linux kernel of 5.4 or newer";
    let opened = Process::me().map(|me| me.open());
    if !matches!(opened, Some(Ok(Some(_)))) {
        let evidence = "the kernel gives no process descriptors: nothing could be supervised";
        found.push(Finding::wrong(evidence, "pidfd_open", newer));
    }
    if nix::sys::prctl::get_child_subreaper().is_err() {
        let evidence = "the kernel knows no subreapers: what leaves its session would be lost";
        found.push(Finding::wrong(evidence, "prctl", newer));
    }
    if let Err(error) = fs::read("/proc/locks") {
        let evidence = format!("cannot read the kernel's list of locks: {error}");
        let remedy = "mount /proc as the system has it: `mount -t proc proc /proc`";
        found.push(Finding::wrong(evidence, "/proc/locks", remedy));
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    or_ok(
        found,
        format!(
            "Linux {}: process descriptors, subreapers, locks",
            release.trim()
        ),
        "/proc/sys/kernel/osrelease",
    )
}

/// Tried with two empty files of its own, since no file system says whether it can.
pub(super) fn exchange(ground: &Ground) -> Vec<Finding> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let place = ground.any_fleet().map_or_else(std::env::temp_dir, |fleet| {
        let runtime = fleet.root.join(RUNTIME);
        if runtime.is_dir() {
            runtime
        } else {
            fleet.root.clone()
        }
    });
    let source = place.display().to_string();
    let files = || {
        let file = || {
            tempfile::Builder::new()
                .prefix(".doctor.")
                .tempfile_in(&place)
        };
        Ok::<_, std::io::Error>((file()?, file()?))
    };
    let (one, other) = match files() {
        Ok(files) => files,
        Err(error) => {
            let evidence = format!("cannot try: no file can be made: {error}");
            let remedy = format!("`ls -ld {source}` shows whose it is");
            return vec![Finding::unknown(evidence, source, remedy)];
        }
    };
    let flags = RenameFlags::RENAME_EXCHANGE;
    match renameat2(AT_FDCWD, one.path(), AT_FDCWD, other.path(), flags) {
        Ok(()) => vec![Finding::ok("two files can be exchanged", source)],
        Err(error) => vec![Finding::warning(
            format!(
                "two files cannot be exchanged ({error}): an edit of fleet.toml at the moment of a command's may be lost"
            ),
            source,
            "keep the fleet on a local file system, such as ext4, xfs or btrfs",
        )],
    }
}

pub(super) fn clock(ground: &Ground) -> Vec<Finding> {
    let now = SystemTime::now();
    let written = [
        FILE,
        ".fleet/events.jsonl",
        ".fleet/state",
        ".fleet/server.json",
    ];
    let newest = ground.any_fleet().and_then(|fleet| {
        let modified = |name: &&str| fs::metadata(fleet.root.join(name)).ok()?.modified().ok();
        written
            .iter()
            .filter_map(|name| Some((modified(name)?, *name)))
            .max()
    });
    let ahead = newest.and_then(|(time, name)| Some((time.duration_since(now).ok()?, name)));
    if let Some((ahead, name)) = ahead
        && ahead > AHEAD
    {
        return vec![Finding::warning(
            format!(
                "`{name}` was written {} in the future, by this clock",
                ago(ahead)
            ),
            "the time of its last change",
            "`timedatectl` shows whether the clock is kept; ages are not to be trusted until it is right",
        )];
    }
    let shown = jiff::Timestamp::now().strftime("%F %T UTC").to_string();
    vec![Finding::ok(shown, "clock_gettime")]
}

pub(super) fn identity(ground: &Ground) -> Vec<Finding> {
    let source = "git config";
    let mut call = Command::new("git");
    call.args(["config", "--get-regexp", r"^(user|author)\.(name|email)$"]);
    call.current_dir(
        ground
            .any_fleet()
            .map_or(Path::new("/"), |fleet| &fleet.root),
    );
    let said = match command::run(call, PATIENCE) {
        Ok(answer) => answer.stdout,
        Err(error) => {
            let remedy = "`git config user.name` asks it yourself";
            return vec![Finding::unknown(format!("{error:#}"), source, remedy)];
        }
    };
    let known = |part: &str| {
        let variable = format!("GIT_AUTHOR_{}", part.to_uppercase());
        let configured = said.lines().rev().find_map(|line| {
            let (key, value) = line.split_once(' ')?;
            key.ends_with(&format!(".{part}"))
                .then(|| value.trim().to_owned())
        });
        std::env::var(variable)
            .ok()
            .or(configured)
            .filter(|text| !text.is_empty())
    };
    match (known("name"), known("email")) {
        (Some(name), Some(email)) => vec![Finding::ok(format!("{name} <{email}>"), source)],
        (name, _) => {
            let lacking = if name.is_none() {
                "user.name"
            } else {
                "user.email"
            };
            vec![Finding::warning(
                format!(
                    "git knows no {lacking}: commits get a name that is made up from the account"
                ),
                source,
                "`git config --global user.name NAME` and `git config --global user.email ADDRESS`",
            )]
        }
    }
}

/// Looks where the next start will look: at the program of the last one, or along the PATH that a start would record.
pub(super) fn programs(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let own = std::env::var("PATH").unwrap_or_default();
    let mut known: BTreeMap<(String, String), Result<(), String>> = BTreeMap::new();
    let mut found = Vec::new();
    for project in ground
        .projects()
        .into_iter()
        .filter(|project| project.enabled)
    {
        let unit = Unit::read(&fleet.unit_files(&project.name).unit).ok();
        let path = unit.as_ref().and_then(|unit| unit.environment.get("PATH"));
        let path = path.unwrap_or(&own).clone();
        let Some(commit) = &project.commit else {
            continue;
        };
        let key = (format!("{} {commit}", project.harness), path);
        let looked = known.entry(key).or_insert_with_key(|(_, path)| {
            let manifest = fleet.vendored_manifest(project, commit);
            // A manifest that cannot be read is told of its pin.
            let start = manifest
                .map(|manifest| manifest.commands.start)
                .unwrap_or_default();
            match start.first() {
                Some(word)
                    if !word.contains('{')
                        && find_program(word, path, &project.location).is_none() =>
                {
                    Err(word.clone())
                }
                Some(_) | None => Ok(()),
            }
        });
        if let Err(word) = looked {
            found.push(
                Finding::wrong(
                    format!(
                        "its harness starts `{word}`, which is not on the PATH that is recorded"
                    ),
                    "PATH of `fleet start`",
                    format!(
                        "install `{word}`, or run `fleet start {}` where PATH has it",
                        project.name
                    ),
                )
                .of(project.name.as_str()),
            );
        }
    }
    or_ok(
        found,
        format!("{} looked for", count(known.len(), "program")),
        "harness.toml",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_two_numbers() {
        for (said, version) in [
            ("git version 2.39.5", Some((2, 39))),
            ("git version 2.47.1.windows.1", Some((2, 47))),
            ("tmux 3.3a", Some((3, 3))),
            ("tmux next-3.5", Some((3, 5))),
            ("tmux master", None),
        ] {
            assert_eq!(numbers(said), version, "{said}");
        }
    }
}
