//! F23: no start passes a limit of the machine: tmux would not fail at one, but hang for good.

use std::time::Duration;

use crate::sandbox::{Output, Sandbox, Stopwatch};

/// Runs `fleet` where no process may have more open files than this.
fn with_files(sandbox: &Sandbox, most: usize, arguments: &str) -> Output {
    let fleet = env!("CARGO_BIN_EXE_fleet");
    let line = format!("ulimit -n {most}; exec {fleet} {arguments}");
    let mut command = sandbox.command("sh", &sandbox.directory());
    sandbox.output(command.args(["-c", &line]))
}

fn projects(count: usize) -> Sandbox {
    let names: Vec<String> = (0..count).map(|number| format!("p{number:02}")).collect();
    Sandbox::new()
        .harness(["v0.1.0"])
        .projects(&names, "v0.1.0")
}

/// The refusals, each with its reason.
fn refusals(said: &Output) -> Vec<&str> {
    let lines = said.stderr.lines();
    lines
        .filter(|line| line.starts_with("  because: "))
        .collect()
}

/// Every command still answers, long before its deadline.
#[track_caller]
fn answers(sandbox: &Sandbox) {
    let begun = Stopwatch::start();
    let said = sandbox.fleet(&["status"]).succeeded().stderr.clone();
    assert!(!said.contains("does not answer"), "{said}");
    begun.assert_within(Duration::from_secs(4));
}

/// F23.
#[test]
fn a_start_beyond_the_servers_open_files_is_refused_and_the_rest_run() {
    let sandbox = projects(36);
    let said = with_files(&sandbox, 64, "start --all");
    assert_eq!(said.code, Some(4), "{}", said.text());
    let refused = refusals(&said);
    let run = sandbox.running("run.sh").len();
    assert!(run >= 20 && run + refused.len() == 36, "{}", said.text());
    assert!(
        refused.iter().all(
            |why| why.contains("there is no room for another terminal: ")
                && why.contains(
                    " of 64 open files of the tmux server are in use, and 24 are kept free"
                )
        ),
        "{refused:#?}"
    );
    // They are those that come first, and nobody wishes for the others.
    assert_eq!(sandbox.status("p00")["verdict"], "up");
    assert_eq!(sandbox.status("p35")["desired"], serde_json::Value::Null);
    answers(&sandbox);
    // The server's limit counts, not that of whoever asks later.
    sandbox.fleet(&["start", "p35"]).exited(3);
    // A client that has just gone may still be counted, and so may our own.
    sandbox.fleet(&["stop", "p00", "p01", "p02"]).succeeded();
    sandbox.fleet(&["start", "p35"]).succeeded();
    sandbox.fleet(&["restart", "p35"]).succeeded();
    answers(&sandbox);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F23.
#[test]
fn where_there_is_no_room_at_all_no_server_is_started() {
    let sandbox = projects(2);
    let said = with_files(&sandbox, 32, "start --all");
    assert_eq!(said.code, Some(3), "{}", said.text());
    assert_eq!(refusals(&said).len(), 2);
    assert_eq!(sandbox.running("tmux"), []);
}

/// F23: thirteen projects of two agents each opened one window after another until the server hung.
#[test]
fn agents_whose_windows_find_no_room_say_so_and_the_server_answers() {
    let names: Vec<String> = (0..13).map(|number| format!("p{number:02}")).collect();
    let sandbox = Sandbox::new();
    sandbox.write(
        "fleet/fleet.toml",
        "[fleet]\nname = \"test\"\n\n[harnesses.agents]\ndefault_ref = \"v0.1.0\"\n",
    );
    for name in &names {
        sandbox.fleet(&["create", name]).succeeded();
        let agent = |agent: &str| format!("[agents.{agent}]\ncommand = [\"sleep\", \"86425\"]\n");
        sandbox.write(
            &format!("fleet/projects/{name}/agents.toml"),
            &format!("{}\n{}", agent("one"), agent("two")),
        );
    }
    let said = with_files(&sandbox, 48, "start --all");
    assert!(said.code.is_some(), "{}", said.text());
    answers(&sandbox);
    // What did not fit has ended by itself, with the reason on its screen.
    sandbox.wait_for("all to be settled", || {
        names.iter().all(|name| {
            let verdict = &sandbox.status(name)["verdict"];
            ["up", "crashed", "down"].iter().any(|one| verdict == one)
        })
    });
    let crashed = names
        .iter()
        .find(|name| sandbox.status(name)["verdict"] == "crashed")
        .expect("not all fit");
    let shown = sandbox.wait_for_screen(crashed, "there is no room for another terminal");
    assert!(shown.contains("of 48 open files"), "{shown}");
    answers(&sandbox);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

#[test]
fn a_tmux_that_is_too_old_is_named_and_not_asked() {
    let sandbox = projects(1);
    let directory = sandbox.at("tmp/old");
    sandbox.write("tmp/old/tmux", "#!/bin/sh\necho 'tmux 3.1c'\n");
    let program = directory.join("tmux");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let usual = std::env::var("PATH").unwrap();
    start.env("PATH", format!("{}:{usual}", directory.display()));
    let said = sandbox.output(start.args(["start", "p00"]));
    insta::assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: cannot start `p00`
      because: `$ROOT/tmp/old/tmux` is too old: tmux 3.1c
    hint: install tmux 3.2 or newer: README.md says how
    --- exit code 1
    ");
    assert_eq!(sandbox.sockets(), [] as [std::path::PathBuf; 0]);
}

/// F22: a server that is stopped answers nobody: a start gives up in time, and says what to do that does not hang too.
#[test]
fn a_start_that_meets_a_frozen_server_gives_up_and_names_it() {
    let sandbox = projects(2);
    sandbox.fleet(&["start", "p00"]).succeeded();
    let server = sandbox.server();
    server.signal(nix::sys::signal::Signal::SIGSTOP);
    let begun = Stopwatch::start();
    let said = sandbox.run("start p01");
    begun.assert_within(Duration::from_secs(20));
    server.signal(nix::sys::signal::Signal::SIGCONT);
    // A command of tmux's own would hang as well.
    insta::assert_snapshot!(said, @r"
    --- stderr
    error: cannot start `p01`
      because: `/usr/bin/tmux` has not answered within 5 s
    hint: its server was stopped by a signal: `kill -CONT <pid>` lets it go on
    --- exit code 6
    ");
    assert_eq!(sandbox.status("p01")["verdict"], "down");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
