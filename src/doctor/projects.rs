//! The projects: there, yours, at their pins, and from where the registry says that their harnesses come.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::unistd::geteuid;

use crate::fleet::{Fleet, is_among};
use crate::names::{Name, shell_word};
use crate::parallel::in_parallel;
use crate::pins::{self, PinWord};
use crate::registry::{FILE, Project};
use crate::status::{self, Depth, ProjectReport};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::Ground;
use super::journals::age_of;

/// A lock that is younger is probably somebody's who is at work.
const YOUNG: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn location(ground: &Ground) -> Vec<Finding> {
    let found = ground.projects().into_iter().filter_map(|project| {
        located(project)?;
        let found = again(ground, &project.name, |_, project| located(project))?;
        Some(found.of(project.name.as_str()))
    });
    or_ok(
        found.collect(),
        format!("{} there", count(ground.projects().len(), "project")),
        FILE,
    )
}

fn located(project: &Project) -> Option<Finding> {
    let user = geteuid().as_raw();
    let name = &project.name;
    let source = project.location.display().to_string();
    match fs::metadata(&project.location) {
        Ok(met) if !met.is_dir() => Some(Finding::wrong(
            "it is no directory",
            source,
            format!("`fleet why {name}`"),
        )),
        Ok(met) if met.uid() != user => Some(Finding::warning(
            format!(
                "it is of user {}, and you are user {user}: git refuses to work there",
                met.uid()
            ),
            &source,
            format!("`sudo chown -R {user} {}`", shell_word(&source)),
        )),
        Ok(_) => None,
        Err(error) => Some(Finding::wrong(
            format!("its directory cannot be found: {error}"),
            source,
            format!("`fleet why {name}` looks where it may be; `fleet remove {name}` lets it go"),
        )),
    }
}

fn of_reports(
    ground: &Ground,
    look: impl Fn(&ProjectReport) -> Option<Finding>,
    fine: &str,
) -> Vec<Finding> {
    let report = match ground.report() {
        Ok(report) => report,
        Err(why) => {
            return vec![Finding::unknown(
                why,
                "fleet status",
                "`fleet status` tells more",
            )];
        }
    };
    let found = report
        .projects
        .iter()
        .filter(|project| project.location.is_dir());
    let found = found.filter_map(|project| Some(look(project)?.of(project.name.as_str())));
    or_ok(
        found.collect(),
        format!("{}, {fine}", count(report.projects.len(), "project")),
        "HEAD, index, engine",
    )
}

pub(super) fn pin(ground: &Ground) -> Vec<Finding> {
    of_reports(
        ground,
        |report| {
            judged(ground.fleet(), report)?;
            again(ground, &report.name, |now, project| {
                let reports = status::collect(now.fleet(), &[project], Depth::Files).ok();
                let of_now = reports.as_ref().and_then(|all| all.projects.first());
                judged(now.fleet(), of_now.unwrap_or(report))
            })
        },
        "all as registered",
    )
}

/// Looks again at a project that is not as registered: one that a command is at work on is on its way there, and what
/// has ended meanwhile has changed the project and fleet.toml, which was read before.
fn again(
    ground: &Ground,
    name: &Name,
    look: impl Fn(&Ground, &Project) -> Option<Finding>,
) -> Option<Finding> {
    let lock = ground.fleet().command_lock(name);
    if ground.is_held(&lock) {
        return None;
    }
    let now = Ground::of(Some(ground.fleet().root.clone()), Duration::ZERO);
    let found = look(&now, now.fleet().registry.projects.get(name)?);
    found.filter(|_| !ground.is_held(&lock))
}

fn judged(fleet: &Fleet, report: &ProjectReport) -> Option<Finding> {
    let name = &report.name;
    let project = fleet.registry.projects.get(name)?;
    let engine = fleet.engine(project).unwrap_or("engine");
    let place = shell_word(&report.location.display().to_string());
    let source = report.location.join(engine).display().to_string();
    let why = report
        .pin
        .reason
        .as_ref()
        .map_or_else(String::new, |why| format!(": {why}"));
    let said = |what: &str| format!("{}: {what}{why}", report.pin.word);
    let wrong = |what: &str, remedy: String| Some(Finding::wrong(said(what), &source, remedy));
    let warning = |what: &str, remedy: String| Some(Finding::warning(said(what), &source, remedy));
    match report.pin.word {
        // A journal that is open is told as such.
        PinWord::Ok | PinWord::Interrupted => None,
        PinWord::Unknown => {
            let cure = pins::cure(&report.location, engine);
            let remedy = cure.unwrap_or_else(|| format!("`fleet why {name}` tells more"));
            Some(Finding::unknown(
                said("its pin cannot be read"),
                source,
                remedy,
            ))
        }
        PinWord::Lost => wrong(
            "its commit is nowhere to be had",
            format!(
                "`fleet update {name} REF` moves it to one that is there; a clone elsewhere may have it"
            ),
        ),
        PinWord::Missing => wrong(
            "there is no harness in it: the submodule was not initialised",
            format!("`fleet start {name}` fills it in"),
        ),
        PinWord::Dirty => warning(
            "files of its harness were changed",
            format!("`git -C {place}/{engine} status` shows them"),
        ),
        PinWord::Moved => warning(
            "another commit is checked out than HEAD pins",
            format!("`git -C {place} submodule update {engine}` goes back to the pin"),
        ),
        PinWord::Staged => warning(
            "the index pins another commit than HEAD",
            format!("`git -C {place} restore --staged {engine}` takes that back"),
        ),
        PinWord::Behind => warning(
            "HEAD pins another commit than fleet.toml",
            format!("`fleet update {name}` moves it there"),
        ),
        PinWord::Skew => warning(
            "what runs was started from another version",
            format!("`fleet restart {name}`"),
        ),
    }
}

