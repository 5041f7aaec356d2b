//! The tmux server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;

use super::{doctor, findings, finds, fixes, is_well, resting, running, tells};

#[test]
fn a_socket_with_too_long_a_path_or_in_an_open_directory_is_told() {
    let sandbox = resting();
    let long = sandbox.at(&format!("tmux/{}", "x".repeat(90)));
    fs::create_dir(&long).unwrap();
    let run = |place: &std::path::Path| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        sandbox.output(command.env("TMUX_TMPDIR", place).args(["doctor", "--json"]))
    };
    tells(
        &run(&long),
        "socket",
        "wrong",
        "and may have 107",
        "TMUX_TMPDIR",
    );
    fs::remove_dir_all(&long).unwrap();
    let open = sandbox.at("open");
    fs::create_dir(&open).unwrap();
    run(&open);
    let user = fs::read_dir(&open).unwrap().next().unwrap().unwrap().path();
    fs::set_permissions(&user, fs::Permissions::from_mode(0o755)).unwrap();
    tells(
        &run(&open),
        "socket",
        "wrong",
        "is not a private directory of yours",
        "ls -ld",
    );
}

/// F22: a server that stands still is named at once, and what needs no answer of it is checked.
#[test]
fn a_server_that_stands_still_is_told_with_what_lets_it_go_on() {
    let sandbox = running();
    let server = sandbox.server();
    server.signal(Signal::SIGSTOP);
    let said = doctor(&sandbox);
    server.signal(Signal::SIGCONT);
    let remedy = format!("`kill -CONT {}`", server.pid);
    tells(
        &said,
        "answers",
        "wrong",
        "was stopped by a signal",
        &remedy,
    );
    tells(
        &said,
        "sessions",
        "unknown",
        "was stopped by a signal",
        &remedy,
    );
    for fine in ["record", "orphans", "tenders", "location", "journals"] {
        assert_eq!(
            findings(&said, fine),
            [] as [serde_json::Value; 0],
            "{fine}"
        );
    }
    is_well(&sandbox, "answers");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_server_whose_socket_is_gone_is_told_to_make_it_again() {
    let sandbox = running();
    let server = sandbox.server();
    let [socket] = &sandbox.sockets()[..] else {
        panic!("one socket");
    };
    fs::remove_file(socket).unwrap();
    let remedy = format!("`kill -USR1 {}`", server.pid);
    finds(&sandbox, "record", "wrong", "its socket is gone", &remedy);
    let done = sandbox.fleet(&["doctor", "--fix"]);
    assert!(
        done.stderr.contains("fixed: tell process"),
        "{}",
        done.text()
    );
    sandbox.wait_for("the socket", || socket.exists());
    is_well(&sandbox, "record");
    assert_eq!(sandbox.server(), server);
    assert_eq!(sandbox.status("demo")["verdict"], "up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_second_server_at_the_socket_is_told() {
    let sandbox = running();
    let server = sandbox.server();
    let [socket] = &sandbox.sockets()[..] else {
        panic!("one socket");
    };
    fs::remove_file(socket).unwrap();
    let words = [
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "other",
        "sleep 86400",
    ];
    sandbox.tmux_at(socket, &words).succeeded();
    let said = doctor(&sandbox);
    tells(
        &said,
        "record",
        "wrong",
        "lives too",
        &format!("ps -fp {}", server.pid),
    );
    tells(
        &said,
        "one",
        "wrong",
        "does not listen at the socket: demo",
        "`fleet restart demo`",
    );
    sandbox.tmux_at(socket, &["kill-server"]).succeeded();
    sandbox.fleet(&["stop", "demo"]);
    sandbox.kill(&server);
}

#[test]
fn a_server_that_is_on_no_record_is_told() {
    let sandbox = running();
    fs::remove_file(sandbox.at("fleet/.fleet/server.json")).unwrap();
    finds(
        &sandbox,
        "record",
        "warning",
        "no server is on record",
        "fleet start",
    );
    sandbox.write("fleet/.fleet/server.json", "{");
    finds(
        &sandbox,
        "record",
        "unknown",
        "cannot read the record of the server",
        "`rm ",
    );
    fs::remove_file(sandbox.at("fleet/.fleet/server.json")).unwrap();
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_server_that_may_open_fewer_files_than_it_could_is_told() {
    let sandbox = running();
    let pid = sandbox.server().pid.to_string();
    let limit = sandbox.output(sandbox.command("prlimit", sandbox.root()).args([
        "--pid",
        &pid,
        "--nofile=256:4096",
    ]));
    limit.succeeded();
    finds(
        &sandbox,
        "room",
        "warning",
        "may open 256 files, and could have 4096",
        &format!("`prlimit --pid {pid}"),
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_unit_that_runs_another_program_is_written_anew() {
    let sandbox = resting().with_systemd();
    sandbox.fleet(&["service", "install"]).succeeded();
    is_well(&sandbox, "service");
    let unit = format!("home/.config/systemd/user/{}.service", sandbox.unit_name());
    let text = sandbox.read(&unit);
    sandbox.write(&unit, &text.replace("ExecStart=", "ExecStart=/elsewhere"));
    finds(
        &sandbox,
        "service",
        "wrong",
        "runs: something else",
        "`fleet service install`",
    );
    fixes(&sandbox, "service", "write the systemd unit anew");
    assert_eq!(sandbox.read(&unit), text);
    // One that is stopped is for its operator.
    sandbox.write("systemd/linger", "no\n");
    finds(
        &sandbox,
        "service",
        "wrong",
        "lingers: no",
        "`loginctl enable-linger`",
    );
}

#[test]
fn a_server_that_ends_with_the_last_login_is_told_where_systemd_says_so() {
    let sandbox = running().with_systemd();
    let said = doctor(&sandbox);
    // Where the tests run, no unit may be told: then neither is that.
    assert!(
        findings(&said, "lives-on")
            .iter()
            .all(|one| one["verdict"] == "warning"),
        "{}",
        said.text()
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn where_something_should_run_a_service_is_advised() {
    let sandbox = running().with_systemd();
    let said = sandbox.fleet(&["doctor"]);
    assert!(
        said.stdout
            .contains("`fleet service install` has the machine do it"),
        "{}",
        said.text()
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
