//! A terminal of a test's own: a window of a tmux server, driven by keys and read from its screen.

use std::path::PathBuf;

use crate::sandbox::Sandbox;

/// A terminal in which one command runs.
pub(super) struct Screen<'a> {
    sandbox: &'a Sandbox,
    socket: PathBuf,
}

impl<'a> Screen<'a> {
    /// Opens one of this width and 30 lines, in the fleet's directory.
    pub(super) fn open(sandbox: &'a Sandbox, width: u16, command: &[&str]) -> Self {
        Self::at(sandbox, "screen", width, command)
    }

    /// Opens one more, of another name.
    pub(super) fn open_beside(sandbox: &'a Sandbox, name: &str, command: &[&str]) -> Self {
        Self::at(sandbox, name, 100, command)
    }

    fn at(sandbox: &'a Sandbox, name: &str, width: u16, command: &[&str]) -> Self {
        let socket = sandbox.root().join("tmux").join(name);
        let width = width.to_string();
        let new = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "screen",
            "-x",
            &width,
            "-y",
            "30",
        ];
        for shell in ["bash", "zsh", "fish"] {
            let is_there = !command.contains(&shell) || sandbox.has_program(shell);
            assert!(is_there, "this test needs `{shell}`: `.ci/run` installs it");
        }
        let directory = sandbox.directory().display().to_string();
        let words = [&new[..], &["-c", &directory], command].concat();
        let screen = Self { sandbox, socket };
        screen.tmux(&words);
        screen
    }

    fn tmux(&self, words: &[&str]) -> String {
        let output = self.sandbox.tmux_at(&self.socket, words);
        output.succeeded().stdout.clone()
    }

    /// Types a text as it is.
    pub(super) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "=screen:", "-l", "--", text]);
    }

    /// Presses keys, by tmux's names.
    pub(super) fn presses(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "=screen:"], keys].concat());
    }

    /// All that is shown, with what has left the screen.
    pub(super) fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-", "-t", "=screen:"])
    }

    /// Waits until something is true of what is shown.
    #[track_caller]
    pub(super) fn wait_for(&self, what: &str, mut condition: impl FnMut(&str) -> bool) {
        let mut shown = String::new();
        let met = crate::sandbox::poll(crate::sandbox::DEADLINE, || {
            shown = self.shown();
            condition(&shown)
        });
        assert!(met, "waited for {what}; shown:\n{shown}");
    }

    /// Waits until the last line is this.
    #[track_caller]
    pub(super) fn wait_for_line(&self, line: &str) {
        self.wait_for(&format!("the last line `{line}`"), |shown| {
            shown.trim_end().lines().last() == Some(line)
        });
    }

    /// Closes it, with all that runs in it.
    pub(super) fn close(self) {
        self.tmux(&["kill-server"]);
    }
}
