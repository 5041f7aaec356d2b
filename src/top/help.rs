//! The keys, in words: in the last line those that work now, in the help all of them.

use super::model::{Model, Open, Text};

/// All keys, for the help: what they are pressed on, the key, and what it does.
const ALL: [(&str, &[(&str, &str)]); 5] = [
    (
        "move",
        &[
            ("up down, k j", "select another project"),
            ("PgUp PgDn, Ctrl-B Ctrl-F", "a page at a time"),
            ("Home End, g G", "the first, the last"),
            (
                "space",
                "mark a project; commands are about the marked ones",
            ),
            ("*", "mark all that are shown, or none"),
        ],
    ),
    (
        "look",
        &[
            (
                "1 2 3, Tab",
                "facts, last lines, history of the selected project",
            ),
            ("Enter", "the same in the large; Enter or Esc goes back"),
            ("left right", "another of its terminals"),
            ("w", "why it is as it is: `fleet why`"),
            ("l", "its last lines in the large"),
            ("n", "the notices in full"),
            ("Ctrl-L", "look at everything again, and draw it anew"),
        ],
    ),
    (
        "choose",
        &[
            ("/", "filter by words of a row, a label or the harness"),
            ("o O", "order by the next column; turn the order round"),
            ("Esc", "takes back: the last result, the filter, the marks"),
        ],
    ),
    (
        "do",
        &[
            ("s", "start"),
            ("x, S", "stop"),
            ("r", "restart"),
            ("u", "update: asks for the version"),
            ("e d", "enable, disable"),
            ("a", "attach: Ctrl-B d comes back here"),
            ("", "shows its plan first; y or Enter does it"),
        ],
    ),
    (
        "leave",
        &[
            ("q, Ctrl-C", "leave; what is being done goes on"),
            ("Ctrl-Z", "suspend; `fg` comes back"),
        ],
    ),
];

/// How wide the keys are in the help.
const KEYS: usize = 26;

/// Returns the help.
pub(super) fn help() -> Vec<String> {
    let mut lines = Vec::new();
    for (title, keys) in ALL {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(title.to_uppercase());
        for (key, does) in keys {
            lines.push(format!("  {key:<KEYS$}{does}"));
        }
    }
    lines
}

/// Returns the keys that work now, the most wanted first.
pub(super) fn keys_now(model: &Model) -> Vec<(String, String)> {
    let keys: &[(&str, &str)] = if model.has_outcome_open() {
        &[("Esc", "dismiss"), ("up down", "scroll")]
    } else {
        match &model.open {
            Open::Table if model.projects().is_empty() => &[("q", "leave"), ("?", "help")],
            Open::Table => &[
                ("?", "help"),
                ("q", "leave"),
                ("s", "start"),
                ("x", "stop"),
                ("r", "restart"),
                ("a", "attach"),
                ("u", "update"),
                ("w", "why"),
                ("/", "filter"),
                ("o", "order"),
                ("space", "mark"),
                ("Tab", "look"),
                ("Enter", "large"),
                ("e", "enable"),
                ("d", "disable"),
                ("l", "logs"),
                ("n", "notices"),
            ],
            Open::Filter { .. } => &[("Enter", "keep"), ("Esc", "as before")],
            Open::Asking(_) => &[
                ("Enter", "show the plan"),
                ("Esc", "do not"),
                ("up down", "choose"),
                ("Tab", "restart or not"),
            ],
            Open::Plan(plan) => match &plan.told {
                None => &[("Esc", "do not")],
                Some(told) if told.may_be_done() => {
                    &[("y", "do it"), ("Esc", "do not"), ("up down", "scroll")]
                }
                Some(_) => &[("Esc", "dismiss"), ("up down", "scroll")],
            },
            Open::Large(large) => match large.of {
                Text::Tab => &[
                    ("Esc", "back"),
                    ("up down", "scroll"),
                    ("1 2 3", "look"),
                    ("left right", "terminal"),
                    ("a", "attach"),
                ],
                Text::Why(..) | Text::Notices | Text::Help => {
                    &[("Esc", "back"), ("up down", "scroll")]
                }
            },
        }
    };
    let owned = |(key, word): &(&str, &str)| ((*key).to_owned(), (*word).to_owned());
    keys.iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::width;

    #[test]
    fn the_help_fits_into_80_columns() {
        for line in help() {
            assert!(width(&line) <= 80, "{line}");
        }
    }
}
