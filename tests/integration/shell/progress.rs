//! What a terminal shows while something takes long: a line that says how far it is, and nothing afterwards.

use std::io::Write as _;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::screen::Screen;
use crate::sandbox::{Sandbox, poll};

/// Longer than what takes no time at all may take until it is shown.
const A_WHILE: Duration = Duration::from_millis(600);

/// A fleet with four harnesses, of which one cannot be fetched until [`open_gate`] lets it: the `git` that is found first
/// waits for that.
fn sandbox() -> Sandbox {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let mut text = sandbox.read("fleet/fleet.toml");
    for name in ["quick", "the-slowest-of-all-harnesses"] {
        let copy = sandbox.at(name);
        let copy = copy.to_str().expect("it is UTF-8");
        sandbox.git(sandbox.root(), &["clone", "--quiet", "harness", copy]);
        text += &format!("\n[harnesses.{name}]\nurl = \"{copy}\"\n");
    }
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.fleet(&["harness", "fetch"]).succeeded();
    nix::unistd::mkfifo(&sandbox.at("gate"), nix::sys::stat::Mode::S_IRWXU).expect("it is new");
    let root = sandbox.root().display().to_string();
    sandbox.write(
        "bin/git",
        &format!(
            "#!/bin/sh\nPATH=${{PATH#{root}/bin:}}\ncase \" $* \" in\n*the-slowest*) read -r opened < {root}/gate ;;\nesac\nexec git \"$@\"\n"
        ),
    );
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.at("bin/git"), mode).expect("it is ours");
    sandbox
}

/// Lets go whatever git still waits, or will yet, and waits until none is left.
fn let_git_end(sandbox: &Sandbox) {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Without a reader it cannot be opened, and is not waited for: the last one may just have ended.
    let mut gate = std::fs::OpenOptions::new();
    let gate = gate.write(true).custom_flags(nix::libc::O_NONBLOCK);
    sandbox.wait_for("git to end", || {
        let _ = gate
            .open(sandbox.at("gate"))
            .and_then(|mut gate| gate.write_all(b"open\n"));
        sandbox.running("bin/git").is_empty()
    });
}

/// Lets all go on that wait.
fn open_gate(sandbox: &Sandbox) {
    let gate = std::fs::OpenOptions::new()
        .write(true)
        .open(sandbox.at("gate"));
    gate.and_then(|mut gate| gate.write_all(b"open\n"))
        .expect("somebody waits");
}

fn shell(sandbox: &Sandbox, width: u16) -> Screen<'_> {
    let screen = Screen::open(sandbox, width, &["env", "PS1=$ ", "sh"]);
    screen.wait_for_line("$");
    screen.types(&format!(
        "PATH={}:$PATH; clear",
        sandbox.at("bin").display()
    ));
    screen.presses(&["Enter"]);
    screen.wait_for("a clear screen", |shown| shown.trim() == "$");
    screen
}

fn begin(screen: &Screen<'_>, line: &str) {
    screen.types(line);
    screen.presses(&["Enter"]);
}

#[test]
fn what_takes_long_is_counted_and_named_until_it_is_over() {
    let sandbox = sandbox();
    let screen = shell(&sandbox, 100);
    begin(&screen, "fleet harness fetch");
    screen.wait_for("the count", |shown| {
        shown.contains(" fetching 3/4: the-slowest-of-all-harnesses\n")
    });
    open_gate(&sandbox);
    screen.wait_for_line("$");
    let shown = screen.shown();
    let lines: Vec<&str> = shown.trim_end().lines().collect();
    assert_eq!(
        lines,
        [
            "$ fleet harness fetch",
            "agents: nothing new",
            "lines: nothing new",
            "quick: nothing new",
            "the-slowest-of-all-harnesses: nothing new",
            "$"
        ]
    );
    screen.close();
}

#[test]
fn ctrl_c_and_a_signal_leave_nothing_of_it() {
    let sandbox = sandbox();
    // As narrow as a line that would fill it, and break.
    let screen = shell(&sandbox, 34);
    begin(&screen, "fleet harness fetch");
    screen.wait_for("the count", |shown| {
        shown.contains(" fetching 3/4: the-slowest-of-a…\n")
    });
    screen.presses(&["C-c"]);
    screen.wait_for_line("$");
    assert_eq!(screen.shown().trim_end(), "$ fleet harness fetch\n\n$");
    begin(&screen, "clear; fleet harness fetch");
    screen.wait_for("the count", |shown| {
        shown.contains(" fetching 3/4: the-slowest-of-a…\n")
    });
    let [fleet] = &sandbox.running("harness fetch")[..] else {
        panic!("{:?}", sandbox.processes())
    };
    fleet.signal(Signal::SIGTERM);
    screen.wait_for_line("$");
    assert_eq!(screen.shown().trim_end(), "Terminated\n$");
    screen.close();
    // The git that it ran waits yet.
    let_git_end(&sandbox);
}

#[test]
fn where_nobody_sees_it_nothing_is_shown() {
    let sandbox = sandbox();
    let screen = shell(&sandbox, 100);
    for line in [
        "fleet harness fetch 2>said; cat said",
        "fleet --quiet harness fetch",
        "TERM=dumb fleet harness fetch",
    ] {
        begin(&screen, line);
        sandbox.wait_for("git", || !sandbox.running("bin/git").is_empty());
        let is_shown = || screen.shown().contains("fetching");
        assert!(!poll(A_WHILE, is_shown), "{line}: {}", screen.shown());
        open_gate(&sandbox);
        screen.wait_for_line("$");
        assert!(!is_shown(), "{line}: {}", screen.shown());
        begin(&screen, "clear");
        screen.wait_for("a clear screen", |shown| shown.trim() == "$");
    }
    assert!(!sandbox.read("fleet/said").contains('\r'));
    screen.close();
}

/// The line of a lock that is waited for, and of projects that start one after the other.
#[test]
fn starts_and_locks_are_told_too() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).manifest(
        "v0.2.0",
        "prepare = [\"sh\", \"-c\", \"read -r line < $HOME/../gate\"]\nstart = [\"cat\"]",
        "",
    );
    nix::unistd::mkfifo(&sandbox.at("gate"), nix::sys::stat::Mode::S_IRWXU).expect("it is new");
    sandbox.fleet(&["harness", "fetch"]).succeeded();
    let sandbox = sandbox.project("demo", "v0.2.0");
    let screen = shell(&sandbox, 100);
    begin(&screen, "fleet start demo");
    screen.wait_for("the preparation", |shown| {
        shown.contains(" preparing lines at ")
    });
    let other = Screen::open_beside(&sandbox, "beside", &["env", "PS1=$ ", "sh"]);
    other.wait_for_line("$");
    begin(&other, "fleet stop demo");
    other.wait_for("the lock", |shown| {
        shown.contains(" waiting for another command on `demo`\n")
    });
    open_gate(&sandbox);
    screen.wait_for_line("$");
    other.wait_for("the end", |shown| shown.contains("stopped `demo`"));
    assert!(
        !screen.shown().contains(" preparing lines at "),
        "{}",
        screen.shown()
    );
    assert!(!other.shown().contains("waiting"), "{}", other.shown());
    other.close();
    screen.close();
}
