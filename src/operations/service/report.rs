//! `fleet service status`: each fact with its source, and whether it is as it should be.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::unit::{self, Unit};
use crate::fleet::Fleet;
use crate::sessions::{Home, Panes};
use crate::systemd::{self, Manager, Placement};
use crate::ui::{Mood, Table, ago};

/// The version of the JSON's format.
const SCHEMA: u32 = 1;

/// What is asked of systemd about the unit.
const PROPERTIES: &str =
    "ActiveState,SubState,Result,UnitFileState,NeedDaemonReload,ActiveEnterTimestampMonotonic";

/// What is true of a fleet's service and of its tmux server. Fields may be added and never change their meaning.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceReport {
    schema: u32,
    fleet: String,
    unit: String,
    facts: Vec<Fact>,
}

/// One fact about the service or the server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fact {
    /// Which.
    pub(crate) fact: &'static str,
    /// How it is.
    pub(crate) value: String,
    /// Since when, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// Null where it is neither well nor wrong, or cannot be told.
    pub(crate) well: Option<bool>,
    /// Where it was seen.
    pub(crate) source: String,
    /// What to type where it is wrong.
    pub(crate) hint: Option<String>,
}

/// Looks at the service and at where the tmux server lives. Changes nothing.
pub(crate) fn report(fleet: &Fleet) -> anyhow::Result<ServiceReport> {
    let unit = Unit::of(fleet)?;
    let manager = systemd::manager();
    let mut facts = vec![of_manager(&manager).else_type(unit::instead(fleet)?)];
    match unit.installed()? {
        Some(text) => {
            facts.extend(of_file(fleet, &unit, &text)?);
            if let Ok(manager @ Manager::User(_)) = &manager {
                facts.extend(of_systemd(manager, &unit));
            }
        }
        None => {
            let fact = Fact::new("installed", "no", unit.path.display().to_string());
            let fact = fact.judged(false);
            facts.push(match &manager {
                Ok(Manager::User(_)) => fact.else_type("`fleet service install` installs it"),
                Ok(Manager::System) | Err(_) => fact,
            });
        }
    }
    facts.extend(unit.former()?.iter().map(|former| {
        Fact::new("former", &former.name, former.path.display().to_string())
            .judged(false)
            .else_type("`fleet service install` takes the unit of an earlier name away")
    }));
    let lingers = systemd::lingers();
    if let Ok(Manager::User(_)) = &manager {
        facts.push(of_linger(lingers));
    }
    facts.push(of_server(fleet, lingers)?);
    Ok(ServiceReport {
        schema: SCHEMA,
        fleet: fleet.registry.fleet.name.to_string(),
        unit: unit.name,
        facts,
    })
}

impl ServiceReport {
    /// Returns the facts.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Tells whether nothing is known to be wrong.
    pub(crate) fn is_well(&self) -> bool {
        self.facts.iter().all(|fact| fact.well != Some(false))
    }

    /// Returns what to type next, one for each thing that is wrong.
    pub(crate) fn hints(&self) -> Vec<&str> {
        let mut hints: Vec<&str> = self
            .facts
            .iter()
            .filter_map(|fact| fact.hint.as_deref())
            .collect();
        hints.dedup();
        hints
    }

    /// Returns it for people.
    pub(crate) fn table(&self, now: Timestamp) -> Table {
        let mut table = Table::new(["fact", "value", "for", "source"]);
        for fact in &self.facts {
            let age = fact.since.map(|since| {
                let age = now.duration_since(since);
                ago(Duration::try_from(age).unwrap_or_default())
            });
            let mood = match fact.well {
                Some(true) => Mood::Good,
                Some(false) => Mood::Bad,
                None => Mood::Plain,
            };
            table.moody_row([
                (fact.fact.to_owned(), Mood::Plain),
                (fact.value.clone(), mood),
                (age.unwrap_or_default(), Mood::Plain),
                (fact.source.clone(), Mood::Plain),
            ]);
        }
        table
    }
}

impl Fact {
    fn new(fact: &'static str, value: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            fact,
            value: value.into(),
            since: None,
            well: None,
            source: source.into(),
            hint: None,
        }
    }

    fn judged(mut self, well: impl Into<Option<bool>>) -> Self {
        self.well = well.into();
        self
    }

    /// Advises something where it is wrong.
    fn else_type(mut self, hint: impl Into<String>) -> Self {
        if self.well == Some(false) {
            self.hint = Some(hint.into());
        }
        self
    }
}

fn of_manager(manager: &Result<Manager, String>) -> Fact {
    match manager {
        Ok(Manager::User(directory)) => {
            let source = directory.join("systemd/private").display().to_string();
            Fact::new("manager", "a systemd user manager", source).judged(true)
        }
        Ok(Manager::System) => {
            let value = "the machine's only, which runs no user's service";
            Fact::new("manager", value, "/run/systemd/system").judged(false)
        }
        Err(why) => Fact::new("manager", why, "XDG_RUNTIME_DIR").judged(false),
    }
}

