//! `fleet.toml` and `.fleet`: valid, private, readable, and not in anybody's commits.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{AccessFlags, access, geteuid};

use crate::fleet::RUNTIME;
use crate::names::shell_word;
use crate::pins;
use crate::registry::{FILE, Problem};
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
