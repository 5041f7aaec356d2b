//! Texts that fit: into a width, and into a terminal that must not be spoken to by others.

use crate::ui;
pub(super) use crate::ui::width;

/// Returns a text that somebody else wrote without anything that would speak to the terminal, or hide in it.
///
/// The screen is drawn cell by cell, and only the cells that have changed. So nothing may be in it that terminals do not
/// agree on how many cells it takes: what stands beside such a letter would be drawn in the wrong place, and left there.
pub(super) fn plain(text: &str) -> String {
    let text = ui::clean(text);
    if text.is_ascii() {
        return text.into_owned();
    }
    text.chars().filter_map(agreed).collect()
}

/// Returns what is shown of a letter; nothing of one that makes another one of the letter before it. Emoji that are joined
/// stand side by side, and a flag is the two letters of its country.
fn agreed(letter: char) -> Option<char> {
    match letter {
        // A joiner, a choice of the form, and a tone of the skin.
        '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' => None,
        '\u{1F1E6}'..='\u{1F1FF}' => {
            let place = u32::from(letter) - 0x1_F1E6;
            char::from_u32(u32::from('A') + place)
        }
        letter => Some(letter),
    }
}

/// Cuts a text to so many columns, with a sign where something is missing.
pub(super) fn fit(text: &str, columns: usize) -> String {
    ui::cut(text, columns).into_owned()
}

/// Breaks a text into lines of so many columns, each as far from the margin as the text is. One that fits stays as it is.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    if width(text) <= columns {
        return vec![text.to_owned()];
    }
    let words = text.trim_start();
    let margin = &text[..text.len() - words.len()];
    let margin = if margin.len() * 2 > columns {
        ""
    } else {
        margin
    };
    let parts = ui::wrapped(words, columns.saturating_sub(margin.len()).max(1));
    parts
        .into_iter()
        .map(|part| format!("{margin}{part}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_is_left_whose_width_terminals_do_not_agree_on() {
        for (text, shown) in [
            ("plain, 漢字, e\u{301}, 🦀", "plain, 漢字, e\u{301}, 🦀"),
            ("👩\u{200d}👩\u{200d}👧!", "👩👩👧!"),
            ("🇩🇪 and 🇯🇵", "DE and JP"),
            ("❤\u{fe0f} 👍🏽", "❤ 👍"),
            ("\x1b[2J", "\u{FFFD}[2J"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn lines_stand_under_their_beginning() {
        assert_eq!(wrapped("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrapped("a   b", 9), ["a   b"]);
        assert_eq!(wrapped("", 9), [""]);
        assert_eq!(wrapped("       abc def", 8), ["abc def"]);
    }
}
