//! `fleet attach` in a real terminal: a window of another tmux server, driven by keys and read from its screen.

use std::path::PathBuf;

use super::{agents, running};
use crate::sandbox::Sandbox;

/// A terminal that runs one command, and a shell after it.
struct Terminal<'a> {
    sandbox: &'a Sandbox,
    socket: PathBuf,
}

impl<'a> Terminal<'a> {
    fn running(sandbox: &'a Sandbox, arguments: &str) -> Self {
        let socket = sandbox.root().join("tmux/mine");
        let fleet = env!("CARGO_BIN_EXE_fleet");
        let directory = sandbox.directory();
        let line = format!(
            "{fleet} --fleet {} {arguments}; echo \"ended with $?\"; exec cat",
            directory.display()
        );
        let terminal = Self { sandbox, socket };
        let new = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "mine",
            "-x",
            "120",
            "-y",
            "40",
        ];
        let mut words = new.to_vec();
        words.extend(["sh", "-c", &line]);
        // tmux takes its own options before the socket's too.
        sandbox.tmux_at(&terminal.socket, &words).succeeded();
        terminal
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        let mut shown = String::new();
        self.sandbox
            .wait_for(&format!("`{text}` on the screen"), || {
                let capture = ["capture-pane", "-p", "-t", "=mine:"];
                shown = self.sandbox.tmux_at(&self.socket, &capture).stdout;
                shown.contains(text)
            });
    }

    fn keys(&self, keys: &[&str]) {
        let send = [&["send-keys", "-t", "=mine:"], keys].concat();
        self.sandbox.tmux_at(&self.socket, &send).succeeded();
    }

    fn close(self) {
        self.sandbox
            .tmux_at(&self.socket, &["kill-server"])
            .succeeded();
    }
}

#[test]
fn it_shows_the_terminal_and_takes_what_is_typed_until_it_is_left() {
    let sandbox = running();
    let terminal = Terminal::running(&sandbox, "attach demo");
    terminal.wait_for("demo is up");
    terminal.keys(&["typed by hand", "Enter"]);
    terminal.wait_for("heard: typed by hand");
    terminal.keys(&["C-b", "d"]);
    terminal.wait_for("ended with 0");
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    terminal.close();
}

#[test]
fn an_agents_window_is_shown() {
    let sandbox = agents();
    let terminal = Terminal::running(&sandbox, "attach demo/two");
    terminal.wait_for("two is up");
    terminal.keys(&["hello", "Enter"]);
    terminal.wait_for("two heard: hello");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    terminal.wait_for("ended with");
    terminal.close();
}

#[test]
fn inside_a_session_of_the_fleet_it_switches_to_another() {
    let sandbox = running()
        .project("other", "v0.1.0")
        .started("other", "is up");
    let terminal = Terminal::running(&sandbox, "attach demo");
    terminal.wait_for("demo is up");
    let (fleet, directory) = (env!("CARGO_BIN_EXE_fleet"), sandbox.directory());
    let line = format!(
        "{fleet} --fleet {} attach other; sleep 86420",
        directory.display()
    );
    terminal.keys(&["C-b", ":"]);
    terminal.keys(&["-l", &format!("new-window -t =demo: \"{line}\"")]);
    terminal.keys(&["Enter"]);
    terminal.wait_for("other is up");
    sandbox.fleet(&["stop", "--all"]).succeeded();
    terminal.close();
}

#[test]
fn ctrl_c_reaches_the_harness() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo ready; cat; echo interrupted; exit 5\n")
        .project("demo", "v1")
        .started("demo", "ready");
    let terminal = Terminal::running(&sandbox, "attach demo");
    terminal.wait_for("ready");
    terminal.keys(&["C-c"]);
    let status = sandbox.wait_until_is("demo", "crashed");
    assert_eq!(status["process"]["signal"], 2, "{status:#}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    terminal.close();
}

#[test]
fn the_harness_has_the_size_of_the_terminal_and_its_next_life_too() {
    let told = "trap 'echo now $(stty size)' WINCH\necho born $(stty size)\nwhile :; do sleep 86430 & wait $!; done\n";
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", told)
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"")
        .started("demo", "born 50 200");
    let terminal = Terminal::running(&sandbox, "attach demo");
    // One of the terminal's forty lines is tmux's own.
    terminal.wait_for("now 39 120");
    sandbox.kill(&sandbox.harness_of("demo"));
    terminal.wait_for("born 39 120");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    terminal.close();
}
