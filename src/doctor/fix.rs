//! What `--fix` does: only what cannot harm work. Each looks again before it acts, and may be repeated.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::error::{failed, refused};
use crate::events::Event;
use crate::files::{self, Durability};
use crate::fleet::{self, Fleet};
use crate::names::Name;
use crate::operations;
use crate::pins;
use crate::supervision::Process;
use crate::ui::Ui;

use super::finding::Finding;

/// Something that may be done without being asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    /// Completes or takes back what was interrupted on a project.
    Journal(Name),
    /// Removes a file or directory that a killed command left.
    Remove(PathBuf),
    /// Removes a lock of git's that is older than the last boot.
    GitLock(PathBuf),
    /// Takes from a file or directory what others may do with it.
    Private(PathBuf),
    /// Adds lines to the fleet's `.gitignore`.
    Ignore(Vec<String>),
    /// Tells a tmux server to make its socket again.
    Socket(Process),
    /// Writes the systemd unit anew.
    Service,
    /// Ends and removes what a killed probe left.
    Probe,
    /// Ends and removes what killed preparations left.
    Prepared,
    /// Clears what killed commands left beside or in a mirror.
    Mirror(PathBuf),
    /// Writes the releases of the built-in harness that are lacking.
    BuiltIn,
    /// Forgets what is known of a name that is not registered, and of which nothing runs.
    Forget(Name),
}

impl Fix {
    /// Says what it does.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Journal(name) => {
                format!("complete or take back what was interrupted on `{name}`")
            }
            Self::Remove(path) | Self::GitLock(path) => format!("remove `{}`", path.display()),
            Self::Private(path) => {
                format!("let nobody else read or write `{}`", path.display())
            }
            Self::Ignore(lines) => format!("add to .gitignore: {}", lines.join(" ")),
            Self::Socket(server) => {
                format!(
                    "tell process {}, the tmux server, to make its socket again",
                    server.pid
                )
            }
            Self::Service => "write the systemd unit anew and start it".to_owned(),
            Self::Probe => "end and remove what a killed probe has left".to_owned(),
            Self::Prepared => "end and remove what killed preparations have left".to_owned(),
            Self::Mirror(path) => {
                format!(
                    "clear what killed commands have left at `{}`",
                    path.display()
                )
            }
            Self::BuiltIn => {
                "write the releases of the built-in harness that are lacking".to_owned()
            }
            Self::Forget(name) => format!("forget `{name}`, which is not in fleet.toml"),
        }
    }

    /// Does it; says what was done where that is more than [`Self::text`].
    fn carry_out(&self, fleet: Option<&mut Fleet>, ui: &Ui) -> anyhow::Result<Option<String>> {
        let of_fleet = || failed("there is no fleet");
        match self {
            Self::Journal(name) => {
                return operations::repair(fleet.with_context(of_fleet)?, name, ui);
            }
            Self::Remove(path) if path.is_dir() && !path.is_symlink() => {
                files::remove_stubborn_tree(path)?;
            }
            Self::Remove(path) => files::remove_if_there(path)?,
            Self::GitLock(path) => files::remove_if_there(path)?,
            Self::Private(path) => make_private(path)?,
            Self::Ignore(lines) => add_lines(&fleet.with_context(of_fleet)?.root, lines)?,
            Self::Socket(server) => {
                let held = server.open()?.context("the server has ended meanwhile")?;
                held.signal(Signal::SIGUSR1)?;
            }
            Self::Service => {
                operations::install_service(fleet.with_context(of_fleet)?, false, ui)?;
            }
            Self::Probe => {
                if !operations::clear_probe(fleet.with_context(of_fleet)?, ui)? {
                    return Err(refused("a probe is at work").into());
                }
            }
            Self::Prepared => operations::clear_prepared()?,
            Self::Mirror(path) => {
                if !pins::clear_mirror(path)? {
                    return Err(refused("a command is at work on the mirror").into());
                }
            }
            Self::BuiltIn => drop(fleet::embedded_harness()?),
            Self::Forget(name) => forget(fleet.with_context(of_fleet)?, name, ui)?,
        }
        Ok(None)
    }

    fn project(&self) -> Option<&Name> {
        match self {
            Self::Journal(name) | Self::Forget(name) => Some(name),
            Self::Remove(_)
            | Self::GitLock(_)
            | Self::Private(_)
            | Self::Ignore(_)
            | Self::Socket(_)
            | Self::Service
            | Self::Probe
            | Self::Prepared
            | Self::Mirror(_)
            | Self::BuiltIn => None,
        }
    }
}

/// Returns what may be done about these findings, each thing once.
pub(super) fn plan<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(Fix, String)> {
    let mut plan: Vec<(Fix, String)> = Vec::new();
    for finding in findings {
        if let Some(fix) = &finding.fix
            && plan.iter().all(|(known, _)| known != fix)
        {
            plan.push((fix.clone(), finding.evidence.clone()));
        }
    }
    plan
}

/// Does what was planned, says each thing that it did, and writes it into the trail. Returns how many failed.
pub(super) fn carry_out(plan: &[(Fix, String)], mut fleet: Option<&mut Fleet>, ui: &Ui) -> usize {
    let mut failures = 0;
    for (fix, why) in plan {
        let done = fix.carry_out(fleet.as_deref_mut(), ui);
        let text = match &done {
            Ok(Some(more)) => format!("{}: {more}", fix.text()),
            Ok(None) => fix.text(),
            Err(_) => format!("cannot {}", fix.text()),
        };
        if let Some(fleet) = fleet.as_deref() {
            record(fleet, fix, &text, why, done.as_ref().err(), ui);
        }
        match done {
            Ok(_) => ui.status(format!("fixed: {text}")),
            Err(error) => {
                failures += 1;
                ui.fail(&error.context(text));
            }
        }
    }
    failures
}

fn record(fleet: &Fleet, fix: &Fix, text: &str, why: &str, error: Option<&anyhow::Error>, ui: &Ui) {
    let event = Event {
        after: Some(text.to_owned()),
        why: Some(why.to_owned()),
        outcome: operations::outcome(error),
        ..fleet.asked("doctor")
    };
    let event = match fix.project() {
        Some(name) => event.of(name.as_str()),
        None => event,
    };
    fleet.record(&[event], ui);
}

fn make_private(path: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot change who may read `{}`", path.display());
    let found = fs::symlink_metadata(path).with_context(cannot)?;
    if found.is_symlink() {
        return Err(refused(format!("`{}` is a link", path.display())).into());
    }
    let mode = found.permissions().mode() & 0o700;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(cannot)
}

fn add_lines(root: &Path, lines: &[String]) -> anyhow::Result<()> {
    let path = root.join(".gitignore");
    let mut text = files::read_if_there(&path)?.unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // Another `--fix` may have added some meanwhile; what stands before an exception may not hold any more.
    let holding = text.rsplit("\n!").next().unwrap_or_default();
    let is_lacking = |line: &&String| holding.lines().all(|there| there != line.as_str());
    let lacking: Vec<&String> = lines.iter().filter(is_lacking).collect();
    for line in lacking {
        text.push_str(line);
        text.push('\n');
    }
    files::replace(&path, text.as_bytes(), 0o644, Durability::Synced)
}

/// Forgets a name, if it still is nobody's: a command may have registered or started it meanwhile.
fn forget(fleet: &mut Fleet, name: &Name, ui: &Ui) -> anyhow::Result<()> {
    let _lock = fleet.lock(name, ui)?;
    if fleet.registry.projects.contains_key(name) {
        return Ok(());
    }
    operations::forget(fleet, name)
}
