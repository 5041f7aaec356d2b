//! `fleet init`: a new orchestrator repository. It is a project like any other, which happens to hold a registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::error::{Advise as _, refused};
use crate::events::Event;
use crate::fleet::{self, Fleet};
use crate::harness;
use crate::names::{HarnessUrl, Name};
use crate::pins::{self, Mirror, NewFile, NewRepository};
use crate::registry;
use crate::ui::Ui;

use super::placing::{is_ignored, place};
use super::record::Command;
use super::{Creation, create, demo};

mod unfinished;

/// What is to be initiated.
#[derive(Debug)]
pub(crate) struct Initiation {
    /// Where, absolute.
    pub(crate) directory: PathBuf,
    /// Whether to add a demo project and start it.
    pub(crate) demo: bool,
}

/// The agent that operates the fleet for the operator: a file of the orchestrator repository only.
const AGENTS: &str = r#"# `agents up` runs one agent here, which uses `fleet` when it is asked to. It is optional.

[agents.orchestrator]
command = ["claude"]
prompt = "prompts/orchestrator.md"
watch = "heal"
env = { FLEET_OPERATOR = "ai:orchestrator" } # so that `fleet history` tells it from you
"#;

const IGNORED: &str = "# runtime state of fleet, and the projects, which are repositories of their own\n/.fleet/\n/projects/\n";

/// Makes a fleet, or prints how.
pub(crate) fn init(
    new: &Initiation,
    patience: Duration,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    let directory = &new.directory;
    if !dry_run && unfinished::recover(directory)? {
        ui.status(format!(
            "completed the fleet {}, which an earlier command left half made",
            directory.display()
        ));
        tell(directory, "completed", None, ui)?;
    } else if new.demo && !dry_run && directory.join(registry::FILE).is_file() {
        // The demo goes into the fleet that is there: an earlier command may have been cut off after making it.
    } else {
        make(new, dry_run, ui)?;
    }
    if new.demo && !dry_run {
        return show_demo(directory, patience, ui);
    }
    if !dry_run {
        ui.hint(format!(
            "`cd {}`, then `fleet create NAME` makes a project",
            directory.display()
        ));
    }
    Ok(())
}

fn make(new: &Initiation, dry_run: bool, ui: &Ui) -> anyhow::Result<()> {
    let directory = &new.directory;
    check(directory)?;
    if dry_run {
        ui.result(format!(
            "make a repository at {}, with fleet.toml, engine/, agents.toml and prompts/",
            directory.display()
        ));
        if new.demo {
            ui.result("create the project `demo` in it, start it, and show it");
        }
        return Ok(());
    }
    ui.waiting(format!("making the fleet {}", directory.display()));
    let url = fleet::embedded_harness()?;
    let harness: Name = registry::EMBEDDED
        .parse()
        .expect("the embedded harness has a good name");
    let mirror = Mirror::open_or_clone(&fleet::mirrors_directory()?, &harness, &url)?;
    let began = Instant::now();
    build(directory, &harness, &url, &mirror)?;
    ui.status(format!("made the fleet {}", directory.display()));
    tell(directory, "made", Some(began.elapsed()), ui)
}

/// Begins the trail of a fleet.
fn tell(directory: &Path, after: &str, took: Option<Duration>, ui: &Ui) -> anyhow::Result<()> {
    let fleet = Fleet::open(directory.to_owned(), Duration::ZERO)?;
    let event = Event {
        after: Some(after.to_owned()),
        seconds: took.map(|took| took.as_secs_f64()),
        ..fleet.asked("init")
    };
    fleet.record(&[event], ui);
    Ok(())
}

fn check(directory: &Path) -> anyhow::Result<()> {
    if directory.join(registry::FILE).exists() {
        return Err(refused(format!(
            "there is a fleet at {} already",
            directory.display()
        ))
        .hint(format!(
            "`fleet --fleet {} status` shows it",
            directory.display()
        ))
        .into());
    }
    let is_empty = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot look into `{}`", directory.display()))
                .hint(|| {
                    "name a directory that is empty or not there: `fleet init DIR`".to_owned()
                });
        }
    };
    if !is_empty {
        return Err(refused(format!("`{}` is not empty", directory.display()))
            .hint("name a directory that is empty or not there: `fleet init DIR`")
            .into());
    }
    match pins::enclosing_repository(directory) {
        Some(repository) if !is_ignored(&repository, directory)? => Err(refused(format!(
            "`{}` is inside the repository {}",
            directory.display(),
            repository.display()
        ))
        .hint("choose a place outside, or one that its .gitignore names")
        .into()),
        Some(_) | None => Ok(()),
    }
}

