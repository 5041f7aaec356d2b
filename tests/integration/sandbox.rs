//! A [`Sandbox`]: a home, a fleet, a git and a tmux of a test's own, and proof afterwards that nothing of it still runs.

mod audited;
mod facts;
mod harness;
mod itself;
mod normalise;
mod output;
mod outside;
mod processes;
mod runs;
mod states;
mod stopwatch;
mod systemd;
mod tmux;
mod work;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use facts::assert_same;
pub(crate) use output::Output;
pub(crate) use processes::{Process, environment};
pub(crate) use states::{boot, exit};
pub(crate) use stopwatch::Stopwatch;

/// How long anything that a test waits for may take: only what hangs takes it, however busy the machine is.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// How long one command may take before it counts as hung.
const COMMAND_DEADLINE: Duration = Duration::from_secs(240);

/// A directory that is a test's whole world. Ends and removes what is in it when dropped, and fails the test if it
/// passed but left processes.
pub(crate) struct Sandbox {
    root: PathBuf,
    path: OsString,
    /// Whether the test has put something into a project that an audit must find.
    is_planted: AtomicBool,
    /// Removes `root`; dropped after [`Drop::drop`] has ended the processes.
    _directory: TempDir,
}

impl Sandbox {
    /// An empty home with a git identity, and nothing else.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("s")
            .tempdir_in(outside::temporary_directory())
            .expect("a temporary directory can be made");
        let root = directory.path().canonicalize().expect("it was just made");
        for below in ["home", "run", "tmux", "tmp", "output"] {
            fs::create_dir(root.join(below)).expect("the root is empty and ours");
        }
        // tmux and XDG_RUNTIME_DIR both ask for directories that nobody else can enter.
        for below in ["run", "tmux"] {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(root.join(below), fs::Permissions::from_mode(0o700))
                .expect("it is ours");
        }
        let sandbox = Self {
            path: outside::search_path(),
            root,
            is_planted: AtomicBool::new(false),
            _directory: directory,
        };
        // In the home as well as named by GIT_CONFIG_GLOBAL: libgit2 reads the one, git the other.
        sandbox.write(
            "home/.gitconfig",
            "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n",
        );
        sandbox
    }

    /// The directory that all is in. Short: a socket's path may have 108 bytes.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the fleet of [`Self::harness`] is.
    pub(crate) fn directory(&self) -> PathBuf {
        self.root.join("fleet")
    }

    /// Runs `fleet` with the words of `line` in the fleet's directory, and returns all it said as one text that is the
    /// same every time: paths, commit ids, ages and process ids are replaced.
    pub(crate) fn run(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.normalise(&self.fleet(&words).text())
    }

    /// The same for a table with paths in it, whose length says how wide its columns are: they are made narrow.
    pub(crate) fn run_narrow(&self, line: &str) -> String {
        self.narrow(&self.run(line))
    }

    /// Makes the padding within lines two spaces wide at most.
    pub(crate) fn narrow(&self, text: &str) -> String {
        normalise::narrow_lines(text)
    }

    /// Runs `fleet` in the fleet's directory, or at the root where there is none. What it writes into projects is audited.
    pub(crate) fn fleet(&self, arguments: &[&str]) -> Output {
        let output = self.program(env!("CARGO_BIN_EXE_fleet"), arguments);
        if audited::writes_into_projects(arguments) {
            self.assert_nothing_knows(&arguments.join(" "));
        }
        output
    }

    /// Runs `agents` in `directory`.
    pub(crate) fn agents(&self, directory: &Path, arguments: &[&str]) -> Output {
        self.output(
            self.command(env!("CARGO_BIN_EXE_agents"), directory)
                .args(arguments),
        )
    }

    /// Runs git in `directory`, which must succeed, and returns what it printed without the last line's end.
    pub(crate) fn git(&self, directory: &Path, arguments: &[&str]) -> String {
        let output = self.output(self.command("git", directory).args(arguments));
        output.succeeded().stdout.trim_end().to_owned()
    }

    /// A command in this world: its environment holds what is set here and nothing else.
    pub(crate) fn command(&self, program: &str, directory: &Path) -> Command {
        let home = self.root.join("home");
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_RUNTIME_DIR", self.root.join("run"))
            .env("TMUX_TMPDIR", self.root.join("tmux"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Whether a program is on this world's PATH.
    pub(crate) fn has_program(&self, name: &str) -> bool {
        std::env::split_paths(&self.path).any(|directory| directory.join(name).is_file())
    }

    /// Runs a command to its end. It writes to files: a pipe would also wait for whatever it leaves running.
    pub(crate) fn output(&self, command: &mut Command) -> Output {
        let directory =
            tempfile::tempdir_in(self.root.join("output")).expect("the sandbox is ours");
        let files = ["stdout", "stderr"].map(|name| directory.path().join(name));
        let [stdout, stderr] = files
            .each_ref()
            .map(|file| File::create(file).expect("the directory is new"));
        let mut child = command
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let ended = processes::ends_within(&child, COMMAND_DEADLINE);
        let [stdout, stderr] = files.map(|file| {
            let bytes = fs::read(file).expect("it was made above");
            String::from_utf8_lossy(&bytes).into_owned()
        });
        if !ended {
            let _ = child.kill(); // It may have ended just now.
        }
        let status = child.wait().expect("it is our child");
        if !ended {
            panic!("{command:?} did not end in {COMMAND_DEADLINE:?}\n{stdout}\n{stderr}");
        }
        Output {
            stdout,
            stderr,
            code: status.code(),
        }
    }

    /// Waits until `condition` holds, and fails the test where it never does.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(
            poll(DEADLINE, condition),
            "waited {DEADLINE:?} for {what}; running: {:#?}",
            self.processes()
        );
    }

    /// Waits until `condition` holds; `false` where it never does, for who can say more about that.
    pub(crate) fn wait_until(&self, condition: impl FnMut() -> bool) -> bool {
        poll(DEADLINE, condition)
    }

    /// Every process that belongs to this sandbox, as the system knows them: by environment or working directory.
    pub(crate) fn processes(&self) -> Vec<Process> {
        processes::of(&self.root)
    }

    /// Writes a file, with the directories above it; `path` is relative to the root.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        let parent = path.parent().expect("it is below the root");
        fs::create_dir_all(parent).expect("the sandbox is ours");
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {path:?}: {error}"));
    }

    /// Reads a file; `path` is relative to the root.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.root.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path:?}: {error}"))
    }

    /// Replaces what differs from run to run.
    pub(crate) fn normalise(&self, text: &str) -> String {
        normalise::text(&text.replace(&*self.root.to_string_lossy(), "$ROOT"))
    }

    /// The name of the user who runs the tests, as commands say it.
    pub(crate) fn user(&self) -> String {
        let id = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(id).ok().flatten();
        user.map_or_else(|| id.to_string(), |user| user.name)
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Output {
        let fleet = self.directory();
        let directory = if fleet.is_dir() { &fleet } else { &self.root };
        self.output(self.command(program, directory).args(arguments))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A tmux server needs a moment to end after its last session: a long one where the machine is busy.
        let patience = Duration::from_secs(if std::thread::panicking() { 0 } else { 30 });
        if poll(patience, || self.processes().is_empty()) {
            if !std::thread::panicking() {
                self.assert_nothing_knows("the whole test");
            }
            return;
        }
        let left = self.processes();
        let ended = poll(DEADLINE, || {
            self.processes().iter().for_each(Process::kill);
            self.processes().is_empty()
        });
        if !std::thread::panicking() {
            assert!(left.is_empty(), "the test left processes behind: {left:#?}");
            assert!(ended, "cannot end {:#?}", self.processes());
        }
    }
}

/// Asks until the answer is yes or the time is over: the one place in these tests that waits by asking again.
pub(crate) fn poll(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