pub(super) fn bad_refs(ground: &Ground) -> Vec<Finding> {
    let bad = |project: &ProjectReport| {
        let bad = project.pin.bad.as_ref()?;
        let evidence = is_among(&project.pin.reference, bad, &project.harness.name);
        let remedy = format!(
            "`fleet update {} REF` moves it to another version",
            project.name
        );
        Some(Finding::warning(evidence, FILE, remedy))
    };
    of_reports(ground, bad, "none at a bad version")
}

/// Git's configuration is read by libgit2, of all projects at once.
pub(super) fn whence(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let projects = ground.projects();
    let found = in_parallel(&projects, |project| leads_elsewhere(fleet, project));
    let found: Vec<Finding> = found.into_iter().flatten().collect();
    or_ok(
        found,
        format!(
            "{}, each from where fleet.toml says",
            count(projects.len(), "project")
        ),
        ".gitmodules",
    )
}

fn leads_elsewhere(fleet: &Fleet, project: &Project) -> Option<Finding> {
    let harness = fleet.registry.harnesses.get(&project.harness)?;
    // The built-in harness is wherever it was written out first.
    let url = harness.url.as_ref()?;
    let written = pins::submodule_url(&project.location, &harness.path)?;
    let remedy = format!(
        "`fleet harness set-url {} {url}` has all of it say so",
        harness.name
    );
    let is_relative = written.starts_with("./") || written.starts_with("../");
    if !is_relative && !pins::same_place(&written, url.as_str()) {
        let evidence = format!(".gitmodules says {written}, and fleet.toml says {url}");
        let source = project.location.join(".gitmodules").display().to_string();
        return Some(Finding::warning(evidence, source, remedy).of(project.name.as_str()));
    }
    // What cannot be read is told of the pin.
    let files = pins::leads_elsewhere(&project.location, &harness.path, &written).ok()?;
    let file = files.first().filter(|_| !is_relative)?;
    let evidence = format!(
        "git's configuration leads elsewhere than .gitmodules, to which {written} is known"
    );
    Some(Finding::warning(evidence, file.display().to_string(), remedy).of(project.name.as_str()))
}

/// A note for each harness: it is so by design of who gave a path, and still worth knowing before a machine is left.
pub(super) fn local_harness(ground: &Ground) -> Vec<Finding> {
    let mut local: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for project in ground.projects() {
        let engine = ground.fleet().engine(project).unwrap_or("engine");
        let url = pins::submodule_url(&project.location, engine);
        if let Some(url) = url.filter(|url| url.starts_with(['/', '~']) || url.starts_with("file:"))
        {
            *local.entry((project.harness.as_str(), url)).or_default() += 1;
        }
    }
    let found = local.into_iter().map(|((harness, url), number)| {
        let clones = if number == 1 { "clones" } else { "clone" };
        Finding::note(
            format!(
                "{} of it {clones} only where `{url}` exists",
                count(number, "project")
            ),
            ".gitmodules",
            format!("`fleet harness set-url {harness} URL` names a place that others reach"),
        )
        .of(harness)
    });
    or_ok(
        found.collect(),
        "every project can be cloned elsewhere",
        ".gitmodules",
    )
}

pub(super) fn index_lock(ground: &Ground) -> Vec<Finding> {
    let boot = booted();
    let mut found = Vec::new();
    for project in ground.projects() {
        let engine = ground.fleet().engine(project).unwrap_or("engine");
        for place in [project.location.clone(), project.location.join(engine)] {
            found.extend(lock_in(&place, boot).map(|finding| finding.of(project.name.as_str())));
        }
    }
    or_ok(found, "none", ".git/index.lock")
}

fn lock_in(place: &Path, boot: Option<Timestamp>) -> Option<Finding> {
    let lock = pins::index_lock(place)?;
    let made = age_of(&lock);
    if made.is_some_and(|made| Timestamp::now().duration_since(made) < YOUNG) {
        return None;
    }
    let source = lock.display().to_string();
    let remedy = format!("if no git runs there: `rm {}`", shell_word(&source));
    let evidence = "git's lock is there: a git is at work, or was killed";
    let finding = Finding::warning(evidence, source, remedy).since(made);
    Some(match (made, boot) {
        (Some(made), Some(boot)) if made < boot => finding.fixed_by(Fix::GitLock(lock)),
        (_, _) => finding,
    })
}

/// Returns when the machine was started: nothing of before that still runs.
fn booted() -> Option<Timestamp> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    Timestamp::from_second(seconds.trim().parse().ok()?).ok()
}
