//! `fleet history`: the audit trail, for people and for programs.

use std::path::Path;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::cli::History;
use crate::error::{Exit, Fault, usage};
use crate::events::{self, Event, Filter, Trail};
use crate::fleet::RUNTIME;
use crate::names::{Name, duration, nearest};
use crate::registry::Registry;
use crate::ui::{Mood, Table, Ui, count, list, seconds};

/// How many are shown where nothing else was asked for.
const LIMIT: usize = 100;

/// From how many seconds on it is said how long something took.
const WORTH_TELLING: f64 = 1.0;

/// Prints the trail of the fleet in a directory. Its registry need not be valid: then this is needed most.
pub(crate) fn history(root: &Path, wanted: &History, ui: &Ui) -> anyhow::Result<Exit> {
    let now = Zoned::now();
    let since = wanted
        .since
        .as_deref()
        .map(|text| moment(text, &now).ok_or_else(|| no_moment(text)))
        .transpose()?;
    let filter = Filter {
        projects: wanted.names.iter().map(Name::to_string).collect(),
        since,
        limit: wanted.limit.or(since.is_none().then_some(LIMIT)),
    };
    let trail = events::read(&root.join(RUNTIME), &filter)?;
    if wanted.json {
        super::print_json(&trail.events, ui)?;
    } else if trail.events.is_empty() {
        say_nothing_is_there(root, wanted, ui);
    } else {
        ui.result(table(&trail.events, root, &now));
    }
    say_what_is_missing(&trail, ui);
    Ok(Exit::Done)
}

fn table(events: &[Event], root: &Path, now: &Zoned) -> Table {
    let mut table = Table::new(["time", "project", "what", "details", "who"]);
    for event in events {
        table.moody_row(told(event, root, now));
    }
    table
}

/// Tells an event of the fleet in a directory: when, of which project, what, the details, and who.
pub(crate) fn told(event: &Event, root: &Path, now: &Zoned) -> [(String, Mood); 5] {
    let mood = if event.outcome.starts_with("failed") {
        Mood::Bad
    } else if event.outcome.starts_with("refused") {
        Mood::Odd
    } else {
        Mood::Plain
    };
    [
        (time(event.at, now), Mood::Plain),
        (one_line(event.project.as_deref()), Mood::Plain),
        (one_line(Some(&event.what)), Mood::Plain),
        (one_line(Some(&details(event, root))), mood),
        (one_line(Some(&event.by())), Mood::Plain),
    ]
}

/// Writes a moment of the local calendar: of today the time alone.
fn time(at: Timestamp, now: &Zoned) -> String {
    let at = at.to_zoned(now.time_zone().clone());
    let format = if at.date() == now.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.strftime(format).to_string()
}

/// Says what became what, why, and how it went where that is not as usual. Places in the fleet are relative to it.
fn details(event: &Event, root: &Path) -> String {
    let change = match (event.before.as_deref(), event.after.as_deref()) {
        (Some(before), Some(after)) => Some(format!("{before} -> {after}")),
        (Some(before), None) => Some(format!("{before} -> gone")),
        (None, after) => after.map(str::to_owned),
    };
    let outcome = (event.outcome != "done").then(|| event.outcome.clone());
    let took = event.seconds.filter(|took| *took >= WORTH_TELLING);
    let took = took.map(|took| format!("it took {}", seconds(took)));
    let parts = [change, event.why.clone(), outcome, took];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    text.replace(&format!("{}/", root.display()), "")
}

/// Returns a text that somebody else wrote so that it stays in its cell, and cannot speak to the terminal.
fn one_line(text: Option<&str>) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.unwrap_or_default().chars().map(shown).collect()
}

fn say_nothing_is_there(root: &Path, wanted: &History, ui: &Ui) {
    let since = match &wanted.since {
        Some(since) => format!(" since {since}"),
        None => String::new(),
    };
    if wanted.names.is_empty() {
        ui.status(format!("nothing was changed{since}"));
        return;
    }
    ui.status(format!(
        "the trail says nothing of {}{since}",
        list(&wanted.names)
    ));
    let Ok(registry) = Registry::load(root) else {
        return;
    };
    for name in &wanted.names {
        if !registry.projects.contains_key(name)
            && let Some(near) = nearest(name.as_str(), registry.projects.keys().map(Name::as_str))
        {
            ui.hint(format!("did you mean `{near}`?"));
        }
    }
}

