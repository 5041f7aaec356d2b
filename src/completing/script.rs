//! The shells: the script that each reads at its start, and how it reads words.

use clap::ValueEnum;

/// The shells that completions exist for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash 4 or newer
    Bash,
    /// fish
    Fish,
    /// zsh
    Zsh,
}

impl Shell {
    /// Returns the shell of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Returns what makes the shell complete the command line of `program`, a plain word.
    pub(super) fn script(self, program: &str) -> String {
        let script = match self {
            Self::Bash => include_str!("bash.bash"),
            Self::Fish => include_str!("fish.fish"),
            Self::Zsh => include_str!("zsh.zsh"),
        };
        script.replace("PROGRAM", program)
    }

    /// Writes a word and what it is as the script reads it. Only bash puts a word into the line as it comes.
    pub(super) fn written(self, word: &str, about: &str) -> String {
        match self {
            Self::Bash => quoted(word),
            Self::Fish if about.is_empty() => word.to_owned(),
            Self::Fish => format!("{word}\t{about}"),
            Self::Zsh => {
                let plain = word.replace('\\', "\\\\").replace(':', "\\:");
                if about.is_empty() {
                    return plain;
                }
                format!("{plain}:{}", about.replace('\\', "\\\\"))
            }
        }
    }
}

/// Keeps a word from meaning anything to bash.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=+@%,:".contains(c);
    let mut text = String::new();
    for c in word.chars() {
        if !is_plain(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
