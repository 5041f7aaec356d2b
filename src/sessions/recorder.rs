//! Terminals whose output goes into a program: a recorder that the server starts for each, through `pipe-pane`.
//!
//! A terminal has one such pipe. One that somebody else has laid is left alone: an option of the pane says which are
//! ours.

use super::Tmux;
use super::words::script_line;
use crate::names::shell_word;

/// The option of a pane whose pipe was laid from here.
const OURS: &str = "@recorded";

/// What stands in a window's name before the name, so that a shell takes it for a word however it begins.
const BEFORE_NAME: &str = "x";

/// A recorder as the server is told to start it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorder {
    /// A command of the shell, in which the server fills in the window's name.
    command: String,
}

/// What a terminal shows, up to the moment in which a pipe was laid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piped {
    /// This; all that follows goes into the pipe.
    Shows(String),
    /// It has a pipe of somebody else's, which was left as it is.
    Foreign,
}

impl Recorder {
    /// Has the server run a program with these arguments, and the window's name after an `x` as one more, or, where it
    /// has blanks, as several.
    pub(crate) fn new(words: &[&str]) -> Self {
        let words: Vec<String> = words
            .iter()
            .map(|word| literal(&shell_word(word)))
            .collect();
        let command = format!("exec {} {BEFORE_NAME}#{{q:window_name}}", words.join(" "));
        Self { command }
    }

    /// Returns the calls that have a new session recorded: its first window, and all that are opened later, by whomever.
    pub(super) fn calls(&self, session: &str) -> Vec<Vec<String>> {
        let target = ["-t", session];
        let lay = self
            .lay(&[])
            .map(|words| script_line(&words).trim_end().to_owned());
        let lay = lay.join(" ; ");
        let mut calls: Vec<Vec<String>> = self.lay(&target).into();
        for hook in ["after-new-window", "after-split-window"] {
            let words = [&["set-hook"], &target[..], &[hook, &lay]].concat();
            calls.push(words.into_iter().map(str::to_owned).collect());
        }
        calls
    }

    fn lay(&self, target: &[&str]) -> [Vec<String>; 2] {
        let words = |words: &[&str], rest: &[&str]| {
            let words = [words, target, rest].concat();
            words.into_iter().map(str::to_owned).collect()
        };
        [
            words(&["pipe-pane"], &[&self.command]),
            words(&["set-option", "-p"], &[OURS, "1"]),
        ]
    }

    /// Returns a call that lays the pipe of the terminal it runs in anew: for programs of the pane's own.
    pub(crate) fn call_of_own(&self) -> anyhow::Result<Vec<String>> {
        let [pipe, mark] = self.lay(&[]);
        let program = super::tmux::program_as_text()?;
        let own = [
            vec![program, "-u".to_owned()],
            pipe,
            vec![";".to_owned()],
            mark,
        ];
        Ok(own.concat())
    }
}

impl Tmux {
    /// Lays a pipe from a terminal into a recorder, in place of any that was laid from here before, and returns what the
    /// terminal shows, with up to `lines` lines that have scrolled away; nothing is printed between the two.
    pub(crate) fn pipe(
        &self,
        pane: &str,
        recorder: &Recorder,
        lines: usize,
        with_colours: bool,
    ) -> anyhow::Result<Piped> {
        if self.pipe_of(pane)? == "1" {
            return Ok(Piped::Foreign);
        }
        let first = format!("-{lines}");
        let mut capture = vec!["capture-pane", "-p", "-J", "-S", &first, "-t", pane];
        if with_colours {
            capture.push("-e");
        }
        let target = ["-t", pane];
        let [pipe, mark] = recorder.lay(&target);
        let [pipe, mark] =
            [&pipe, &mark].map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(Piped::Shows(self.have(&[&capture, &pipe, &mark])?))
    }
}

impl Tmux {
    /// Tells whether a terminal has a pipe that was laid from here. Its recorder may not have begun yet, or have gone
    /// since it was last written to.
    pub(crate) fn is_recorded(&self, pane: &str) -> anyhow::Result<bool> {
        Ok(self.pipe_of(pane)? == "1 1")
    }

    /// Returns whether a terminal has a pipe, and whether it is ours.
    fn pipe_of(&self, pane: &str) -> anyhow::Result<String> {
        let format = format!("#{{pane_pipe}} #{{{OURS}}}");
        let asked = self.have(&[&["display-message", "-p", "-t", pane, &format]])?;
        Ok(asked.trim().to_owned())
    }
}

/// Writes a text so that tmux, which expands formats and times in it, gives it back as it is.
fn literal(text: &str) -> String {
    text.replace('#', "##").replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_to_the_shell_or_to_tmux_stays_as_it_is() {
        let recorder = Recorder::new(&["/opt/it's #1/100%", "record"]);
        assert_eq!(
            recorder.command,
            "exec '/opt/it'\\''s ##1/100%%' record x#{q:window_name}"
        );
        let calls = recorder.calls("=demo:");
        assert_eq!(calls.len(), 4);
        assert_eq!(
            calls[2][..4],
            ["set-hook", "-t", "=demo:", "after-new-window"]
        );
    }
}
