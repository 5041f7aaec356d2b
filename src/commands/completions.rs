//! What `fleet` offers a shell: names, refs, harnesses, labels. It reads fleet.toml, mirrors, and the agents.toml of the
//! one project that is being named; it asks neither tmux nor the network, and writes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::completing::{Line, Offer, Word};
use crate::files::read_if_there;
use crate::fleet::{self, Fleet};
use crate::harness::RELEASES;
use crate::names::Name;
use crate::pins::{Kind, Mirror};
use crate::registry::{Harness, Project};
use crate::status::Verdict;

/// Says what may be typed as the value of an argument of `fleet`.
pub(crate) fn offer(line: &Line, verb: &str, argument: &str) -> Option<Offer> {
    let offer = match (verb, argument) {
        (_, "fleet")
        | ("init", "directory")
        | ("create", "location")
        | ("adopt", "path" | "scan")
        | ("harness add" | "harness set-url", "url")
        | ("man", "dir") => Offer::Directory,
        ("apply", "plan") | ("plan", "out") => Offer::File,
        ("create" | "adopt" | "harness add", "name")
        | ("harness add", "path" | "default_ref")
        | (_, "wait" | "soak" | "canary" | "wave" | "message" | "lines" | "limit") => {
            Offer::Nothing
        }
        ("history", "since") => Offer::Words(moments()),
        (_, "state") => Offer::Words(states()),
        ("man", "page") => Offer::Words(commands()),
        (_, "label" | "labels") => from_fleet(line, labels),
        (_, "harness")
        | ("harness fetch" | "harness refs", "names")
        | ("harness set-url" | "harness probe", "name") => from_fleet(line, harnesses),
        ("create" | "harness probe", "reference") => from_fleet(line, refs),
        ("update", "words") => from_fleet(line, refs_and_projects),
        ("attach", "address") | ("logs", "addresses") | ("send", "words") => {
            from_fleet(line, terminals)
        }
        (_, "name" | "names") => from_fleet(line, projects),
        _ => return None,
    };
    Some(offer)
}

/// Offers what the fleet knows that the line is about; nothing where there is none.
fn from_fleet(line: &Line, words: fn(&Fleet, &Line) -> Vec<Word>) -> Offer {
    let named = line.directory("--fleet", "FLEET_DIR");
    let named = named.or_else(|| std::env::var_os("FLEET_DIR").map(Into::into));
    let opened =
        fleet::find(named.as_deref()).and_then(|directory| Fleet::open(directory, Duration::ZERO));
    match opened {
        Ok(fleet) => Offer::Words(words(&fleet, line)),
        Err(_) => Offer::Nothing,
    }
}

fn commands() -> Vec<Word> {
    let cli = Cli::command();
    let shown = cli.get_subcommands().filter(|one| !one.is_hide_set());
    let about = |one: &clap::Command| one.get_about().map(ToString::to_string).unwrap_or_default();
    shown
        .map(|one| Word::new(one.get_name(), about(one)))
        .collect()
}

fn moments() -> Vec<Word> {
    [
        ("today", "since midnight"),
        ("yesterday", "since midnight of the day before"),
        ("1h", "the last hour"),
        ("7d", "the last seven days"),
    ]
    .map(|(text, about)| Word::new(text, about))
    .into()
}

fn states() -> Vec<Word> {
    Verdict::ALL
        .map(|verdict| Word::new(verdict.word(), ""))
        .into()
}

fn labels(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let all = fleet.registry.projects.values().flat_map(|it| &it.labels);
    let all: BTreeSet<&String> = all.filter(|label| !line.has(label)).collect();
    all.into_iter().map(|label| Word::new(label, "")).collect()
}

fn harnesses(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let all = fleet.registry.harnesses.values();
    all.filter(|harness| !line.has(harness.name.as_str()))
        .map(|harness| {
            let place = harness.url.as_ref();
            let place = place.map_or_else(|| "built in".to_owned(), ToString::to_string);
            Word::new(&harness.name, place)
        })
        .collect()
}

fn projects(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let all = fleet.registry.projects.values();
    all.filter(|project| !line.has(project.name.as_str()))
        .map(|project| {
            let about = format!("{} {}", project.harness, project.reference.shown());
            Word::new(&project.name, about)
        })
        .collect()
}

