//! Replaces what differs from run to run: commit ids, process ids, ages, times, and the padding around them.

/// Replaces them all, line by line.
pub(super) fn text(text: &str) -> String {
    text.lines().map(|original| line(original) + "\n").collect()
}

/// Makes padding within lines two spaces wide at most.
pub(super) fn narrow_lines(text: &str) -> String {
    text.lines().map(|line| narrow(line) + "\n").collect()
}

fn line(original: &str) -> String {
    let mut result = String::new();
    let mut before = "";
    let mut changed = false;
    for word in split_keeping(original) {
        let replaced = replacement(word, before);
        changed |= replaced.is_some();
        result.push_str(replaced.unwrap_or(word));
        if !is_separator(word) {
            before = word;
        }
    }
    // The padding of a table's cells depends on what was replaced.
    if changed { narrow(&result) } else { result }
}

fn replacement(word: &str, before: &str) -> Option<&'static str> {
    if is_separator(word) {
        None
    } else if is_commit(word) {
        Some("<commit>")
    } else if names_a_process(before) && is_number(word) {
        Some("<pid>")
    } else if is_time(word) || is_clock(word) {
        Some("<time>")
    } else if is_age(word) || before == "after" && is_seconds(word) {
        Some("<age>")
    } else {
        None
    }
}

/// `pid 4711`, `process 4711`, `ps -fp 4711`.
fn names_a_process(word: &str) -> bool {
    word.eq_ignore_ascii_case("pid") || matches!(word, "process" | "-fp" | "-CONT")
}

/// A full object id, or one of the usual short lengths. One in two thousand of the short ones has no digit.
fn is_commit(word: &str) -> bool {
    matches!(word.len(), 7..=12 | 40)
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && (word.len() == 8 || word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// `3s`, `250ms`, `1.5s`, `2m`, `4h`, `1d`.
fn is_age(word: &str) -> bool {
    let number = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    matches!(&word[number.len()..], "ms" | "s" | "m" | "h" | "d") && number.parse::<f64>().is_ok()
}

/// `07:54:20`.
fn is_clock(word: &str) -> bool {
    word.len() == 8
        && word
            .split(':')
            .all(|part| part.len() == 2 && is_number(part))
}

/// The number of `after 0.4 s`.
fn is_seconds(word: &str) -> bool {
    word.contains('.') && word.parse::<f64>().is_ok()
}

/// `2026-11-20T07:54:20Z`, with or without a fraction.
fn is_time(word: &str) -> bool {
    word.len() >= 20 && word.as_bytes()[4] == b'-' && word.contains('T') && word.ends_with('Z')
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_separator(word: &str) -> bool {
    !word.starts_with(is_word)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':' | '/')
}

/// The words of a line and what stands between them; joined they are the line.
fn split_keeping(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let kind = is_word(first);
        let end = rest
            .find(|letter| is_word(letter) != kind)
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        // A sentence's full stop is not part of its last word.
        let trimmed = part.trim_end_matches(['.', ':']);
        if kind && !trimmed.is_empty() && trimmed.len() < part.len() {
            parts.extend([trimmed, &part[trimmed.len()..]]);
        } else {
            parts.push(part);
        }
        rest = after;
    }
    parts
}

/// Makes each run of spaces after the line's first word at most two long.
fn narrow(line: &str) -> String {
    let body = line.trim_start();
    let mut result = line[..line.len() - body.len()].to_owned();
    let mut spaces = 0;
    for letter in body.trim_end().chars() {
        spaces = if letter == ' ' { spaces + 1 } else { 0 };
        if spaces <= 2 {
            result.push(letter);
        }
    }
    result
}

#[test]
fn what_differs_from_run_to_run_is_replaced_and_nothing_else() {
    let said = "demo   up 12s     v0.1.0 ok\nexit 7 after 0.4 s\nnow at 0123abcd0123abcd0123abcd0123abcd0123abcd.\npid 4711: v0.2.0\nthe defaced facade";
    assert_eq!(
        text(said),
        "demo  up <age>  v0.1.0 ok\nexit 7 after <age> s\nnow at <commit>.\npid <pid>: v0.2.0\nthe defaced facade\n"
    );
}
