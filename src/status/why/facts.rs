//! What is known of a project, what cannot be told, and what was looked for and not found.

use jiff::Timestamp;
use serde::Serialize;

use super::evidence::Evidence;
use super::{pin, process, rollout};
use crate::events::Event;
use crate::recording::{self, HARNESS_WINDOW, Series};
use crate::registry::Watch;
use crate::server::Standing;
use crate::status::facts::Terminal;
use crate::status::world::Answer;
use crate::supervision::{Want, read_desired};
use crate::systemd::{self, Placement};
use crate::ui::{count, list};

/// One thing that is known, or that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    /// What it is about, in a word or two.
    pub(crate) about: &'static str,
    pub(crate) says: String,
    /// False where it cannot be told; then `says` says why.
    pub(crate) known: bool,
    /// Where it is from.
    pub(crate) source: String,
    /// When it began or was written, where that is known.
    pub(crate) since: Option<Timestamp>,
}

/// Something that was looked for and not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Absent {
    pub(crate) what: &'static str,
    /// Where it was looked for.
    pub(crate) source: String,
}

/// Facts while they are collected.
#[derive(Debug, Default)]
pub(super) struct Facts {
    known: Vec<Fact>,
    absent: Vec<Absent>,
}

impl Facts {
    /// Adds what is known.
    pub(super) fn add(
        &mut self,
        about: &'static str,
        says: impl Into<String>,
        source: impl Into<String>,
    ) {
        self.add_since(about, says, source, None);
    }

    /// Adds what is known, and since when it has been so.
    pub(super) fn add_since(
        &mut self,
        about: &'static str,
        says: impl Into<String>,
        source: impl Into<String>,
        since: Option<Timestamp>,
    ) {
        self.known.push(Fact {
            about,
            says: says.into(),
            known: true,
            source: source.into(),
            since,
        });
    }

    /// Adds what cannot be told, and why.
    pub(super) fn cannot_tell(
        &mut self,
        about: &'static str,
        why: impl AsRef<str>,
        source: impl Into<String>,
    ) {
        self.known.push(Fact {
            about,
            says: format!("cannot tell: {}", why.as_ref()),
            known: false,
            source: source.into(),
            since: None,
        });
    }

    /// Adds what was looked for and not found.
    pub(super) fn absent(&mut self, what: &'static str, source: impl Into<String>) {
        self.absent.push(Absent {
            what,
            source: source.into(),
        });
    }
}

/// Returns all of it, in the order of the causes: what is wanted, what there is, what happened.
pub(super) fn of(evidence: &Evidence<'_>) -> (Vec<Fact>, Vec<Absent>) {
    let mut facts = Facts::default();
    registry(evidence, &mut facts);
    desired(evidence, &mut facts);
    terminal(evidence, &mut facts);
    process::tell(evidence, &mut facts);
    recording(evidence, &mut facts);
    directory(evidence, &mut facts);
    commands(evidence, &mut facts);
    rollout::tell(evidence, &mut facts);
    pin::tell(evidence, &mut facts);
    fleet(evidence, &mut facts);
    (facts.known, facts.absent)
}

fn registry(evidence: &Evidence<'_>, facts: &mut Facts) {
    let project = evidence.project;
    let enabled = if project.enabled {
        "enabled"
    } else {
        "disabled: nothing starts it"
    };
    facts.add("registry", enabled, evidence.origin("enabled"));
    let watch = match project.watch {
        Watch::Heal => "watch = heal: it comes back when it dies",
        Watch::Off => "watch = off: what died stays dead",
    };
    facts.add("registry", watch, evidence.origin("watch"));
    if let Some(value) = evidence.value("restart") {
        facts.add(
            "registry",
            format!("restart = {value}"),
            evidence.origin("restart"),
        );
    }
}

fn desired(evidence: &Evidence<'_>, facts: &mut Facts) {
    let path = evidence
        .world
        .fleet
        .unit_files(&evidence.project.name)
        .desired;
    let source = evidence.file(&path);
    let desired = match read_desired(&path) {
        Err(error) => return facts.cannot_tell("desired", format!("{error:#}"), source),
        Ok(None) => return facts.absent("a wish of the operator's", source),
        Ok(Some(desired)) => desired,
    };
    let (want, verbs) = match desired.want {
        Want::Up => ("up", &["start", "restart", "create", "boot"][..]),
        Want::Down => ("down", &["stop", "restart"][..]),
    };
    let history = evidence.history.as_deref().unwrap_or_default();
    let asked = |event: &&Event| verbs.contains(&&*event.what);
    let who = match history.iter().rev().find(asked) {
        Some(event) => format!(", asked for by {}", event.by()),
        None => String::new(),
    };
    let since = Some(desired.since);
    facts.add_since("desired", format!("{want}{who}"), source, since);
}

/// What says where a process lives.
const CGROUP: &str = "/proc/PID/cgroup";

fn terminal(evidence: &Evidence<'_>, facts: &mut Facts) {
    let name = &evidence.project.name;
    match &evidence.world.server {
        Answer::NotRunning => facts.add("server", "no tmux server listens", "tmux"),
        Answer::Unknown(why) => facts.cannot_tell("server", why, "tmux"),
        Answer::Running(running) => {
            let says = format!("process {} answers", running.pid);
            facts.add_since("server", says, "tmux", running.since);
            match systemd::placement(running.pid) {
                Placement::Unknown => facts.absent("a unit that the server is in", CGROUP),
                placement => facts.add("server", placement.to_string(), CGROUP),
            }
            if evidence.state().is_some() && evidence.look.facts.terminal == Terminal::ServerGone {
                let says = "it is younger than the project's tender, whose server has gone";
                facts.add("server", says, "/proc");
            }
        }
    }
    recorded_server(evidence, facts);
    match (&evidence.look.facts.terminal, &evidence.world.server) {
        (Terminal::There, Answer::Running(running)) => {
            let windows = running.sessions.get(name.as_str());
            let windows = list(windows.into_iter().flatten());
            facts.add(
                "session",
                format!("there, with the windows {windows}"),
                "tmux",
            );
        }
        (Terminal::Unknown(why), _) => facts.cannot_tell("session", why, "tmux"),
        (Terminal::There | Terminal::SessionGone | Terminal::ServerGone, _) => {
            facts.absent("a session of its name", "tmux");
        }
    }
}

