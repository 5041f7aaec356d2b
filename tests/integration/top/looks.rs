//! What is seen, and how that is chosen.

use insta::assert_snapshot;

use super::{Screen, fleet, stop_all};
use crate::sandbox::Sandbox;

#[test]
fn every_project_is_shown_and_the_selected_one_below() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.wait_for_row("bob", "up ");
    screen.wait_until("what all are", |shown| {
        shown.starts_with("test  3 projects: 1 up, 2 down")
    });
    screen.wait_for("NAME  STATE  FOR   PIN  REF");
    screen.wait_until_selected("bob");
    screen.wait_for("v0.1.0");
    screen.wait_until("the keys", |shown| {
        let last = shown.trim_end().lines().last().unwrap_or_default();
        last.starts_with("? help  q leave  s start")
    });
    stop_all(&sandbox);
    screen.wait_for("3 projects: 3 down");
    screen.close();
}

#[test]
fn a_death_is_shown_when_it_happens() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.wait_for_row("bob", "up ");
    sandbox.kill(&sandbox.harness_of("bob"));
    screen.wait_for_row("bob", "crashed");
    screen.wait_for("state    crashed for");
    screen.wait_for("signal 9");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn projects_are_filtered_ordered_and_selected() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.wait_until_selected("bob");
    screen.keys(&["j"]);
    screen.wait_until_selected("ada");
    // The order changes, the selection stays.
    screen.keys(&["o"]);
    screen.wait_for("by name");
    screen.wait_for("> ada");
    screen.wait_until_selected("ada");
    screen.keys(&["O"]);
    screen.wait_for("by name, reversed");
    screen.wait_for("> ada");
    screen.keys(&["/", "carl"]);
    screen.wait_for("/carl");
    screen.wait_until("`carl` alone", |shown| {
        shown.contains("> carl") && !shown.contains(" bob ")
    });
    screen.keys(&["Enter"]);
    screen.wait_for("filter `carl`");
    screen.keys(&["Escape"]);
    screen.wait_for_row("bob", "up ");
    // In letters: `down` is a key to tmux.
    screen.keys(&["/", "dow", "n", "Enter", "*"]);
    screen.wait_for("2 marked");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn the_last_lines_follow_what_is_printed() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["2"]);
    screen.wait_for("lines v0.1.0: bob is up");
    for text in ["first", "second"] {
        sandbox.fleet(&["send", "bob", text]).succeeded();
        screen.wait_for(&format!("heard: {text}"));
    }
    screen.keys(&["3"]);
    screen.wait_for("(fleet send bob");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn what_is_large_is_scrolled() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "for i in $(seq 1 300); do echo \"line $i.\"; done; exec cat\n",
        )
        .project("demo", "v1")
        .started("demo", "line 300.");
    let screen = Screen::of(&sandbox, 80, 24);
    screen.keys(&["l"]);
    screen.wait_for("line 300.");
    screen.keys(&["g"]);
    screen.wait_for("line 1.");
    screen.keys(&["NPage"]);
    screen.wait_for("line 30.");
    screen.keys(&["Escape", "w"]);
    screen.wait_for("demo is up");
    screen.wait_for("── fleet why demo");
    screen.keys(&["G"]);
    screen.wait_for("LATELY");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn the_help_names_the_keys_and_every_size_has_room() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 120, 40);
    screen.keys(&["?"]);
    screen.wait_for("Ctrl-Z");
    screen.keys(&["Escape"]);
    for (columns, lines) in [(80, 24), (60, 20), (200, 50), (20, 5), (80, 24)] {
        screen.resize(columns, lines);
        let last = usize::from(lines) - 1;
        screen.wait_until(&format!("{columns}x{lines}"), |shown| {
            let footer = shown.lines().nth(last).unwrap_or_default();
            shown.starts_with("test") && footer.starts_with("? help")
        });
    }
    screen.wait_until_selected("bob");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn the_registry_is_followed_and_an_invalid_one_is_told() {
    let sandbox = fleet();
    let screen = Screen::of(&sandbox, 80, 24);
    sandbox.fleet(&["create", "dora"]).succeeded();
    screen.wait_for_row("dora", "down");
    let valid = sandbox.read("fleet/fleet.toml");
    sandbox.write("fleet/fleet.toml", &format!("{valid}\nnonsense = 1\n"));
    screen.wait_for("! ");
    screen.keys(&["n"]);
    screen.wait_for("`fleet validate`");
    sandbox.write("fleet/fleet.toml", &valid);
    screen.wait_for("there is nothing to notice");
    screen.keys(&["Escape"]);
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn a_label_chooses_the_projects() {
    let sandbox = fleet();
    sandbox.set("carl", "labels = [\"research\"]");
    let rest = " --label research; echo \"ended with $?\"; stty -a | grep -o '.icanon'; exec cat";
    let screen = Screen::running(&sandbox, rest, 80, 24);
    screen.wait_for("1 project: 1 down");
    screen.wait_for("> carl");
    screen.close();
    stop_all(&sandbox);
}

#[test]
fn without_a_terminal_it_is_refused() {
    let sandbox = fleet();
    assert_snapshot!(sandbox.run("top"), @r"
    --- stderr
    error: `fleet top` needs a terminal
    hint: `fleet status` shows the same, once; `fleet status --watch` again whenever something changes
    --- exit code 2
    ");
    stop_all(&sandbox);
}
