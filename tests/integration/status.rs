//! `fleet status`: what is true, with the reason; tested by changing the world behind its back.

mod check;
mod glance;
mod json;
mod load;
mod pins;
mod probe;
mod schema;
mod screen;
mod unknown;
mod verdicts;
mod watch;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn fleet() -> Sandbox {
    Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0")
}

#[test]
fn a_fleet_without_projects_says_what_to_do() {
    assert_snapshot!(Sandbox::new().harness(["v0.1.0"]).run("status"), @r"
    --- stderr
    no project is registered
    hint: `fleet create NAME` makes one
    --- exit code 0
    ");
}

#[test]
fn columns_that_are_empty_everywhere_are_not_shown() {
    assert_snapshot!(fleet().run("status"), @r"
    NAME  STATE  PIN  REF
    demo  down   ok   v0.1.0
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
}

#[test]
fn selectors_choose_what_is_shown() {
    let sandbox = fleet()
        .project("other", "v0.1.0")
        .project("third", "v0.1.0")
        .setting("other", "labels = [\"research\"]")
        .setting("third", "enabled = false");
    assert_snapshot!(sandbox.run("status other demo"), @r"
    NAME   STATE  PIN  REF
    demo   down   ok   v0.1.0
    other  down   ok   v0.1.0
    --- stderr

    2 projects: 2 down
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status --label research"), @r"
    NAME   STATE  PIN  REF
    other  down   ok   v0.1.0
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status --state disabled"), @r"
    NAME   STATE     PIN  REF
    third  disabled  ok   v0.1.0
    --- stderr

    1 project: 1 disabled
    hint: `fleet enable third` allows it to start
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status --harness lines --state down"), @r"
    NAME   STATE  PIN  REF
    demo   down   ok   v0.1.0
    other  down   ok   v0.1.0
    --- stderr

    2 projects: 2 down
    --- exit code 0
    ");
    assert_snapshot!(sandbox.run("status --harness linse"), @r"
    --- stderr
    error: there is no harness `linse` in `fleet.toml`
    hint: did you mean `lines`?
    hint: `fleet harness list` shows them, `fleet harness add linse URL` adds one
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run("status nobody"), @r"
    --- stderr
    error: there is no project `nobody` in `fleet.toml`
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run("status --label nothing"), @r"
    --- stderr
    no project has the label `nothing`
    --- exit code 0
    ");
}

#[test]
fn what_is_piped_or_must_have_no_colour_has_none() {
    let sandbox = fleet();
    let forced = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        command.arg("status").envs(variables.iter().copied());
        sandbox.output(&mut command).succeeded().text()
    };
    assert!(forced(&[("CLICOLOR_FORCE", "1")]).contains("\x1b["));
    assert!(!forced(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains("\x1b["));
    let in_terminal = |variables: &[(&str, &str)]| {
        let fleet = env!("CARGO_BIN_EXE_fleet");
        let mut command = sandbox.command("script", &sandbox.directory());
        command
            .args(["--quiet", "--command"])
            .arg(format!("{fleet} status"))
            .arg("/dev/null");
        command.envs(variables.iter().copied());
        sandbox.output(&mut command).succeeded().stdout.clone()
    };
    assert!(in_terminal(&[]).contains("\x1b["));
    assert!(!in_terminal(&[("NO_COLOR", "1")]).contains("\x1b["));
    let piped = sandbox.fleet(&["status"]).text();
    assert!(!piped.contains('\x1b'), "{piped:?}");
}

#[test]
fn a_status_of_many_projects_starts_no_more_programs() {
    let names: Vec<String> = (0..12).map(|number| format!("p{number:02}")).collect();
    let sandbox = names
        .iter()
        .fold(fleet(), |sandbox, name| sandbox.project(name, "v0.1.0"));
    sandbox.fleet(&["start", "--all"]).succeeded();
    // Whatever is run is found on PATH first in this directory, and writes itself down.
    let counting = "#!/bin/sh\necho \"$0\" >> \"$HOME/calls\"\nPATH=${PATH#*:}\nexec \"$(basename \"$0\")\" \"$@\"\n";
    for program in ["git", "tmux"] {
        use std::os::unix::fs::PermissionsExt as _;
        sandbox.write(&format!("counting/{program}"), counting);
        let file = sandbox.root().join("counting").join(program);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let path = command
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then_some(value).flatten())
        .unwrap()
        .to_owned();
    let path = format!(
        "{}:{}",
        sandbox.root().join("counting").display(),
        path.display()
    );
    let said = sandbox.output(command.arg("status").env("PATH", path));
    assert!(said.succeeded().stdout.contains("p11"));
    assert_eq!(sandbox.read("home/calls").lines().count(), 1);
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
