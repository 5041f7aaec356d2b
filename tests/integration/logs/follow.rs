//! `-f`: through restarts, several at once, and in nobody's way.

use std::time::{Duration, Instant};

use super::*;

#[track_caller]
fn nothing_is_left(sandbox: &Sandbox) {
    sandbox.wait_for("the recorder to end", || recorders(sandbox).is_empty());
    sandbox.wait_for("its files to go", || {
        files(sandbox, "follow/demo").is_empty()
    });
}

#[test]
fn it_prints_what_comes_through_restarts_until_ctrl_c() {
    let sandbox = running(&["watch = \"heal\""]);
    let mut follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    tell(&sandbox, "demo", "one");
    follower.wait_for("heard: one");
    // A death goes on in the same terminal.
    tell(&sandbox, "demo", "die");
    follower.wait_for("starting again at once");
    sandbox.wait_for("the next life", || {
        follower.text().matches("demo is up").count() == 2
    });
    tell(&sandbox, "demo", "two");
    follower.wait_for("heard: two");
    // A restart is another terminal, and a stop leaves none.
    sandbox.fleet(&["restart", "demo"]).succeeded();
    tell(&sandbox, "demo", "three");
    follower.wait_for("heard: three");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    follower.wait_for("waiting for the next");
    sandbox.fleet(&["start", "demo"]).succeeded();
    tell(&sandbox, "demo", "four");
    let text = follower.wait_for("heard: four");
    assert!(
        text.contains("`demo` goes on with a new terminal\n"),
        "{text}"
    );
    for word in ["one", "two", "three", "four"] {
        assert_eq!(
            text.matches(&format!("heard: {word}\n")).count(),
            1,
            "{text}"
        );
    }
    let status = follower.end(Signal::SIGINT);
    use std::os::unix::process::ExitStatusExt as _;
    // What a shell calls 130.
    assert_eq!(status.signal(), Some(2));
    nothing_is_left(&sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn two_see_all_and_one_that_is_killed_takes_nothing_from_the_other() {
    let sandbox = running(&[]);
    let mut first = Follower::of(&sandbox, &["demo"]);
    let second = Follower::of(&sandbox, &["demo"]);
    first.wait_for("demo is up");
    second.wait_for("demo is up");
    tell(&sandbox, "demo", "both");
    first.wait_for("heard: both");
    second.wait_for("heard: both");
    sandbox.wait_for("one recorder", || recorders(&sandbox).len() == 1);
    first.end(Signal::SIGKILL);
    tell(&sandbox, "demo", "one");
    second.wait_for("heard: one");
    drop(second);
    nothing_is_left(&sandbox);
    // The pipe goes with the next output, and the harness does not notice.
    tell(&sandbox, "demo", "nobody");
    sandbox.wait_for_screen("demo", "heard: nobody");
    sandbox.wait_for("the pipe to go", || {
        let pipe = ["display-message", "-p", "-t", "=demo:", "#{pane_pipe}"];
        sandbox.tmux(&pipe).stdout.trim() == "0"
    });
    // The next one begins anew.
    let third = Follower::of(&sandbox, &["demo"]);
    third.wait_for("heard: nobody");
    tell(&sandbox, "demo", "again");
    third.wait_for("heard: again");
    drop(third);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn one_that_stands_still_holds_nobody_up_and_is_told_what_it_missed() {
    let sandbox = running(&[]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    follower.signal(Signal::SIGSTOP);
    // Some 12 MB: more than is written down for followers.
    tell(&sandbox, "demo", "flood 250000");
    sandbox.wait_for_screen("demo", "flooded 250000");
    sandbox.wait_for("all to be written", || {
        let last = files(&sandbox, "follow/demo").pop();
        last.is_some_and(|last| {
            let bytes = fs::read(last).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains("flooded 250000")
        })
    });
    assert!(size(&files(&sandbox, "follow/demo")) <= 4 << 20);
    follower.signal(Signal::SIGCONT);
    let text = follower.wait_for("flooded 250000");
    assert!(text.contains("[some output is missing here: it was read too slowly]\n"));
    drop(follower);
    nothing_is_left(&sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn several_are_told_apart_by_a_prefix() {
    let sandbox = running(&[])
        .project("other", "v1")
        .started("other", "other is up");
    let follower = Follower::of(&sandbox, &["--all"]);
    follower.wait_for("demo  | demo is up");
    follower.wait_for("other | other is up");
    tell(&sandbox, "demo", "hello");
    tell(&sandbox, "other", "world");
    follower.wait_for("demo  | heard: hello\n");
    let text = follower.wait_for("other | heard: world\n");
    assert!(!text.contains("demo  | heard: world"), "{text}");
    drop(follower);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn an_agent_is_followed_into_its_next_terminal() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "stop_grace = \"1s\"");
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo/one", "one is up");
    let follower = Follower::of(&sandbox, &["demo/one"]);
    follower.wait_for("one is up");
    tell(&sandbox, "demo/one", "hello");
    tell(&sandbox, "demo/two", "not me");
    follower.wait_for("one heard: hello");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    follower.wait_for("goes on with a new terminal");
    tell(&sandbox, "demo/one", "again");
    let text = follower.wait_for("one heard: again");
    assert!(!text.contains("not me"), "{text}");
    drop(follower);
    nothing_is_left(&sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_does_not_run_is_waited_for() {
    let sandbox = registered(&[]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("`demo` does not run: waiting for it\n");
    sandbox.fleet(&["start", "demo"]).succeeded();
    follower.wait_for("demo is up");
    drop(follower);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let unknown = sandbox.fleet(&["logs", "-f", "nobody"]);
    assert!(
        unknown
            .exited(2)
            .stderr
            .contains("there is no project `nobody`")
    );
}

#[test]
fn a_pipe_that_somebody_has_laid_by_hand_is_left_alone() {
    let sandbox = running(&[]);
    let heard = sandbox.root().join("heard");
    let command = format!("exec cat > {}", heard.display());
    sandbox
        .tmux(&["pipe-pane", "-t", "=demo:", &command])
        .succeeded();
    let said = sandbox.fleet(&["logs", "-f", "demo"]);
    let why = "its terminal has a pipe already, which somebody has laid by hand";
    assert!(said.exited(1).stderr.contains(why), "{}", said.text());
    tell(&sandbox, "demo", "hello");
    sandbox.wait_for("the pipe to go on", || {
        fs::read_to_string(&heard).unwrap().contains("heard: hello")
    });
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_recorder_that_is_killed_is_replaced() {
    let sandbox = running(&[]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    sandbox.kill(&recorders(&sandbox)[0]);
    follower.wait_for("goes on with a new terminal");
    tell(&sandbox, "demo", "hello");
    follower.wait_for("heard: hello");
    drop(follower);
    nothing_is_left(&sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let sandbox = running(&[]);
    let fleet = env!("CARGO_BIN_EXE_fleet");
    // Nothing more is printed: it has to notice by itself.
    let line = format!("{fleet} logs -f demo | head -n 1");
    let said = sandbox.output(
        sandbox
            .command("sh", &sandbox.directory())
            .args(["-c", &line]),
    );
    assert_eq!(said.succeeded().stdout, "demo is up\n");
    nothing_is_left(&sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_question_without_a_line_end_is_shown() {
    let sandbox = running(&[]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    tell(&sandbox, "demo", "sh printf 'password: '");
    follower.wait_for("\npassword:\n");
    drop(follower);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn one_that_waits_uses_no_time() {
    let sandbox = running(&[]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    let switches = |pid: i64| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt"));
        line.unwrap().to_owned()
    };
    let pids = [
        i64::from(follower.child.id()),
        i64::from(recorders(&sandbox)[0].pid),
    ];
    tell(&sandbox, "demo", "hello");
    follower.wait_for("heard: hello");
    let (mut before, mut since) = (pids.map(switches), Instant::now());
    sandbox.wait_for("a second in which neither wakes", || {
        let now = pids.map(switches);
        if now != before {
            (before, since) = (now, Instant::now());
        }
        since.elapsed() > Duration::from_secs(1)
    });
    drop(follower);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
