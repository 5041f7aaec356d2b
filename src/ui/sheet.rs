//! Prose in parts: labelled notes, each with its source, wrapped to the terminal.

use std::fmt;

use anstyle::{Effects, Style};

use super::terminal;
use super::text::{clean, width as width_of};

const TITLE: Style = Style::new().effects(Effects::BOLD);
const SOURCE: Style = Style::new().effects(Effects::DIMMED);

/// How wide the labels are, and no narrower a terminal is wrapped for.
const LABEL: usize = 11;
const NARROWEST: usize = 40;

/// Lines, titles, and notes under them.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Line(String),
    Title(&'static str),
    Item {
        text: String,
        source: String,
    },
    Note {
        label: String,
        text: String,
        source: String,
    },
}

impl Sheet {
    /// Adds a line of prose.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Line(text.into()));
    }

    /// Begins a part.
    pub(crate) fn title(&mut self, title: &'static str) {
        self.parts.push(Part::Title(title));
    }

    /// Adds an item of a list, and where it is from.
    pub(crate) fn item(&mut self, text: impl Into<String>, source: impl Into<String>) {
        self.parts.push(Part::Item {
            text: text.into(),
            source: source.into(),
        });
    }

    /// Adds a note: what it is about, what it says, and where that is from. A label that repeats is shown once.
    pub(crate) fn note(
        &mut self,
        label: impl Into<String>,
        text: impl Into<String>,
        source: impl Into<String>,
    ) {
        self.parts.push(Part::Note {
            label: label.into(),
            text: text.into(),
            source: source.into(),
        });
    }

    /// Writes it for so many columns, without colours.
    pub(crate) fn to_width(&self, columns: usize) -> String {
        anstream::adapter::strip_str(&self.laid_out(Some(columns))).to_string()
    }

    /// Writes it for a terminal of this width; without one no line is broken.
    fn laid_out(&self, width: Option<usize>) -> String {
        let width = width.map_or(usize::MAX, |width| width.max(NARROWEST));
        let mut shown = String::new();
        let mut last_label = "";
        for part in &self.parts {
            match part {
                Part::Line(text) => {
                    for line in wrapped(text, "", width) {
                        shown += &line.painted("");
                    }
                }
                Part::Title(title) => {
                    last_label = "";
                    shown += &format!("\n{TITLE}{}{TITLE:#}\n", title.to_uppercase());
                }
                Part::Item { text, source } => {
                    let mut margin = "- ";
                    for line in wrapped(text, source, width.saturating_sub(margin.len())) {
                        shown += &line.painted(margin);
                        margin = "  ";
                    }
                }
                Part::Note {
                    label,
                    text,
                    source,
                } => {
                    let label_shown = if label == last_label { "" } else { label };
                    last_label = label;
                    let mut margin = format!("{label_shown:<LABEL$}");
                    for line in wrapped(text, source, width.saturating_sub(LABEL)) {
                        shown += &line.painted(&margin);
                        margin = " ".repeat(LABEL);
                    }
                }
            }
        }
        shown.trim_end().to_owned()
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.laid_out(terminal::size().map(|size| size.columns)))
    }
}

/// One line of a note: of its text, then of its source.
#[derive(Default)]
pub(super) struct Line {
    pub(super) text: String,
    source: String,
}

impl Line {
    fn width(&self) -> usize {
        [&self.text, &self.source]
            .map(|part| width_of(part))
            .iter()
            .sum()
    }

    fn painted(&self, margin: &str) -> String {
        let Self { text, source } = self;
        if source.is_empty() {
            return format!("{margin}{text}").trim_end().to_owned() + "\n";
        }
        format!("{margin}{text}{SOURCE}{source}{SOURCE:#}\n")
    }
}

/// Breaks a text and its source, in brackets, into lines; a word that is longer than a line stays whole.
pub(super) fn wrapped(text: &str, source: &str, width: usize) -> Vec<Line> {
    let source = match source {
        "" => String::new(),
        source => format!("[{}]", clean(source)),
    };
    let text = clean(text);
    let words = text
        .split_whitespace()
        .map(|word| (word, false))
        .chain(source.split_whitespace().map(|word| (word, true)));
    let mut lines = vec![Line::default()];
    for (word, is_source) in words {
        let Some(mut line) = lines.pop() else { break };
        if line.width() > 0 && line.width() + 1 + width_of(word) > width {
            lines.push(line);
            line = Line::default();
        }
        let gap = if line.width() > 0 { " " } else { "" };
        let into = if is_source {
            &mut line.source
        } else {
            &mut line.text
        };
        into.push_str(gap);
        into.push_str(word);
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        sheet.line("demo has crashed: something longer than one line of a terminal");
        sheet.title("known");
        sheet.note("tender", "process 12 has gone", "/proc");
        sheet.note("tender", "it last wrote that it was running", "state/demo");
        sheet.note("pin", "ok", "");
        sheet.title("not found");
        sheet.item("a journal", "journal/demo, which is not there");
        sheet
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_does_not_fit_is_broken_between_words_under_its_beginning() {
        assert_eq!(
            plain(&sheet().laid_out(Some(40))),
            "demo has crashed: something longer than\none line of a terminal\n\nKNOWN\n\
             tender     process 12 has gone [/proc]\n           it last wrote that it was\n           \
             running [state/demo]\npin        ok\n\nNOT FOUND\n- a journal [journal/demo, which is not\n  there]"
        );
    }

    #[test]
    fn without_a_terminal_no_line_is_broken() {
        assert_eq!(
            plain(&sheet().laid_out(None)),
            "demo has crashed: something longer than one line of a terminal\n\nKNOWN\n\
             tender     process 12 has gone [/proc]\n           it last wrote that it was running [state/demo]\npin        ok\n\n\
             NOT FOUND\n- a journal [journal/demo, which is not there]"
        );
    }
}
