//! What dies comes back, or is given up on; and nothing of a dead life goes on.

use nix::sys::signal::Signal;

use super::*;

#[test]
fn a_killed_agent_is_healed_and_given_up_on_after_five_restarts() {
    let restart = "restart = { backoff = \"1ms\", give_up_after = 5 }\n";
    let project = Project::new(&format!("[agents.one]\n{WAITS}watch = \"heal\"\n{restart}"));
    let run = project.foreground();
    let mut before = project.wait_for_state("one", "running");
    for restart in 1..=5 {
        kill_agent(&before);
        project.wait_until("it is healed", || {
            let now = project.agent("one");
            now["state"] == "running" && now["restarts"] == restart
        });
        let now = project.agent("one");
        assert_eq!(now["signal"], 9);
        let sleepers = project.running("sleep 1000");
        assert!(sleepers.len() <= 1, "the old life's child is gone");
        before = now;
    }
    kill_agent(&before);
    let said = ended(run);
    said.exited(1);
    assert!(said.stderr.contains("parked"), "{}", said.stderr);
    project.nothing_is_left();
    let after = project.agent("one");
    assert_eq!(after["state"], "parked");
    assert!(
        after["reason"].as_str().unwrap().contains("died 6 times"),
        "{after}"
    );
    project.said(1, &["status"]);
}

#[test]
fn an_agent_that_exits_0_is_healed_and_one_that_is_not_watched_is_not() {
    let project = Project::new(
        "[agents.quits]\ncommand = [\"sh\", \"-c\", \"echo x >> lives; test $(wc -l < lives) = 3 && exec cat; exit 0\"]\n\
         watch = \"heal\"\nrestart.backoff = \"1ms\"\n[agents.ends]\ncommand = [\"true\"]\n",
    );
    let run = project.foreground();
    project.wait_until("its third life", || {
        let now = project.agent("quits");
        now["state"] == "running" && now["restarts"] == 2 && now["exit"] == 0
    });
    project.wait_for_state("ends", "finished");
    project.said(0, &["status"]);
    project.said(0, &["down"]);
    ended(run).exited(0);
    project.nothing_is_left();
}

#[test]
fn a_run_that_is_killed_takes_everything_with_it() {
    let project = Project::new(&two_agents());
    let mut run = project.foreground();
    project.wait_for_state("two", "running");
    run.kill().unwrap();
    run.wait().unwrap();
    project.nothing_is_left();
    assert_eq!(project.status()["up"], false);
    project.said(0, &["up"]);
    project.said(0, &["down"]);
    project.nothing_is_left();
}

#[test]
fn down_ends_what_is_left_when_a_run_and_its_tenders_were_killed() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    let tenders = project.tenders();
    assert_eq!(tenders.len(), 2);
    let run = project.status()["pid"].as_i64().unwrap();
    // Stopped first, so that none of them can answer the death of another.
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        send(run, signal);
        for tender in tenders.iter().copied() {
            send(tender, signal);
        }
    }
    project.wait_until("the run is gone", || project.status()["up"] == false);
    project.said(0, &["down"]);
    project.nothing_is_left();
}

#[test]
fn a_killed_tender_or_a_closed_window_counts_as_a_death() {
    let project = Project::new(&two_agents());
    project.in_tmux("agents up --wait; exec cat");
    let one = project.wait_for_state("one", "running");
    project.wait_for_state("two", "running");
    project
        .tmux(&["kill-window", "-t", "=work:one"])
        .succeeded();
    project.wait_until("another life", || {
        let now = project.agent("one");
        now["state"] == "running" && now["pid"] != one["pid"]
    });
    let panes = ["list-panes", "-t", "=work:two", "-F", "#{pane_pid}"];
    let tender: i32 = project.tmux(&panes).stdout.trim().parse().unwrap();
    let two = project.agent("two");
    send(tender, Signal::SIGKILL);
    project.wait_until("another life", || {
        let now = project.agent("two");
        now["state"] == "running" && now["pid"] != two["pid"]
    });
    // No life begins before the last one is gone.
    project.wait_until("two children", || project.running("sleep 1000").len() == 2);
    project.end();
}

#[test]
fn a_parked_agent_is_tried_again_by_restart_while_others_run() {
    let loops = "[agents.loops]\ncommand = [\"sh\", \"-c\", \"test -e fixed && exec cat\"]\nwatch = \"heal\"\n\
        restart = { backoff = \"1ms\", give_up_after = 2 }\n";
    let project = Project::new(&format!("{loops}[agents.one]\n{WAITS}"));
    project.agents(&["up"]);
    project.wait_for_state("loops", "parked");
    assert_eq!(project.agent("one")["state"], "running");
    project.said(1, &["status"]);
    project.write("fixed", "");
    project.said(0, &["restart", "loops"]);
    project.said(0, &["status"]);
    project.said(0, &["down"]);
    project.nothing_is_left();
}

