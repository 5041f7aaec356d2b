//! Texts that fit: into a width, and into a terminal that must not be spoken to by others.

use crate::ui;
pub(super) use crate::ui::width;

/// Returns a text that somebody else wrote without anything that would speak to the terminal, or hide in it.
pub(super) fn plain(text: &str) -> String {
    ui::clean(text).into_owned()
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
    fn lines_stand_under_their_beginning() {
        assert_eq!(wrapped("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrapped("a   b", 9), ["a   b"]);
        assert_eq!(wrapped("", 9), [""]);
        assert_eq!(wrapped("       abc def", 8), ["abc def"]);
    }
}
