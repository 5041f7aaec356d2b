//! The one place that prints.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};

use super::last_line::clear_when_told_to_end;
use super::progress::{Counting, Progress};
use crate::error::{self, Exit};

const GOOD: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The terminal. Colours and progress go away where nobody would see them (`NO_COLOR`, a pipe).
#[derive(Debug)]
pub(crate) struct Ui {
    quiet: bool,
    /// Where there is somebody to see it.
    progress: Option<Progress>,
    /// Why a result could not be printed: the first time.
    unwritten: Mutex<Option<io::Error>>,
}

impl Ui {
    /// Makes the terminal's user interface; a quiet one keeps what it does to itself, but not results and errors.
    pub(crate) fn new(quiet: bool) -> Self {
        let is_smart = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        let is_watched = !quiet && is_smart && std::io::stderr().is_terminal();
        if is_watched {
            clear_when_told_to_end();
        }
        Self {
            quiet,
            progress: is_watched.then(Progress::default),
            unwritten: Mutex::default(),
        }
    }

    /// Prints what was asked for, to stdout. A reader that has gone away (`| head`) is no error; what else keeps it from
    /// being written is told at the end, by [`Self::close`].
    pub(crate) fn result(&self, text: impl Display) {
        let written = self.making_way(|| {
            let mut stdout = anstream::stdout();
            writeln!(stdout, "{text}").and_then(|()| stdout.flush())
        });
        if let Err(why) = written
            && why.kind() != io::ErrorKind::BrokenPipe
        {
            let mut first = self
                .unwritten
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(why);
        }
    }

    /// Ends what a command says, and returns its exit code: that of a failure where its results could not be printed.
    pub(crate) fn close(&self, exit: Exit) -> Exit {
        self.end_progress();
        let unwritten_for = self
            .unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match unwritten_for {
            None => exit,
            Some(why) if exit == Exit::Done => unwritten(why),
            Some(why) => {
                unwritten(why);
                exit
            }
        }
    }

    /// Writes a text to stdout as it is, colours included, at once. Fails where nobody reads it any more.
    pub(crate) fn stream(&self, text: &str) -> std::io::Result<()> {
        self.end_progress();
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Says what was done or is being done, to stderr.
    pub(crate) fn status(&self, text: impl Display) {
        if !self.quiet {
            self.say(GOOD, "", text);
        }
    }

    /// Warns, to stderr.
    pub(crate) fn warn(&self, text: impl Display) {
        self.say(WARNING, "warning: ", text);
    }

    /// Tells what to type next, to stderr.
    pub(crate) fn hint(&self, text: impl Display) {
        if !self.quiet {
            self.say(HINT, "hint: ", text);
        }
    }

    /// Prints an error (what, because, hint), and returns its exit code.
    pub(crate) fn fail(&self, error: &anyhow::Error) -> Exit {
        self.end_progress();
        report(error)
    }

    /// Tells whether somebody sees what [`Self::waiting`] shows.
    pub(crate) fn is_watched(&self) -> bool {
        self.progress.is_some()
    }

    /// Shows what is being waited for, until something is printed or it ends; only on a terminal, and only where it
    /// takes long enough to be read.
    pub(crate) fn waiting(&self, text: impl Display) {
        if let Some(progress) = &self.progress {
            progress.tell(text.to_string());
        }
    }

    /// Shows in the same way how many of `all` are done, and the names of those that take long.
    pub(crate) fn counting(&self, what: impl Display, all: usize) -> Counting<'_> {
        Progress::count(self.progress.as_ref(), what, all)
    }

    /// Takes away what is shown.
    pub(crate) fn end_progress(&self) {
        if let Some(progress) = &self.progress {
            progress.end();
        }
    }

    fn making_way<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.progress {
            Some(progress) => progress.make_way(print),
            None => print(),
        }
    }

    fn say(&self, style: Style, label: &str, text: impl Display) {
        // There is nowhere left to report that stderr is gone.
        let _ = self.making_way(|| writeln!(anstream::stderr(), "{style}{label}{style:#}{text}"));
    }
}

/// Says that stdout could not be written, and returns the exit code of that.
pub(crate) fn unwritten(why: io::Error) -> Exit {
    report(
        &error::failed("cannot write to standard output")
            .because(why)
            .into(),
    )
}

/// Prints an error as people read it (what, because, hint) and returns the exit code it stands for.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    let mut stderr = anstream::stderr();
    // There is nowhere left to report that stderr is gone.
    let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {}", error::told(&**error));
    for cause in error.chain().skip(1) {
        let _ = writeln!(stderr, "  because: {}", error::told(cause));
    }
    for hint in error::hints(error) {
        let _ = writeln!(stderr, "{HINT}hint:{HINT:#} {hint}");
    }
    error::exit_of(error)
}

/// Sends the trace of what the program does to stderr, where the variable asks for it (`debug`, `fleet::pins=trace`).
pub(crate) fn trace_to_stderr(variable: &str) {
    use tracing_subscriber::EnvFilter;
    if std::env::var_os(variable).is_some() {
        let filter = EnvFilter::from_env(variable);
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
    }
}
