//! Harnesses in the caches: mirrors, the built-in one, and what they prepare.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::fleet::{data_directory, harness_caches, mirrors_directory};
use crate::harness::{self, Cache, RELEASES};
use crate::names::{HarnessUrl, Name, shell_word};
use crate::pins::{self, LeftInMirrors, Mirror};
use crate::ui::{ago, count, list};

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::Ground;
use super::journals::age_of;

const NO_HOME: &str = "`echo $HOME` must name your home";

pub(super) fn mirrors(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let cache = match mirrors_directory() {
        Ok(cache) => cache,
        Err(error) => return vec![Finding::unknown(format!("{error:#}"), "HOME", NO_HOME)],
    };
    let source = cache.display().to_string();
    let used: BTreeSet<&Name> = ground
        .projects()
        .iter()
        .map(|project| &project.harness)
        .collect();
    let mut found = Vec::new();
    let mut said = Vec::new();
    for name in used {
        let Some(url) = url_of(ground, name) else {
            continue;
        };
        let mirror = Mirror::at(&cache, name, &url);
        if !mirror.is_there() {
            said.push(format!("`{name}` has none yet"));
        } else if let Some(mirror) = Mirror::open(&cache, name, &url) {
            let age = mirror
                .fetched()
                .map_or_else(|| "fetched some time ago".to_owned(), fetched);
            said.push(format!("`{name}` {age}"));
        } else {
            let place = mirror.directory().display().to_string();
            let remedy =
                format!("`fleet harness fetch {name}` makes it anew, from {url}; it is a cache");
            found.push(Finding::wrong("its mirror is broken", place, remedy).of(name.as_str()));
        }
    }
    if fleet.registry.projects.is_empty() {
        return vec![Finding::ok("no project uses one", source)];
    }
    or_ok(found, said.join(", "), source)
}

fn fetched(at: Timestamp) -> String {
    let age = Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
    format!("fetched {} ago", ago(age))
}

/// Returns where a harness comes from; writes nothing out.
fn url_of(ground: &Ground, harness: &Name) -> Option<HarnessUrl> {
    match &ground.fleet().registry.harnesses.get(harness)?.url {
        Some(url) => Some(url.clone()),
        None => harness::place(&data_directory().ok()?)
            .to_str()?
            .parse()
            .ok(),
    }
}

fn left(ground: &Ground) -> Result<(LeftInMirrors, String), Vec<Finding>> {
    let cache = mirrors_directory()
        .map_err(|error| vec![Finding::unknown(format!("{error:#}"), "HOME", NO_HOME)])?;
    let left = pins::left_in_mirrors(&cache, |lock| ground.is_held(lock));
    Ok((left, cache.display().to_string()))
}

pub(super) fn half_made(ground: &Ground) -> Vec<Finding> {
    let (left, source) = match left(ground) {
        Ok(left) => left,
        Err(found) => return found,
    };
    let found = left.half_made.into_iter().map(|path| {
        let remedy = format!("`rm -rf {}`", shell_word(&path.display().to_string()));
        let finding = Finding::warning(
            "a killed command has left half a mirror",
            path.display().to_string(),
            remedy,
        );
        finding.since(age_of(&path)).fixed_by(Fix::Mirror(path))
    });
    or_ok(found.collect(), "none", source)
}

pub(super) fn git_locks(ground: &Ground) -> Vec<Finding> {
    let (left, source) = match left(ground) {
        Ok(left) => left,
        Err(found) => return found,
    };
    let found = left.locks.into_iter().map(|path| {
        let remedy = format!("`rm {}`", shell_word(&path.display().to_string()));
        let evidence = "a killed git has left its lock, and no command is at work on the mirror";
        let finding =
            Finding::warning(evidence, path.display().to_string(), remedy).since(age_of(&path));
        let mirror = path
            .ancestors()
            .find(|path| path.extension().is_some_and(|it| it == "git"));
        let mirror = mirror.map(Path::to_owned);
        match mirror {
            Some(mirror) => finding.fixed_by(Fix::Mirror(mirror)),
            None => finding,
        }
    });
    or_ok(found.collect(), "none", source)
}

pub(super) fn built_in(_: &Ground) -> Vec<Finding> {
    let data = match data_directory() {
        Ok(data) => data,
        Err(error) => return vec![Finding::unknown(format!("{error:#}"), "HOME", NO_HOME)],
    };
    let place = harness::place(&data);
    let source = place.display().to_string();
    if place.symlink_metadata().is_err() {
        return vec![Finding::ok(
            "it is written out when it is first used",
            source,
        )];
    }
    let remove = format!(
        "`rm -rf {}`: the next command writes it anew",
        shell_word(&source)
    );
    let releases = match harness::written(&data) {
        Ok(releases) => releases,
        Err(error) => return vec![Finding::wrong(format!("{error:#}"), source, remove)],
    };
    // What is written out anew is what the newest one is missing of.
    let lacks_newest = releases.last().is_none_or(Option::is_none);
    let mut found = Vec::new();
    for ((tag, expected), written) in RELEASES.iter().zip(releases) {
        match written {
            Some(commit) if commit == *expected => {}
            Some(commit) => {
                let evidence = format!("its {tag} is {commit}, and was frozen at {expected}");
                found.push(Finding::wrong(evidence, &source, &remove));
            }
            None => {
                let evidence = format!("its {tag} is not there, or not whole");
                let finding = Finding::wrong(evidence, &source, &remove);
                found.push(match lacks_newest {
                    true => finding.fixed_by(Fix::BuiltIn),
                    false => finding,
                });
            }
        }
    }
    let tags = RELEASES.iter().map(|(tag, _)| tag);
    or_ok(found, format!("{} as frozen", list(tags)), source)
}

pub(super) fn prepared(ground: &Ground) -> Vec<Finding> {
    let caches = match harness_caches() {
        Ok(caches) => caches,
        Err(error) => return vec![Finding::unknown(format!("{error:#}"), "HOME", NO_HOME)],
    };
    let source = caches.display().to_string();
    let mut found = Vec::new();
    let mut at_work = 0;
    for cache in Cache::unfinished(&caches) {
        if ground.is_held(&cache.lock()) {
            at_work += 1;
            continue;
        }
        let evidence = "a killed command has left what it prepared in, and perhaps what ran there";
        let remedy = "`fleet doctor --fix` ends and removes it; so does the next `prepare`";
        let finding = Finding::warning(evidence, cache.scratch().display().to_string(), remedy);
        found.push(
            finding
                .since(age_of(&cache.scratch()))
                .fixed_by(Fix::Prepared),
        );
    }
    let evidence = match at_work {
        0 => "nothing is left of killed commands".to_owned(),
        some => format!("{} at work", count(some, "command")),
    };
    or_ok(found, evidence, source)
}
