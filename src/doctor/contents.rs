//! What is in the files: those of `.fleet`, read as those read them that use them, and the projects' variables.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::geteuid;

use crate::fleet::{Fleet, RUNTIME};
use crate::names::shell_word;
use crate::operations;
use crate::registry::FILE;
use crate::rollout::RollOut;
use crate::supervision::{self, State, Unit, read_desired};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::{Ground, names_in};

/// Reads every file as those read it that use it. What is a pipe, torn or of another version is an error there.
pub(super) fn states(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let mut found = Vec::new();
    let mut whole = 0;
    let mut take = |path: &Path, read: anyhow::Result<()>, cure: String| match read {
        Ok(()) => whole += 1,
        Err(error) => {
            let newer = "a newer fleet may have written it: then use that one";
            let finding = Finding::wrong(
                format!("{error:#}"),
                path.display().to_string(),
                format!("{cure}; {newer}"),
            );
            found.push(finding.of(path.file_stem().unwrap_or_default().to_string_lossy()));
        }
    };
    let remove = |path: &Path| {
        format!(
            "`rm -r {}` forgets what it says",
            shell_word(&path.display().to_string())
        )
    };
    of_projects(fleet, &remove, &mut take);
    of_all(fleet, &remove, &mut take);
    or_ok(
        found,
        format!("{} can be read", count(whole, "file")),
        RUNTIME,
    )
}

/// What is done with each file: its path, whether it can be read, and what to do where it cannot.
type Take<'a> = dyn FnMut(&Path, anyhow::Result<()>, String) + 'a;

fn of_projects(fleet: &Fleet, remove: &dyn Fn(&Path) -> String, take: &mut Take<'_>) {
    for (_, path) in names_in(&fleet.runtime("state")) {
        take(&path, State::read(&path).map(drop), remove(&path));
    }
    for (name, path) in names_in(&fleet.runtime("units")) {
        let cure = format!("`fleet restart {name}` writes it anew");
        take(&path, Unit::read(&path).map(drop), cure);
    }
    for (name, path) in names_in(&fleet.runtime("desired")) {
        let cure = format!("`fleet start {name}` or `fleet stop {name}` writes it anew");
        take(&path, read_desired(&path).map(drop), cure);
    }
    for (_, path) in names_in(&fleet.runtime("probes")) {
        take(
            &path,
            crate::files::read_json::<serde_json::Value>(&path).map(drop),
            remove(&path),
        );
    }
    for (_, path) in names_in(&fleet.runtime("journal")) {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(name) = name {
            let cure = format!("look at the project with git, then {}", remove(&path));
            take(&path, operations::interrupted(fleet, &name).map(drop), cure);
        }
    }
}

fn of_all(fleet: &Fleet, remove: &dyn Fn(&Path) -> String, take: &mut Take<'_>) {
    let of_fleet = [
        ("server.json", fleet.server_record().map(drop)),
        ("rollout.json", RollOut::read(&fleet.runtime("")).map(drop)),
        ("brake", supervision::brake(&fleet.runtime("")).map(drop)),
        ("events.jsonl", plain(&fleet.runtime("events.jsonl"))),
        ("deaths", plain(&fleet.runtime("deaths"))),
        (
            "socket",
            crate::files::read_if_there(&fleet.runtime("socket")).map(drop),
        ),
    ];
    for (name, read) in of_fleet {
        let path = fleet.runtime(name);
        take(&path, read, remove(&path));
    }
}

/// Fails where something is there that is no plain file: who appends to it would wait for ever.
fn plain(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(met) if !met.is_file() => {
            anyhow::bail!("cannot read `{}`: it is not a plain file", path.display())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

pub(super) fn env_files(ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut looked = 0;
    for project in ground.projects() {
        let Some(path) = &project.env_file else {
            continue;
        };
        looked += 1;
        found.extend(
            env_file(ground.fleet(), path).map(|finding| finding.of(project.name.as_str())),
        );
    }
    or_ok(found, format!("{} in use", count(looked, "env_file")), FILE)
}

fn env_file(_: &Fleet, path: &Path) -> Option<Finding> {
    let source = path.display().to_string();
    let word = shell_word(&source);
    let user = geteuid().as_raw();
    let met = match fs::metadata(path) {
        Ok(met) => met,
        Err(error) => {
            let remedy = format!("`install -m 600 /dev/null {word}` makes an empty one");
            return Some(Finding::wrong(
                format!("its env_file cannot be read: {error}"),
                source,
                remedy,
            ));
        }
    };
    if met.uid() != user {
        let evidence = format!("its env_file is of user {}, and not yours", met.uid());
        return Some(Finding::warning(
            evidence,
            source,
            format!("`sudo chown {user} {word}`"),
        ));
    }
    let mode = met.permissions().mode();
    if mode & 0o077 != 0 && met.is_file() {
        let evidence = format!("others may read its env_file (mode {:04o})", mode & 0o7777);
        let finding = Finding::wrong(evidence, source, format!("`chmod 600 {word}`"));
        return Some(match fs::symlink_metadata(path) {
            Ok(own) if own.is_file() => finding.fixed_by(Fix::Private(path.to_owned())),
            Ok(_) | Err(_) => finding,
        });
    }
    let error = operations::check_env_file(path).err()?;
    Some(Finding::wrong(
        format!("{error:#}"),
        source,
        format!("edit {word}"),
    ))
}
