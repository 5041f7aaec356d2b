//! The words in braces that a harness's commands may contain, and what they become.

use std::path::{Path, PathBuf};

/// What the placeholders of one project's commands stand for.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// `{engine}`: where the harness is checked out.
    pub(crate) engine: PathBuf,
    /// `{project}`: the project's root.
    pub(crate) project: PathBuf,
    /// `{name}`: what the project is called.
    pub(crate) name: String,
    /// `{args}`: any number of arguments.
    pub(crate) args: Vec<String>,
    /// `{cache}`: prepared once per harness commit, shared by its projects.
    pub(crate) cache: PathBuf,
    /// `{state}`: this project's own.
    pub(crate) state: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Engine,
    Project,
    Name,
    Args,
    Cache,
    State,
}

impl Placeholder {
    const KNOWN: &str = "`{engine}`, `{project}`, `{name}`, `{args}`, `{cache}`, `{state}`";

    fn of(word: &str) -> Result<Self, String> {
        match word {
            "engine" => Ok(Self::Engine),
            "project" => Ok(Self::Project),
            "name" => Ok(Self::Name),
            "args" => Ok(Self::Args),
            "cache" => Ok(Self::Cache),
            "state" => Ok(Self::State),
            "run" => Err("`{run}` is not built yet".to_owned()),
            other => Err(format!(
                "`{{{other}}}` is not a placeholder; there are {}",
                Self::KNOWN
            )),
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Braces(&'a str),
}

/// Splits an argument into plain text and words in braces; other braces are plain text.
fn pieces(argument: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut plain_from = 0;
    let mut from = 0;
    while let Some(open) = argument[from..].find('{').map(|at| from + at) {
        let word = argument[open + 1..]
            .split_once('}')
            .map(|(word, _)| word)
            .filter(|word| is_word(word));
        if let Some(word) = word {
            pieces.push(Piece::Text(&argument[plain_from..open]));
            pieces.push(Piece::Braces(word));
            plain_from = open + word.len() + 2;
            from = plain_from;
        } else {
            from = open + 1;
        }
    }
    pieces.push(Piece::Text(&argument[plain_from..]));
    pieces
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

/// Says what is wrong with an argument's placeholders.
pub(super) fn check(argument: &str) -> Result<(), String> {
    for piece in pieces(argument) {
        let Piece::Braces(word) = piece else { continue };
        if Placeholder::of(word)? == Placeholder::Args && argument != "{args}" {
            return Err(format!(
                "`{{args}}` must be an argument of its own, not a part of `{argument}`"
            ));
        }
    }
    Ok(())
}

/// Replaces the placeholders of a checked command; what comes in is not looked at again.
pub(super) fn expand(command: &[String], places: &Places) -> Vec<String> {
    command
        .iter()
        .flat_map(|argument| {
            if argument == "{args}" {
                places.args.clone()
            } else {
                vec![expand_one(argument, places)]
            }
        })
        .collect()
}

fn expand_one(argument: &str, places: &Places) -> String {
    pieces(argument)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Braces(word) => value(word, places),
        })
        .collect()
}

fn value(word: &str, places: &Places) -> String {
    let shown = |path: &Path| path.display().to_string();
    match Placeholder::of(word) {
        Ok(Placeholder::Engine) => shown(&places.engine),
        Ok(Placeholder::Project) => shown(&places.project),
        Ok(Placeholder::Name) => places.name.clone(),
        Ok(Placeholder::Cache) => shown(&places.cache),
        Ok(Placeholder::State) => shown(&places.state),
        // Neither is in a checked command: what is not understood stays as it is.
        Ok(Placeholder::Args) | Err(_) => format!("{{{word}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(command: &[&str], expected: &[&str]) {
        let command: Vec<String> = command.iter().map(ToString::to_string).collect();
        for argument in &command {
            check(argument).unwrap();
        }
        let places = Places {
            engine: PathBuf::from("/p/engine"),
            project: PathBuf::from("/p"),
            name: "{state}".to_owned(),
            args: vec!["one".to_owned(), "{name}".to_owned()],
            cache: PathBuf::from("/c"),
            state: PathBuf::from("/s"),
        };
        assert_eq!(expand(&command, &places), expected);
    }

    #[test]
    fn placeholders_expand_once_and_nothing_else_does() {
        case(
            &["{engine}/run", "--in={project}:{cache}", "$HOME", "~", "*"],
            &["/p/engine/run", "--in=/p:/c", "$HOME", "~", "*"],
        );
        case(&["x", "{name}", "{state}"], &["x", "{state}", "/s"]);
        case(
            &["a{", "{}", "{\"name\":1}", "{{name}}"],
            &["a{", "{}", "{\"name\":1}", "{{state}}"],
        );
    }

    #[test]
    fn args_become_several_arguments() {
        case(&["run", "{args}", "end"], &["run", "one", "{name}", "end"]);
    }

    #[test]
    fn unknown_placeholders_are_refused() {
        for (bad, why) in [
            ("{home}", "`{home}` is not a placeholder"),
            ("{Name}", "`{Name}` is not a placeholder"),
            ("x{run}", "`{run}` is not built yet"),
            ("--with={args}", "`{args}` must be an argument of its own"),
        ] {
            let said = check(bad).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
