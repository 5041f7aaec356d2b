//! Failures as people read them: what, because, hint; and the exit code each stands for.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// The exit codes of `fleet` and `agents`. Their meaning is part of the interface.
///
/// A command that is interrupted dies of the signal: its shell reports 130. What it had begun is in a journal. One that
/// waits for long hears the signal, says what to type next, and exits with the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All of it was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line or the registry is not valid.
    Usage = 2,
    /// Refused, to protect work or by policy.
    Refused = 3,
    /// Of several, some were done and some were not.
    Mixed = 4,
    /// A check found something.
    Found = 5,
    /// A deadline passed, a lock's included.
    TimedOut = 6,
    /// A signal ended it, and it has said what to type next.
    Interrupted = 130,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Mixed,
        Self::Found,
        Self::TimedOut,
        Self::Interrupted,
    ];

    /// Returns what it means, for whichever command.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "the command line or fleet.toml is not valid",
            Self::Refused => "refused, to protect work or by policy",
            Self::Mixed => "of several projects, some were done and some were not",
            Self::Found => "a check found something",
            Self::TimedOut => "timed out, a lock included",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure that knows its exit code and what to type next.
#[derive(Debug)]
pub(crate) struct Fault {
    what: What,
    exit: Exit,
    hints: Vec<String>,
}

#[derive(Debug)]
enum What {
    Said {
        text: String,
        because: Option<anyhow::Error>,
    },
    Met(anyhow::Error),
}

impl Fault {
    fn new(exit: Exit, text: impl Into<String>) -> Self {
        let what = What::Said {
            text: text.into(),
            because: None,
        };
        Self {
            what,
            exit,
            hints: Vec::new(),
        }
    }

    /// Returns a failure once more, for somebody else whom it concerns too: its texts, exit code and hints.
    pub(crate) fn copy_of(error: &anyhow::Error) -> Self {
        let causes: Vec<String> = error.chain().skip(1).map(told).collect();
        let because = causes
            .into_iter()
            .rev()
            .fold(None, |inner: Option<anyhow::Error>, text| {
                Some(match inner {
                    Some(inner) => inner.context(text),
                    None => anyhow::Error::msg(text),
                })
            });
        Self {
            what: What::Said {
                text: told(&**error),
                because,
            },
            exit: exit_of(error),
            hints: hints(error).into_iter().map(str::to_owned).collect(),
        }
    }

    /// Adds what to type next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Takes away what it advises: where that would be of no use.
    pub(crate) fn without_hints(mut self) -> Self {
        self.hints.clear();
        self
    }

    /// Names the failure behind this one.
    pub(crate) fn because(mut self, error: impl Into<anyhow::Error>) -> Self {
        if let What::Said { because, .. } = &mut self.what {
            *because = Some(error.into());
        }
        self
    }
}

/// A plain failure.
pub(crate) fn failed(text: impl Into<String>) -> Fault {
    Fault::new(Exit::Failed, text)
}

/// The command line, the registry or another file that people write is not valid.
pub(crate) fn usage(text: impl Into<String>) -> Fault {
    Fault::new(Exit::Usage, text)
}

/// Doing it would harm work, or policy forbids it.
pub(crate) fn refused(text: impl Into<String>) -> Fault {
    Fault::new(Exit::Refused, text)
}

/// A deadline passed.
pub(crate) fn timed_out(text: impl Into<String>) -> Fault {
    Fault::new(Exit::TimedOut, text)
}

/// A signal ended it; what it had begun is on disk.
pub(crate) fn interrupted(text: impl Into<String>) -> Fault {
    Fault::new(Exit::Interrupted, text)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Said { text, .. } => f.write_str(text),
            What::Met(error) => write!(f, "{error}"),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.what {
            What::Said { because, .. } => because.as_ref().map(|error| &**error as _),
            What::Met(error) => error.source(),
        }
    }
}

/// Attaches advice to a result, where the fix is known.
pub(crate) trait Advise<T> {
    /// Adds something to type to whatever failed; its exit code stays.
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advise<T> for Result<T, E> {
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T> {
        self.map_err(|error| {
            let error = error.into();
            let exit = exit_of(&error);
            // A fault below a context is not taken out: that would drop the context.
            let is_fault = error
                .chain()
                .next()
                .is_some_and(|outermost| outermost.is::<Fault>());
            let fault = if is_fault {
                error
                    .downcast::<Fault>()
                    .expect("it was just found to be one")
            } else {
                Fault {
                    what: What::Met(error),
                    exit,
                    hints: Vec::new(),
                }
            };
            fault.hint(hint()).into()
        })
    }
}

/// Returns what a cause says, without the numbers that git's library puts behind its words.
pub(crate) fn told(cause: &(dyn Error + 'static)) -> String {
    let text = cause.to_string();
    match text.split_once("; class=") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// Returns all that an error says in one line, outermost first.
pub(crate) fn in_a_line(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(told).collect();
    causes.join(": ")
}

/// Returns the exit code an error stands for: the outermost one that somebody chose.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    faults(error)
        .map(|fault| fault.exit)
        .find(|exit| *exit != Exit::Failed)
        .unwrap_or(Exit::Failed)
}

/// Returns what an error advises to type, outermost first.
pub(crate) fn hints(error: &anyhow::Error) -> Vec<&str> {
    faults(error)
        .flat_map(|fault| fault.hints.iter().map(String::as_str))
        .collect()
}

fn faults(error: &anyhow::Error) -> impl Iterator<Item = &Fault> {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<Fault>())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn context_keeps_the_exit_code_and_the_hints() {
        let error = Err::<(), _>(refused("the engine is dirty").hint("commit it"))
            .context("cannot update `demo`")
            .hint(|| "or wait".to_owned())
            .unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused);
        assert_eq!(error.to_string(), "cannot update `demo`");
        assert_eq!(
            error.chain().map(ToString::to_string).collect::<Vec<_>>(),
            ["cannot update `demo`", "the engine is dirty"]
        );
        assert_eq!(hints(&error), ["or wait", "commit it"]);
        let copy: anyhow::Error = Fault::copy_of(&error).into();
        assert_eq!(format!("{copy:#}"), format!("{error:#}"));
        assert_eq!(
            (exit_of(&copy), hints(&copy)),
            (Exit::Refused, hints(&error))
        );
    }
}
