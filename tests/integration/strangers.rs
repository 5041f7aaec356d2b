//! Others on the same machine: a user's own tmux server, a second fleet, a run by hand, a lost runtime directory.

mod copies;
mod installed;

use insta::assert_snapshot;

use crate::sandbox::{Output, Sandbox};

fn running() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .setting("demo", "stop_grace = \"1s\"")
        .started("demo", "is up")
}

/// A second fleet `second/` that has registered the first one's project too.
fn second_fleet(sandbox: &Sandbox) {
    let text = sandbox.read("fleet/fleet.toml");
    let place = sandbox.place("demo").display().to_string();
    let text = text.replace(
        "location = \"projects/demo\"",
        &format!("location = \"{place}\""),
    );
    assert!(text.contains(&place), "{text}");
    sandbox.write("second/fleet.toml", &text);
}

fn second(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let directory = sandbox.root().join("second");
    sandbox.output(
        sandbox
            .command(env!("CARGO_BIN_EXE_fleet"), &directory)
            .args(arguments),
    )
}

#[test]
fn a_users_own_server_with_the_same_names_is_left_alone() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .setting("demo", "watch = \"heal\"");
    // The default socket, with a configuration that the fleet's server must not read either.
    sandbox.write(
        "home/.tmux.conf",
        "set -g base-index 7\nset -g remain-on-exit on\n",
    );
    let mine = sandbox
        .root()
        .join("tmux")
        .join(format!("tmux-{}", nix::unistd::getuid()))
        .join("default");
    let make = "mkdir -p -m 700 \"$0\"; tmux -S \"$0/default\" new-session -d -s demo -n scribe 'exec sleep 86421'";
    let mut command = sandbox.command("sh", sandbox.root());
    sandbox
        .output(command.args(["-c", make]).arg(mine.parent().unwrap()))
        .succeeded();
    let listing = || {
        let format = "#{session_name} #{session_created} #{window_name} #{pane_id} #{pane_pid} #{history_size}";
        sandbox
            .tmux_at(&mine, &["list-panes", "-a", "-F", format])
            .succeeded()
            .stdout
            .clone()
    };
    let before = listing();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    sandbox.fleet(&["logs", "demo"]).exited(1);
    sandbox.fleet(&["send", "demo", "hello"]).exited(1);
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "demo is up");
    sandbox.fleet(&["send", "demo", "hello"]).succeeded();
    sandbox.fleet(&["restart", "demo"]).succeeded();
    let index = sandbox.fleet_tmux(&["list-windows", "-t", "=demo", "-F", "#{window_index}"]);
    assert_eq!(index.stdout, "0\n");
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert_eq!(listing(), before);
    sandbox.tmux_at(&mine, &["kill-server"]).succeeded();
}

