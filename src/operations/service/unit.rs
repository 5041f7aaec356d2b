//! The unit that runs a fleet's guardian: its name, its place and its text.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::{BaseStrategy as _, choose_base_strategy};

use crate::command::Answer;
use crate::error::{Fault, failed, refused};
use crate::files;
use crate::fleet::Fleet;
use crate::supervision::this_program;
use crate::systemd::{self, Manager, ServiceUnit};

/// Variables beside PATH that say where this user's files are: the guardian must find the same ones.
const PLACES: [&str; 5] = [
    "TMUX_TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
];

/// A fleet's unit, installed or not.
#[derive(Debug)]
pub(super) struct Unit {
    /// Its name, with the suffix.
    pub(super) name: String,
    /// Where its file is or would be.
    pub(super) path: PathBuf,
}

impl Unit {
    /// Returns the unit of a fleet.
    pub(super) fn of(fleet: &Fleet) -> anyhow::Result<Self> {
        let strategy = choose_base_strategy().context("cannot find the home directory")?;
        let name = format!("{}.service", fleet.systemd_name());
        let path = strategy.config_dir().join("systemd/user").join(&name);
        Ok(Self { name, path })
    }

    /// Returns the fleet's units of earlier names: it goes by its place, and what it is called may be edited.
    pub(super) fn former(&self) -> anyhow::Result<Vec<Self>> {
        let directory = self.path.parent().expect("a unit has a directory");
        let (_, place) = self
            .name
            .rsplit_once('-')
            .expect("a unit ends in its place");
        let names = match std::fs::read_dir(directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries
                .with_context(|| format!("cannot look into `{}`", directory.display()))?
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok()),
        };
        let is_former = |name: &String| {
            let rest = name.strip_prefix("fleet-");
            rest.is_some_and(|rest| rest.ends_with(&format!("-{place}"))) && *name != self.name
        };
        let former = names.filter(is_former).map(|name| Self {
            path: directory.join(&name),
            name,
        });
        Ok(former.collect())
    }

    /// Has systemd run it no more, and takes its file away.
    pub(super) fn take_away(&self, manager: &Manager) -> anyhow::Result<()> {
        let name = self.name.as_str();
        done(
            &manager.change(&["disable", "--now", name])?,
            "stop and disable the service",
        )?;
        files::remove_if_there(&self.path)?;
        done(
            &manager.change(&["daemon-reload"])?,
            "have systemd read its units",
        )?;
        // A unit that failed would be remembered, though there is none any more. One that did not has nothing to forget.
        let _ = manager.change(&["reset-failed", name]);
        Ok(())
    }

    /// Returns its file's text, if it is installed.
    pub(super) fn installed(&self) -> anyhow::Result<Option<String>> {
        files::read_if_there(&self.path)
    }
}

/// Returns the program that runs, as a unit can name it.
pub(super) fn program() -> anyhow::Result<String> {
    let path = this_program()?;
    let text = path
        .to_str()
        .filter(|text| systemd::is_program_path(text))
        .ok_or_else(|| {
            refused(format!(
                "systemd cannot run a program whose path is `{}`",
                path.display().to_string().escape_debug()
            ))
            .hint("install `fleet` at a path without quotes, backslashes and control characters")
        })?;
    Ok(text.to_owned())
}

/// Writes the unit's text: this program, for this fleet, found and finding as here.
pub(super) fn text(fleet: &Fleet) -> anyhow::Result<String> {
    let root = utf8(&fleet.root)?;
    let argv = [&program()?, "--fleet", root, "watch"].map(str::to_owned);
    let recorded = |name: &str| {
        let value = std::env::var_os(name)?.into_string().ok()?;
        Some((name.to_owned(), value)).filter(|(_, value)| !value.is_empty())
    };
    let unit = ServiceUnit {
        description: format!(
            "fleet {}: brings back what should run",
            fleet.registry.fleet.name
        ),
        argv: argv.to_vec(),
        environment: ["PATH"]
            .iter()
            .chain(&PLACES)
            .filter_map(|name| recorded(name))
            .collect(),
    };
    Ok(unit.text())
}

fn utf8(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("a unit's text is UTF-8, which `{}` is not", path.display()))
}

/// Returns the user's own manager, or refuses: there is nothing else that could run the unit.
pub(super) fn user_manager(fleet: &Fleet) -> anyhow::Result<Manager> {
    let why = match systemd::manager() {
        Ok(manager @ Manager::User(_)) => return Ok(manager),
        Ok(Manager::System) => "root has no systemd user manager here".to_owned(),
        Err(why) => why,
    };
    Err(refused("there is nothing that could run the service")
        .because(anyhow::anyhow!(why))
        .hint(instead(fleet)?)
        .into())
}

/// Returns what to type where there is no user manager.
pub(super) fn instead(fleet: &Fleet) -> anyhow::Result<String> {
    Ok(format!(
        "`crontab -e` can bring the fleet up after a reboot: @reboot {} --fleet {} boot",
        for_crontab(&this_program()?),
        for_crontab(&fleet.root)
    ))
}

/// Writes a path as a crontab's line takes it: the shell reads it, and a percent sign ends the command.
fn for_crontab(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@".contains(c);
    if text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''").replace('%', "\\%"))
}

/// Fails where a program of systemd's did.
pub(super) fn done(answer: &Answer, what: &str) -> Result<(), Fault> {
    if answer.status.success() {
        return Ok(());
    }
    // A question whose answer is no is answered on stdout.
    let said = [&answer.stderr, &answer.stdout].map(|text| text.trim());
    let said = said.into_iter().find(|text| !text.is_empty());
    let said = said.unwrap_or("it gave no reason");
    Err(failed(format!("cannot {what}")).because(anyhow::anyhow!("systemctl: {said}")))
}
