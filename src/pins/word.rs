//! The one word that sums a pin up.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::CommitId;

use super::facts::{Facts, Known};

/// The state of a pin. Of several that hold, the first of this list is said: what nobody should act on before it is
/// cured comes first, what the next start cures by itself last.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PinWord {
    /// An operation was cut off: the other facts are those of a half-made change.
    Interrupted,
    /// Something that decides could not be read.
    Unknown,
    /// The pinned commit is nowhere to be had.
    Lost,
    /// There is no harness in the project.
    Missing,
    /// Tracked files of the harness have changed.
    Dirty,
    /// Another commit is checked out than HEAD pins.
    Moved,
    /// The index pins another commit than HEAD.
    Staged,
    /// HEAD pins another commit than the registry asks for.
    Behind,
    /// The running life was started from another commit.
    Skew,
    /// All agree.
    Ok,
}

impl fmt::Display for PinWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
            Self::Lost => "lost",
            Self::Missing => "missing",
            Self::Dirty => "dirty",
            Self::Moved => "moved",
            Self::Staged => "staged",
            Self::Behind => "behind",
            Self::Skew => "skew",
            Self::Ok => "ok",
        })
    }
}

/// Sums up: `wanted` is what the registry's ref stands for, `running` what the running life was started from.
///
/// Without `wanted`, a pin that is otherwise in order is unknown. A file check that nobody asked for counts as clean.
pub(crate) fn word(
    facts: &Facts,
    wanted: Option<&CommitId>,
    running: Option<&CommitId>,
) -> PinWord {
    if facts.interrupted {
        return PinWord::Interrupted;
    }
    let (Known::Is(head), Known::Is(index), Known::Is(checkout)) =
        (&facts.head, &facts.index, &facts.checkout)
    else {
        return PinWord::Unknown;
    };
    if facts.trouble.is_some() {
        return PinWord::Unknown;
    }
    let order = [
        (PinWord::Lost, facts.lost),
        (PinWord::Missing, facts.missing),
        (PinWord::Dirty, facts.dirty == Some(true)),
        (PinWord::Moved, checkout != head),
        (PinWord::Staged, index != head),
        (PinWord::Unknown, wanted.is_none()),
        (PinWord::Behind, head.as_ref() != wanted),
        (PinWord::Skew, running.is_some() && running != head.as_ref()),
    ];
    order
        .into_iter()
        .find_map(|(word, holds)| holds.then_some(word))
        .unwrap_or(PinWord::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_words_the_first_of_the_list_is_said() {
        let commit = |digit: &str| digit.repeat(40).parse::<CommitId>().unwrap();
        let pin = |digit: &str| Known::Is(Some(commit(digit)));
        let (wanted, running) = (commit("a"), commit("b"));
        // Everything is wrong; then one thing after the other is put right.
        let mut facts = Facts {
            head: pin("1"),
            index: pin("2"),
            checkout: Known::Unknown,
            dirty: Some(true),
            missing: true,
            lost: true,
            interrupted: true,
            ..Facts::default()
        };
        let mut words = Vec::new();
        let cures: [fn(&mut Facts); 9] = [
            |facts| facts.interrupted = false,
            |facts| facts.checkout = Known::Is(None),
            |facts| facts.lost = false,
            |facts| facts.missing = false,
            |facts| facts.dirty = None,
            |facts| facts.checkout = facts.head.clone(),
            |facts| facts.index = facts.head.clone(),
            |facts| {
                let pin = Known::Is(Some("a".repeat(40).parse().unwrap()));
                facts.head = pin.clone();
                facts.index = pin.clone();
                facts.checkout = pin;
            },
            |_| {},
        ];
        for cure in cures {
            words.push(word(&facts, Some(&wanted), Some(&running)));
            cure(&mut facts);
        }
        words.push(word(&facts, Some(&wanted), Some(&wanted)));
        let spoken: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(
            spoken,
            [
                "interrupted",
                "unknown",
                "lost",
                "missing",
                "dirty",
                "moved",
                "staged",
                "behind",
                "skew",
                "ok"
            ]
        );
        assert!(words.is_sorted());
        assert_eq!(serde_json::to_string(&words[0]).unwrap(), "\"interrupted\"");
    }
}
