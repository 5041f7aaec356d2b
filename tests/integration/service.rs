//! `fleet service`: what is written, what systemd is asked for, and what is said to be true. F8: after a reboot the
//! machine itself begins the guardian.

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::Sandbox;

fn fleet() -> Sandbox {
    Sandbox::new().harness(["v0.1.0"]).with_systemd()
}

/// The files in the user's directory of units.
fn units(sandbox: &Sandbox) -> Vec<String> {
    let directory = std::fs::read_dir(sandbox.at("home/.config/systemd/user"));
    let entries = directory.into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What systemctl was asked for since the last time, without what is the same in every call.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let calls = sandbox.calls_of("systemctl");
    let _ = std::fs::remove_file(sandbox.at("systemd/systemctl.calls")); // Nothing may have been asked.
    let unit = sandbox.unit_name();
    let calls = calls.into_iter().map(|call| {
        let rest = call.strip_prefix("--user --no-pager --no-ask-password ");
        rest.expect("it never asks and never pages")
            .replace(&unit, "UNIT")
    });
    calls.filter(|call| !call.starts_with("show ")).collect()
}

fn report(sandbox: &Sandbox) -> Value {
    let said = sandbox.fleet(&["service", "status", "--json"]);
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}\n{}", said.text()))
}

/// The value of one fact, and whether it is well.
#[track_caller]
fn fact(sandbox: &Sandbox, name: &str) -> (String, Value) {
    let report = report(sandbox);
    let facts = report["facts"].as_array().unwrap();
    let found = facts.iter().find(|fact| fact["fact"] == name);
    let found = found.unwrap_or_else(|| panic!("nothing says {name}: {report:#}"));
    (
        found["value"].as_str().unwrap().to_owned(),
        found["well"].clone(),
    )
}

