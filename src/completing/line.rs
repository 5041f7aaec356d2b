//! The command line so far, as a shell hands it over.

use std::path::PathBuf;

use super::Shell;

/// The command line up to the cursor.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The words after the program, before the one at the cursor.
    pub(crate) before: Vec<String>,
    /// The word at the cursor, as far as it is typed.
    pub(crate) current: String,
    /// The variables that are set before the program.
    variables: Vec<(String, String)>,
}

impl Line {
    /// Reads what a shell hands over: variables, the program, and the words after it.
    pub(super) fn of(shell: Shell, words: Vec<String>) -> Self {
        let mut words: Vec<String> = match shell {
            Shell::Bash => as_meant(&words),
            Shell::Fish | Shell::Zsh => words,
        };
        let current = words.pop().unwrap_or_default();
        let mut variables = Vec::new();
        while let Some((name, value)) = words.first().and_then(|word| assignment(word)) {
            variables.push((name, value));
            words.remove(0);
        }
        if !words.is_empty() {
            words.remove(0);
        }
        Self {
            before: words,
            current,
            variables,
        }
    }

    /// Tells whether a word is on the line already.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.before.iter().any(|one| one == word)
    }

    /// Returns what was given to a flag, such as `--harness`; the last counts.
    pub(crate) fn value_of(&self, flag: &str) -> Option<&str> {
        let places = self.before.iter().enumerate().rev();
        places
            .filter_map(|(place, word)| match word.strip_prefix(flag)? {
                "" => self.before.get(place + 1).map(String::as_str),
                rest => rest.strip_prefix('='),
            })
            .next()
    }

    /// Returns a directory that a flag names, or else a variable before the program.
    pub(crate) fn directory(&self, flag: &str, variable: &str) -> Option<PathBuf> {
        let set = self.variables.iter().rev();
        let set = set.filter(|(name, _)| name == variable);
        let set = set.map(|(_, value)| value.as_str()).next();
        self.value_of(flag).or(set).map(at_home)
    }
}

/// Follows `~`, which no shell does in a word that is being completed.
fn at_home(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| path.into()),
        Some(rest) if rest.starts_with('/') => {
            home().map_or_else(|| path.into(), |home| home.join(&rest[1..]))
        }
        Some(_) | None => path.into(),
    }
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = !name.is_empty() && name.chars().all(plain);
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// Reads words as bash hands them over: with their quotes, and parted at `=`.
fn as_meant(words: &[String]) -> Vec<String> {
    let mut meant: Vec<String> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        // The last one is what was typed, without quotes.
        let is_last = place + 1 == words.len();
        let follows_flag = meant.last().is_some_and(|last| last.starts_with("--"));
        if word == "=" && follows_flag && !is_last {
            continue;
        }
        meant.push(if is_last {
            word.clone()
        } else {
            unquoted(word)
        });
    }
    meant
}

fn unquoted(word: &str) -> String {
    let (mut plain, mut quote) = (String::new(), None);
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => plain.extend(characters.next()),
            (_, c) => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(shell: Shell, words: &[&str]) -> Line {
        Line::of(shell, words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn words_are_what_bash_means_by_them() {
        let line = line(
            Shell::Bash,
            &[
                "fleet",
                "--fleet",
                "'/a b'",
                "--harness",
                "=",
                "run",
                "x\\ y",
                "cur",
            ],
        );
        assert_eq!(line.before, ["--fleet", "/a b", "--harness", "run", "x y"]);
        assert_eq!(line.current, "cur");
        assert_eq!(line.value_of("--harness"), Some("run"));
    }

    #[test]
    fn a_fleet_is_named_by_a_flag_or_before_the_program() {
        let directory = |words: &[&str]| line(Shell::Zsh, words).directory("--fleet", "FLEET_DIR");
        let typed = ["FLEET_DIR=/x", "fleet", "start", ""];
        assert_eq!(directory(&typed), Some("/x".into()));
        let typed = ["FLEET_DIR=/x", "fleet", "--fleet=/y", "start", ""];
        assert_eq!(directory(&typed), Some("/y".into()));
        let typed = ["fleet", "start", "--fleet", ""];
        assert_eq!(directory(&typed), None);
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let typed = ["fleet", "--fleet", "~/f", "start", ""];
        assert_eq!(directory(&typed), home.map(|home| home.join("f")));
    }

    #[test]
    fn a_line_that_is_hardly_there_is_no_trouble() {
        for words in [&[] as &[&str], &[""], &["fleet"], &["A=b"]] {
            let line = line(Shell::Bash, words);
            assert!(line.before.is_empty(), "{words:?}");
        }
    }
}
