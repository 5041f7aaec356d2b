//! What the programs say when something is wrong: all of it, found in the sources ([`sources`]), is on one page of the
//! documents and keeps to one style; what can be reached by a mistake is shown by the programs ([`mistakes`]).

mod exits;
mod mistakes;
mod page;
mod sources;
mod texts;

use std::fs;
use std::path::Path;

/// Writes what a test finds, where it is asked to.
const UPDATE: &str = "UPDATE_DOCS";

#[test]
fn the_page_of_all_errors_is_that_of_the_sources() {
    let found = sources::read();
    let unknown = &found.unknown;
    assert!(
        unknown.is_empty(),
        "where do these come from? {unknown:#?}\nput the text together in sight, or teach `texts.rs` to follow it"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let page = page::page(&found);
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &page).expect("the documents can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(committed.lines())
        .find(|(new, old)| new != old);
    assert!(
        page == committed,
        "docs/errors.md is not of these sources: {differs:?}\n`{UPDATE}=1 cargo test --test integration errors::` writes it anew"
    );
}

#[test]
fn every_message_keeps_to_one_style() {
    let found = sources::read();
    let mut wrong = Vec::new();
    for message in &found.messages {
        let texts = std::iter::once(&message.text).chain(&message.hints);
        for text in texts {
            if let Some(fault) = fault(text) {
                let (file, line) = (message.file.display(), message.line);
                wrong.push(format!("src/{file}:{line}: {fault}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Says what is wrong with the style of a message.
fn fault(text: &str) -> Option<&'static str> {
    let first = text.split([' ', '\'']).next().unwrap_or_default();
    let is_name = first.chars().skip(1).any(char::is_uppercase) || first == "Ctrl-C";
    let faults = [
        (text.trim() != text || text.is_empty(), "blanks around it"),
        (
            text.starts_with(char::is_uppercase) && !is_name,
            "it begins with a capital",
        ),
        (
            text.ends_with('.') && !text.ends_with(".."),
            "it ends with a full stop",
        ),
        (text.contains("  "), "two blanks"),
        (
            !text.matches('`').count().is_multiple_of(2),
            "a backtick has no other",
        ),
        (text.contains(":?}"), "it shows a value as Rust writes it"),
        (text.contains('!'), "it shouts"),
    ];
    faults
        .iter()
        .find(|(is_so, _)| *is_so)
        .map(|(_, fault)| *fault)
}

#[test]
fn the_sources_are_read_and_not_just_looked_at() {
    let found = sources::read();
    let (errors, causes, hints) = page::numbers(&found);
    assert!(errors > 300 && causes > 300 && hints > 250);
    // One of each way in which a text is made.
    for known in [
        "there is no {kind} `{name}` in `{FILE}`",
        "`{name}` is disabled",
        "the harness has no commit checked out",
        "`[harnesses.{key}]` has no `url`",
    ] {
        assert!(
            found.messages.iter().any(|one| one.text == known),
            "{known}"
        );
    }
}
