//! How a fleet is found, and what is said where there is none.

use super::{WRITTEN, written};
use crate::sandbox::{Sandbox, assert_same};

#[test]
fn a_fleet_is_found_upwards_or_by_name_or_by_environment() {
    let sandbox = written(WRITTEN);
    sandbox.write("fleet/a/b/c", "");
    sandbox.write("other/fleet.toml", "[fleet]\nname = \"other\"\n");
    let program = env!("CARGO_BIN_EXE_fleet");
    let names = |directory: &str, arguments: &[&str], variable: &str| {
        let mut command = sandbox.command(program, &sandbox.at(directory));
        if !variable.is_empty() {
            command.env("FLEET_DIR", sandbox.at(variable));
        }
        sandbox.output(command.args(arguments)).text()
    };
    assert!(names("fleet/a/b", &["list"], "").contains("demo"));
    assert!(names("home", &["list", "--fleet", "../fleet"], "").contains("demo"));
    assert!(names("home", &["list"], "fleet").contains("demo"));
    assert!(names("other", &["list"], "fleet").contains("demo"));
    assert!(
        names("fleet", &["--fleet", "../other", "list"], "fleet")
            .contains("no project is registered")
    );
}

#[test]
fn without_a_fleet_every_command_says_so() {
    let sandbox = Sandbox::new();
    let before = sandbox.tree(&sandbox.at("home"));
    insta::assert_snapshot!(sandbox.run("list"), @r"
    --- stderr
    error: there is no `fleet.toml` here or in a directory above
    hint: go to a fleet's directory, name one with `--fleet DIR`, or make one with `fleet init DIR`
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("--fleet nowhere list"), @r"
    --- stderr
    error: cannot open the fleet `nowhere`
      because: No such file or directory (os error 2)
    hint: `fleet init nowhere` makes a new one
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("--fleet home status"), @r"
    --- stderr
    error: there is no `$ROOT/home/fleet.toml`
    hint: `fleet init` makes a new fleet
    --- exit code 2
    ");
    for line in [
        "status",
        "create demo",
        "start --all",
        "update --all",
        "validate",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).exited(2);
    }
    assert_same(&before, &sandbox.tree(&sandbox.at("home")));
}

#[test]
fn a_command_line_that_is_wrong_exits_2() {
    let sandbox = written(WRITTEN);
    insta::assert_snapshot!(sandbox.run("start"), @r"
    --- stderr
    error: no project is named
    hint: name one, or choose several with `--all` or `--label LABEL`
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("stop --state asleep"), @r"
    --- stderr
    error: no project can be in the state `asleep`
    hint: the states are `up`, `up (by hand)`, `starting`, `down`, `finished`, `crashed`, `parked`, `disabled`, `degraded`, `missing` and `unknown`
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("statsu"), @r"
    --- stderr
    error: `fleet` has no command `statsu`
    hint: did you mean `fleet status`?
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("--wait soon list"), @r"
    --- stderr
    error: `--wait`: `soon` is not a duration such as `<age>`, `<age>` or `<age>`
    hint: `fleet list --help` shows what it takes
    --- exit code 2
    ");
}
