//! What a dead life leaves to read: its last lines, and what deaths of one cause have in common. Pure.

use super::LastExit;

/// How many lines are kept.
const LINES: usize = 10;
/// How many characters of each.
const LONGEST_LINE: usize = 200;

/// Returns the last lines that a life wrote, given all that its terminal shows of it.
///
/// In [`screen`], `until` is the line that the tender wrote after the life's end: nothing can be told where that has scrolled away.
/// Without one the life is the last that wrote there. What comes before the tender's line on an earlier life is not
/// this one's.
pub(super) fn said(screen: &[String]) -> Vec<String> {
    let said: Vec<&String> = screen.iter().filter(|line| !line.is_empty()).collect();
    said[said.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| cut(line))
        .collect()
}

/// Returns all lines of that life, without empty ones before and after.
pub(super) fn screen(shown: &str, name: &str, until: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = shown.lines().map(plain).collect();
    if let Some(until) = until {
        let end = lines.iter().rposition(|line| line == until);
        lines.truncate(end.unwrap_or(0));
    }
    if let Some(place) = lines.iter().rposition(|line| is_tenders(line, name)) {
        lines.drain(..=place);
    }
    let has_text = |line: &String| !line.is_empty();
    lines.truncate(
        lines
            .iter()
            .rposition(has_text)
            .map_or(0, |place| place + 1),
    );
    lines.drain(..lines.iter().position(has_text).unwrap_or(0));
    lines
}

/// Returns whether a line is one that the tender of a unit writes about it.
pub(crate) fn is_tenders(line: &str, name: &str) -> bool {
    teller(line) == Some(name)
}

/// Returns the unit that a line is about, if it is one that a tender writes: "[10:31:02 UTC] `demo` ended ...".
fn teller(line: &str) -> Option<&str> {
    let (clock, rest) = line.strip_prefix('[')?.split_once(" UTC] `")?;
    let is_clock = clock.chars().all(|c| c.is_ascii_digit() || c == ':');
    let (name, _) = rest.split_once("` ")?;
    is_clock.then_some(name)
}

/// A line without what is not text.
fn plain(line: &str) -> String {
    let text: String = line
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    text.trim_end().to_owned()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Returns the line that says most about an end: the last that calls itself an error, or else the last one. What a tender
/// says of a unit within this one, and a hint, are results of the end and not its cause.
pub(crate) fn telling<'a>(said: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let said = said.into_iter().map(str::trim);
    let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    let is_cause = |line: &&&str| teller(line).is_none() && !is_a(line, "hint");
    let causes = || said.iter().rev().filter(is_cause);
    let error = causes().find(|line| is_a(line, "error"));
    error.or(causes().next()).or(said.last()).copied()
}

