//! What is carried out by a command: its words, and how it went.

use crate::names::{Name, shell_word};

/// What can be done with projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Restart,
    Update,
    Enable,
    Disable,
}

impl Verb {
    /// Returns the word of the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Update => "update",
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }
}

/// One command that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    pub(super) verb: Verb,
    pub(super) names: Vec<Name>,
    /// Of an update: the version; none is the registered one.
    pub(super) reference: Option<String>,
    /// Of an update: whether what runs is restarted.
    pub(super) restarts: bool,
}

impl Errand {
    /// An errand of a verb that needs to know nothing but the projects.
    pub(super) fn of(verb: Verb, names: Vec<Name>) -> Self {
        Self {
            verb,
            names,
            reference: None,
            restarts: false,
        }
    }

    /// Returns the words after `fleet`.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = vec![self.verb.word().to_owned()];
        words.extend(self.names.iter().map(Name::to_string));
        words.extend(self.reference.clone());
        if self.restarts {
            words.push("--restart".to_owned());
        }
        words
    }

    /// Returns the command line, as it would be typed.
    pub(super) fn line(&self) -> String {
        let words = self.words();
        let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        format!("fleet {}", words.join(" "))
    }
}

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What was typed.
    pub(super) line: String,
    /// Its exit code; none where a signal ended it, or it could not be run.
    pub(super) code: Option<i32>,
    /// What it said: results first, then the rest.
    pub(super) said: String,
}

impl Outcome {
    /// Tells whether all of it was done.
    pub(super) fn is_good(&self) -> bool {
        self.code == Some(0)
    }

    /// Tells of a dry run whether there is anything that would be done.
    pub(super) fn may_be_done(&self) -> bool {
        matches!(self.code, Some(0 | 4))
    }

    /// Says how it ended, in words and with the code.
    pub(super) fn ending(&self) -> String {
        let meaning = match self.code {
            None => return "it was ended by a signal, or could not be run".to_owned(),
            Some(0) => "done",
            Some(2) => "not valid",
            Some(3) => "refused",
            Some(4) => "some were done, some were not",
            Some(6) => "timed out",
            Some(130) => "interrupted",
            Some(_) => "failed",
        };
        format!("{meaning} (exit code {})", self.code.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_a_command_line() {
        let names: Vec<Name> = ["demo", "other"].map(|name| name.parse().unwrap()).into();
        let mut errand = Errand::of(Verb::Update, names);
        assert_eq!(errand.line(), "fleet update demo other");
        errand.reference = Some("v0.2.0".to_owned());
        errand.restarts = true;
        assert_eq!(errand.line(), "fleet update demo other v0.2.0 --restart");
    }
}
