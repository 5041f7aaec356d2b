//! A real terminal for `fleet status`: a window of another tmux server, of any size, driven by keys and read from its
//! screen.

use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::sandbox::Sandbox;

/// A terminal that runs one command, and says afterwards how that has ended.
pub(super) struct Screen<'a> {
    sandbox: &'a Sandbox,
    socket: PathBuf,
}

impl<'a> Screen<'a> {
    /// Runs `fleet` with the words of `line`.
    pub(super) fn running(sandbox: &'a Sandbox, (columns, lines): (u16, u16), line: &str) -> Self {
        let screen = Self {
            sandbox,
            socket: sandbox.root().join("tmux/mine"),
        };
        // Ctrl-C reaches the shell as well.
        let (fleet, directory) = (env!("CARGO_BIN_EXE_fleet"), sandbox.directory());
        let script = format!(
            "trap : INT; echo before; {fleet} --fleet {} {line}; echo \"ended with $?\"; exec cat",
            directory.display()
        );
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let new = ["-f", "/dev/null", "new-session", "-d", "-s", "mine"];
        let size = ["-x", &columns, "-y", &lines, "sh", "-c", &script];
        sandbox
            .tmux_at(&screen.socket, &[&new[..], &size].concat())
            .succeeded();
        screen
    }

    /// What it shows.
    pub(super) fn shown(&self) -> String {
        let capture = ["capture-pane", "-p", "-t", "=mine:"];
        self.sandbox.tmux_at(&self.socket, &capture).stdout
    }

    /// Waits until it shows a text, and returns all that it shows. A screen may be seen while it is drawn: what else is
    /// on it is waited for in its turn.
    #[track_caller]
    pub(super) fn wait_for(&self, text: &str) -> String {
        let mut shown = String::new();
        self.sandbox
            .wait_for(&format!("`{text}` on the screen"), || {
                shown = self.shown();
                shown.contains(text)
            });
        shown
    }

    pub(super) fn keys(&self, keys: &[&str]) {
        let send = [&["send-keys", "-t", "=mine:"], keys].concat();
        self.sandbox.tmux_at(&self.socket, &send).succeeded();
    }

    pub(super) fn resize(&self, columns: u16, lines: u16) {
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let resize = [
            "resize-window",
            "-t",
            "=mine:",
            "-x",
            &columns,
            "-y",
            &lines,
        ];
        self.sandbox.tmux_at(&self.socket, &resize).succeeded();
    }

    /// Sends a signal to the `fleet` that runs in it.
    pub(super) fn signal(&self, words: &str, signal: Signal) {
        let found = self.sandbox.running(words);
        let own = found
            .iter()
            .find(|process| !process.command.contains("ended with"));
        own.expect("it runs").signal(signal);
    }

    /// Fails unless the terminal is as it was before: its lines, its cursor, and what it does with keys.
    #[track_caller]
    pub(super) fn is_given_back(&self) {
        let shown = self.wait_for("ended with");
        assert!(shown.starts_with("before\n"), "{shown}");
        let flags = "#{alternate_on} #{cursor_flag} #{wrap_flag}";
        let ask = ["display-message", "-p", "-t", "=mine:", flags];
        let said = self.sandbox.tmux_at(&self.socket, &ask).stdout;
        assert_eq!(said.trim(), "0 1 1");
        // Keys are echoed and come in lines again.
        self.keys(&["typed", "Enter"]);
        self.sandbox.wait_for("the echo and the line", || {
            self.shown().matches("typed").count() == 2
        });
    }

    pub(super) fn close(self) {
        self.sandbox
            .tmux_at(&self.socket, &["kill-server"])
            .succeeded();
        // The next one must not meet it at its end.
        let socket = self.socket.to_string_lossy().into_owned();
        self.sandbox.wait_for("the server to end", || {
            self.sandbox.running(&socket).is_empty()
        });
    }
}
