//! What is done: each time the plan first.

use super::{Screen, fleet, stop_all};

#[test]
fn what_is_confirmed_is_started_restarted_and_stopped() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["j"]);
    screen.wait_until_selected("ada");
    screen.keys(&["s"]);
    screen.wait_for("y does it");
    screen.wait_for("fleet start ada");
    screen.wait_for("ada:");
    screen.keys(&["Escape"]);
    screen.wait_until("the plan to go", |shown| !shown.contains("y does it"));
    assert_eq!(sandbox.status("ada")["verdict"], "down");

    screen.keys(&["s"]);
    screen.wait_for("y does it");
    screen.keys(&["y"]);
    screen.wait_for_row("ada", "up ");
    screen.wait_for("fleet start ada: started `ada`");
    let before = sandbox.harness_of("ada");

    screen.keys(&["r"]);
    screen.wait_for("y does it");
    screen.keys(&["Enter"]);
    screen.wait_for("fleet restart ada");
    sandbox.wait_for("another life", || before.has_ended());
    screen.wait_for_row("ada", "up ");
    screen.wait_until("the restart to be done", |shown| {
        !shown.contains("is being done")
    });

    // Two at once, by their marks. In letters: `up` is a key to tmux.
    screen.keys(&["Escape", "/", "u", "p", "Enter", "*"]);
    screen.wait_for("2 marked");
    screen.keys(&["x"]);
    screen.wait_for("y does it");
    screen.wait_for("fleet stop ada bob");
    screen.keys(&["y"]);
    screen.wait_for("3 projects: 3 down");
    // Two lines are more than one: they stand in a window until it is dismissed.
    screen.wait_for("done (exit code 0)");
    screen.keys(&["Escape"]);
    screen.wait_until("the result to go", |shown| !shown.contains("exit code"));
    screen.close();
    // The trail tells the words that were shown.
    let trail = sandbox.fleet(&["history", "ada"]).stdout;
    assert!(trail.contains("(fleet stop ada bob)"), "{trail}");
}

#[test]
fn what_is_refused_is_told_with_its_reason_and_what_to_type() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["j"]);
    screen.wait_until_selected("ada");
    screen.keys(&["d"]);
    screen.wait_for("y does it");
    screen.keys(&["y"]);
    screen.wait_for_row("ada", "disabled");
    screen.keys(&["s"]);
    screen.wait_for("refused (exit code 3)");
    screen.wait_for("hint: ");
    let shown = screen.wait_for("fleet enable ada");
    assert!(!shown.contains("y does"), "{shown}");
    screen.keys(&["y"]);
    screen.wait_until("the refusal to go", |shown| !shown.contains("exit code 3"));
    screen.keys(&["e"]);
    screen.wait_for("y does it");
    screen.keys(&["y"]);
    screen.wait_for_row("ada", "down");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn an_update_offers_the_versions_and_restarts_where_that_is_asked_for() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["u"]);
    screen.wait_for("v0.2.0  newest");
    screen.wait_for("v0.1.0  default, now");
    screen.keys(&["0.2", "Down", "Tab", "Enter"]);
    screen.wait_for("fleet update bob v0.2.0 --restart");
    screen.wait_for("y does it");
    screen.wait_for("move the pin from");
    screen.keys(&["y"]);
    screen.wait_for("done (exit code 0)");
    screen.keys(&["Escape"]);
    screen.wait_for_row("bob", "v0.2.0");
    screen.keys(&["2"]);
    screen.wait_for("lines v0.2.0: bob is up");
    assert_eq!(sandbox.status("bob")["pin"]["word"], "ok");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn a_terminal_is_attached_to_and_left_again() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["a"]);
    screen.wait_for("lines v0.1.0: bob is up");
    screen.keys(&["typed by hand", "Enter"]);
    screen.wait_for("heard: typed by hand");
    // What happens meanwhile is not missed. The outer terminal takes the same key to itself.
    sandbox.fleet(&["start", "ada"]).succeeded();
    screen.keys(&["C-b", "d"]);
    screen.wait_for_row("ada", "up ");
    screen.keys(&["j", "j"]);
    screen.wait_until_selected("carl");
    screen.keys(&["a"]);
    screen.wait_for("failed (exit code 1)");
    screen.wait_for("`carl` has no terminal");
    screen.keys(&["Escape"]);
    screen.close();
    stop_all(&sandbox);
}
