//! The answer for people.

use jiff::Timestamp;

use super::Why;
use super::facts::Fact;
use crate::events::Event;
use crate::status::render::between;
use crate::ui::{Sheet, ago};

/// Returns the answer as a sheet: the sentence first.
pub(crate) fn sheet(why: &Why) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.line(&why.sentence);
    sheet.line(format!("next: {}", why.next.text));
    sheet.title("known");
    for fact in &why.facts {
        sheet.note(fact.about, &fact.says, fact.source_and_age(why.at));
    }
    if !why.said.is_empty() {
        sheet.title("its last lines");
        for line in &why.said {
            sheet.item(line, "");
        }
    }
    sheet.title("looked for, and not found");
    for absent in &why.absent {
        sheet.item(absent.what, &absent.source);
    }
    sheet.title("policy");
    for line in &why.arithmetic.text {
        sheet.item(line, "");
    }
    if !why.history.is_empty() {
        sheet.title("lately");
        for event in &why.history {
            sheet.note(age(event.at, why.at), told(event), event.by());
        }
    }
    sheet
}

impl Fact {
    fn source_and_age(&self, now: Timestamp) -> String {
        match self.since {
            Some(since) => format!("{}, {}", self.source, age(since, now)),
            None => self.source.clone(),
        }
    }
}

fn age(since: Timestamp, now: Timestamp) -> String {
    format!("{} ago", ago(between(since, now)))
}

/// Writes an event as one line: what, from what to what, why, and how it went where that is not as usual.
fn told(event: &Event) -> String {
    let change = match (&event.before, &event.after) {
        (Some(before), Some(after)) => format!(": {before} -> {after}"),
        (None, Some(only)) | (Some(only), None) => format!(": {only}"),
        (None, None) => String::new(),
    };
    let why = event.why.as_ref();
    let why = why.map_or_else(String::new, |why| format!(", because {why}"));
    let outcome = match event.outcome.as_str() {
        "done" | "" => String::new(),
        other => format!(", {other}"),
    };
    format!("{}{change}{why}{outcome}", event.what)
}
