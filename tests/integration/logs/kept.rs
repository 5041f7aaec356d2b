//! `log = true`: output on disk, from life to life.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn kept(sandbox: &Sandbox, address: &str) -> String {
    sandbox
        .fleet(&["logs", address, "--kept"])
        .succeeded()
        .stdout
        .clone()
}

#[track_caller]
fn wait_until_kept(sandbox: &Sandbox, address: &str, text: &str) -> String {
    let mut shown = String::new();
    sandbox.wait_for(&format!("`{text}` to be kept"), || {
        shown = sandbox.fleet(&["logs", address, "--kept"]).stdout;
        shown.contains(text)
    });
    shown
}

#[test]
fn it_is_one_log_of_all_lives_with_a_line_for_each() {
    let sandbox = running(&["log = true", "watch = \"heal\""]);
    tell(&sandbox, "demo", "one");
    // What is typed is echoed at once, before the answer to what came before it.
    wait_until_kept(&sandbox, "demo", "heard: one");
    tell(&sandbox, "demo", "die");
    sandbox.wait_for("the next life", || {
        kept(&sandbox, "demo").matches("demo is up").count() == 2
    });
    tell(&sandbox, "demo", "two");
    wait_until_kept(&sandbox, "demo", "heard: two");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "demo is up");
    tell(&sandbox, "demo", "three");
    wait_until_kept(&sandbox, "demo", "heard: three");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    // What is down is shown from disk.
    wait_until_kept(&sandbox, "demo", "recording of `demo` ends");
    let said = sandbox.fleet(&["logs", "demo"]);
    assert!(
        said.succeeded().stderr.contains("from disk"),
        "{}",
        said.text()
    );
    let lines: Vec<String> = said
        .stdout
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.replace(|c: char| c.is_ascii_digit(), "#"))
        .collect();
    let said: Vec<&str> = lines
        .iter()
        .map(|line| {
            line.split_once("] ")
                .map_or(line.as_str(), |(_, rest)| rest)
        })
        .map(|line| line.split(" on ####").next().unwrap())
        .map(|line| line.split(" after ").next().unwrap())
        .collect();
    let life = ["recording of `demo` begins", "`demo` begins", "demo is up"];
    let end = ["`demo` was ended: SIGTERM", "recording of `demo` ends"];
    assert_eq!(
        said,
        [
            &life[..],
            &["one", "heard: one", "die", "the reason is plain"],
            &[
                "`demo` ended with exit status #",
                "`demo` begins",
                "demo is up"
            ],
            &["two", "heard: two"],
            &end,
            &life,
            &["three", "heard: three"],
            &end,
        ]
        .concat(),
        "{lines:#?}"
    );
    assert_eq!(
        sandbox
            .fleet(&["logs", "demo", "--lines", "1"])
            .stdout
            .lines()
            .count(),
        1
    );
    // It is nobody else's business.
    let logs = sandbox.directory().join(".fleet/logs");
    for directory in [logs.clone(), logs.join("demo")] {
        assert_eq!(
            directory.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
    for entry in fs::read_dir(logs.join("demo")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn agents_and_windows_that_come_later_are_kept_each_by_itself() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "stop_grace = \"1s\"\nlog = true");
    sandbox.fleet(&["start", "demo"]).succeeded();
    for agent in ["demo/one", "demo/two"] {
        sandbox.wait_for_screen(agent, "is up");
        tell(&sandbox, agent, "hello");
    }
    wait_until_kept(&sandbox, "demo/one", "one heard: hello");
    let text = wait_until_kept(&sandbox, "demo/two", "two heard: hello");
    assert!(!text.contains("one heard"), "{text}");
    // Whatever opens windows, and whatever they are called.
    let odd = "-../$(id) `x` '\"#{pid}%H é; x";
    for name in [odd, odd, "harness", "~"] {
        let line = ["new-window", "-d", "-t", "=demo:", "-n", name, "sh", "-c"];
        let script = "echo in an odd window; exec cat";
        sandbox.tmux(&[&line[..], &[script]].concat()).succeeded();
    }
    let split = [
        "split-window",
        "-d",
        "-t",
        "=demo:",
        "sh",
        "-c",
        "echo in a pane; exec cat",
    ];
    sandbox.tmux(&split).succeeded();
    let in_files = |text: &str| {
        let texts = files(&sandbox, "logs/demo").into_iter().filter(|file| {
            let bytes = fs::read(file).unwrap();
            String::from_utf8_lossy(&bytes).contains(text)
        });
        texts.count()
    };
    sandbox.wait_for("all windows to be kept", || {
        in_files("in an odd window") == 4 && in_files("in a pane") == 1
    });
    let names: Vec<String> = files(&sandbox, "logs/demo")
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    for name in [
        "%68arness.000001.log",
        "%7E.000001.log",
        "harness.000001.log",
        "one.000001.log",
    ] {
        assert!(names.iter().any(|found| found == name), "{names:#?}");
    }
    assert!(names.iter().any(|name| name.contains("~2.")), "{names:#?}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    // A bare name means all of them, and says so.
    let said = sandbox.fleet(&["logs", "demo/one", "--lines", "2"]);
    assert!(
        said.succeeded()
            .stdout
            .contains("recording of `demo/one` ends")
    );
    let said = sandbox.fleet(&["logs", "demo", "--kept"]);
    assert!(
        said.exited(2).stderr.contains("more than one agent"),
        "{}",
        said.text()
    );
}

#[test]
fn it_is_followed_by_several_through_a_restart() {
    let sandbox = running(&["log = true"]);
    let first = Follower::of(&sandbox, &["demo"]);
    let mut second = Follower::of(&sandbox, &["demo"]);
    first.wait_for("demo is up");
    second.wait_for("demo is up");
    tell(&sandbox, "demo", "hello");
    first.wait_for("heard: hello");
    second.wait_for("heard: hello");
    second.end(Signal::SIGKILL);
    sandbox.fleet(&["restart", "demo"]).succeeded();
    tell(&sandbox, "demo", "again");
    let text = first.wait_for("heard: again");
    assert_eq!(
        text.matches("recording of `demo` begins").count(),
        2,
        "{text}"
    );
    assert_eq!(text.matches("heard: hello").count(), 1, "{text}");
    // No other recorder than the one that keeps it.
    sandbox.wait_for("one recorder", || recorders(&sandbox).len() == 1);
    assert!(files(&sandbox, "follow/demo").is_empty());
    drop(first);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn who_follows_leaves_the_recorder_of_a_new_terminal_in_its_place() {
    let sandbox = running(&["log = true"]);
    let followers = [(); 3].map(|()| Follower::of(&sandbox, &["demo"]));
    for _ in 0..3 {
        sandbox.fleet(&["restart", "demo"]).succeeded();
    }
    tell(&sandbox, "demo", "last");
    for follower in &followers {
        let text = follower.wait_for("heard: last");
        assert_eq!(text.matches("recording of `demo` begins").count(), 4);
        assert_eq!(text.matches("demo is up").count(), 4, "{text}");
    }
    assert_eq!(files(&sandbox, "logs/demo").len(), 1);
    assert_eq!(recorders(&sandbox).len(), 1);
    drop(followers);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_recorder_that_is_killed_costs_the_harness_nothing_and_comes_back() {
    let sandbox = running(&["log = true", "watch = \"heal\""]);
    tell(&sandbox, "demo", "before");
    wait_until_kept(&sandbox, "demo", "heard: before");
    let harness = sandbox.harness_of("demo").pid;
    sandbox.kill(&recorders(&sandbox)[0]);
    tell(&sandbox, "demo", "meanwhile");
    sandbox.wait_for_screen("demo", "heard: meanwhile");
    assert_eq!(sandbox.harness_of("demo").pid, harness);
    let why = sandbox.fleet(&["why", "demo"]).stdout;
    assert!(why.contains("nobody records its terminal"), "{why}");
    // With the next life at the latest.
    tell(&sandbox, "demo", "die");
    sandbox.wait_for("the next recorder", || !recorders(&sandbox).is_empty());
    tell(&sandbox, "demo", "after");
    let text = wait_until_kept(&sandbox, "demo", "heard: after");
    assert!(
        text.contains("heard: before") && !text.contains("meanwhile"),
        "{text}"
    );
    let why = sandbox.fleet(&["why", "demo"]).stdout;
    assert!(
        !why.contains("nobody records") && why.contains(" MB of its output are kept"),
        "{why}"
    );
    // Or with who follows it.
    sandbox.kill(&recorders(&sandbox)[0]);
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("heard: after");
    tell(&sandbox, "demo", "followed");
    follower.wait_for("heard: followed");
    wait_until_kept(&sandbox, "demo", "heard: followed");
    drop(follower);
    sandbox.wait_for("one recorder", || recorders(&sandbox).len() == 1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn without_the_key_nothing_is_kept_and_with_it_from_the_next_start_on() {
    let sandbox = running(&[]);
    assert!(files(&sandbox, "logs").is_empty());
    assert_eq!(recorders(&sandbox).len(), 0);
    insta::assert_snapshot!(sandbox.run("logs demo --kept"), @r"
    --- stderr
    error: nothing of what `demo` printed is kept on disk
    hint: put `log = true` into `[projects.demo]`, then `fleet restart demo`
    --- exit code 1
    ");
    sandbox.set("demo", "log = true");
    insta::assert_snapshot!(sandbox.run("logs demo --kept"), @r"
    --- stderr
    error: nothing of what `demo` printed is kept on disk
    hint: its output is kept from the next start on: `fleet restart demo`
    --- exit code 1
    ");
    sandbox.fleet(&["restart", "demo"]).succeeded();
    wait_until_kept(&sandbox, "demo", "demo is up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn every_name_that_a_project_may_have_is_a_log() {
    let long = format!("9_-{}", "x".repeat(61));
    for name in ["A-0_z", "0", &long] {
        let sandbox = Sandbox::new()
            .harness(["v0.1.0"])
            .script("v1", OBEDIENT)
            .project(name, "v1");
        sandbox.set(name, "log = true");
        sandbox.fleet(&["start", name]).succeeded();
        wait_until_kept(&sandbox, name, &format!("{name} is up"));
        let follower = Follower::of(&sandbox, &[name]);
        follower.wait_for(&format!("{name} is up"));
        drop(follower);
        sandbox.fleet(&["stop", name]).succeeded();
    }
}

#[test]
fn what_is_removed_from_the_registry_can_still_be_read() {
    let sandbox = running(&["log = true"]);
    wait_until_kept(&sandbox, "demo", "demo is up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["remove", "demo"]).succeeded();
    let said = sandbox.fleet(&["logs", "demo"]);
    assert!(
        said.succeeded().stdout.contains("demo is up"),
        "{}",
        said.text()
    );
    sandbox.fleet(&["logs", "demo", "--last-crash"]).exited(2);
}
