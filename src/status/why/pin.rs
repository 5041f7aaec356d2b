//! The five ways of a pin, each by itself.

use super::evidence::Evidence;
use super::facts::Facts;
use super::upstream;
use crate::names::CommitId;
use crate::pins::PinWord;
use crate::status::collect::INSTALLED;
use crate::status::render::pin_reason;
use crate::status::report::PinReport;
use crate::ui::{count, list};

/// How many untracked files are named.
const NAMED: usize = 3;

/// Tells all of it.
pub(super) fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    let pin = &evidence.report.pin;
    let engine = evidence
        .world
        .fleet
        .engine(evidence.project)
        .unwrap_or("engine");
    let says = match pin_reason(pin) {
        Some(reason) => format!("{}: {reason}", pin.word),
        None => pin.word.to_string(),
    };
    facts.add("pin", says, "the five below");
    let wanted = format!("wanted: {}, which is {}", pin.reference, short(&pin.wanted));
    facts.add("pin", wanted, evidence.origin("ref"));
    upstream::tell(evidence, facts);
    if !evidence.look.facts.directory {
        let why = "the project is not at its location";
        return facts.cannot_tell("pin", why, evidence.origin("location"));
    }
    let is_unknown = pin.word == PinWord::Unknown;
    let unreadable = pin.reason.as_deref().filter(|_| is_unknown);
    if let Some(why) = unreadable {
        facts.cannot_tell("pin", why, "git's files");
    }
    for (what, commit, source) in [
        ("recorded", &pin.head, "the project's HEAD"),
        ("staged", &pin.index, "the project's index"),
    ] {
        if commit.is_some() || unreadable.is_none() {
            facts.add("pin", format!("{what}: {}", short(commit)), source);
        }
    }
    if pin.checkout.is_some() || unreadable.is_none() {
        let changes = match pin.dirty {
            Some(true) => ", with changed files",
            Some(false) => ", unchanged",
            None => "",
        };
        let says = format!("checked out: {}{changes}", short(&pin.checkout));
        facts.add("pin", says, format!("{engine}/"));
    }
    running(pin, facts);
    untracked(evidence, engine, facts);
    if let Some(cure) = &evidence.cure {
        facts.add("pin", format!("{cure} makes it readable"), "git's files");
    }
}

fn running(pin: &PinReport, facts: &mut Facts) {
    let Some(running) = &pin.running else {
        return facts.absent("a commit that runs", "its life");
    };
    let begun = match pin.runner.as_deref() {
        Some(INSTALLED) => format!("by version {INSTALLED}"),
        Some(other) => format!("by version {other}, and {INSTALLED} is installed"),
        None => "by an unknown version".to_owned(),
    };
    let says = format!("running: {}, begun {begun}", running.short());
    facts.add("pin", says, "its life");
}

fn untracked(evidence: &Evidence<'_>, engine: &str, facts: &mut Facts) {
    let source = format!("{engine}/");
    match &evidence.untracked {
        Err(why) => {
            facts.cannot_tell(
                "pin",
                format!("untracked files in {engine}/: {why}"),
                source,
            );
        }
        Ok(files) if files.is_empty() => facts.absent("untracked files of the harness", source),
        Ok(files) => {
            let more = match files.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let named = list(files.iter().take(NAMED));
            let many = count(files.len(), "untracked file");
            facts.add("pin", format!("{many}: {named}{more}"), source);
        }
    }
}

fn short(commit: &Option<CommitId>) -> &str {
    commit.as_ref().map_or("nothing", CommitId::short)
}