/// Compares the server on record with the one that answers.
fn recorded_server(evidence: &Evidence<'_>, facts: &mut Facts) {
    const SOURCE: &str = ".fleet/server.json";
    let record = match evidence.world.fleet.server_record() {
        Ok(Some(record)) => record,
        Ok(None) => return facts.absent("a record of a server", SOURCE),
        Err(error) => return facts.cannot_tell("server", format!("{error:#}"), SOURCE),
    };
    let answering = match &evidence.world.server {
        Answer::Running(running) => Some(running.pid),
        Answer::NotRunning | Answer::Unknown(_) => None,
    };
    let pid = record.process.pid;
    let says = match record.standing(answering) {
        Standing::Same => format!("process {pid} is the one on record"),
        Standing::Another => format!("process {pid}, the one on record, has gone; another answers"),
        Standing::Gone => format!("process {pid}, the one on record, has gone"),
        Standing::Unknown => {
            let why = format!("whether process {pid}, the one on record, still runs");
            return facts.cannot_tell("server", why, SOURCE);
        }
    };
    facts.add_since("server", says, SOURCE, Some(record.since));
}

/// Tells what is kept of its output, and whether that goes on.
fn recording(evidence: &Evidence<'_>, facts: &mut Facts) {
    let logs = evidence.world.fleet.logs_of(&evidence.project.name);
    let source = evidence.file(&logs);
    let size = recording::size(&logs);
    if !evidence.project.log && size == 0 {
        return;
    }
    let megabytes = size as f64 / f64::from(1 << 20);
    let says = format!("{megabytes:.1} MB of its output are kept");
    facts.add("log", says, &source);
    for (window, why) in recording::troubles(&logs) {
        let says = format!("output of `{window}` is being lost: {why}");
        facts.add("log", says, &source);
    }
    let is_there = evidence.look.facts.terminal == Terminal::There;
    if evidence.project.log && is_there && !Series::of(&logs, HARNESS_WINDOW).is_written() {
        let says = "nobody records its terminal: its next life is recorded again";
        facts.add("log", says, &source);
    }
}

fn directory(evidence: &Evidence<'_>, facts: &mut Facts) {
    let location = &evidence.project.location;
    if !evidence.look.facts.directory {
        let says = format!("{} is not there", location.display());
        return facts.add("directory", says, evidence.origin("location"));
    }
    let source = "/proc/locks";
    match evidence.world.holders.get(location) {
        Some(pid) if evidence.look.facts.stranger.is_some() => {
            let says = format!("held by process {pid}, which is not its tender");
            facts.add("directory", says, source);
        }
        Some(pid) => {
            facts.add(
                "directory",
                format!("held by process {pid}, its tender"),
                source,
            );
            facts.absent("another run in its directory", source);
        }
        None => facts.absent("anybody who holds its directory", source),
    }
}

fn commands(evidence: &Evidence<'_>, facts: &mut Facts) {
    let name = &evidence.project.name;
    let fleet = evidence.world.fleet;
    let lock = evidence.file(&fleet.command_lock(name));
    match evidence.command {
        Some(pid) => facts.add("command", format!("process {pid} works on it"), lock),
        None => facts.absent("a command that works on it", lock),
    }
    let journal = evidence.file(&fleet.runtime("journal").join(format!("{name}.json")));
    if evidence.world.interrupted.contains(name) {
        let says = "a command was cut off; the same command completes it";
        facts.add("command", says, journal);
    } else if evidence.journal {
        facts.add("command", "its steps are on record", journal);
    } else {
        facts.absent("a command that was cut off", journal);
    }
}

fn fleet(evidence: &Evidence<'_>, facts: &mut Facts) {
    let world = &evidence.world;
    let brake = evidence.file(&world.fleet.runtime("brake"));
    match (world.brake.engaged, &world.brake.reason) {
        (Some(false), _) => facts.absent("a brake that is on", brake),
        (Some(true), reason) => {
            let says = format!("on: {}", reason.as_deref().unwrap_or("nothing says why"));
            facts.add_since("brake", says, brake, world.brake.since);
        }
        (None, why) => {
            facts.cannot_tell("brake", why.as_deref().unwrap_or("nothing says why"), brake);
        }
    }
    let source = format!("the states of {}", count(evidence.fleet_size, "project"));
    match &evidence.incident {
        Some(incident) => facts.add_since("incident", &incident.text, source, incident.since),
        None => facts.absent("others that died of the same", source),
    }
    let lock = evidence.file(&world.fleet.guardian_lock());
    match world.guardian {
        Some(pid) => facts.add("guardian", format!("process {pid} watches"), lock),
        None => facts.absent("a guardian", lock),
    }
    let trail = evidence.file(&world.fleet.runtime("events.jsonl"));
    match &evidence.history {
        Err(why) => facts.cannot_tell("history", why, trail),
        Ok(events) if events.is_empty() => facts.absent("a line about it in the trail", trail),
        Ok(_) => {}
    }
}