/// Offers projects, and the agents of one: of the one that is named before a `/`, or the only one that it can be.
fn terminals(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let mut words = projects(fleet, line);
    let typed = line.current.as_str();
    let only = match typed.split_once('/') {
        Some((project, _)) => Some(project),
        None => {
            let mut begin = words.iter().filter(|word| word.text.starts_with(typed));
            let only = begin.next().map(|word| word.text.as_str());
            only.filter(|_| begin.next().is_none())
        }
    };
    let only = only.and_then(|name| fleet.registry.projects.get(&name.parse::<Name>().ok()?));
    let agents = only.map(agents_of).unwrap_or_default();
    words.extend(agents.into_iter().filter(|word| !line.has(&word.text)));
    words
}

/// Returns the agents that a project's agents.toml lists, whatever else it says.
fn agents_of(project: &Project) -> Vec<Word> {
    let text = read_if_there(&project.location.join("agents.toml"));
    let read = text
        .ok()
        .flatten()
        .and_then(|text| toml::from_str::<toml::Table>(&text).ok());
    let Some(toml::Value::Table(agents)) = read.and_then(|mut table| table.remove("agents")) else {
        return Vec::new();
    };
    let names = agents.keys().filter_map(|name| name.parse::<Name>().ok());
    names
        .map(|agent| Word::new(format!("{}/{agent}", project.name), "an agent"))
        .collect()
}

/// Offers versions of the harnesses that the line is about, and then further projects.
fn refs_and_projects(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let mut words = refs_of(fleet, &meant(fleet, line));
    words.extend(projects(fleet, line));
    words
}

/// Offers versions of the one harness that a line is about.
fn refs(fleet: &Fleet, line: &Line) -> Vec<Word> {
    let named = line.value_of("--harness").map(str::to_owned);
    let probed = line
        .before
        .iter()
        .skip_while(|word| *word != "probe")
        .nth(1);
    let name = named.or_else(|| probed.cloned());
    let name = name.unwrap_or_else(|| fleet.registry.fleet.default_harness.to_string());
    let harness = name.parse().ok();
    let harness = harness.and_then(|name: Name| fleet.registry.harnesses.get(&name));
    refs_of(fleet, harness.as_slice())
}

/// Returns the harnesses of the projects that a line chooses.
fn meant<'f>(fleet: &'f Fleet, line: &Line) -> Vec<&'f Harness> {
    let registry = &fleet.registry;
    let (harness, label) = (line.value_of("--harness"), line.value_of("--label"));
    let all = line.has("--all") || line.value_of("--state").is_some();
    let selects = all || harness.is_some() || label.is_some();
    let is_meant = |project: &&Project| {
        let is_selected = selects
            && harness.is_none_or(|harness| project.harness.as_str() == harness)
            && label.is_none_or(|label| project.labels.iter().any(|one| one == label));
        is_selected || line.has(project.name.as_str())
    };
    let names: BTreeSet<&Name> = registry
        .projects
        .values()
        .filter(is_meant)
        .map(|project| &project.harness)
        .collect();
    names
        .into_iter()
        .filter_map(|name| registry.harnesses.get(name))
        .collect()
}

/// Returns the versions of harnesses: tags, the newest first, then branches; no bad ones.
fn refs_of(fleet: &Fleet, harnesses: &[&Harness]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for harness in harnesses {
        for word in refs_of_one(fleet, harness) {
            if words.iter().all(|known| known.text != word.text) {
                words.push(word);
            }
        }
    }
    words
}

fn refs_of_one(fleet: &Fleet, harness: &Harness) -> Vec<Word> {
    let name = &harness.name;
    let Some(url) = &harness.url else {
        // What is built in is known without a copy.
        let is_bad = |version: &str| harness.bad_refs.iter().any(|bad| bad.as_str() == version);
        let versions = RELEASES.iter().rev().map(|(version, _)| *version);
        return versions
            .filter(|version| !is_bad(version))
            .map(|version| Word::new(version, format!("tag of {name}")))
            .collect();
    };
    let mirror = fleet::mirrors_directory()
        .ok()
        .and_then(|cache| Mirror::open(&cache, name, url));
    let Some(versions) = mirror.and_then(|mirror| mirror.versions().ok()) else {
        return Vec::new();
    };
    let bad = fleet.bad_refs_of(harness);
    let mut words = Vec::new();
    for version in versions.all.iter().filter(|version| !version.is_gone) {
        let (kind, commit) = match version.kind {
            Kind::Branch => ("branch", None),
            Kind::Tag | Kind::Commit => ("tag", Some(&version.commit)),
        };
        if bad.among(&version.name, &[commit]).is_none() {
            words.push(Word::new(&version.name, format!("{kind} of {name}")));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::completing;

    /// A new argument says here what is offered for it: a name, a path, or nothing.
    #[test]
    fn of_every_argument_it_is_known_what_it_takes() {
        assert_eq!(completing::unknown(Cli::command(), offer), [] as [&str; 0]);
    }
}
