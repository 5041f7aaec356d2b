//! What of an event may be written: texts of a bounded length, without passwords.

use super::Event;
use crate::names::Operator;

/// How many bytes a text may have: a line then stays below a page or two, and is written at once.
const LONGEST: usize = 1000;

/// Returns an event as it may be written.
pub(super) fn plain(event: &Event) -> Event {
    let text = |text: &String| cut(masked(text), LONGEST);
    let optional = |field: &Option<String>| field.as_ref().map(text);
    Event {
        who: text(&event.who),
        operator: event.operator.clone().map(|operator| Operator {
            contact: operator
                .contact
                .filter(|it| masked(it.as_str()) == it.as_str()),
            ..operator
        }),
        project: optional(&event.project),
        what: text(&event.what),
        before: optional(&event.before),
        after: optional(&event.after),
        why: optional(&event.why),
        outcome: text(&event.outcome),
        ..event.clone()
    }
}

/// Cuts a text to this many bytes, between two characters, and shows that it was cut.
pub(super) fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// Hides what a URL says between `://` and `@`, where that is or may be a secret: a password, or a token in its place.
fn masked(text: &str) -> String {
    let mut parts = text.split("://");
    let first = parts.next().unwrap_or_default();
    let mut shown = first.to_owned();
    let mut scheme = first;
    for part in parts {
        shown.push_str("://");
        let authority = part
            .find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"' || c == '`')
            .map_or(part, |end| &part[..end]);
        match authority.rsplit_once('@') {
            // The name of an ssh account is no secret.
            Some((user, _)) if user.contains(':') || !scheme.ends_with("ssh") => {
                shown.push_str("***");
                shown.push_str(&part[user.len()..]);
            }
            Some(_) | None => shown.push_str(part),
        }
        scheme = part;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_password_and_nothing_else() {
        for (text, shown) in [
            (
                "cannot fetch https://ada:secret@example.org/x.git: no",
                "cannot fetch https://***@example.org/x.git: no",
            ),
            ("`https://token@example.org`", "`https://***@example.org`"),
            ("https://a:p@ss@example.org/b", "https://***@example.org/b"),
            ("ssh://git@example.org/x", "ssh://git@example.org/x"),
            ("ssh://git:secret@example.org", "ssh://***@example.org"),
            ("git@example.org:x", "git@example.org:x"),
            (
                "https://example.org/a and mail ada@example.org",
                "https://example.org/a and mail ada@example.org",
            ),
            (
                "http://a:b@c/d then http://e:f@g",
                "http://***@c/d then http://***@g",
            ),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        let mut event = Event::new("ada", "start");
        event.why = Some("ä".repeat(5000));
        let why = plain(&event).why.unwrap();
        assert!(why.len() <= LONGEST + 3 && why.ends_with("ä…"), "{why}");
    }
}
