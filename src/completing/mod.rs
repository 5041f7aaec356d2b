//! Completions for shells: what could be typed next, of a command line and of what a program knows.
//!
//! A shell's script asks the program itself, by `PROGRAM _complete SHELL -- WORDS`, up to the word at the cursor. The
//! answer is a line that says which paths the shell is to add by itself, then a line for each word. It never fails and
//! says nothing else: what cannot be known is not offered.

mod line;
mod script;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCompleter, complete};

pub(crate) use line::Line;
pub(crate) use script::Shell;

/// The hidden verb that scripts ask by.
const ASKED: &str = "_complete";

/// What marks a candidate that stands for paths.
const PATHS: &str = "paths, which the shell knows";

/// What may be typed as the value of an argument.
#[derive(Debug)]
pub(crate) enum Offer {
    /// These words, in this order.
    Words(Vec<Word>),
    /// A directory's path.
    Directory,
    /// A file's path.
    File,
    /// Something that only who types it knows.
    Nothing,
}

/// A word that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word.
    pub(crate) text: String,
    /// What it is, in a few words.
    pub(crate) about: String,
}

impl Word {
    /// Makes a word with what it is.
    pub(crate) fn new(text: impl ToString, about: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            about: about.to_string(),
        }
    }
}

/// Answers what `offer` says of an argument: of which verb (its words, joined by blanks) and by what id. `None`: it does
/// not know the argument.
pub(crate) type Offers = fn(&Line, &str, &str) -> Option<Offer>;

/// Answers a shell, where this process was asked by one; returns whether it was.
pub(crate) fn answer(command: fn() -> Command, offers: Offers) -> bool {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ASKED)) {
        return false;
    }
    // There is nobody to tell of a mistake in here.
    std::panic::set_hook(Box::new(|_| ()));
    let words = |arguments: &mut dyn Iterator<Item = OsString>| -> Option<(Shell, Vec<String>)> {
        let shell = Shell::named(arguments.next()?.to_str()?)?;
        let words = arguments.skip(1).map(|word| word.into_string().ok());
        Some((shell, words.collect::<Option<_>>()?))
    };
    if let Some((shell, words)) = words(&mut arguments) {
        let text = answered(command(), Line::of(shell, words), shell, offers);
        // The shell may have gone away.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    true
}

/// Returns what makes a shell complete the command line of `program`.
pub(crate) fn script(shell: Shell, program: &str) -> String {
    shell.script(program)
}

fn answered(command: Command, line: Line, shell: Shell, offers: Offers) -> String {
    let line = Arc::new(line);
    let mut command = with_offers(command, "", &line, offers);
    let mut words: Vec<OsString> = vec![OsString::from(command.get_name())];
    words.extend(line.before.iter().map(OsString::from));
    words.push(OsString::from(&line.current));
    let at = words.len() - 1;
    let found = complete(&mut command, words, at, None).unwrap_or_default();
    let (paths, mut found): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|one| one.get_tag().is_some_and(|tag| *tag.to_string() == *PATHS));
    let paths = paths.first().and_then(|one| one.get_help());
    let paths = paths.map_or_else(|| "words".to_owned(), ToString::to_string);
    // Flags are asked for by a dash, or where there is nothing else.
    let is_flag = |one: &CompletionCandidate| one.get_value().to_string_lossy().starts_with('-');
    if line.current.is_empty() && (paths != "words" || !found.iter().all(is_flag)) {
        found.retain(|one| !is_flag(one));
    }
    let mut text = format!("{paths}\n");
    for one in found {
        let word = one.get_value().to_string_lossy();
        let about = one.get_help().map(ToString::to_string).unwrap_or_default();
        let about = about.lines().next().unwrap_or_default();
        if !word.chars().any(char::is_control) {
            text += &shell.written(&word, about);
            text.push('\n');
        }
    }
    text
}

/// Puts what is offered into a command line, for every argument that takes a value of its own.
fn with_offers(command: Command, verb: &str, line: &Arc<Line>, offers: Offers) -> Command {
    let with_offer = |argument: Arg| {
        if !takes_word(&argument) {
            return argument;
        }
        let (line, verb, id) = (
            Arc::clone(line),
            verb.to_owned(),
            argument.get_id().to_string(),
        );
        argument.add(ArgValueCompleter::new(move |current: &OsStr| {
            let current = current.to_string_lossy();
            candidates(
                offers(&line, &verb, &id).unwrap_or(Offer::Nothing),
                &current,
            )
        }))
    };
    command.mut_args(with_offer).mut_subcommands(|sub| {
        let verb = format!("{verb} {}", sub.get_name());
        with_offers(sub, verb.trim_start(), line, offers)
    })
}

