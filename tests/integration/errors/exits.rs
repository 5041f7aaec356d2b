//! Exit codes: those that `--help` names are those that commands have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use crate::sandbox::Sandbox;

/// A full disk is an error, whatever was printed.
#[test]
fn what_cannot_be_printed_is_an_error_and_a_reader_that_has_gone_is_none() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let fleet = env!("CARGO_BIN_EXE_fleet");
    for line in [
        "list",
        "list --json",
        "status",
        "get demo",
        "validate",
        "schema",
        "history",
        "--help",
        "start --help",
        "--version",
        "harness list",
        "plan --json",
    ] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let mut command = sandbox.command(fleet, &sandbox.directory());
        let output = command.args(line.split(' ')).stdout(full).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        if line != "validate" {
            assert_eq!(output.status.code(), Some(1), "{line}: {said}");
            let expected =
                "error: cannot write to standard output\n  because: No space left on device";
            assert!(said.contains(expected), "{line}: {said}");
        }
        let gone = format!("{fleet} {line} | true; exit ${{PIPESTATUS[0]}}");
        let mut command = sandbox.command("bash", &sandbox.directory());
        let said = sandbox.output(command.args(["-c", &gone]));
        assert_eq!(said.code, Some(0), "{line}: {}", said.text());
        assert_eq!(
            said.stderr.matches("error").count(),
            0,
            "{line}: {}",
            said.text()
        );
    }
    let sandbox = Sandbox::new();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("a device");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_agents"), sandbox.root());
    let output = command
        .arg("--help")
        .stdout(full)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
}

/// Every command, with the exit codes that its help names.
fn told(sandbox: &Sandbox, program: &str, above: &[&str]) -> BTreeMap<String, BTreeSet<i32>> {
    let run = |words: &[&str]| match program {
        "fleet" => sandbox.fleet(words),
        _ => sandbox.agents(sandbox.root(), words),
    };
    let help = run(&[above, &["--help"]].concat())
        .succeeded()
        .stdout
        .clone();
    let below: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    if below.is_empty() {
        let codes = help
            .lines()
            .skip_while(|line| *line != "Exit codes:")
            .skip(1);
        let codes = codes.filter_map(|line| line.split_whitespace().next()?.parse().ok());
        return BTreeMap::from([(above.join(" "), codes.collect())]);
    }
    let each = below
        .iter()
        .flat_map(|name| told(sandbox, program, &[above, &[name]].concat()));
    each.collect()
}

/// What each of these exits with; that of a name that is not there is tried of every command.
const HAS: &[(&str, i32)] = &[
    ("init", 3),
    ("create demo", 3),
    ("create new", 0),
    ("adopt /nowhere", 3),
    ("adopt projects/demo", 0),
    ("start demo missing", 4),
    ("start missing", 3),
    ("logs demo", 0),
    ("logs missing", 1),
    ("logs demo missing", 4),
    ("send demo hello", 0),
    ("send missing hello", 1),
    ("send demo missing hello", 4),
    ("attach missing", 1),
    ("restart missing", 3),
    ("restart demo missing", 4),
    ("remove demo", 3),
    ("stop demo", 0),
    ("status", 0),
    ("status --check", 5),
    ("why demo", 0),
    ("plan", 0),
    ("plan --check", 5),
    ("update demo v0.2.0", 0),
    ("update demo missing v0.1.0", 4),
    ("update demo v9", 3),
    ("rollback demo", 0),
    ("rollback missing", 3),
    ("rollback demo missing", 4),
    ("harness list", 0),
    ("harness add lines /nowhere", 3),
    ("harness set-url lines /nowhere", 3),
    ("harness fetch", 0),
    ("harness refs", 0),
    ("harness probe lines v9", 3),
    ("audit", 5),
    ("list", 0),
    ("get demo", 0),
    ("validate", 0),
    ("history", 0),
    ("disable new", 0),
    ("enable new", 0),
    ("remove new", 0),
    ("service install", 3),
    ("service status", 5),
    ("go", 0),
    ("schema", 0),
];

#[test]
fn commands_exit_with_what_their_help_names() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .projects(&["demo", "missing"], "v0.1.0");
    std::fs::remove_dir_all(sandbox.project_at("missing")).expect("it is there");
    let commands = told(&sandbox, "fleet", &[]);
    assert!(commands.len() > 35, "{commands:?}");
    for (command, codes) in &commands {
        assert!(
            codes.is_superset(&[0, 1, 2].into()),
            "`{command}`: {codes:?}"
        );
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--no-such-option");
        sandbox.fleet(&words).exited(2);
    }
    for (line, code) in HAS {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).exited(*code);
        let command = commands
            .keys()
            .find(|name| format!("{line} ").starts_with(&format!("{name} ")));
        let command = command.unwrap_or_else(|| panic!("`{line}` is none of {commands:?}"));
        assert!(
            commands[command].contains(code),
            "`{command}` can exit with {code}"
        );
    }
    sandbox.fleet(&["stop", "--all"]);
}

#[test]
fn every_command_of_agents_names_its_exit_codes() {
    let sandbox = Sandbox::new();
    let commands = told(&sandbox, "agents", &[]);
    assert_eq!(commands.len(), 8, "{commands:?}");
    for (command, codes) in &commands {
        assert!(
            codes.is_superset(&[0, 1, 2].into()),
            "`{command}`: {codes:?}"
        );
        sandbox
            .agents(sandbox.root(), &[command, "--no-such-option"])
            .exited(2);
    }
}