/// Returns whether a line calls itself by this word: `error: ...`, `Error[E1]: ...`.
fn is_a(line: &str, word: &str) -> bool {
    let Some((start, rest)) = line.split_at_checked(word.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(word) && rest.starts_with([':', '['])
}

/// Returns what deaths of one cause have in common: the exit, and the telling line with its numbers made alike.
pub(super) fn signature(exit: &LastExit) -> String {
    let mut text = exit.to_string();
    if exit.oom.is_some() {
        text += ", out of memory";
    }
    if let Some(line) = exit.telling() {
        text += ": ";
        text += &alike(line);
    }
    text
}

/// Replaces each number, also one within a word or written in hexadecimal after `0x`, by `#`.
fn alike(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        text += &rest[..at];
        let number = &rest[at..];
        let hexadecimal = number
            .strip_prefix("0x")
            .map(|digits| digits.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        rest =
            hexadecimal.unwrap_or_else(|| number.trim_start_matches(|c: char| c.is_ascii_digit()));
        text.push('#');
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "[10:31:02 UTC] `demo` ended with SIGKILL after 12 s; starting again";
    const SECOND: &str = "[10:31:09 UTC] `demo` ended with SIGKILL after 7 s; starting again";

    #[track_caller]
    fn case(shown: &[&str], until: Option<&str>, expected: &[&str]) {
        assert_eq!(said(&screen(&shown.join("\n"), "demo", until)), expected);
    }

    #[test]
    fn what_stands_between_the_tenders_lines_is_of_that_life() {
        case(&["one", "", "  two  ", ""], None, &["one", "  two"]);
        case(
            &["one", FIRST, "two", SECOND, "three"],
            Some(SECOND),
            &["two"],
        );
        case(
            &["one", FIRST, "two", SECOND, "three"],
            Some(FIRST),
            &["one"],
        );
        case(&["one", FIRST, "", "two"], None, &["two"]);
        case(&["one", FIRST], None, &[]);
    }

    #[test]
    fn nothing_is_said_where_the_line_after_it_has_scrolled_away() {
        case(&["three", "four"], Some(SECOND), &[]);
        case(&[], None, &[]);
    }

    #[test]
    fn a_line_about_another_unit_is_a_line_like_any_other() {
        let other = "[10:31:02 UTC] `demo2` ended";
        case(&["one", other, "two"], None, &["one", other, "two"]);
    }

    #[test]
    fn only_the_last_lines_are_kept_and_of_each_the_beginning() {
        let many: Vec<String> = (1..=30).map(|number| format!("line {number}")).collect();
        let kept = said(&many);
        assert_eq!(kept.len(), LINES);
        assert_eq!(kept[9], "line 30");
        let kept = said(&["ä".repeat(500)]);
        assert_eq!(kept[0].chars().count(), LONGEST_LINE + 1);
        case(&["a\tb\u{7}\u{1b}[1m"], None, &["a b[1m"]);
    }

    #[track_caller]
    fn tells(said: &[&str], expected: Option<&str>) {
        assert_eq!(telling(said.iter().copied()), expected);
    }

    #[test]
    fn the_telling_line_is_the_cause_and_not_what_followed_from_it() {
        let inner = "  [10:31:02 UTC] `worker` ended with exit status 7; to start it again: agents restart worker";
        tells(&["one", "  boom  ", ""], Some("boom"));
        tells(&["  boom", inner], Some("boom"));
        tells(&[inner], Some(inner.trim()));
        tells(
            &["error: no such program", "hint: install it"],
            Some("error: no such program"),
        );
        tells(
            &["Error: no such table", "Caused by: jobs"],
            Some("Error: no such table"),
        );
        tells(&["error[E1]: x", "errors: 0", "é"], Some("error[E1]: x"));
        tells(&[], None);
    }

    #[test]
    fn units_that_died_of_one_cause_within_another_fold_together() {
        let inner = |clock: &str, status: u8| {
            vec![
                "warning: `worker` has ended: exit status 3; the last it said:".to_owned(),
                "  boom: no route to 10.0.0.1".to_owned(),
                format!(
                    "  [{clock} UTC] `worker` ended with exit status {status}; to start it again: x"
                ),
            ]
        };
        let of = |said| {
            signature(&LastExit {
                said,
                ..LastExit::for_tests(Some(1), None, 1.0)
            })
        };
        let expected = "exit status 1: boom: no route to #.#.#.#";
        assert_eq!(of(inner("10:31:02", 3)), expected);
        let mut without = inner("10:31:09", 3);
        without.pop();
        assert_eq!(of(without), expected);
    }

    #[track_caller]
    fn signature_of(code: Option<i32>, signal: Option<i32>, said: &[&str], expected: &str) {
        let exit = LastExit {
            said: said.iter().map(|line| (*line).to_owned()).collect(),
            ..LastExit::for_tests(code, signal, 1.0)
        };
        assert_eq!(signature(&exit), expected);
    }

    #[test]
    fn numbers_do_not_part_deaths_of_one_cause() {
        signature_of(Some(7), None, &[], "exit status 7");
        signature_of(
            Some(1),
            None,
            &["x", " port 8080 is taken by 4711 "],
            "exit status 1: port # is taken by #",
        );
        signature_of(
            None,
            Some(11),
            &["at 0x7ffEa1 in v0.2.0, a1b"],
            "SIGSEGV: at # in v#.#.#, a#b",
        );
        let memory = LastExit {
            oom: Some("the kernel says so".to_owned()),
            ..LastExit::for_tests(None, Some(9), 1.0)
        };
        assert_eq!(signature(&memory), "SIGKILL, out of memory");
    }
}
