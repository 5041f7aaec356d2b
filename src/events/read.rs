//! Reading the trail, from its end.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::generations::{open_all, text};
use super::{Event, VERSION};

/// Which events are wanted. The default is all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Those of these projects; none: of all, and of the fleet itself.
    pub(crate) projects: Vec<String>,
    /// Those since then, by the clock at the time.
    pub(crate) since: Option<Timestamp>,
    /// So many of the newest.
    pub(crate) limit: Option<usize>,
}

/// What the trail says.
#[derive(Debug)]
pub(crate) struct Trail {
    /// The events, oldest first, in the order in which they were written.
    pub(crate) events: Vec<Event>,
    /// How many lines were looked at and mean nothing.
    pub(crate) skipped: usize,
    /// Whether the limit left older ones out.
    pub(crate) has_more: bool,
}

/// Reads the trail in `runtime`; a fleet without one has no events yet.
///
/// Fails where a file of it cannot be read at all. Lines that cannot be are counted.
pub(crate) fn read(runtime: &Path, filter: &Filter) -> anyhow::Result<Trail> {
    let mut trail = Trail {
        events: Vec::new(),
        skipped: 0,
        has_more: false,
    };
    // A project's line has its name in quotes: whatever has not need not be parsed.
    let named: Vec<String> = filter
        .projects
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    'files: for (path, file) in open_all(runtime)? {
        for line in text(&path, file)?.lines().rev() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            // A line without its end is told even where it cannot be told whose it was.
            let is_whole = line.starts_with('{') && line.ends_with('}');
            if is_whole && !named.is_empty() && !named.iter().any(|name| line.contains(name)) {
                continue;
            }
            let Some(event) = parse(line) else {
                trail.skipped += 1;
                continue;
            };
            if !filter.wants(&event) {
                continue;
            }
            if Some(trail.events.len()) == filter.limit {
                trail.has_more = true;
                break 'files;
            }
            trail.events.push(event);
        }
    }
    trail.events.reverse();
    Ok(trail)
}

/// Returns the last `number` events of a project, oldest first.
pub(crate) fn last_of(runtime: &Path, project: &str, number: usize) -> anyhow::Result<Vec<Event>> {
    let filter = Filter {
        projects: vec![project.to_owned()],
        since: None,
        limit: Some(number),
    };
    Ok(read(runtime, &filter)?.events)
}

impl Filter {
    fn wants(&self, event: &Event) -> bool {
        let is_of_project = self.projects.is_empty()
            || event
                .project
                .as_ref()
                .is_some_and(|project| self.projects.contains(project));
        is_of_project && self.since.is_none_or(|since| event.at >= since)
    }
}

fn parse(line: &str) -> Option<Event> {
    serde_json::from_str(line).ok().or_else(|| newer(line))
}

/// Reads what can be read of a line that a newer version wrote.
fn newer(line: &str) -> Option<Event> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    if fields.get("version")?.as_u64()? <= u64::from(VERSION) {
        return None;
    }
    fields.retain(|name, value| match name.as_str() {
        "pid" => value.as_u64().is_some_and(|pid| u32::try_from(pid).is_ok()),
        "seconds" => value.is_number(),
        "version" => true,
        _ => value.is_string(),
    });
    serde_json::from_value(Value::Object(fields)).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::append;
    use super::*;

    fn trail_of(text: &str, filter: &Filter) -> Trail {
        let runtime = tempfile::tempdir().unwrap();
        fs::write(runtime.path().join("events.jsonl"), text).unwrap();
        read(runtime.path(), filter).unwrap()
    }

    #[test]
    fn a_newer_line_is_shown_as_far_as_it_can_be() {
        let line = r#"{"version":2,"at":"2026-11-20T10:00:00Z","who":{"name":"ada"},"project":"demo","what":"start","outcome":"done","seconds":"long","colour":"red"}"#;
        let trail = trail_of(&format!("{line}\n"), &Filter::default());
        assert_eq!((trail.events.len(), trail.skipped), (1, 0));
        let event = &trail.events[0];
        assert_eq!(event.project.as_deref(), Some("demo"));
        assert_eq!((event.who.as_str(), event.seconds), ("", None));
        // The same from this version would be no such line.
        let old = line.replace("\"version\":2", "\"version\":1");
        let trail = trail_of(&old, &Filter::default());
        assert_eq!((trail.events.len(), trail.skipped), (0, 1));
    }

    #[test]
    fn the_order_is_that_of_the_lines_and_not_that_of_the_clock() {
        let line = |hour: u32| {
            format!(
                "{{\"version\":1,\"at\":\"2026-11-20T{hour:02}:00:00Z\",\"what\":\"start\",\"project\":\"p{hour}\"}}\n"
            )
        };
        let text = format!("{}{}{}", line(12), line(9), line(11));
        let hours = |filter: &Filter| -> Vec<String> {
            let events = trail_of(&text, filter).events;
            events.into_iter().flat_map(|one| one.project).collect()
        };
        assert_eq!(hours(&Filter::default()), ["p12", "p9", "p11"]);
        let since = Filter {
            since: "2026-11-20T10:00:00Z".parse().ok(),
            ..Filter::default()
        };
        assert_eq!(hours(&since), ["p12", "p11"]);
        let last = Filter {
            limit: Some(2),
            ..Filter::default()
        };
        assert_eq!(hours(&last), ["p9", "p11"]);
        assert!(trail_of(&text, &last).has_more);
    }

    #[test]
    fn what_means_nothing_is_counted_and_skipped() {
        let good = r#"{"version":1,"at":"2026-11-20T10:00:00Z","what":"start","project":"demo"}"#;
        let text = format!("\0\0\0\n\n{good}\n[1]\n{{}}\n{{\"at\":\n\u{fffd}\n{good}");
        let all = trail_of(&text, &Filter::default());
        assert_eq!((all.events.len(), all.skipped), (2, 5));
        let filter = Filter {
            projects: vec!["demo".to_owned()],
            ..Filter::default()
        };
        assert_eq!(trail_of(&text, &filter).events.len(), 2);
    }

    #[test]
    fn a_trail_that_is_not_there_is_empty() {
        let runtime = tempfile::tempdir().unwrap();
        let trail = read(&runtime.path().join("none"), &Filter::default()).unwrap();
        assert_eq!((trail.events.len(), trail.skipped), (0, 0));
        append(runtime.path(), &[]).unwrap();
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }
}
