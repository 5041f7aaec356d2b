//! `fleet logs`: terminals that are followed, output that is kept on disk, and the last crash. What terminals show is in
//! [`super::terminals`].

mod crash;
mod follow;
mod hostile;
mod kept;
mod limits;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::sandbox::Sandbox;

/// A harness that does what it is told: `die` ends it, `flood N` prints N lines, `sh ...` is run, anything else is heard.
const OBEDIENT: &str = r#"echo "$1 is up"
while read -r word rest; do
    case $word in
        die) echo 'the reason is plain'; exit 3 ;;
        flood) seq -f "line %.0f of a flood that has no other purpose" "$rest"; echo "flooded $rest" ;;
        sh) eval "$rest" ;;
        *) echo "heard: $word" ;;
    esac
done
"#;

/// A running `demo` with such a harness, and what is said of it in fleet.toml.
fn running(settings: &[&str]) -> Sandbox {
    let sandbox = registered(settings);
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "demo is up");
    sandbox
}

fn registered(settings: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", OBEDIENT)
        .project("demo", "v1");
    sandbox.set("demo", "stop_grace = \"1s\"");
    for line in settings {
        sandbox.set("demo", line);
    }
    sandbox
}

#[track_caller]
fn tell(sandbox: &Sandbox, address: &str, text: &str) {
    sandbox.fleet(&["send", address, "--", text]).succeeded();
}

/// A `fleet logs -f` beside the test. Killed when dropped.
struct Follower<'a> {
    sandbox: &'a Sandbox,
    child: Child,
    output: PathBuf,
}

impl<'a> Follower<'a> {
    fn of(sandbox: &'a Sandbox, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir_in(sandbox.root().join("output")).unwrap();
        let output = directory.keep().join("followed");
        let [out, errors] = [(); 2].map(|()| {
            let mut options = File::options();
            options.append(true).create(true).open(&output).unwrap()
        });
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        command.args(["logs", "-f"]).args(arguments);
        let child = command.stdout(out).stderr(errors).spawn().unwrap();
        Self {
            sandbox,
            child,
            output,
        }
    }

    fn text(&self) -> String {
        let bytes = fs::read(&self.output).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        let found = self.sandbox.wait_until(|| self.text().contains(text));
        assert!(found, "no `{text}` in what was followed:\n{}", self.text());
        self.text()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Ends it by a signal, and returns how it ended.
    fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        // Both fail only where it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The recorders that run.
fn recorders(sandbox: &Sandbox) -> Vec<crate::sandbox::Process> {
    sandbox.running("fleet-tender record ")
}

/// The files of a directory below `.fleet` that are no locks or settings, in order.
fn files(sandbox: &Sandbox, directory: &str) -> Vec<PathBuf> {
    let directory = sandbox.directory().join(".fleet").join(directory);
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        !file
            .file_name()
            .unwrap()
            .as_encoded_bytes()
            .starts_with(b".")
    });
    files.sort();
    files
}

fn size(files: &[PathBuf]) -> u64 {
    let sizes = files.iter().map(|file| file.metadata().unwrap().len());
    sizes.sum()
}
