//! What is known of the tender, the harness's process, and how the last life ended.

use super::evidence::Evidence;
use super::facts::Facts;
use crate::status::facts::Loss;
use crate::supervision::{LastExit, Liveness, State};
use crate::ui::{count, seconds};

/// Tells all of it.
pub(super) fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    let file = evidence
        .world
        .fleet
        .unit_files(&evidence.project.name)
        .state;
    let source = evidence.file(&file);
    let state = match &evidence.look.facts.state {
        Err(why) => return facts.cannot_tell("tender", why, source),
        Ok(None) => return facts.absent("a tender's record", source),
        Ok(Some(state)) => state,
    };
    tender(evidence, state, &source, facts);
    process(evidence, state, &source, facts);
    match &state.last_exit {
        Some(exit) => last_exit(exit, &source, facts),
        None => facts.absent("a death", source),
    }
    health(evidence, facts);
}

fn tender(evidence: &Evidence<'_>, state: &State, source: &str, facts: &mut Facts) {
    let pid = state.tender.pid;
    match evidence.look.facts.tender {
        Liveness::Alive => facts.add("tender", format!("process {pid} lives"), "/proc"),
        Liveness::Gone if state.tender.boot != evidence.world.now.boot => {
            facts.add("tender", "it was of another boot", "/proc");
        }
        Liveness::Gone => facts.add("tender", format!("process {pid} has gone"), "/proc"),
        Liveness::Unknown => {
            facts.cannot_tell("tender", format!("whether process {pid} lives"), "/proc");
        }
    }
    let reason = state.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let says = format!("it last wrote `{}`{reason}", state.phase.word());
    facts.add_since("tender", says, source, Some(state.since));
    match evidence.look.judged.loss {
        Some(Loss::Server) if evidence.incident.is_none() => {
            let whether = "whether the server was killed, or ended with its last session";
            facts.cannot_tell("tender", whether, "nobody saw it");
        }
        Some(loss) => {
            if let Some(says) = meaning(loss) {
                facts.add("tender", says, "what it wrote, and did not write");
            }
        }
        None => {}
    }
}

/// Says how a loss is known for what it is.
fn meaning(loss: Loss) -> Option<&'static str> {
    match loss {
        Loss::Machine | Loss::Server => None,
        Loss::Session => Some(
            "its terminal closed while the server lived: its session or window was killed by hand, or it was sent SIGHUP",
        ),
        Loss::Tender => Some(
            "it wrote of no end, as it does at every other: only SIGKILL, a crash of its own or a full disk leaves none",
        ),
    }
}

fn process(evidence: &Evidence<'_>, state: &State, source: &str, facts: &mut Facts) {
    let Some(life) = &state.life else {
        return facts.absent("a life of the harness", source);
    };
    let pid = life.process.pid;
    // Before the first spawn the record names the tender itself.
    if life.process == state.tender {
        return facts.absent("a process of the harness", source);
    }
    let since = Some(life.since);
    match evidence.look.facts.process {
        Liveness::Alive => {
            facts.add_since("process", format!("process {pid} lives"), source, since);
        }
        Liveness::Gone => {
            facts.add_since("process", format!("process {pid} has gone"), source, since);
        }
        Liveness::Unknown => {
            facts.cannot_tell("process", format!("whether process {pid} lives"), "/proc");
        }
    }
    let runner = format!("begun by version {}", life.runner);
    let restarts = match state.restarts {
        0 => String::new(),
        number => format!(", after {}", count(number as usize, "restart")),
    };
    facts.add("process", format!("{runner}{restarts}"), source);
}

fn last_exit(exit: &LastExit, source: &str, facts: &mut Facts) {
    let says = format!("{exit} after {}", seconds(exit.uptime));
    facts.add_since("last exit", says, source, Some(exit.at));
    if let Some(commit) = &exit.commit {
        let short: String = commit.chars().take(8).collect();
        facts.add(
            "last exit",
            format!("it ran {short} of the harness"),
            source,
        );
    }
    if exit.killed > 0 {
        let many = count(exit.killed as usize, "process");
        let says = format!("{many} of that life had to be killed after it");
        facts.add("last exit", says, source);
    }
    match &exit.oom {
        Some(oom) => facts.add("last exit", oom, "the kernel"),
        None => facts.absent("a sign that memory ran out", "the kernel, when it died"),
    }
    if exit.said.is_empty() {
        facts.absent("last lines of the life that ended", source);
    }
}

fn health(evidence: &Evidence<'_>, facts: &mut Facts) {
    let project = evidence.project;
    let file = evidence.file(&evidence.world.fleet.probe_file(&project.name));
    match &evidence.look.said {
        Some(said) => {
            let says = if said.healthy {
                "said that it is well"
            } else {
                "said that it is not well, or nothing in time"
            };
            facts.add_since("harness", says, "fleet status --probe", Some(said.at));
        }
        None => facts.absent("an answer of the harness in this life", file),
    }
}
