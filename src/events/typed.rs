//! Who gave a command, and how.

use std::sync::OnceLock;

use nix::unistd::{User, getuid};

use super::plain::cut;

/// How many bytes of a command line are kept.
const LONGEST: usize = 300;

/// Returns the user and this process's command line, as typed: `ada (fleet start demo)`.
///
/// Arguments that are equal to `hidden` are left out: what somebody types into a terminal is nobody else's business.
pub(crate) fn command_line(hidden: Option<&str>) -> String {
    // Asked once: where accounts are kept on another machine, each question takes its time.
    static USER: OnceLock<String> = OnceLock::new();
    let name = USER.get_or_init(user);
    let arguments: Vec<String> = std::env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    format!("{name} ({})", typed(&arguments, hidden))
}

/// Returns the name of who runs this. An account without one has a number.
fn user() -> String {
    let user = getuid();
    match User::from_uid(user) {
        Ok(Some(known)) => known.name,
        Ok(None) | Err(_) => user.to_string(),
    }
}

fn typed(arguments: &[String], hidden: Option<&str>) -> String {
    let words = arguments.iter().enumerate().map(|(place, argument)| {
        if place == 0 {
            return argument.rsplit('/').next().unwrap_or_default().to_owned();
        }
        if hidden == Some(argument) {
            return "…".to_owned();
        }
        let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
        if !argument.is_empty() && argument.chars().all(is_plain) {
            argument.clone()
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    });
    cut(words.collect::<Vec<_>>().join(" "), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_as_it_was_typed_but_for_what_is_hidden() {
        let line = |words: &[&str], hidden| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            typed(&words, hidden)
        };
        assert_eq!(
            line(&["/usr/bin/fleet", "stop", "--all"], None),
            "fleet stop --all"
        );
        assert_eq!(
            line(&["fleet", "send", "demo", "my secret"], Some("my secret")),
            "fleet send demo …"
        );
        assert_eq!(
            line(&["fleet", "create", "a b", "it's"], None),
            r"fleet create 'a b' 'it'\''s'"
        );
        assert!(line(&["fleet", &"x".repeat(5000)], None).len() < 310);
    }
}
