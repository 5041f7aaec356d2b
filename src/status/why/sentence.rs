//! The answer in one sentence, and what happens next.

use jiff::Timestamp;
use serde::Serialize;

use super::evidence::{Evidence, terminal};
use crate::names::Name;
use crate::status::render::between;
use crate::status::{ProjectReport, Verdict};
use crate::supervision::Phase;
use crate::ui::ago;

/// What happens next, and what changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    pub(crate) text: String,
    /// When it happens, where that is known.
    pub(crate) at: Option<Timestamp>,
}

/// Says how a project is, for how long, and why, in one sentence.
pub(super) fn sentence(name: &Name, report: &ProjectReport, now: Timestamp) -> String {
    let age = report.since.map(|since| ago(between(since, now)));
    let since = |before: &str, after: &str| match &age {
        Some(age) => format!("{before}{age}{after}"),
        None => String::new(),
    };
    let (what, age) = match report.verdict {
        Verdict::Up => ("is up", since(", for ", "")),
        Verdict::UpByHand => ("is up, and was started by hand", String::new()),
        Verdict::Starting => ("is starting", since(", for ", "")),
        Verdict::Down => ("is down", since(", for ", "")),
        Verdict::Finished => ("has finished", since(", ", " ago")),
        Verdict::Crashed => ("has crashed", since(", ", " ago")),
        Verdict::Parked => ("is parked", since(", for ", "")),
        Verdict::Disabled => ("is down and disabled", since(", for ", "")),
        Verdict::Degraded => ("is up but not well", since(", for ", "")),
        Verdict::Missing => ("is missing", String::new()),
        Verdict::Unknown => {
            let why = report.reason.as_deref().unwrap_or("nothing says");
            return format!("cannot tell how {name} is: {why}");
        }
    };
    let reason = report.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{name} {what}{age}{reason}")
}

/// Says what happens next.
pub(super) fn next(evidence: &Evidence<'_>) -> Next {
    let (name, report) = (&evidence.project.name, &evidence.report);
    let is_stopping = evidence
        .state()
        .is_some_and(|state| state.phase == Phase::Stopping);
    let harness = terminal(name);
    // What comes by itself can be kept from coming.
    let due = |due| format!("{due}; `fleet stop {name}` keeps it down");
    let went = evidence.went.as_ref();
    let went = went.map(|went| format!("nothing is due; {went}"));
    let advice = went.or_else(|| report.advice().map(str::to_owned));
    let told = advice.or_else(|| report.due().map(due));
    let text = told.unwrap_or_else(|| match report.verdict {
        Verdict::Up if is_stopping => "it ends when its grace is over, at the latest".to_owned(),
        Verdict::Up | Verdict::Degraded => {
            format!("nothing is due; `fleet stop {name}` ends it")
        }
        Verdict::UpByHand => "nothing is due; who started it ends it".to_owned(),
        Verdict::Starting => format!("it is about to run; `fleet logs {harness}` shows it"),
        Verdict::Down | Verdict::Crashed | Verdict::Parked => {
            format!("nothing is due; `fleet start {name}` starts it")
        }
        Verdict::Finished => format!("nothing is due; `fleet start {name}` runs it again"),
        Verdict::Disabled => format!("nothing is due; `fleet enable {name}` allows it to start"),
        Verdict::Missing | Verdict::Unknown => {
            "nothing is done on a guess; remove the cause, and look again".to_owned()
        }
    });
    let waits = evidence
        .state()
        .filter(|state| state.phase == Phase::Waiting && !evidence.look.facts.brake);
    let due = waits.and_then(|state| state.due.as_ref());
    Next {
        text,
        at: due
            .filter(|_| evidence.look.judged.loss.is_none())
            .map(|due| due.at),
    }
}
