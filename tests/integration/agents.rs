//! `agents`, alone: no fleet is near.

mod given;
mod healing;
mod refusals;
mod running;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

/// An agent that waits, with a child of its own that has left its process group.
const WAITS: &str = "command = [\"sh\", \"-c\", \"setsid sleep 1000 & exec cat\"]\n";

/// A project with agents, in a sandbox.
struct Project {
    sandbox: Sandbox,
}

impl Project {
    fn new(agents_toml: &str) -> Self {
        let project = Self {
            sandbox: Sandbox::new(),
        };
        project.write("agents.toml", agents_toml);
        project
    }

    fn directory(&self) -> PathBuf {
        self.sandbox.root().join("project")
    }

    fn write(&self, path: &str, text: &str) {
        self.sandbox.write(&format!("project/{path}"), text);
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.directory().join(path)).ok()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_agents");
        let mut command = self.sandbox.command(program, &self.directory());
        command.args(arguments);
        command
    }

    fn agents(&self, arguments: &[&str]) -> Output {
        self.sandbox.output(&mut self.command(arguments))
    }

    /// Runs `agents`, which must end with this exit code.
    #[track_caller]
    fn said(&self, code: i32, arguments: &[&str]) -> Output {
        let said = self.agents(arguments);
        said.exited(code);
        said
    }

    /// Runs `agents up --wait` outside tmux.
    fn foreground(&self) -> Child {
        let mut command = self.command(&["up", "--wait"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.sandbox.root().join("tmux/mine")
    }

    /// The socket of the server that `agents` makes outside tmux.
    fn agents_socket(&self) -> PathBuf {
        let sockets = self.sandbox.sockets().into_iter();
        let mut found = sockets.filter(|socket| socket.ends_with("agents"));
        found.next().expect("there is a server")
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        self.sandbox.tmux_at(&self.socket(), arguments)
    }

    /// Runs a shell line in a session `work` of a tmux server that stands for the user's own.
    fn in_tmux(&self, line: &str) {
        let mut command = self.sandbox.command("tmux", &self.directory());
        command.args(["-f", "/dev/null", "-S"]).arg(self.socket());
        command.args(["new-session", "-d", "-s", "work", "-n", "main"]);
        self.sandbox
            .output(command.args(["sh", "-c", line]))
            .succeeded();
    }

    fn windows(&self) -> Vec<String> {
        let listed = self.tmux(&["list-windows", "-t", "=work", "-F", "#{window_name}"]);
        listed.stdout.lines().map(str::to_owned).collect()
    }

    /// Ends what runs, and the user's own session.
    fn end(&self) {
        self.said(0, &["down"]);
        if self.socket().exists() {
            self.tmux(&["kill-session", "-t", "=work"]);
        }
        self.nothing_is_left();
    }

    fn status(&self) -> Value {
        let said = self.agents(&["status", "--json"]);
        serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{}", said.text()))
    }

    fn agent(&self, name: &str) -> Value {
        let status = self.status();
        let agents = status["agents"].as_array().unwrap();
        let found = agents.iter().find(|agent| agent["name"] == name);
        found.unwrap_or_else(|| panic!("{status}")).clone()
    }

    #[track_caller]
    fn wait_for_state(&self, name: &str, state: &str) -> Value {
        self.sandbox
            .wait_for(state, || self.agent(name)["state"] == state);
        self.agent(name)
    }

    #[track_caller]
    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        self.sandbox.wait_for(what, is_so);
    }

    #[track_caller]
    fn nothing_is_left(&self) {
        self.wait_until("nothing runs any more", || {
            self.sandbox.processes().is_empty()
        });
    }

    /// The processes whose command line begins so.
    fn running(&self, command: &str) -> Vec<i32> {
        let processes = self.sandbox.processes().into_iter();
        processes
            .filter(|process| process.command.starts_with(command))
            .map(|process| process.pid)
            .collect()
    }

    fn tenders(&self) -> Vec<i32> {
        let processes = self.sandbox.processes().into_iter();
        processes
            .filter(|process| process.command.contains("fleet-tender"))
            .map(|process| process.pid)
            .collect()
    }
}

/// Sends a signal to a process of a sandbox; it may have ended already.
fn send(pid: impl TryInto<i32>, signal: Signal) {
    let pid = pid.try_into().ok().filter(|pid| *pid > 1);
    let _ = signal::kill(Pid::from_raw(pid.expect("a process")), signal);
}

fn kill_agent(agent: &Value) {
    send(agent["pid"].as_i64().unwrap(), Signal::SIGKILL);
}

/// Waits for a run in the foreground and returns what it said.
fn ended(run: Child) -> Output {
    let output = run.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code(),
    }
}

fn two_agents() -> String {
    format!("[agents.one]\n{WAITS}watch = \"heal\"\n\n[agents.two]\n{WAITS}watch = \"heal\"\n")
}
