//! Texts that fit: into a width, and into a terminal that must not be spoken to by others.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::names::is_invisible;

/// What stands where something was cut off.
const CUT: &str = "…";

/// Returns a text that somebody else wrote without anything that would speak to the terminal, or hide in it.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Returns how many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Cuts a text to so many columns, with a sign where something is missing.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let (head, _) = split(text, room);
    let cut = if columns == 0 { "" } else { CUT };
    format!("{}{cut}", head.trim_end())
}

/// Breaks a text into lines of so many columns: between words where that can be.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    while width(rest) > columns {
        let (head, _) = split(rest, columns);
        // A blank in the first half would leave a short line: a long word is cut then.
        let is_between = rest[head.len()..].starts_with(' ');
        let end = match head.rfind(' ') {
            _ if is_between => head.len(),
            Some(blank) if blank * 2 > head.len() => blank,
            Some(_) | None => head.len(),
        };
        if end == 0 {
            break;
        }
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

/// Parts a text after as many columns as fit.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let mut taken = 0;
    let mut end = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::default()) {
        taken += width(grapheme.symbol);
        if taken > columns {
            break;
        }
        end += grapheme.symbol.len();
    }
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_speaks_to_the_terminal() {
        assert_eq!(
            plain("a\x1b[31mred\x07\u{9b}2J\u{202e}x\ty"),
            "a [31mred  2Jx y"
        );
    }

    #[test]
    fn what_is_cut_says_so_and_wide_letters_count_twice() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn lines_are_broken_between_words_where_that_can_be() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a-very-long-word", 8), ["a-very-l", "ong-word"]);
        assert_eq!(wrapped("日本語日本語", 4), ["日本", "語日", "本語"]);
        assert_eq!(wrapped("", 8), [""]);
    }
}
