//! Text as a terminal shows it: how wide it is, cut and broken to fit, and without what would do something to the
//! terminal.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands for a part that was cut off.
const CUT: &str = "…";
/// Makes one emoji of two.
const JOINER: char = '\u{200D}';

/// Replaces what a terminal would obey or hide rather than show: control characters, line ends, and marks that turn the
/// direction of what follows.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(|letter| letter == JOINER || is_unshowable(letter)) {
        return Cow::Borrowed(text);
    }
    let mut letters = text.chars().peekable();
    let mut shown = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => shown.push(' '),
            // Left alone, it would join what stands in another place of the terminal.
            JOINER
                if letters
                    .peek()
                    .is_none_or(|next| next.width().unwrap_or(0) < 2) => {}
            letter if is_unshowable(letter) => shown.push(char::REPLACEMENT_CHARACTER),
            letter => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

fn is_unshowable(letter: char) -> bool {
    let turns = matches!(letter,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    // Letters that nobody sees, and ones of which a terminal cannot know the width.
    let hides = matches!(letter, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}');
    letter.is_control() || turns || hides
}

/// Returns how many columns a text takes. Terminals do not agree on joined emoji: it is the most that one may take.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(width_of).sum()
}

fn width_of(grapheme: &str) -> usize {
    let apart: usize = grapheme
        .chars()
        .map(|letter| letter.width().unwrap_or(1))
        .sum();
    apart.max(grapheme.width())
}

/// Cuts a text to so many columns; what is cut off is marked.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(CUT.width()) else {
        return Cow::Borrowed("");
    };
    Cow::Owned(beginning(text, room).trim_end().to_owned() + CUT)
}

/// Cuts a line in colours, which take no room, to so many columns.
pub(crate) fn cut_coloured(line: &str, columns: usize) -> String {
    let parts = || {
        let mut rest = line;
        std::iter::from_fn(move || {
            let end = match rest.strip_prefix('\x1b') {
                Some(code) => 1 + code.find('m').map_or(code.len(), |at| at + 1),
                None => rest.find('\x1b').unwrap_or(rest.len()),
            };
            let (part, after) = rest.split_at(end);
            rest = after;
            (!part.is_empty()).then_some(part)
        })
    };
    let is_colour = |part: &str| part.starts_with('\x1b');
    let taken: usize = parts().filter(|part| !is_colour(part)).map(width).sum();
    if taken <= columns {
        return line.to_owned();
    }
    let mut room = columns.saturating_sub(CUT.width());
    let mut shown = String::new();
    let mut is_full = false;
    for part in parts() {
        if is_colour(part) {
            shown.push_str(part);
        } else if !is_full {
            let fits = beginning(part, room);
            shown.push_str(fits);
            room -= width(fits);
            if fits.len() < part.len() {
                shown.push_str(CUT);
                is_full = true;
            }
        }
    }
    shown
}

/// Returns as much of a text as fits.
fn beginning(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += width_of(grapheme);
        if taken > columns {
            return &text[..at];
        }
    }
    text
}

/// Breaks a text into lines of so many columns, between words; a word that is longer than a line is broken as well.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for mut word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) <= columns {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while width(word) > columns {
            let part = beginning(word, columns);
            if part.is_empty() {
                break;
            }
            lines.push(part.to_owned());
            word = &word[part.len()..];
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_that_it_would_obey() {
        let hostile = "a\x1b[2Jb\x07\x08\u{9b}c\u{202e}d\u{200f}e\nf\tg\x7f";
        let shown = clean(hostile);
        assert_eq!(
            shown,
            "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}\u{FFFD}c\u{FFFD}d\u{FFFD}e f g\u{FFFD}"
        );
        assert!(matches!(clean("plain, 漢字, é"), Cow::Borrowed(_)));
    }

    #[test]
    fn widths_are_those_of_a_terminal_and_never_too_small() {
        for (text, columns) in [
            ("plain", 5),
            ("漢字", 4),
            ("e\u{301}", 1),
            ("🦀", 2),
            ("❤\u{fe0f}", 2),
            // A family of four: two columns, or eight where a terminal knows of no joining.
            ("👨\u{200d}👩\u{200d}👧\u{200d}👦", 8),
        ] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_cut_text_fits_and_no_letter_is_halved() {
        assert_eq!(cut("漢字漢字", 8), "漢字漢字");
        assert_eq!(cut("漢字漢字", 7), "漢字漢…");
        assert_eq!(cut("漢字漢字", 6), "漢字…");
        assert_eq!(cut("ne\u{301}e\u{301}e", 3), "ne\u{301}…");
        assert_eq!(cut("words and more", 7), "words…");
        assert_eq!((cut("ab", 1), cut("ab", 0)), ("…".into(), "".into()));
    }

    #[test]
    fn colours_take_no_room_and_end_with_what_is_cut_off() {
        let line = "\x1b[31m3 parked\x1b[0m, \x1b[32m漢字\x1b[0m";
        assert_eq!(cut_coloured(line, 14), line);
        assert_eq!(
            cut_coloured(line, 13),
            "\x1b[31m3 parked\x1b[0m, \x1b[32m漢…\x1b[0m"
        );
        assert_eq!(cut_coloured(line, 4), "\x1b[31m3 p…\x1b[0m\x1b[32m\x1b[0m");
        assert_eq!(cut_coloured("plain", 3), "pl…");
    }

    #[test]
    fn a_joiner_joins_emoji_and_nothing_else() {
        let family = "👨\u{200d}👩";
        assert_eq!(clean(family), family);
        for lonely in ["a\u{200d}", "👨\u{200d} b", "👨\u{200d}"] {
            assert!(!clean(lonely).contains(JOINER));
        }
    }

    #[test]
    fn lines_are_broken_between_words_or_within_what_is_too_long() {
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("x abcdefgh y", 3), ["x", "abc", "def", "gh", "y"]);
        assert_eq!(wrapped("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrapped("  ", 5), Vec::<String>::new());
        // Not even one letter fits: it is shown all the same.
        assert_eq!(wrapped("漢", 1), ["漢"]);
    }
}
