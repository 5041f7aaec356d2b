//! The tmux server: in a scope of its own where systemd gives one, and on record. F7 and F19 rest on it.

use std::path::Path;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn fleet() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .project("other", "v0.1.0")
}

/// The words of a process's environment.
fn environment(pid: i32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut words: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    words.sort();
    words
}

fn is_in_scope(sandbox: &Sandbox) -> bool {
    environment(sandbox.server().pid).contains(&"SCOPE=yes".to_owned())
}

#[test]
fn without_a_user_manager_the_server_is_started_directly() {
    let sandbox = fleet().with_systemd();
    std::fs::remove_file(sandbox.at("run/systemd/private")).unwrap();
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    let record = sandbox.server_record();
    assert_eq!(record["process"]["pid"], sandbox.server().pid);
    assert_snapshot!(sandbox.normalise(&record["home"].to_string()), @r#"{"direct":{"was_refused":false,"why":"no systemd user manager listens in `$ROOT/run`"}}"#);
    assert!(sandbox.calls_of("systemd-run").is_empty());
    assert!(sandbox.calls_of("loginctl").is_empty());
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn the_server_is_started_in_a_scope_of_its_own() {
    let sandbox = fleet().with_systemd();
    let line = format!(
        "ulimit -S -n 64; exec {} start demo",
        env!("CARGO_BIN_EXE_fleet")
    );
    let mut command = sandbox.command("sh", &sandbox.directory());
    command.args(["-c", &line]).env("SECRET", "x");
    assert_snapshot!(sandbox.normalise(&sandbox.output(&mut command).text()), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    let unit = sandbox.unit_name();
    let calls = sandbox.calls_of("systemd-run");
    assert_eq!(calls.len(), 1);
    let (before, after) = calls[0].split_once(" -- ").unwrap();
    assert_eq!(
        before,
        format!(
            "--user --scope --quiet --collect --no-ask-password --unit={unit} --property=Delegate=yes --property=OOMPolicy=continue"
        )
    );
    let words: Vec<&str> = after.split(' ').collect();
    assert!(words[0].ends_with("/tmux"), "{after}");
    assert!(after.contains(" -S "), "{after}");
    let server = sandbox.server().pid;
    let names: Vec<String> = environment(server)
        .iter()
        .map(|word| word.split('=').next().unwrap().to_owned())
        .collect();
    // A shell adds PWD, OLDPWD and others of its own, but nothing of the caller's.
    assert!(is_in_scope(&sandbox), "{names:?}");
    for name in ["SECRET", "GIT_CONFIG_GLOBAL", "XDG_STATE_HOME", "TMPDIR"] {
        assert!(!names.contains(&name.to_owned()), "{names:?}");
    }
    let limits = std::fs::read_to_string(format!("/proc/{server}/limits")).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files: Vec<&str> = files.unwrap().split_whitespace().skip(3).collect();
    assert_eq!(files[0], files[1]);
    assert_eq!(
        sandbox.server_record()["home"],
        serde_json::json!({"scope": {"unit": format!("{unit}.scope"), "outlives_oom": true}})
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_server_that_runs_costs_no_call_of_systemd() {
    let sandbox = fleet().with_systemd();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let record = sandbox.server_record();
    sandbox.fleet(&["start", "other"]).succeeded();
    sandbox.fleet(&["restart", "other"]).succeeded();
    assert_eq!(sandbox.calls_of("systemd-run").len(), 1);
    assert_eq!(sandbox.calls_of("loginctl").len(), 1);
    assert_eq!(sandbox.server_record(), record);
    // With its last session a server ends; what follows is a new one, in a scope again.
    sandbox.fleet(&["stop", "other"]).succeeded();
    sandbox.fleet(&["restart", "demo"]).succeeded();
    assert!(is_in_scope(&sandbox));
    assert_eq!(
        sandbox.server_record()["process"]["pid"],
        sandbox.server().pid
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn an_older_systemd_gets_no_property_that_it_does_not_know() {
    let sandbox = fleet().with_systemd();
    sandbox.write("systemd/is-old", "");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    let calls = sandbox.calls_of("systemd-run");
    assert_eq!(calls.len(), 2);
    assert!(calls[0].contains("OOMPolicy") && !calls[1].contains("OOMPolicy"));
    assert!(is_in_scope(&sandbox));
    assert_eq!(
        sandbox.server_record()["home"]["scope"]["outlives_oom"],
        false
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_scope_of_the_name_that_is_left_does_not_keep_the_server_from_starting() {
    let sandbox = fleet().with_systemd();
    let unit = sandbox.unit_name();
    sandbox.write("systemd/taken", &unit);
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    assert!(is_in_scope(&sandbox));
    let record = sandbox.server_record();
    let other = record["home"]["scope"]["unit"].as_str().unwrap();
    assert!(other.starts_with(&format!("{unit}-")), "{other}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_systemd_that_refuses_is_told_of_and_done_without() {
    let sandbox = fleet().with_systemd();
    sandbox.write("systemd/broken", "");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    warning: the tmux server of this fleet has no scope of its own and may end with this login: `systemd-run` said: Failed to connect to bus: No medium found
    started `demo`
    --- exit code 0
    ");
    assert!(!is_in_scope(&sandbox));
    assert_eq!(
        sandbox.server_record()["home"]["direct"]["was_refused"],
        true
    );
    // It is said once for each server, not with every start.
    assert_snapshot!(sandbox.run("start other"), @r"
    --- stderr
    started `other`
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_systemd_that_hangs_delays_a_start_by_seconds_only() {
    let sandbox = fleet().with_systemd();
    sandbox.write("systemd/hangs", "");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    warning: the tmux server of this fleet has no scope of its own and may end with this login: `systemd-run` has not answered within 5 s
    started `demo`
    --- exit code 0
    ");
    assert_eq!(sandbox.running("86431"), []);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn without_lingering_it_is_said_what_ends_the_server() {
    let sandbox = fleet().with_systemd();
    sandbox.write("systemd/linger", "no\n");
    sandbox.write("systemd/kills", "yes\n");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    warning: the tmux server of this fleet ends when you log out of the last login
    hint: `loginctl enable-linger` lets it run on
    started `demo`
    --- exit code 0
    ");
    assert!(is_in_scope(&sandbox));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn where_lingering_cannot_be_told_nothing_is_said_of_it() {
    let sandbox = fleet().with_systemd();
    sandbox.write("systemd/linger", "");
    assert_snapshot!(sandbox.run("start demo"), @r"
    --- stderr
    started `demo`
    --- exit code 0
    ");
    assert!(is_in_scope(&sandbox));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn two_starts_at_once_make_one_server() {
    let sandbox = fleet().with_systemd();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| sandbox.fleet(&["start", "other"]));
        sandbox.fleet(&["start", "demo"]).succeeded();
        other.join().unwrap().succeeded();
    });
    assert_eq!(sandbox.calls_of("systemd-run").len(), 1);
    assert_eq!(sandbox.sockets().len(), 1);
    let sessions = sandbox.tmux(&["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(sessions.succeeded().stdout, "demo\nother\n");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F19, with the fleet's server in a scope.
#[test]
fn a_users_own_server_is_left_alone_beside_one_in_a_scope() {
    let sandbox = fleet().with_systemd();
    let mine = sandbox.at("tmux/mine");
    let start = [
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "demo",
        "exec cat",
    ];
    sandbox.tmux_at(&mine, &start).succeeded();
    let listing = |socket: &Path| {
        let format = "#{pid} #{session_name} #{session_created} #{pane_pid}";
        let said = sandbox.tmux_at(socket, &["list-panes", "-a", "-F", format]);
        said.succeeded().stdout.clone()
    };
    let before = listing(&mine);
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.fleet(&["restart", "demo"]).succeeded();
    let record = sandbox.server_record();
    assert!(!before.starts_with(&record["process"]["pid"].to_string()));
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(listing(&mine), before);
    sandbox.tmux_at(&mine, &["kill-server"]).succeeded();
}

/// F7: a server that was killed is seen to be another one than the one that follows.
#[test]
fn the_record_follows_the_server() {
    let sandbox = fleet();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let first = sandbox.server_record();
    sandbox.kill(&sandbox.server());
    sandbox.wait_for("the tender to end", || {
        sandbox.running("fleet-tender").is_empty()
    });
    assert_eq!(sandbox.server_record(), first);
    sandbox.fleet(&["start", "demo"]).succeeded();
    let second = sandbox.server_record();
    assert_ne!(second["process"], first["process"]);
    assert_eq!(second["process"]["pid"], sandbox.server().pid);
    // One that nobody can read is written anew by the next start; the server was only met then.
    sandbox.write("fleet/.fleet/server.json", "{");
    sandbox.fleet(&["start", "other"]).succeeded();
    assert_eq!(sandbox.server_record()["process"], second["process"]);
    assert_eq!(sandbox.server_record()["home"], "met");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
