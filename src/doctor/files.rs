//! `fleet.toml` and `.fleet`: valid, private, readable, and not in anybody's commits.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{AccessFlags, access, geteuid};

use crate::fleet::{Fleet, RUNTIME};
use crate::names::shell_word;
use crate::operations;
use crate::pins;
use crate::registry::{FILE, Problem};
use crate::rollout::RollOut;
use crate::supervision::{self, State, Unit, read_desired};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::{Ground, Registration, names_in};

pub(super) fn registry(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let finding = |problem: &Problem, make: fn(String, String, String) -> Finding| {
        let hint = problem.hint.clone();
        let place = format!("{FILE}:{}:{}", problem.line, problem.column);
        let edit = format!(
            "edit line {} of {FILE}; `fleet validate` checks it",
            problem.line
        );
        make(problem.message.clone(), place, hint.unwrap_or(edit))
    };
    match &ground.registration {
        Registration::NoFleet => Vec::new(),
        Registration::Unreadable(why) => {
            let root = shell_word(&fleet.root.display().to_string());
            let remedy = format!(
                "`git -C {root} checkout -- {FILE}` brings back what was committed; `fleet adopt --scan {root}` finds the projects"
            );
            vec![Finding::wrong(
                why,
                fleet.root.join(FILE).display().to_string(),
                remedy,
            )]
        }
        Registration::Invalid(invalid) => {
            let wrong = |problem| {
                finding(problem, |what, place, hint| {
                    Finding::wrong(what, place, hint)
                })
            };
            invalid.problems.iter().map(wrong).collect()
        }
        Registration::Valid => {
            let warning = |problem| {
                finding(problem, |what, place, hint| {
                    Finding::warning(what, place, hint)
                })
            };
            let projects = count(fleet.registry.projects.len(), "project");
            let found = fleet.registry.warnings.iter().map(warning).collect();
            or_ok(found, format!("valid, {projects}"), FILE)
        }
    }
}

pub(super) fn schema(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let text = fs::read(fleet.root.join(FILE)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = text.lines().find_map(|line| line.strip_prefix("#:schema "));
    let Some(named) = named.map(str::trim) else {
        return vec![Finding::ok("it names none", FILE)];
    };
    let is_there = named.contains("://") || fleet.root.join(named).is_file();
    vec![match is_there {
        true => Finding::ok(format!("it names `{named}`"), FILE),
        false => Finding::warning(
            format!("it names `{named}`, which is not there: editors complete nothing"),
            FILE,
            format!("`fleet schema > {}`", shell_word(named)),
        ),
    }]
}

pub(super) fn permissions(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let runtime = fleet.root.join(RUNTIME);
    let source = runtime.display().to_string();
    let Ok(met) = fs::symlink_metadata(&runtime) else {
        return vec![Finding::ok("it is not there yet: nothing has run", source)];
    };
    let word = shell_word(&source);
    let user = geteuid().as_raw();
    if met.uid() != user {
        return vec![Finding::wrong(
            format!("it is of user {}, and you are user {user}", met.uid()),
            source,
            format!("run fleet as its owner, or `sudo chown -R {user} {word}`"),
        )];
    }
    let mut found = Vec::new();
    if met.mode() & 0o077 != 0 {
        let evidence = format!("mode {:04o}: others may look into it", met.mode() & 0o7777);
        let finding = Finding::wrong(evidence, &source, format!("`chmod 700 {word}`"));
        found.push(finding.fixed_by(Fix::Private(runtime.clone())));
    }
    if access(&runtime, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        let remedy =
            format!("`chmod u+rwx {word}`, or `mount` shows whether its disk is read-only");
        found.push(Finding::wrong("it cannot be written", &source, remedy));
    }
    for (name, path) in names_in(&fleet.runtime("units")) {
        let mode = fs::symlink_metadata(&path).map_or(0, |met| met.mode());
        if mode & 0o077 != 0 && mode & 0o170_000 == 0o100_000 {
            let evidence = format!(
                "others may read its unit (mode {:04o}), with the values of variables",
                mode & 0o7777
            );
            let shown = path.display().to_string();
            let remedy = format!("`chmod 600 {}`", shell_word(&shown));
            found.push(
                Finding::wrong(evidence, shown, remedy)
                    .of(name)
                    .fixed_by(Fix::Private(path)),
            );
        }
    }
    or_ok(found, "yours, and private", source)
}

pub(super) fn ignored(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let Some(repository) = pins::enclosing_repository(&fleet.root) else {
        return vec![Finding::ok(
            "the fleet is in no git repository",
            ".gitignore",
        )];
    };
    let projects = &fleet.registry.fleet.projects;
    let mut lacking = Vec::new();
    let mut found = Vec::new();
    for place in [&fleet.root.join(RUNTIME), projects] {
        let Ok(below) = place.strip_prefix(&fleet.root) else {
            continue;
        };
        let Ok(relative) = place.strip_prefix(&repository) else {
            continue;
        };
        if below.as_os_str().is_empty() || (place == projects && !ground.is_registered()) {
            continue;
        }
        match pins::ignores(&repository, relative) {
            Ok(true) => {}
            Ok(false) => lacking.push(format!("/{}/", below.display())),
            Err(error) => found.push(unreadable(&repository, &error)),
        }
    }
    if !lacking.is_empty() {
        let evidence = format!("git does not ignore {}", lacking.join(" and "));
        let path = fleet.root.join(".gitignore");
        let remedy = format!("add to {}: {}", path.display(), lacking.join(" "));
        found.push(Finding::wrong(evidence, ".gitignore", remedy).fixed_by(Fix::Ignore(lacking)));
    }
    let runtime = fleet.root.join(RUNTIME);
    if let Ok(relative) = runtime.strip_prefix(&repository) {
        match pins::tracks(&repository, relative) {
            Ok(false) => {}
            Ok(true) => found.push(Finding::wrong(
                format!("git tracks files of `{RUNTIME}`: what is in it may hold secrets"),
                repository.join(".git/index").display().to_string(),
                format!(
                    "`git -C {} rm -r --cached {RUNTIME}`, and commit",
                    shell_word(&fleet.root.display().to_string())
                ),
            )),
            Err(error) => found.push(unreadable(&repository, &error)),
        }
    }
    or_ok(
        found,
        "`.fleet` and the projects are ignored, and nothing of `.fleet` is tracked",
        ".gitignore",
    )
}

fn unreadable(repository: &Path, error: &anyhow::Error) -> Finding {
    let remedy = format!(
        "`git -C {} status` shows what git says",
        repository.display()
    );
    Finding::unknown(
        format!("{error:#}"),
        repository.display().to_string(),
        remedy,
    )
}

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
    or_ok(
        found,
        format!("{} can be read", count(whole, "file")),
        RUNTIME,
    )
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
