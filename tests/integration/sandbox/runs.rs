//! Projects that run: harnesses of a test's own, and what is seen of them from outside.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Process, Sandbox};

/// A program for [`Sandbox::agents_project`]: says in `NAME.twice` that another run of it, or a process which that
/// left, is still there; writes a line into `NAME.lives` for each life; has a child that left its session and one that
/// ignores signals, both of which hold its lock for as long as they live.
const ALONE: &str = r#"exec 9> "$1.lock"
flock --nonblock 9 || echo "another life of $1 is still there" >> "$1.twice"
setsid sleep 86401 &
sh -c 'trap "" TERM HUP INT; while :; do sleep 86402; done' &
echo "$$" >> "$1.lives"
echo "$1 is up"
while read -r line; do echo "$1 heard: $line"; done
"#;

impl Sandbox {
    /// Releases a version of the harness whose start is `sh {engine}/run.sh {name} {args}`.
    pub(crate) fn script(self, version: &str, script: &str) -> Self {
        self.manifest(
            version,
            "start = [\"sh\", \"{engine}/run.sh\", \"{name}\", \"{args}\"]",
            script,
        )
    }

    /// Releases a version of the harness with these commands; `script` is its `run.sh`.
    pub(crate) fn manifest(self, version: &str, commands: &str, script: &str) -> Self {
        let harness = self.root().join("harness");
        self.write(
            "harness/harness.toml",
            &format!("[harness]\nname = \"lines\"\nprotocol = 1\n\n[commands]\n{commands}\n"),
        );
        self.write("harness/run.sh", script);
        self.git(&harness, &["add", "--all"]);
        self.git(&harness, &["commit", "--quiet", "--message", version]);
        self.git(&harness, &["tag", version]);
        self
    }

    /// A fleet with a project `demo` of the default harness, whose agents `one` and `two` must never run twice:
    /// `NAME.twice` in the project says that one did. Each is behind a shell.
    pub(crate) fn agents_project(self) -> Self {
        self.write(
            "fleet/fleet.toml",
            "[fleet]\nname = \"test\"\ndefault_harness = \"agents\"\n\n[harnesses.agents]\ndefault_ref = \"v0.1.0\"\n",
        );
        self.fleet(&["create", "demo"]).succeeded();
        self.write("fleet/projects/demo/alone.sh", ALONE);
        let agent = |name: &str| {
            format!(
                "[agents.{name}]\ncommand = [\"sh\", \"-c\", \"sh alone.sh {name}; exit $?\"]\nwatch = \"heal\"\n"
            )
        };
        self.write(
            "fleet/projects/demo/agents.toml",
            &format!("{}\n{}", agent("one"), agent("two")),
        );
        self
    }

    /// How many lives the agent of [`Self::agents_project`] has had; fails the test if two were there at once.
    #[track_caller]
    pub(crate) fn lives(&self, agent: &str) -> usize {
        let file = |what: &str| {
            let path = self.place("demo").join(format!("{agent}.{what}"));
            std::fs::read_to_string(path).unwrap_or_default()
        };
        assert_eq!(file("twice"), "");
        file("lives").lines().count()
    }

    /// Where a project is.
    pub(crate) fn place(&self, project: &str) -> PathBuf {
        self.directory().join("projects").join(project)
    }

    /// Puts a line into a project's table of fleet.toml.
    pub(crate) fn setting(self, project: &str, line: &str) -> Self {
        self.set(project, line);
        self
    }

    /// The same, of a sandbox that is in use.
    pub(crate) fn set(&self, project: &str, line: &str) {
        let header = format!("[projects.{project}]\n");
        let text = self.read("fleet/fleet.toml");
        assert!(text.contains(&header), "{text}");
        self.write(
            "fleet/fleet.toml",
            &text.replace(&header, &format!("{header}{line}\n")),
        );
    }

    /// What `fleet status --json` says of one project.
    pub(crate) fn status(&self, project: &str) -> Value {
        let said = self.fleet(&["status", project, "--json"]);
        let report: Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}", said.text()));
        report["projects"][0].clone()
    }

    /// Waits until a project's verdict is this, and returns its status.
    #[track_caller]
    pub(crate) fn wait_until_is(&self, project: &str, verdict: &str) -> Value {
        let mut last = Value::Null;
        self.wait_for(&format!("`{project}` to be {verdict}"), || {
            last = self.status(project);
            last["verdict"] == verdict
        });
        last
    }

    /// Waits until a terminal shows a text, and returns all that it shows.
    #[track_caller]
    pub(crate) fn wait_for_screen(&self, address: &str, text: &str) -> String {
        let mut shown = String::new();
        self.wait_for(&format!("`{text}` in `{address}`"), || {
            shown = self.fleet(&["logs", address]).stdout;
            shown.contains(text)
        });
        shown
    }

    /// The processes of the sandbox whose arguments contain a text.
    pub(crate) fn running(&self, words: &str) -> Vec<Process> {
        let mut found = self.processes();
        found.retain(|process| process.command.contains(words));
        found
    }

    /// The harness's process of a project that is up.
    #[track_caller]
    pub(crate) fn harness_of(&self, project: &str) -> Process {
        let status = self.status(project);
        let pid = status["process"]["pid"].as_i64();
        self.process(pid.unwrap_or_else(|| panic!("`{project}` does not run: {status:#}")))
    }

    /// A project's tender.
    #[track_caller]
    pub(crate) fn tender_of(&self, project: &str) -> Process {
        let unit = format!("fleet-tender {}", self.runtime("units", project).display());
        self.only_one(|| self.running(&unit))
    }

    /// Waits until there is one process only of those that are looked for: what has forked and not executed yet looks
    /// like a second one.
    #[track_caller]
    pub(crate) fn only_one(&self, look: impl Fn() -> Vec<Process>) -> Process {
        let mut found = Vec::new();
        self.wait_for("one process only", || {
            found = look();
            found.len() == 1
        });
        found.remove(0)
    }

    /// The fleet's tmux server.
    #[track_caller]
    pub(crate) fn server(&self) -> Process {
        let said = self.tmux(&["display-message", "-p", "#{pid}"]);
        let pid = said.succeeded().stdout.trim().parse();
        self.process(pid.expect("tmux knows its process"))
    }

    /// Kills one of the sandbox's processes, and waits until it has ended.
    #[track_caller]
    pub(crate) fn kill(&self, process: &Process) {
        process.signal(Signal::SIGKILL);
        self.wait_for("the killed process to end", || process.has_ended());
    }

    /// Starts a project and waits until its terminal shows a text.
    #[track_caller]
    pub(crate) fn started(self, project: &str, text: &str) -> Self {
        self.fleet(&["start", project]).succeeded();
        self.wait_for_screen(project, text);
        self
    }

    fn runtime(&self, directory: &str, project: &str) -> PathBuf {
        let file = format!("{project}.json");
        self.directory().join(".fleet").join(directory).join(file)
    }

    #[track_caller]
    fn process(&self, pid: i64) -> Process {
        let found = self
            .processes()
            .into_iter()
            .find(|process| i64::from(process.pid) == pid);
        found.unwrap_or_else(|| panic!("process {pid} is not one of {:#?}", self.processes()))
    }
}
