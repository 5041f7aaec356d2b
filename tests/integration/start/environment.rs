//! What a harness gets to know: placeholders, variables, and what of them others can see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::fleet;
use crate::sandbox::Sandbox;

#[test]
fn placeholders_are_filled_in() {
    let words = ["engine", "project", "name", "cache", "state"];
    let start = words
        .map(|word| format!(", \"{word}={{{word}}}\""))
        .concat();
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .manifest(
            "v1",
            &format!("start = [\"sh\", \"{{engine}}/run.sh\"{start}]"),
            "for word in \"$@\"; do echo \"<$word>\"; done; echo done; exec cat\n",
        )
        .project("demo", "v1")
        .started("demo", "done");
    let said = sandbox.fleet(&["logs", "demo"]).stdout;
    let demo = sandbox.place("demo");
    let home = sandbox.root().join("home");
    let expected = [
        ("engine", demo.join("engine")),
        ("project", demo),
        ("name", "demo".into()),
        ("cache", home.join(".cache/agents/lines-")),
        ("state", home.join(".local/state/agents/demo-")),
    ];
    for (word, value) in expected {
        let line = format!("<{word}={}", value.display());
        assert!(said.contains(&line), "{line} in {said}");
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn args_are_words_of_their_own() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "for word in \"$@\"; do echo \"<$word>\"; done; echo done; exec cat\n",
        )
        .project("demo", "v1")
        .setting("demo", "args = [\"two words\", \"{name}\", \"$HOME; x\"]")
        .started("demo", "done");
    let said = sandbox.fleet(&["logs", "demo"]).stdout;
    insta::assert_snapshot!(said, @r"
    <demo>
    <two words>
    <{name}>
    <$HOME; x>
    done
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn variables_reach_the_harness_and_nobody_else() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "printf %s \"$PLAIN,$TOKEN,$QUOTED\" > ../seen; echo done; exec cat\n",
        )
        .project("demo", "v1");
    sandbox.write(
        "secrets",
        "# mine\nTOKEN=from-the-file-9\nexport QUOTED=\"two words-9\"\n",
    );
    let file = sandbox.root().join("secrets");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    sandbox.set("demo", &format!("env_file = \"{}\"", file.display()));
    sandbox.set(
        "demo",
        "env = { PLAIN = \"plain-9\", TOKEN = \"overridden-9\" }",
    );
    let sandbox = sandbox.started("demo", "done");
    assert_eq!(
        sandbox.read("fleet/projects/seen"),
        "plain-9,from-the-file-9,two words-9"
    );

    let everybody = sandbox.output(sandbox.command("ps", sandbox.root()).args(["-eo", "args"]));
    let session = sandbox.tmux(&["show-environment", "-t", "=demo"]).stdout;
    let global = sandbox.tmux(&["show-environment", "-g"]).stdout;
    for value in ["plain-9", "from-the-file-9", "two words-9"] {
        for seen in [&everybody.stdout, &session, &global] {
            assert!(!seen.contains(value), "{value} in {seen}");
        }
    }
    let unit = sandbox.directory().join(".fleet/units/demo.json");
    let mode = fs::metadata(unit).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_healed_life_has_the_path_and_variables_of_the_start() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "printf '%s\\n' \"$PATH|$LC_ALL|$SECRET|$TMUX_TMPDIR\" >> ../seen; echo up; exec cat\n",
        )
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"");
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let path = format!("{}:/made/up", start_path(&sandbox));
    start.args(["start", "demo"]);
    start
        .env("PATH", &path)
        .env("LC_ALL", "C.UTF-8")
        .env("SECRET", "not for harnesses");
    sandbox.output(&mut start).succeeded();
    let lines = || {
        let seen = fs::read_to_string(sandbox.directory().join("projects/seen"));
        seen.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    sandbox.wait_for("its first life", || lines().len() == 1);
    sandbox.kill(&sandbox.harness_of("demo"));
    sandbox.wait_for("its second life", || lines().len() == 2);
    let [first, second] = lines().try_into().unwrap();
    assert_eq!(first, second);
    assert!(first.contains(":/made/up|C.UTF-8||"), "{first}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_a_harness_is_told_names_no_fleet() {
    let sandbox = fleet().setting("demo", "args = [\"x\"]");
    sandbox.fleet(&["start", "demo"]).succeeded();
    let harness = sandbox.harness_of("demo");
    let environment = fs::read_to_string(format!("/proc/{}/environ", harness.pid)).unwrap();
    let directory = sandbox.directory().display().to_string();
    let named: Vec<&str> = environment
        .split('\0')
        // PATH has the directory of the programs, and the socket of the terminal is tmux's.
        .filter(|one| !one.starts_with("PATH=") && !one.starts_with("TMUX="))
        .filter(|one| one.to_lowercase().contains("fleet") && !one.contains(&directory))
        .collect();
    assert_eq!(named, [] as [&str; 0]);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

fn start_path(sandbox: &Sandbox) -> String {
    let command = sandbox.command("sh", sandbox.root());
    let path = command.get_envs().find(|(name, _)| *name == "PATH");
    path.and_then(|(_, value)| value)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}