fn say_what_is_missing(trail: &Trail, ui: &Ui) {
    if trail.skipped > 0 {
        ui.warn(format!(
            "{} of the trail cannot be read: cut off, or written by something else",
            count(trail.skipped, "line")
        ));
    }
    if trail.has_more {
        ui.hint("there are older ones: `--limit N` and `--since WHEN` show them");
    }
}

fn no_moment(text: &str) -> Fault {
    usage(format!("`{}` is no moment", text.escape_debug()))
        .hint("write `2h`, `3d`, `yesterday`, `2026-11-20` or `2026-11-20T10:00`")
}

/// Reads a moment as people write it: so long ago, a day, or a time of the local calendar; `None` where it is none.
fn moment(text: &str, now: &Zoned) -> Option<Timestamp> {
    let days_ago = |days: i64| {
        let day = now.checked_sub(Span::new().try_days(days).ok()?).ok()?;
        Some(day)
    };
    let begin = |day: Zoned| Some(day.start_of_day().ok()?.timestamp());
    match text {
        "today" => return begin(now.clone()),
        "yesterday" => return begin(days_ago(1)?),
        _ => {}
    }
    if let Some(days) = text.strip_suffix('d')
        && days.len() <= 5
        && days.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(days_ago(days.parse().ok()?)?.timestamp());
    }
    if let Some(length) = duration(text) {
        let length = SignedDuration::try_from(length).ok()?;
        return now.timestamp().checked_sub(length).ok();
    }
    // With an offset it is a moment by itself: what `--json` prints can be given back.
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(now.time_zone().clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let now: Zoned = "2026-11-20T12:30:00+01:00[+01:00]".parse().unwrap();
        for (text, meant) in [
            ("2h", "2026-11-20T09:30:00Z"),
            ("90s", "2026-11-20T11:28:30Z"),
            ("3d", "2026-11-17T11:30:00Z"),
            ("today", "2026-11-19T23:00:00Z"),
            ("yesterday", "2026-11-18T23:00:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20T10:00", "2026-11-20T09:00:00Z"),
            ("2026-11-20 10:00:30", "2026-11-20T09:00:30Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ] {
            let meant: Timestamp = meant.parse().unwrap();
            assert_eq!(moment(text, &now), Some(meant), "{text}");
        }
        for text in [
            "",
            "d",
            "-1d",
            "2x",
            "soon",
            "2026-13-01",
            "99999d",
            "999999999h",
        ] {
            let read = moment(text, &now);
            assert!(read.is_none() || read < Some(now.timestamp()), "{text}");
        }
        assert_eq!(moment("soon", &now), None);
        assert_eq!(moment("2026-13-01", &now), None);
    }

    #[test]
    fn a_row_says_what_became_what_and_how_it_went_unless_that_is_as_usual() {
        let mut event = Event {
            before: Some("down".to_owned()),
            after: Some("up".to_owned()),
            seconds: Some(0.2),
            ..Event::new("tester", "start")
        };
        let said = |event: &Event| details(event, Path::new("/fleet"));
        assert_eq!(said(&event), "down -> up");
        event.after = None;
        event.why = Some("it was asked for".to_owned());
        event.seconds = Some(1.2);
        assert_eq!(
            said(&event),
            "down -> gone; it was asked for; it took 1.2 s"
        );
        event.before = None;
        event.outcome = "refused: /fleet/demo runs".to_owned();
        assert_eq!(
            said(&event),
            "it was asked for; refused: demo runs; it took 1.2 s"
        );
    }

    #[test]
    fn of_today_the_time_is_told_and_of_other_days_the_day() {
        let now: Zoned = "2026-11-20T12:30:00+01:00[+01:00]".parse().unwrap();
        let told = |at: &str| time(at.parse().unwrap(), &now);
        assert_eq!(told("2026-11-20T09:00:01Z"), "10:00:01");
        assert_eq!(told("2026-11-19T09:00:01Z"), "2026-11-19 10:00:01");
    }

    #[test]
    fn what_others_wrote_cannot_speak_to_the_terminal() {
        assert_eq!(one_line(Some("a\u{1b}[31m\nb")), "a [31m b");
    }
}
