//! `fleet top` in a real terminal: a window of another tmux server, driven by keys and read from its screen.

mod actions;
mod ends;
mod looks;

use std::path::PathBuf;

use crate::sandbox::{Process, Sandbox};

/// A terminal that runs the screen, and tells afterwards how that ended and in which state the terminal is.
struct Screen<'a> {
    sandbox: &'a Sandbox,
    socket: PathBuf,
}

impl<'a> Screen<'a> {
    /// Opens one of this size, and waits until the fleet has been looked at.
    #[track_caller]
    fn of(sandbox: &'a Sandbox, columns: u16, lines: u16) -> Self {
        let line = "; echo \"ended with $?\"; stty -a | grep -o '.icanon'; exec cat";
        let screen = Self::running(sandbox, line, columns, lines);
        screen.wait_for("by state");
        screen
    }

    /// Runs `fleet top`, and what follows it on the line, in a new terminal.
    fn running(sandbox: &'a Sandbox, rest: &str, columns: u16, lines: u16) -> Self {
        let screen = Self {
            sandbox,
            socket: sandbox.root().join("tmux/mine"),
        };
        let (fleet, directory) = (env!("CARGO_BIN_EXE_fleet"), sandbox.directory());
        let line = format!("cd {}; {fleet} top{rest}", directory.display());
        let size = [columns, lines].map(|number| number.to_string());
        let new = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "mine",
            "-x",
            &size[0],
            "-y",
            &size[1],
            "sh",
            "-c",
            &line,
            ";",
            "set-option",
            "-g",
            "status",
            "off",
        ];
        sandbox.tmux_at(&screen.socket, &new).succeeded();
        screen.resize(columns, lines);
        screen
    }

    fn resize(&self, columns: u16, lines: u16) {
        let size = [columns, lines].map(|number| number.to_string());
        let resize = [
            "resize-window",
            "-t",
            "=mine:",
            "-x",
            &size[0],
            "-y",
            &size[1],
        ];
        self.sandbox.tmux_at(&self.socket, &resize).succeeded();
    }

    fn shows(&self) -> String {
        let capture = ["capture-pane", "-p", "-t", "=mine:"];
        self.sandbox.tmux_at(&self.socket, &capture).stdout
    }

    /// Waits until the screen shows something, and returns all of it. A screen may be seen while it is drawn: what else
    /// is on it is waited for in its turn.
    #[track_caller]
    fn wait_until(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let mut shown = String::new();
        let is_there = crate::sandbox::poll(crate::sandbox::DEADLINE, || {
            shown = self.shows();
            condition(&shown)
        });
        assert!(is_there, "waited for {what}; the screen shows\n{shown}");
        shown
    }

    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("`{text}`"), |shown| shown.contains(text))
    }

    /// Waits until the line that begins with these words, after the pointer and the mark, has those in it too.
    #[track_caller]
    fn wait_for_row(&self, begins: &str, has: &str) -> String {
        self.wait_until(&format!("`{has}` in the row of `{begins}`"), |shown| {
            shown.lines().any(|line| row_of(line, begins).contains(has))
        })
    }

    /// Waits until a project is selected.
    #[track_caller]
    fn wait_until_selected(&self, name: &str) -> String {
        self.wait_for(&format!("── {name} "))
    }

    fn keys(&self, keys: &[&str]) {
        let send = [&["send-keys", "-t", "=mine:"], keys].concat();
        self.sandbox.tmux_at(&self.socket, &send).succeeded();
    }

    /// The process that shows the screen.
    fn process(&self) -> Process {
        self.sandbox.only_one(|| {
            let mut found = self.sandbox.running("fleet top");
            found.retain(|process| !process.command.contains("sh -c"));
            found
        })
    }

    /// Waits until the screen has ended with an exit code, and the terminal is as it was.
    #[track_caller]
    fn has_ended_with(&self, code: i32) {
        self.wait_for(&format!("ended with {code}"));
        let shown = self.wait_for("icanon");
        assert!(!shown.contains("-icanon"), "{shown}");
        let modes = "#{alternate_on} #{cursor_flag}";
        let asked = self.sandbox.tmux_at(
            &self.socket,
            &["display-message", "-p", "-t", "=mine:", modes],
        );
        assert_eq!(asked.stdout.trim(), "0 1", "another screen, or no cursor");
    }

    /// Leaves the screen, and ends what is behind it.
    #[track_caller]
    fn close(self) {
        self.keys(&["C-c"]);
        self.has_ended_with(0);
        self.end();
    }

    fn end(self) {
        self.sandbox
            .tmux_at(&self.socket, &["kill-server"])
            .succeeded();
    }
}

/// Returns a line of the table without its pointer and mark, if it is the row of a project.
fn row_of<'l>(line: &'l str, name: &str) -> &'l str {
    let row = line.get(2..).unwrap_or_default();
    let is_own = line.starts_with(['>', ' ']) && row.split_whitespace().next() == Some(name);
    if is_own { row } else { "" }
}

fn fleet() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .projects(&["ada", "bob", "carl"], "v0.1.0")
        .started("bob", "is up")
}

fn stop_all(sandbox: &Sandbox) {
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