#[test]
fn a_run_can_begin_at_once_after_one_that_was_killed() {
    let project = Project::new(&two_agents());
    for _ in 0..3 {
        project.said(0, &["up"]);
        project.wait_until("two children", || project.running("sleep 1000").len() == 2);
        send(project.status()["pid"].as_i64().unwrap(), Signal::SIGKILL);
        project.wait_until("the run is gone", || project.status()["up"] == false);
    }
    project.said(0, &["up"]);
    project.end();
}

#[test]
fn a_tmux_server_that_is_killed_is_a_death_like_any_other() {
    let project = Project::new(&two_agents());
    let run = project.foreground();
    project.wait_for_state("one", "running");
    let before = project.wait_for_state("two", "running");
    let server: i32 = {
        let socket = project.agents_socket();
        let said = project
            .sandbox
            .tmux_at(&socket, &["display-message", "-p", "#{pid}"]);
        said.stdout.trim().parse().unwrap()
    };
    send(server, Signal::SIGKILL);
    project.wait_until("both live again", || {
        let (one, two) = (project.agent("one"), project.agent("two"));
        one["state"] == "running" && two["state"] == "running" && two["pid"] != before["pid"]
    });
    project.wait_until("two children", || project.running("sleep 1000").len() == 2);
    project.end();
    ended(run).succeeded();
}

#[test]
fn an_agent_that_a_frozen_terminal_server_cannot_start_anew_costs_the_others_nothing() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    let two = project.agent("two")["pid"].clone();
    let run = project.status()["pid"].clone();
    let mut processes = project.sandbox.processes().into_iter();
    let server = processes.find(|process| process.command.contains("tmux -u"));
    let server = server.unwrap();
    server.signal(Signal::SIGSTOP);
    let restart = project.command(&["restart", "one"]).spawn().unwrap();
    // It stops with the old one, which no longer has a window that could be closed.
    project.wait_until("it is down", || project.agent("one")["state"] == "down");
    ended(restart).exited(6);
    server.signal(Signal::SIGCONT);
    assert_eq!(project.status()["pid"], run);
    assert_eq!(project.agent("two")["pid"], two);
    project.said(0, &["restart", "one"]);
    assert_eq!(project.agent("one")["state"], "running");
    project.end();
}

#[test]
fn an_agent_that_waits_says_until_when_and_down_ends_the_wait() {
    let project = Project::new(
        "[agents.loops]\ncommand = [\"sh\", \"-c\", \"echo x >> lives; echo no luck; exit 7\"]\nwatch = \"heal\"\n\
         restart = { backoff = \"5m\" }\n",
    );
    // It may have died twice before that looks.
    project.agents(&["up"]);
    let waiting = project.wait_for_state("loops", "waiting");
    let due: jiff::Timestamp = waiting["due"].as_str().unwrap().parse().unwrap();
    let left = due.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((200..=300).contains(&left), "{waiting}");
    let reason = waiting["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("due in ") && reason.ends_with("m after exit status 7"),
        "{reason}"
    );
    assert!(project.agents(&["status"]).stdout.contains("due in "));
    assert_eq!(project.read("lives").unwrap().lines().count(), 2);
    project.said(0, &["down"]);
    project.nothing_is_left();
    assert_eq!(project.read("lives").unwrap().lines().count(), 2);
}

#[test]
fn on_failure_makes_exit_0_the_end_of_an_agents_work() {
    let project = Project::new(
        "[agents.one]\ncommand = [\"true\"]\nwatch = \"heal\"\nrestart = { on = \"failure\" }\n",
    );
    ended(project.foreground()).succeeded();
    assert_eq!(project.agent("one")["state"], "finished");
    assert_eq!(project.agent("one")["restarts"], 0);
}

#[test]
fn an_agent_that_has_said_nothing_is_not_quoted() {
    let project = Project::new(
        "[agents.mute]\ncommand = [\"false\"]\n[agents.loud]\ncommand = [\"sh\", \"-c\", \"echo boom; exit 3\"]\n",
    );
    let said = ended(project.foreground());
    said.exited(1);
    for told in [
        "`mute` has ended: exit status 1\n",
        "`loud` has ended: exit status 3; the last it said:\n  boom\n",
    ] {
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
    project.nothing_is_left();
}
