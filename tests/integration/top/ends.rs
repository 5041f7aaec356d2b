//! How it ends: the terminal is given back, whatever happens.

use nix::sys::signal::Signal;

use super::{Screen, fleet, stop_all};

#[test]
fn q_gives_the_terminal_back() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["q"]);
    screen.has_ended_with(0);
    screen.end();
    stop_all(&sandbox);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let sandbox = fleet();
    for signal in [
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
    ] {
        let screen = Screen::of(&sandbox, 80, 24);
        screen.process().signal(signal);
        screen.has_ended_with(130);
        screen.end();
    }
    stop_all(&sandbox);
}

#[test]
fn a_terminal_that_closes_ends_it() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    let process = screen.process();
    screen.end();
    sandbox.wait_for("the screen to end", || process.has_ended());
    stop_all(&sandbox);
}

#[test]
fn it_is_suspended_and_comes_back() {
    let sandbox = fleet();
    let shell = "; echo \"ended with $?\"; stty -a | grep -o '.icanon'; PS1='shell> ' exec sh -i";
    let screen = Screen::running(&sandbox, shell, 80, 24);
    // Only a shell that minds its jobs can continue it.
    screen.wait_for("by state");
    screen.keys(&["q"]);
    screen.wait_for("shell>");
    screen.keys(&[
        &format!("clear; {} top", env!("CARGO_BIN_EXE_fleet")),
        "Enter",
    ]);
    screen.wait_for("by state");
    screen.keys(&["C-z"]);
    screen.wait_for("Stopped");
    sandbox.kill(&sandbox.harness_of("bob"));
    screen.keys(&["fg", "Enter"]);
    screen.wait_for_row("bob", "crashed");
    screen.keys(&["?"]);
    screen.wait_for("MOVE");
    screen.keys(&["C-c"]);
    screen.wait_until("the shell", |shown| !shown.contains("MOVE"));
    screen.end();
    stop_all(&sandbox);
}