/// Tells whether an argument takes a value that is not one of a few that the command line knows itself.
fn takes_word(argument: &Arg) -> bool {
    let takes = argument.get_action().takes_values() && !argument.is_hide_set();
    takes && argument.get_possible_values().is_empty()
}

fn candidates(offer: Offer, current: &str) -> Vec<CompletionCandidate> {
    let paths = |kind: &'static str| {
        vec![
            CompletionCandidate::new(current)
                .help(Some(kind.into()))
                .tag(Some(PATHS.into())),
        ]
    };
    match offer {
        Offer::Directory => paths("directories"),
        Offer::File => paths("files"),
        Offer::Nothing => Vec::new(),
        Offer::Words(words) => words
            .into_iter()
            .filter(|word| word.text.starts_with(current))
            .map(|word| {
                let about = Some(word.about).filter(|about| !about.is_empty());
                CompletionCandidate::new(word.text).help(about.map(Into::into))
            })
            .collect(),
    }
}

/// Returns the arguments that take a word and of which `offers` knows nothing, as `VERB: ARGUMENT`.
#[cfg(test)]
pub(crate) fn unknown(command: Command, offers: Offers) -> Vec<String> {
    fn collect(command: &Command, verb: &str, offers: Offers, into: &mut Vec<String>) {
        let line = Line::of(Shell::Fish, Vec::new());
        for argument in command.get_arguments().filter(|one| takes_word(one)) {
            let id = argument.get_id().as_str();
            if offers(&line, verb, id).is_none() {
                into.push(format!("{verb}: {id}"));
            }
        }
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let verb = format!("{verb} {}", sub.get_name());
            collect(sub, verb.trim_start(), offers, into);
        }
    }
    let mut unknown = Vec::new();
    collect(&command, "", offers, &mut unknown);
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        Command::new("tool")
            .arg(Arg::new("place").long("place").global(true))
            .subcommand(
                Command::new("go")
                    .about("Go: there")
                    .arg(Arg::new("names").num_args(0..))
                    .arg(Arg::new("kind").long("kind").value_parser(["odd", "even"])),
            )
            .subcommand(Command::new("_secret").hide(true))
    }

    fn offers(line: &Line, verb: &str, argument: &str) -> Option<Offer> {
        Some(match (verb, argument) {
            (_, "place") => Offer::Directory,
            ("go", "names") => Offer::Words(
                ["ada", "bob", "b$(x)", "b\u{1b}c"]
                    .into_iter()
                    .filter(|name| !line.has(name))
                    .map(|name| Word::new(name, "a name"))
                    .collect(),
            ),
            _ => return None,
        })
    }

    #[track_caller]
    fn case(shell: Shell, words: &[&str], answer: &[&str]) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let text = answered(command(), Line::of(shell, words), shell, offers);
        assert_eq!(text.lines().collect::<Vec<_>>(), answer);
    }

    #[test]
    fn what_is_offered_is_written_as_each_shell_reads_it() {
        case(Shell::Fish, &["tool", "g"], &["words", "go\tGo: there"]);
        case(Shell::Zsh, &["tool", "g"], &["words", "go:Go: there"]);
        case(Shell::Bash, &["tool", "g"], &["words", "go"]);
        case(
            Shell::Bash,
            &["tool", "go", "b"],
            &["words", "bob", r"b\$\(x\)"],
        );
    }

    #[test]
    fn flags_come_where_a_dash_asks_for_them() {
        let names = ["words", "ada", "bob", r"b\$\(x\)"];
        case(Shell::Bash, &["tool", "go", ""], &names);
        case(Shell::Bash, &["tool", "go", "--k"], &["words", "--kind"]);
        case(
            Shell::Bash,
            &["tool", "go", "--kind", ""],
            &["words", "odd", "even"],
        );
    }

    #[test]
    fn what_is_named_is_not_offered_again_and_paths_are_the_shells_business() {
        case(
            Shell::Bash,
            &["tool", "go", "ada", ""],
            &["words", "bob", r"b\$\(x\)"],
        );
        case(Shell::Bash, &["tool", "--place", "x"], &["directories"]);
        // As bash parts it.
        case(
            Shell::Bash,
            &["tool", "go", "--kind", "=", "o"],
            &["words", "odd"],
        );
        case(
            Shell::Fish,
            &["tool", "go", "--kind=o"],
            &["words", "--kind=odd"],
        );
    }

    #[test]
    fn an_argument_that_nobody_knows_is_found() {
        assert_eq!(unknown(command(), offers), [] as [&str; 0]);
        let none = |_: &Line, _: &str, _: &str| None;
        assert_eq!(unknown(command(), none), [": place", "go: names"]);
    }
}
