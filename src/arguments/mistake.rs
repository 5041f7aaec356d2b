//! Command lines that cannot be understood, in the words of every other error: what, and a hint to type.

use std::error::Error as _;
use std::io;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error, Parser};

use crate::error::{Exit, Fault, usage};
use crate::names::nearest;

use crate::ui::{list, report, unwritten};

/// Reads this process's command line. Where nothing is left to do, because help was asked for or it cannot be
/// understood, that has been printed, and the exit code is returned.
///
/// `program` is the command line of `C`, with all that is to be said of it.
pub(crate) fn command_line<C: Parser>(program: Command) -> Result<C, Exit> {
    let told = program.clone();
    let read = program.try_get_matches();
    let read = read.and_then(|mut found| C::from_arg_matches_mut(&mut found));
    read.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => match error.print() {
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => unwritten(why),
            Ok(()) | Err(_) if error.use_stderr() => Exit::Usage,
            Ok(()) | Err(_) => Exit::Done,
        },
        _ => report(&mistake(&told, &error).into()),
    })
}

/// Says what is wrong with a command line of `program`.
fn mistake(program: &Command, error: &Error) -> Fault {
    let mistake = Mistake { program, error };
    let command = mistake.command();
    let help = format!("`{command} --help` shows what it takes");
    let invalid = mistake.one(ContextKind::InvalidArg);
    let value = mistake.one(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::InvalidSubcommand => mistake.unknown_command(&command),
        ErrorKind::UnknownArgument => mistake.unknown_argument(&command),
        ErrorKind::InvalidValue if value.is_empty() => {
            usage(format!("`{}` needs a value", called(&invalid))).hint(help)
        }
        ErrorKind::InvalidValue => mistake.not_one_of(&command, &invalid, &value),
        ErrorKind::ValueValidation => mistake.invalid(&invalid, &value).hint(help),
        ErrorKind::MissingRequiredArgument => {
            let lacking = mistake.context(ContextKind::InvalidArg);
            let lacking = list(lacking.iter().map(|one| called(one)));
            match lacking.starts_with("`-") {
                true => usage(format!("`{command}` needs {lacking} as well")).hint(help),
                false => usage(format!("`{command}` needs {lacking}")).hint(help),
            }
        }
        ErrorKind::ArgumentConflict => {
            let others = mistake.context(ContextKind::PriorArg);
            let all: Vec<&str> = std::iter::once(&invalid)
                .chain(others.iter().filter(|other| **other != invalid))
                .map(|one| called(one))
                .collect();
            match all.as_slice() {
                [only] => usage(format!("`{only}` is given twice")).hint(help),
                several => usage(format!("{} exclude each other", list(several))).hint(help),
            }
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            usage(first.trim_start_matches("error: ")).hint(help)
        }
    }
}

struct Mistake<'a> {
    program: &'a Command,
    error: &'a Error,
}

impl Mistake<'_> {
    fn context(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
            Some(ContextValue::StyledStrs(texts)) => {
                texts.iter().map(StyledStr::to_string).collect()
            }
            Some(ContextValue::Number(number)) => vec![number.to_string()],
            _ => Vec::new(),
        }
    }

    fn one(&self, kind: ContextKind) -> String {
        self.context(kind).join(" and ")
    }

    /// Returns the command that was meant, as far as it is known: `fleet harness`.
    fn command(&self) -> String {
        let usage = self.one(ContextKind::Usage);
        let words = usage
            .split_whitespace()
            .skip_while(|word| *word != self.program.get_name());
        let words = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        let words: Vec<&str> = words.collect();
        match words.is_empty() {
            true => self.typed(),
            false => words.join(" "),
        }
    }

    /// The same, from the words that were typed: not every error knows it.
    fn typed(&self) -> String {
        let mut command = self.program;
        let mut names = vec![command.get_name()];
        for word in std::env::args().skip(1) {
            if let Some(below) = command.find_subcommand(&word) {
                command = below;
                names.push(below.get_name());
            }
        }
        names.join(" ")
    }

    fn unknown_command(&self, command: &str) -> Fault {
        let word = self.one(ContextKind::InvalidSubcommand);
        let mut parent = self.program;
        for name in command.split(' ').skip(1) {
            parent = parent.find_subcommand(name).unwrap_or(parent);
        }
        let shown = parent.get_subcommands().filter(|one| !one.is_hide_set());
        let fault = usage(format!(
            "`{command}` has no command `{}`",
            word.escape_debug()
        ));
        match nearest(&word, shown.map(Command::get_name)) {
            Some(near) => fault.hint(format!("did you mean `{command} {near}`?")),
            None => fault.hint(format!("`{command} --help` lists them")),
        }
    }

    fn unknown_argument(&self, command: &str) -> Fault {
        let word = self.one(ContextKind::InvalidArg);
        let fault = if word.starts_with('-') {
            usage(format!(
                "`{command}` has no option `{}`",
                word.escape_debug()
            ))
        } else {
            usage(format!("`{command}` takes no `{}`", word.escape_debug()))
        };
        match self.context(ContextKind::SuggestedArg).first() {
            Some(near) => fault.hint(format!("did you mean `{}`?", called(near))),
            None => fault.hint(format!("`{command} --help` shows what it takes")),
        }
    }

    fn not_one_of(&self, command: &str, argument: &str, value: &str) -> Fault {
        let known = self.context(ContextKind::ValidValue);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let of = match argument.starts_with('-') {
            true => format!("{command} {}", called(argument)),
            false => command.to_owned(),
        };
        let fault = usage(format!("`{of}` knows no `{}`", value.escape_debug()));
        // Values are short, and what begins otherwise is another word: `tcsh` is no slip for `bash`.
        let near = nearest(value, known.iter().copied());
        match near.filter(|near| near.chars().next() == value.chars().next()) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint(format!("there are {}", list(known))),
        }
    }

    fn invalid(&self, argument: &str, value: &str) -> Fault {
        let why = match self.error.source() {
            Some(why) => why.to_string(),
            None => format!("`{}` cannot be that", value.escape_debug()),
        };
        match argument.starts_with('-') {
            true => usage(format!("`{}`: {why}", called(argument))),
            false => usage(why),
        }
    }
}

/// Returns what people call an argument: `--soak` of `--soak <TIME>`, `NAME` of `[NAME]...`.
fn called(argument: &str) -> &str {
    if argument.starts_with('-') {
        return argument.split([' ', '=']).next().unwrap_or(argument);
    }
    let one = argument.trim_end_matches('.');
    let inner = one
        .strip_prefix(['[', '<'])
        .and_then(|one| one.strip_suffix([']', '>']));
    inner.unwrap_or(one)
}