#[test]
fn a_fleets_command_typed_in_a_users_own_tmux_uses_the_fleets_server() {
    let sandbox = running();
    let mine = sandbox.root().join("tmux/mine");
    let line = format!(
        "{} --fleet {} stop demo > $HOME/said 2>&1; exec cat",
        env!("CARGO_BIN_EXE_fleet"),
        sandbox.directory().display()
    );
    let words = [
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "demo",
        "sh",
        "-c",
        &line,
    ];
    sandbox.tmux_at(&mine, &words).succeeded();
    sandbox.wait_for("the stop", || sandbox.running("run.sh").is_empty());
    sandbox.wait_until_is("demo", "down");
    sandbox.wait_for("what it said", || !sandbox.read("home/said").is_empty());
    assert_snapshot!(sandbox.read("home/said"), @"stopped `demo`");
    let sessions = sandbox.tmux_at(&mine, &["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(sessions.succeeded().stdout, "demo\n");
    sandbox.tmux_at(&mine, &["kill-server"]).succeeded();
}

#[test]
fn two_fleets_never_run_one_project_twice() {
    let sandbox = running();
    second_fleet(&sandbox);
    let said = second(&sandbox, &["start", "demo"]);
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: `demo` is run by process <pid> already, not by this fleet
    hint: stop that run first: `ps -fp <pid>` shows it
    --- exit code 3
    ");
    let said = second(&sandbox, &["status"]);
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    NAME  STATE         PIN  REF     REASON
    demo  up (by hand)  ok  v0.1.0  process <pid> runs it
    --- stderr

    1 project: 1 up (by hand)
    --- exit code 0
    ");
    assert_eq!(sandbox.running("run.sh").len(), 1);
    let said = second(&sandbox, &["stop", "demo"]);
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: `demo` is run by process <pid>, not by this fleet
    hint: stop that run where it was started: `ps -fp <pid>` shows it
    --- exit code 3
    ");
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    second(&sandbox, &["start", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "up (by hand)");
    sandbox.fleet(&["start", "demo"]).exited(3);
    assert_eq!(sandbox.running("run.sh").len(), 1);
    second(&sandbox, &["stop", "demo"]).succeeded();
}

#[test]
fn two_fleets_that_start_at_once_run_it_once() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "exec 9> lock; flock --nonblock 9 || echo twice >> twice; echo ready; exec cat\n",
        )
        .project("demo", "v1");
    second_fleet(&sandbox);
    for _ in 0..5 {
        let codes = std::thread::scope(|scope| {
            let first = scope.spawn(|| sandbox.fleet(&["start", "demo"]).code);
            let other = second(&sandbox, &["start", "demo"]).code;
            [first.join().unwrap(), other]
        });
        assert_eq!(
            codes.iter().filter(|code| **code == Some(0)).count(),
            1,
            "{codes:?}"
        );
        assert_eq!(
            sandbox.running("fleet/projects/demo/engine/run.sh").len()
                + sandbox.running("cat").len(),
            1
        );
        sandbox.fleet(&["stop", "demo"]).succeeded();
        second(&sandbox, &["stop", "demo"]).succeeded();
    }
    assert!(!sandbox.place("demo").join("twice").exists());
}

#[test]
fn agents_by_hand_in_a_project_that_the_fleet_runs_are_refused() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo/one", "one is up");
    let said = sandbox.agents(&sandbox.place("demo"), &["up"]);
    assert_ne!(said.code, Some(1), "{}", said.text());
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(sandbox.lives("one") == 1 && sandbox.lives("two") == 1);
}

#[test]
fn a_lost_runtime_directory_is_no_reason_for_a_second_run() {
    let sandbox = running();
    std::fs::remove_dir_all(sandbox.directory().join(".fleet")).unwrap();
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE         PIN  REF     REASON
    demo  up (by hand)  ok  v0.1.0  process <pid> runs it
    --- stderr

    1 project: 1 up (by hand)
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    error: `demo` is run by process <pid> already, not by this fleet
    hint: stop that run first: `ps -fp <pid>` shows it
    --- exit code 3
    ");
    assert_eq!(sandbox.running("run.sh").len(), 1);
    assert_snapshot!(sandbox.run("stop demo"), @r"
    --- stderr
    stopped `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.running("run.sh"), []);
    assert_eq!(sandbox.status("demo")["verdict"], "down");
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_stop_without_a_runtime_directory_waits_for_the_end() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "trap '' TERM HUP; setsid sleep 86422 & echo ready; exec sleep 86422\n",
        )
        .project("demo", "v1")
        .setting("demo", "stop_grace = \"1s\"")
        .started("demo", "ready");
    std::fs::remove_dir_all(sandbox.directory().join(".fleet")).unwrap();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("sleep 86422"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
}

#[test]
fn a_moved_fleet_does_not_run_a_project_twice() {
    let sandbox = running();
    let (here, there) = (sandbox.directory(), sandbox.root().join("second"));
    std::fs::rename(&here, &there).unwrap();
    let said = second(&sandbox, &["status", "--json"]);
    assert!(said.succeeded().stdout.contains("\"up"), "{}", said.text());
    let said = second(&sandbox, &["start", "demo"]);
    assert!(matches!(said.code, Some(0 | 3)), "{}", said.text());
    assert_eq!(sandbox.running("run.sh").len(), 1);
    let said = second(&sandbox, &["stop", "demo"]);
    assert!(
        said.code != Some(0) || sandbox.running("run.sh").is_empty(),
        "{}",
        said.text()
    );
    second(&sandbox, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("run.sh"), []);
}
