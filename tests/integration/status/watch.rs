//! `fleet status --watch` in a real terminal.

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::fleet;
use super::screen::Screen;
use crate::sandbox::{Sandbox, exit};

const SIZE: (u16, u16) = (80, 24);

#[test]
fn it_shows_a_death_when_it_comes_and_gives_the_terminal_back_at_q() {
    let sandbox = fleet().project("other", "v0.1.0");
    sandbox.fleet(&["start", "--all"]).succeeded();
    let screen = Screen::running(&sandbox, SIZE, "status --watch");
    screen.wait_for("2 projects: 2 up");
    sandbox.harness_of("demo").signal(Signal::SIGKILL);
    screen.wait_for("2 projects: 1 crashed, 1 up");
    screen.wait_for("SIGKILL after");
    let shown = screen.wait_for("hint: `fleet start demo` tries again");
    assert!(!shown.contains("before"), "{shown}");
    sandbox.fleet(&["start", "demo"]).succeeded();
    screen.wait_for("2 projects: 2 up");
    sandbox.wait_for("the hint to go", || !screen.shown().contains("hint"));
    screen.keys(&["q"]);
    screen.wait_for("ended with 0");
    screen.is_given_back();
    screen.close();
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn whatever_ends_it_the_terminal_is_given_back() {
    let sandbox = fleet();
    for (signal, code) in [
        (Signal::SIGINT, 0),
        (Signal::SIGTERM, 143),
        (Signal::SIGQUIT, 131),
    ] {
        let screen = Screen::running(&sandbox, SIZE, "status --watch");
        screen.wait_for("1 project: 1 down");
        screen.signal("status --watch", signal);

        screen.wait_for(&format!("ended with {code}"));
        screen.is_given_back();
        screen.close();
    }
    let screen = Screen::running(&sandbox, SIZE, "status --watch");
    screen.wait_for("1 project: 1 down");
    screen.keys(&["C-c"]);
    screen.wait_for("ended with 0");
    screen.is_given_back();
    screen.close();
}

#[test]
fn it_follows_the_size_of_its_terminal_and_shows_the_worst() {
    let sandbox = (0..12).fold(fleet(), |sandbox, number| {
        sandbox.project(&format!("p{number:02}"), "v0.1.0")
    });
    sandbox.is_dead("p07", "crashed", exit(7, "2026-01-01T00:00:00Z", "seven"));
    let screen = Screen::running(&sandbox, (120, 30), "status --watch");
    screen.wait_for("13 projects:");
    let shown = screen.wait_for("\np11 ");
    assert!(!shown.contains(" more: "), "{shown}");
    screen.resize(60, 10);
    screen.wait_for(" more: ");
    sandbox.wait_for("the worst in 60 columns", || {
        let shown = screen.shown();
        let third = shown.lines().nth(3).unwrap_or_default();
        third.starts_with("p07   crashed") && shown.lines().all(|line| line.chars().count() <= 60)
    });
    screen.resize(120, 30);
    screen.wait_for("\np11 ");
    screen.keys(&["q"]);
    screen.is_given_back();
    screen.close();
}

#[test]
fn a_registry_that_changes_is_followed_and_a_broken_one_told() {
    let sandbox = fleet();
    let screen = Screen::running(&sandbox, SIZE, "status --watch");
    screen.wait_for("1 project: 1 down");
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &format!("{text}\n[strange]\n"));
    let shown = screen.wait_for("warning: the last valid fleet.toml counts: fleet.toml:");
    assert!(shown.contains("1 project: 1 down"), "{shown}");
    // What changes meanwhile is shown, and the warning stays.
    std::fs::rename(sandbox.place("demo/engine"), sandbox.place("demo/gone")).unwrap();
    let shown = screen.wait_for("there is no engine");
    assert!(shown.contains("fleet.toml counts"), "{shown}");
    std::fs::rename(sandbox.place("demo/gone"), sandbox.place("demo/engine")).unwrap();
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.wait_for("no warning", || !screen.shown().contains("warning"));
    sandbox.fleet(&["create", "other"]).succeeded();
    screen.wait_for("2 projects: 2 down");
    sandbox.fleet(&["disable", "other"]).succeeded();
    screen.wait_for("2 projects: 1 down, 1 disabled");
    screen.keys(&["q"]);
    screen.is_given_back();
    screen.close();
}

#[test]
fn a_pin_that_is_moved_by_hand_is_seen() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let screen = Screen::running(&sandbox, SIZE, "status --watch");
    screen.wait_for("down   ok   v0.1.0");
    let engine = sandbox.place("demo").join("engine");
    sandbox.git(&engine, &["checkout", "--quiet", "HEAD~0"]);
    sandbox.git(
        &engine,
        &["commit", "--quiet", "--allow-empty", "--message", "x"],
    );
    screen.wait_for("moved");
    screen.keys(&["q"]);
    screen.is_given_back();
    screen.close();
}

#[test]
fn without_a_terminal_it_is_refused() {
    assert_snapshot!(fleet().run("status --watch"), @r"
    --- stderr
    error: stdout is not a terminal that could be drawn on
    hint: leave `--watch` out, and it is printed once
    --- exit code 2
    ");
}