fn build(
    directory: &Path,
    harness: &Name,
    url: &HarnessUrl,
    mirror: &Mirror,
) -> anyhow::Result<()> {
    let newest = mirror
        .tags()?
        .into_iter()
        .next()
        .context("the embedded harness has tags")?;
    let reference = newest.parse().map_err(|why: String| anyhow::anyhow!(why))?;
    let resolved = mirror
        .resolve(&reference)?
        .context("a tag of the embedded harness has a commit")?;
    let parent = directory
        .parent()
        .context("a fleet's directory has a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    let name = fleet_name(directory);
    let beside = unfinished::beside(directory, std::process::id())?;
    let person = pins::person().and_then(|name| name.parse().ok());
    let file = |path: &str, text: &str| NewFile {
        path: path.into(),
        mode: 0o644,
        bytes: text.as_bytes().to_vec(),
    };
    let built = pins::build(&NewRepository {
        directory: &beside,
        engine: "engine",
        url,
        mirror,
        commit: &resolved.commit,
        files: vec![
            file(".gitignore", IGNORED),
            file("agents.toml", AGENTS),
            file(
                registry::FILE,
                &registry::new_registry_text(name.as_str(), person.as_ref()),
            ),
            file(
                "prompts/orchestrator.md",
                include_str!("../../prompts/orchestrator.md"),
            ),
        ],
        message: &format!("Start with {harness} {reference}"),
        branch: None,
    });
    let made = built.and_then(|_| put(&beside, directory));
    if made.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&beside);
    }
    made
}

/// Puts a finished repository in its place. An empty directory keeps its identity, since a shell may stand in it; the
/// registry comes last, so that a fleet is whole as soon as it is one.
fn put(beside: &Path, directory: &Path) -> anyhow::Result<()> {
    if !directory.exists() {
        return place(beside, directory);
    }
    let entries =
        fs::read_dir(beside).with_context(|| format!("cannot list `{}`", beside.display()))?;
    let mut names: Vec<_> = entries
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<_>>()?;
    names.sort_by_key(|name| name == registry::FILE);
    for name in names {
        let (from, to) = (beside.join(&name), directory.join(&name));
        fs::rename(&from, &to)
            .with_context(|| format!("cannot move `{}` to `{}`", from.display(), to.display()))?;
    }
    fs::remove_dir(beside).with_context(|| format!("cannot remove `{}`", beside.display()))
}

/// Makes a name of a directory's.
fn fleet_name(directory: &Path) -> Name {
    let given = directory
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let plain: String = given
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let trimmed = plain.trim_matches('-').chars().take(32).collect::<String>();
    trimmed
        .parse()
        .unwrap_or_else(|_| "home".parse().expect("`home` is a name"))
}

fn show_demo(directory: &Path, patience: Duration, ui: &Ui) -> anyhow::Result<()> {
    let mut fleet = Fleet::open(directory.to_owned(), patience)?;
    let name: Name = "demo".parse().expect("`demo` is a name");
    if !fleet.registry.projects.contains_key(&name) {
        let creation = Creation {
            name: name.clone(),
            // The older release: there is something to update to.
            reference: harness::RELEASES
                .first()
                .and_then(|(version, _)| version.parse().ok()),
            harness: None,
            location: None,
            labels: Vec::new(),
            watch: registry::Watch::Heal,
            register: true,
            files: demo::files(),
            start: false,
        };
        let command = Command::new("create");
        let made = create(&mut fleet, &creation, false, ui);
        command.record_one(&fleet, &name, &made, ui);
        made?;
    }
    fleet.reload()?;
    let command = Command::new("start");
    let started = super::start(&mut fleet, std::slice::from_ref(&name), false, ui);
    command.record(&fleet, &[name], &started, ui);
    for outcome in started? {
        ui.status(outcome.result?);
    }
    Ok(())
}

/// Returns what to type after a demo, for people.
pub(crate) fn after_demo(directory: &Path) -> String {
    let shown = directory.display();
    let lines = [
        (
            "fleet send demo/scribe \"hello\"",
            "type into an agent's terminal",
        ),
        ("fleet logs demo/scribe", "read it"),
        (
            "fleet update demo v0.2.0 --restart",
            "move it to the next version of its harness",
        ),
        (
            "fleet attach demo/scribe",
            "look at it live; Ctrl-b d leaves it",
        ),
    ];
    let lines: String = lines
        .iter()
        .map(|(command, what)| format!("  {command:<34}  {what}\n"))
        .collect();
    format!(
        "\nNext:\n  cd {shown}\n{lines}\nTo clean up:\n  fleet --fleet {shown} stop --all && rm -rf {shown}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_is_named_after_its_directory() {
        for (directory, name) in [
            ("/a/home", "home"),
            ("/a/my fleet", "my-fleet"),
            ("/a/.x", "x"),
            ("/", "home"),
        ] {
            assert_eq!(fleet_name(Path::new(directory)).as_str(), name);
        }
    }
}