/// What the unit's file says.
fn of_file(fleet: &Fleet, unit: &Unit, text: &str) -> anyhow::Result<Vec<Fact>> {
    let source = unit.path.display().to_string();
    let command = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("ExecStart="));
        line.unwrap_or("no ExecStart=").to_owned()
    };
    let (found, wanted) = (command(text), command(&unit::text(fleet)?));
    let runs = if found == wanted {
        "this program, for this fleet".to_owned()
    } else {
        format!("something else: {found}")
    };
    Ok(vec![
        Fact::new("installed", "yes", &source).judged(true),
        Fact::new("runs", runs, source)
            .judged(found == wanted)
            .else_type("`fleet service install` has it run this program"),
    ])
}

/// What systemd says of the unit.
fn of_systemd(manager: &Manager, unit: &Unit) -> Vec<Fact> {
    let source = format!("systemctl --user show {}", unit.name);
    let property = format!("--property={PROPERTIES}");
    let answer = manager.ask(&["show", &unit.name, &property]);
    let said = match answer {
        Ok(answer) if answer.status.success() => answer.stdout,
        Ok(answer) => {
            let why = format!("cannot tell: {}", answer.stderr.trim());
            return vec![Fact::new("active", why, source)];
        }
        Err(error) => {
            let why = format!("cannot tell: {error:#}");
            return vec![Fact::new("active", why, source)];
        }
    };
    let properties: BTreeMap<&str, &str> = said
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let get = |name: &str| properties.get(name).copied().unwrap_or_default();
    let install = "`fleet service install` enables and starts it";
    let enabled = get("UnitFileState");
    let active = get("ActiveState");
    let mut runs = Fact::new("active", described(active, &get), &source)
        .judged(active == "active")
        .else_type(format!(
            "`journalctl --user -u {}` says why; {install}",
            unit.name
        ));
    if active == "active" {
        runs.since = since_boot(get("ActiveEnterTimestampMonotonic"));
    }
    let shown = if enabled.is_empty() { "no" } else { enabled };
    let mut facts = vec![
        Fact::new("enabled", shown, &source)
            .judged(enabled == "enabled")
            .else_type(install),
        runs,
    ];
    if get("NeedDaemonReload") == "yes" {
        let value = "systemd has not read the file since it changed";
        let fact = Fact::new("stale", value, source).judged(false);
        facts.push(fact.else_type("`systemctl --user daemon-reload`"));
    }
    facts
}

fn described<'a>(active: &str, get: &impl Fn(&str) -> &'a str) -> String {
    match (active, get("Result")) {
        ("", _) => "no".to_owned(),
        ("active", _) => format!("yes ({})", get("SubState")),
        (state, "" | "success") => format!("no ({state})"),
        (state, result) => format!("no ({state}: {result})"),
    }
}

/// Reads a moment in microseconds since the boot: unlike systemd's dates, that is the same in every language.
fn since_boot(microseconds: &str) -> Option<Timestamp> {
    let then = Duration::from_micros(microseconds.parse().ok()?);
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).ok()?);
    let age = SignedDuration::try_from(now.checked_sub(then)?).ok()?;
    Timestamp::now().checked_sub(age).ok()
}

fn of_linger(lingers: Option<bool>) -> Fact {
    let value = match lingers {
        Some(true) => "yes: the manager runs from boot to shutdown",
        Some(false) => "no: the manager ends with the last login",
        None => "cannot tell",
    };
    Fact::new("lingers", value, "loginctl show-user")
        .judged(lingers)
        .else_type("`loginctl enable-linger` lets it run on")
}

/// Where the tmux server lives, and whether a logout ends it.
fn of_server(fleet: &Fleet, lingers: Option<bool>) -> anyhow::Result<Fact> {
    let tmux = fleet.tmux()?;
    let socket = tmux.socket().display().to_string();
    let pid = match tmux.panes() {
        Ok(Panes::Running { pid, .. }) => pid,
        Ok(Panes::NotRunning) => return Ok(Fact::new("server", "none runs", socket)),
        Err(error) => {
            return Ok(Fact::new(
                "server",
                format!("cannot tell: {error:#}"),
                socket,
            ));
        }
    };
    let place = systemd::placement(pid);
    let outlives = place.outlives_logins(lingers, systemd::kills_user_processes());
    let until = match outlives {
        Some(true) => ": outlives logins",
        Some(false) => ": ends with the last login",
        None => "",
    };
    // A record that cannot be read, or is of another server, says nothing of this one.
    let record = fleet.server_record().ok().flatten();
    let home = record
        .filter(|record| record.process.pid == pid)
        .map(|record| (record.home, record.since));
    let oom = match &home {
        Some((
            Home::Scope {
                outlives_oom: false,
                ..
            },
            _,
        )) => "; one process killed for want of memory may end it",
        Some((Home::Scope { .. } | Home::Direct { .. } | Home::Met, _)) | None => "",
    };
    let mut fact = Fact::new(
        "server",
        format!("pid {pid}, {place}{until}{oom}"),
        format!("/proc/{pid}/cgroup"),
    )
    .judged(outlives)
    .else_type(match place {
        Placement::Login(_) => "`fleet restart --all` starts it anew, in a scope of its own",
        Placement::OwnScope { .. }
        | Placement::UserUnit(_)
        | Placement::SystemUnit(_)
        | Placement::Unknown => "`loginctl enable-linger` lets it run on",
    });
    fact.since = home.map(|(_, since)| since);
    Ok(fact)
}
