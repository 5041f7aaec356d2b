//! A run from its beginning to its end, and what can be done with it meanwhile.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;

use super::*;

#[test]
fn up_by_hand_makes_a_session_and_down_leaves_no_process() {
    let project = Project::new(&two_agents());
    let up = project.said(0, &["up"]);
    assert!(
        up.stdout.contains("one") && up.stdout.contains("running"),
        "{}",
        up.stdout
    );
    assert!(up.stderr.contains("agents down"), "{}", up.stderr);
    let status = project.status();
    assert_eq!(status["schema"], 1);
    assert_eq!(status["up"], true);
    assert_eq!(
        Path::new(status["project"].as_str().unwrap()),
        project.directory()
    );
    assert_eq!(status["agents"].as_array().unwrap().len(), 2);
    project.wait_until("two children", || project.running("sleep 1000").len() == 2);
    let down = project.said(0, &["down"]);
    assert_eq!(down.stdout, "took down `one` and `two`\n");
    project.nothing_is_left();
    let again = project.said(0, &["down"]);
    assert!(
        again.stderr.contains("nothing runs here"),
        "{}",
        again.stderr
    );
    project.said(1, &["status"]);
}

#[test]
fn up_wait_inside_tmux_adds_windows_to_that_session() {
    let project = Project::new(&two_agents());
    project.in_tmux("agents up --wait; echo $? > code; exec cat");
    project.wait_until("two are up", || project.windows().len() == 3);
    assert_eq!(project.windows(), ["main", "one", "two"]);
    project.wait_for_state("two", "running");
    project.said(0, &["down"]);
    project.wait_until("it says how it ended", || project.read("code").is_some());
    assert_eq!(project.read("code").unwrap(), "0\n");
    assert_eq!(project.windows(), ["main"]);
    project.end();
}

#[test]
fn up_inside_tmux_returns_and_leaves_the_session_as_it_was() {
    let project = Project::new(&two_agents());
    project.in_tmux("agents up > said 2>&1; echo $? > code; exec cat");
    project.wait_until("it returns", || project.read("code").is_some());
    assert_eq!(
        project.read("code").unwrap(),
        "0\n",
        "{:?}",
        project.read("said")
    );
    assert_eq!(project.windows(), ["main", "agents", "one", "two"]);
    project.said(0, &["down"]);
    project.wait_until("its windows are gone", || project.windows() == ["main"]);
    project.end();
}

#[test]
fn what_is_sent_shows_in_the_logs() {
    let project = Project::new("[agents.one]\ncommand = [\"cat\"]\n");
    project.said(0, &["up"]);
    project.said(2, &["send", "one", "-n $HOME; \"x\""]);
    project.said(0, &["send", "one", "say $HOME; \"x\";"]);
    let logs = || project.said(0, &["logs", "one", "-n", "2"]).stdout;
    let both = "say $HOME; \"x\";\nsay $HOME; \"x\";\n";
    project.wait_until("it answers", || logs() == both);
    let wrong = project.said(2, &["send", "oen", "x"]);
    assert!(
        wrong.stderr.contains("did you mean `one`?"),
        "{}",
        wrong.stderr
    );
    project.said(0, &["down"]);
    // The last screen outlives the run.
    assert!(project.said(0, &["logs"]).stdout.contains(both));
    let sent = project.said(1, &["send", "one", "x"]);
    assert!(sent.stderr.contains("nothing runs here"), "{}", sent.stderr);
}

#[test]
fn up_wait_ends_when_all_have_ended_and_says_how() {
    let finishes = Project::new("[agents.a]\ncommand = [\"true\"]\n");
    ended(finishes.foreground()).succeeded();
    assert_eq!(finishes.agent("a")["state"], "finished");
    finishes.nothing_is_left();
    let crashes =
        Project::new("[agents.a]\ncommand = [\"sh\", \"-c\", \"echo no luck; exit 7\"]\n");
    let said = ended(crashes.foreground());
    said.exited(1);
    assert!(
        said.stderr.contains("no luck"),
        "its last words: {}",
        said.stderr
    );
    assert_eq!(crashes.agent("a")["exit"], 7);
    assert_eq!(crashes.agent("a")["state"], "crashed");
    crashes.nothing_is_left();
}

#[test]
fn a_signal_takes_all_agents_down_and_is_a_good_end() {
    use Signal::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let project = Project::new(&two_agents());
        let run = project.foreground();
        project.wait_for_state("two", "running");
        send(run.id(), signal);
        ended(run).succeeded();
        project.nothing_is_left();
        assert_eq!(project.agent("one")["state"], "down");
    }
}

#[test]
fn restart_starts_one_anew_as_agents_toml_says_now() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    let (one, two) = (project.agent("one"), project.agent("two"));
    project.write(
        "agents.toml",
        &two_agents().replacen("exec cat", "echo changed; exec cat", 1),
    );
    let said = project.said(0, &["restart", "one"]);
    assert!(
        said.stdout.starts_with("restarted `one`"),
        "{}",
        said.stdout
    );
    assert_ne!(project.agent("one")["pid"], one["pid"]);
    assert_eq!(project.agent("two")["pid"], two["pid"]);
    let logs = || project.agents(&["logs", "one"]).stdout;
    project.wait_until("the new command's output", || logs().contains("changed"));
    project.said(2, &["restart", "three"]);
    project.said(0, &["down"]);
    project.said(1, &["restart", "one"]);
    project.nothing_is_left();
}

#[test]
fn down_says_what_it_had_to_kill() {
    let stubborn = "[agents.a]\ncommand = [\"sh\", \"-c\", \"trap '' TERM HUP; setsid sleep 1000 & while :; do sleep 1000; done\"]\n";
    let project = Project::new(stubborn);
    project.said(0, &["up"]);
    let down = project.said(0, &["down"]);
    assert!(
        down.stderr.contains("`a` did not end by itself: killed"),
        "{}",
        down.stderr
    );
    project.nothing_is_left();
}

#[test]
fn nothing_is_written_into_the_project() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    project.said(0, &["down"]);
    let entries = fs::read_dir(project.directory()).unwrap().flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["agents.toml"]);
}

#[test]
fn the_project_is_found_from_below_or_named() {
    let project = Project::new("[agents.a]\ncommand = [\"true\"]\n");
    let below = project.directory().join("src/deep");
    fs::create_dir_all(&below).unwrap();
    let mut inside = project.command(&["status", "--json"]);
    inside.current_dir(below);
    let directory = project.directory();
    let named = directory.to_str().unwrap();
    let mut outside = project.command(&["--project", named, "status", "--json"]);
    outside.current_dir("/");
    let [inside, outside] = [inside, outside].map(|mut it| project.sandbox.output(&mut it).stdout);
    assert_eq!(inside, outside);
    assert!(inside.contains(named), "{inside}");
}

#[test]
fn attach_shows_the_agents_terminal() {
    let project =
        Project::new("[agents.one]\ncommand = [\"sh\", \"-c\", \"echo here I am; exec cat\"]\n");
    project.said(0, &["up"]);
    project.in_tmux("agents attach one; exec cat");
    let shown = || {
        project
            .tmux(&["capture-pane", "-p", "-t", "=work:main"])
            .stdout
    };
    project.wait_until("the agent's terminal in this one", || {
        shown().contains("here I am")
    });
    project.end();
}