#[test]
fn without_a_user_manager_nothing_is_written() {
    let sandbox = fleet();
    std::fs::remove_file(sandbox.at("run/systemd/private")).unwrap();
    let said = sandbox.run_about_units("service install");
    assert_snapshot!(said, @r"
    --- stderr
    error: there is nothing that could run the service
      because: no systemd user manager listens in `$ROOT/run`
    hint: `crontab -e` can bring the fleet up after a reboot: @reboot FLEET --fleet $ROOT/fleet boot
    --- exit code 3
    ");
    assert_eq!(sandbox.run_about_units("service install --dry-run"), said);
    assert!(!sandbox.at("home/.config/systemd").exists());
    assert!(sandbox.calls_of("systemctl").is_empty());
    assert_snapshot!(sandbox.run_about_units("service status"), @r"
    FACT  VALUE  SOURCE
    manager  no systemd user manager listens in `$ROOT/run`  XDG_RUNTIME_DIR
    installed  no  $ROOT/home/.config/systemd/user/UNIT.service
    server  none runs  SOCKET
    --- stderr
    hint: `crontab -e` can bring the fleet up after a reboot: @reboot FLEET --fleet $ROOT/fleet boot
    --- exit code 5
    ");
}

#[test]
fn a_dry_run_prints_the_unit_and_writes_nothing() {
    let sandbox = fleet();
    let said = sandbox.run_about_units("service install --dry-run");
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("Environment="))
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    # $ROOT/home/.config/systemd/user/UNIT.service
    [Unit]
    Description=fleet test: brings back what should run

    [Service]
    Type=exec
    ExecStart="FLEET" "--fleet" "$ROOT/fleet" "watch"
    Restart=on-failure
    RestartSec=<age>
    RestartPreventExitStatus=2 3
    KillMode=process
    OOMPolicy=continue

    [Install]
    WantedBy=default.target
    --- exit code 0
    "#);
    for variable in ["PATH", "TMUX_TMPDIR", "XDG_STATE_HOME"] {
        let setting = format!("Environment=\"{variable}=$ROOT/");
        assert!(said.contains(&setting), "{setting} in {said}");
    }
    assert_eq!(units(&sandbox), [""; 0]);
    assert!(asked(&sandbox).is_empty());
}

#[test]
fn an_installed_service_is_there_and_a_removed_one_is_not() {
    let sandbox = fleet();
    assert_snapshot!(sandbox.run_about_units("service install"), @r"
    --- stderr
    wrote $ROOT/home/.config/systemd/user/UNIT.service
    enabled and started `UNIT.service`
    --- exit code 0
    ");
    assert_eq!(
        asked(&sandbox),
        [
            "is-active UNIT.service",
            "daemon-reload",
            "enable --now UNIT.service",
            "is-active UNIT.service"
        ]
    );
    assert_eq!(
        units(&sandbox),
        [format!("{}.service", sandbox.unit_name())]
    );
    assert_snapshot!(sandbox.run_about_units("service status"), @r"
    FACT  VALUE  FOR  SOURCE
    manager  a systemd user manager  $ROOT/run/systemd/private
    installed  yes  $ROOT/home/.config/systemd/user/UNIT.service
    runs  this program, for this fleet  $ROOT/home/.config/systemd/user/UNIT.service
    enabled  enabled  systemctl --user show UNIT.service
    active  yes (running)  <age>  systemctl --user show UNIT.service
    lingers  yes: the manager runs from boot to shutdown  loginctl show-user
    server  none runs  SOCKET
    --- exit code 0
    ");
    let text = |sandbox: &Sandbox| {
        let name = sandbox.unit_name();
        sandbox.read(&format!("home/.config/systemd/user/{name}.service"))
    };
    let before = text(&sandbox);
    assert_snapshot!(sandbox.run_about_units("service install"), @r"
    --- stderr
    `UNIT.service` is installed already, and runs
    --- exit code 0
    ");
    assert_eq!(text(&sandbox), before);
    assert_snapshot!(sandbox.run_about_units("service remove --dry-run"), @r"
      stop and disable UNIT.service
      remove $ROOT/home/.config/systemd/user/UNIT.service
    --- exit code 0
    ");
    asked(&sandbox);
    assert_snapshot!(sandbox.run_about_units("service remove"), @r"
    --- stderr
    stopped, disabled and removed `UNIT.service`
    what runs goes on; nothing brings it back when tmux or the machine goes down
    --- exit code 0
    ");
    assert_eq!(
        asked(&sandbox),
        [
            "disable --now UNIT.service",
            "daemon-reload",
            "reset-failed UNIT.service"
        ]
    );
    assert_eq!(units(&sandbox), [""; 0]);
    assert_snapshot!(sandbox.run_about_units("service remove"), @r"
    --- stderr
    `UNIT.service` is not installed
    --- exit code 0
    ");
}

#[test]
fn a_unit_of_another_program_is_seen_and_written_anew() {
    let sandbox = fleet();
    sandbox.fleet(&["service", "install"]).succeeded();
    let file = format!("home/.config/systemd/user/{}.service", sandbox.unit_name());
    let text = sandbox.read(&file);
    sandbox.write(&file, &text.replace("ExecStart=\"", "ExecStart=\"/old"));
    let (value, well) = fact(&sandbox, "runs");
    assert!(
        value.starts_with("something else: ExecStart=\"/old"),
        "{value}"
    );
    assert_eq!(well, false);
    sandbox.fleet(&["service", "status"]).exited(5);
    asked(&sandbox);
    assert_snapshot!(sandbox.run_about_units("service install"), @r"
    --- stderr
    wrote anew $ROOT/home/.config/systemd/user/UNIT.service
    restarted `UNIT.service`
    --- exit code 0
    ");
    assert!(asked(&sandbox).contains(&"restart UNIT.service".to_owned()));
    assert_eq!(sandbox.read(&file), text);
    sandbox.fleet(&["service", "status"]).succeeded();
}

#[test]
fn a_fleet_that_was_given_another_name_has_one_service() {
    let sandbox = fleet();
    sandbox.fleet(&["service", "install"]).succeeded();
    let former = sandbox.unit_name();
    let registry = sandbox.read("fleet/fleet.toml");
    let renamed = registry.replace("name = \"test\"", "name = \"renamed\"");
    sandbox.write("fleet/fleet.toml", &renamed);
    assert_eq!(
        fact(&sandbox, "former"),
        (format!("{former}.service"), false.into())
    );
    assert_eq!(fact(&sandbox, "installed").1, false);
    let said = sandbox.fleet(&["service", "install"]);
    let removed = format!("removed `{former}.service`, of an earlier name\n");
    assert!(
        said.succeeded().stderr.starts_with(&removed),
        "{}",
        said.text()
    );
    assert_eq!(
        units(&sandbox),
        [format!("{}.service", sandbox.unit_name())]
    );
    sandbox.write("fleet/fleet.toml", &registry);
    sandbox.fleet(&["service", "remove"]).succeeded();
    assert_eq!(units(&sandbox), [""; 0]);
}

#[test]
fn what_systemd_does_not_take_is_taken_back() {
    let sandbox = fleet();
    sandbox.write("systemd/fails", "enable");
    assert_snapshot!(sandbox.run_about_units("service install"), @r"
    --- stderr
    error: cannot enable and start the service
      because: systemctl: Failed to enable: no
    --- exit code 1
    ");
    assert_eq!(units(&sandbox), [""; 0]);
    sandbox.write("systemd/fails", "is-active");
    let said = sandbox.fleet(&["service", "install"]);
    assert!(
        said.exited(1).stderr.contains("journalctl --user -u"),
        "{}",
        said.text()
    );
    assert_eq!(units(&sandbox), [""; 0]);
    // What was installed before stays.
    sandbox.write("systemd/fails", "");
    sandbox.fleet(&["service", "install"]).succeeded();
    let file = format!("home/.config/systemd/user/{}.service", sandbox.unit_name());
    sandbox.write(&file, "[Service]\nExecStart=/old\n");
    sandbox.write("systemd/fails", "daemon-reload");
    sandbox.fleet(&["service", "install"]).exited(1);
    assert_eq!(sandbox.read(&file), "[Service]\nExecStart=/old\n");
}

#[test]
fn a_directory_with_a_hostile_name_is_named_as_systemd_reads_it() {
    let sandbox = fleet();
    let odd = sandbox.at("odd $HOME \"%h\" 'x' \\");
    std::fs::rename(sandbox.directory(), &odd).unwrap();
    let mut install = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &odd);
    sandbox
        .output(install.args(["service", "install"]))
        .succeeded();
    let [file] = units(&sandbox).try_into().unwrap();
    let text = sandbox.read(&format!("home/.config/systemd/user/{file}"));
    let line = text
        .lines()
        .find(|line| line.starts_with("ExecStart="))
        .unwrap();
    let expected = r#""--fleet" "$ROOT/odd $$HOME \"%%h\" 'x' \\" "watch""#;
    let root = sandbox.root().display().to_string();
    assert!(line.ends_with(&expected.replace("$ROOT", &root)), "{line}");
    let mut status = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &odd);
    sandbox
        .output(status.args(["service", "status"]))
        .succeeded();
    std::fs::remove_file(sandbox.at("run/systemd/private")).unwrap();
    let mut refused = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &odd);
    let said = sandbox.output(refused.args(["service", "install"]));
    let expected = r#"--fleet '$ROOT/odd $HOME "\%h" '\''x'\'' \' boot"#;
    let expected = expected.replace("$ROOT", &root);
    assert!(
        said.exited(3).stderr.contains(&expected),
        "{}\n{expected}",
        said.text()
    );
}

#[test]
fn without_lingering_the_service_is_no_service_after_a_reboot() {
    let sandbox = fleet();
    sandbox.write("systemd/linger", "no\n");
    assert_snapshot!(sandbox.run_about_units("service install"), @r"
    --- stderr
    wrote $ROOT/home/.config/systemd/user/UNIT.service
    enabled and started `UNIT.service`
    warning: the service ends when you log out of the last login, and does not begin before the first one
    hint: `loginctl enable-linger` has it run from boot to shutdown
    --- exit code 0
    ");
    let said = sandbox.fleet(&["service", "status"]);
    let hint = "hint: `loginctl enable-linger` lets it run on\n";
    assert_eq!(said.exited(5).stderr, hint);
    assert_eq!(fact(&sandbox, "lingers").1, false);
    assert_eq!(fact(&sandbox, "active").1, true);
}

#[test]
fn a_service_that_has_ended_is_said_to_have() {
    let sandbox = fleet();
    sandbox.fleet(&["service", "install"]).succeeded();
    std::fs::remove_file(sandbox.at("systemd/active")).unwrap();
    assert_eq!(
        fact(&sandbox, "active"),
        ("no (inactive)".to_owned(), false.into())
    );
    sandbox.fleet(&["service", "status"]).exited(5);
    sandbox.write("systemd/fails", "show");
    let (value, well) = fact(&sandbox, "active");
    assert_eq!(
        (value.as_str(), well),
        ("cannot tell: Failed to show: no", Value::Null)
    );
}

#[test]
fn projects_run_on_without_the_service() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .with_systemd()
        .project("demo", "v0.1.0")
        .started("demo", "is up");
    sandbox.fleet(&["service", "install"]).succeeded();
    let before = sandbox.harness_of("demo");
    let (server, _) = fact(&sandbox, "server");
    assert!(
        server.starts_with(&format!("pid {}, in ", sandbox.server().pid)),
        "{server}"
    );
    sandbox.fleet(&["service", "remove"]).succeeded();
    assert_eq!(sandbox.harness_of("demo"), before);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
