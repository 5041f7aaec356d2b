//! Completions, asked for with the Tab key in bash, zsh and fish.

use super::screen::Screen;
use crate::sandbox::Sandbox;

/// What is typed, and what the line is after Tab; `$FLEET` is the fleet's directory.
const CASES: [(&str, &str); 14] = [
    // A command, a flag, a command's command.
    ("fleet upd", "fleet update"),
    ("fleet start --dry", "fleet start --dry-run"),
    ("fleet harness re", "fleet harness refs"),
    // Names, and none twice.
    ("fleet start al", "fleet start alpha"),
    ("fleet stop alpha be", "fleet stop alpha beta"),
    ("fleet stop alpha al", "fleet stop alpha al"),
    // An agent, and a project that is the only one that it can be.
    ("fleet attach agents/bu", "fleet attach agents/builder"),
    // Refs of the project's harness: the bad one is not offered.
    ("fleet update alpha v0.3", "fleet update alpha v0.3.0"),
    ("fleet update alpha v0.2", "fleet update alpha v0.2"),
    // A harness, and the refs of the one that is named.
    (
        "fleet create x --harness li",
        "fleet create x --harness lines",
    ),
    (
        "fleet create x --harness lines --ref v0.3",
        "fleet create x --harness lines --ref v0.3.0",
    ),
    // Labels and states.
    ("fleet status --label res", "fleet status --label research"),
    ("fleet status --state fini", "fleet status --state finished"),
    // A verb of the shell's business.
    ("fleet completions fi", "fleet completions fish"),
];

/// Lines that lead to another fleet than the one of the working directory.
const ELSEWHERE: [(&str, &str); 2] = [
    (
        "fleet --fleet $ROOT/other start el",
        "fleet --fleet $ROOT/other start elsewhere",
    ),
    (
        "fleet --fleet=$ROOT/other start el",
        "fleet --fleet=$ROOT/other start elsewhere",
    ),
];

/// The agents of the project in the working directory.
const AGENTS: [(&str, &str); 2] = [
    ("agents at", "agents attach"),
    ("agents restart li", "agents restart librarian"),
];

/// A fleet with projects of two harnesses, and one more fleet at `other`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0", "v0.3.0"]);
    // Nobody may be made to run something by a name that he has not chosen.
    sandbox.git(
        &sandbox.root().join("harness"),
        &["tag", "w$(touch${IFS}own)"],
    );
    let text = sandbox.read("fleet/fleet.toml");
    let text = text.replace(
        "[harnesses.lines]",
        "[harnesses.lines]\nbad_refs = [\"v0.2.0\"]",
    );
    sandbox.write("fleet/fleet.toml", &text);
    let sandbox = sandbox.project("alpha", "v0.1.0").project("beta", "v0.1.0");
    let sandbox = sandbox.setting("alpha", "labels = [\"research\"]");
    sandbox
        .fleet(&["create", "agents", "--harness", "agents"])
        .succeeded();
    sandbox.write(
        "fleet/agents.toml",
        "[agents.librarian]\ncommand = [\"cat\"]\n\n[agents.scribe]\ncommand = [\"cat\"]\n",
    );
    sandbox.write(
        "other/fleet.toml",
        &sandbox
            .read("fleet/fleet.toml")
            .replace("projects.beta", "projects.elsewhere"),
    );
    sandbox
}

fn lines(sandbox: &Sandbox, cases: &[(&str, &str)]) -> Vec<(String, String)> {
    let root = sandbox.root().display().to_string();
    let full = |line: &str| line.replace("$ROOT", &root);
    cases
        .iter()
        .map(|(typed, line)| (full(typed), full(line)))
        .collect()
}

/// Types each, presses Tab, and reads the line; then takes it back.
#[track_caller]
fn completes(screen: &Screen<'_>, cases: &[(String, String)]) {
    for (typed, line) in cases {
        screen.types(typed);
        screen.wait_for_line(&format!("$ {typed}"));
        // The mark tells that Tab is over, and that what is complete has a blank after it.
        screen.presses(&["Tab"]);
        screen.types("#");
        let is_complete = typed != line;
        let after = if is_complete { " #" } else { "#" };
        screen.wait_for_line(&format!("$ {line}{after}"));
        screen.presses(&["C-u"]);
        screen.wait_for_line("$");
    }
}

fn ready(screen: &Screen<'_>, commands: &[&str]) {
    for command in commands {
        screen.types(command);
        screen.presses(&["Enter"]);
    }
    screen.types("clear");
    screen.presses(&["Enter"]);
    screen.wait_for("a clear screen", |shown| shown.trim() == "$");
}

fn bash(sandbox: &Sandbox) -> Screen<'_> {
    let screen = Screen::open(
        sandbox,
        150,
        &["env", "PS1=$ ", "bash", "--norc", "--noprofile", "-i"],
    );
    screen.wait_for_line("$");
    ready(
        &screen,
        &[
            "bind 'set bell-style none'; bind 'set show-all-if-ambiguous off'",
            "source <(fleet completions bash); source <(agents completions bash)",
        ],
    );
    screen
}

fn zsh(sandbox: &Sandbox) -> Screen<'_> {
    let screen = Screen::open(sandbox, 150, &["env", "PS1=$ ", "zsh", "-f", "-i"]);
    screen.wait_for_line("$");
    ready(
        &screen,
        &[
            "PROMPT='$ '; unsetopt beep list_beep; autoload -Uz compinit && compinit -u -D",
            "bindkey -e; bindkey '^U' kill-whole-line",
            "source <(fleet completions zsh); source <(agents completions zsh)",
        ],
    );
    screen
}

fn fish(sandbox: &Sandbox) -> Screen<'_> {
    let screen = Screen::open(sandbox, 150, &["fish", "--no-config", "--interactive"]);
    screen.types("function fish_prompt; echo '$ '; end; set -g fish_autosuggestion_enabled 0");
    screen.presses(&["Enter"]);
    ready(
        &screen,
        &["fleet completions fish | source; agents completions fish | source"],
    );
    screen
}

#[test]
fn bash_completes_commands_flags_names_refs_and_harnesses() {
    let sandbox = sandbox();
    // Bash parts a word at `=`; quotes and `~` are as typed.
    let own = [
        (
            "fleet --fleet '$ROOT/other' start el",
            "fleet --fleet '$ROOT/other' start elsewhere",
        ),
        (
            "fleet --fleet ~/../other start el",
            "fleet --fleet ~/../other start elsewhere",
        ),
    ];
    completes_everything(&sandbox, bash(&sandbox), &own);
}

#[test]
fn zsh_completes_commands_flags_names_refs_and_harnesses() {
    let sandbox = sandbox();
    completes_everything(&sandbox, zsh(&sandbox), &VARIABLE);
}

#[test]
fn fish_completes_commands_flags_names_refs_and_harnesses() {
    let sandbox = sandbox();
    completes_everything(&sandbox, fish(&sandbox), &VARIABLE);
}

/// What a shell completes that tells of a variable in front of the command.
const VARIABLE: [(&str, &str); 1] = [(
    "FLEET_DIR=$ROOT/other fleet start el",
    "FLEET_DIR=$ROOT/other fleet start elsewhere",
)];

/// What every shell completes, and what is its `own`.
#[track_caller]
fn completes_everything(sandbox: &Sandbox, screen: Screen<'_>, own: &[(&str, &str)]) {
    let equals = (
        "fleet create x --harness=li",
        "fleet create x --harness=lines",
    );
    let hostile = (
        "fleet update alpha w",
        r"fleet update alpha w\$\(touch\$\{IFS\}own\)",
    );
    for cases in [&CASES[..], &ELSEWHERE, &AGENTS, &[equals], own, &[hostile]] {
        completes(&screen, &lines(sandbox, cases));
    }
    screen.types("fleet --fleet ~/../oth");
    screen.presses(&["Tab"]);
    screen.wait_for_line("$ fleet --fleet ~/../other/");
    screen.close();
    assert!(!sandbox.at("fleet/own").exists());
}

/// As docs/shell.md has them installed: zsh and fish find the files by themselves.
#[test]
fn files_that_shells_find_by_themselves_complete_too() {
    let sandbox = sandbox();
    for (shell, program, file) in [
        ("zsh", "fleet", "home/.zsh/completions/_fleet"),
        ("zsh", "agents", "home/.zsh/completions/_agents"),
        ("fish", "fleet", "home/.config/fish/completions/fleet.fish"),
        (
            "fish",
            "agents",
            "home/.config/fish/completions/agents.fish",
        ),
    ] {
        let directory = sandbox.directory();
        let script = match program {
            "fleet" => sandbox.fleet(&["completions", shell]),
            _ => sandbox.agents(&directory, &["completions", shell]),
        };
        sandbox.write(file, &script.succeeded().stdout);
    }
    sandbox.write(
        "home/.config/fish/config.fish",
        "function fish_prompt; echo '$ '; end; set -g fish_greeting; set -g fish_autosuggestion_enabled 0\n",
    );
    sandbox.write(
        "home/.zshrc",
        "PROMPT='$ '; bindkey -e; fpath=(~/.zsh/completions $fpath)\nautoload -Uz compinit && compinit -u\n",
    );
    for shell in ["fish", "zsh"] {
        let screen = Screen::open(&sandbox, 150, &["env", "PS1=$ ", shell, "-i"]);
        ready(&screen, &[]);
        completes(&screen, &lines(&sandbox, &CASES[..5]));
        completes(&screen, &lines(&sandbox, &AGENTS));
        screen.close();
    }
}

/// What the scripts ask, as fish asks it.
fn asked(sandbox: &Sandbox, words: &[&str]) -> String {
    let all = [&["_complete", "fish", "--"], words].concat();
    let output = sandbox.fleet(&all);
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(0), ""),
        "{words:?}"
    );
    output.stdout
}

#[test]
fn versions_come_newest_first_with_what_they_are() {
    let sandbox = sandbox();
    assert_eq!(
        asked(&sandbox, &["fleet", "create", "x", "--ref", "v"]),
        "words\nv0.3.0\ttag of lines\nv0.1.0\ttag of lines\n"
    );
    assert_eq!(
        asked(&sandbox, &["fleet", "update", "agents", "v"]),
        "words\nv0.2.0\ttag of agents\nv0.1.0\ttag of agents\n"
    );
    let both = asked(&sandbox, &["fleet", "update", "--all", "v0.1"]);
    assert_eq!(both, "words\nv0.1.0\ttag of agents\n");
    // Without a project nobody knows of which harness.
    let none = asked(&sandbox, &["fleet", "update", "v"]);
    assert_eq!(none, "words\n");
}

#[test]
fn whatever_is_wrong_nothing_is_offered_and_nothing_said() {
    let sandbox = sandbox();
    let nothing = "words\n";
    let none = ["fleet", "--fleet", "/nowhere", "start", "a"];
    assert_eq!(asked(&sandbox, &none), nothing);
    sandbox.write("fleet/projects/agents/agents.toml", "[agents\n");
    assert_eq!(asked(&sandbox, &["fleet", "attach", "agents/"]), nothing);
    let mirrors = sandbox.at("home/.cache/fleet");
    std::fs::remove_dir_all(mirrors).expect("there are mirrors");
    assert_eq!(asked(&sandbox, &["fleet", "update", "alpha", "v"]), nothing);
    sandbox.write("fleet/fleet.toml", "[fleet\n");
    assert_eq!(asked(&sandbox, &["fleet", "start", "a"]), nothing);
    assert_eq!(asked(&sandbox, &["fleet", "upd"]).lines().count(), 2);
    for words in [&[][..], &[""], &["fleet"], &["fleet", "no such", "x", ""]] {
        asked(&sandbox, words);
    }
    // Not even what the scripts never ask.
    for line in ["_complete", "_complete tcsh -- fleet x"] {
        let output = sandbox.fleet(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.text(), "--- exit code 0\n", "{line}");
    }
}

#[test]
fn asking_starts_nothing_and_writes_nothing() {
    let sandbox = sandbox();
    let before = sandbox.world();
    for words in [
        &["fleet", "start", ""][..],
        &["fleet", "update", "--all", ""],
        &["fleet", "attach", "agents/"],
        &["fleet", "status", "--state", ""],
    ] {
        let mut trace = sandbox.command("strace", &sandbox.directory());
        let file = sandbox.at("trace");
        trace.args(["-f", "-e", "trace=execve,connect,socket", "-o"]);
        trace.arg(&file).arg(env!("CARGO_BIN_EXE_fleet"));
        sandbox
            .output(trace.args(["_complete", "fish", "--"]).args(words))
            .succeeded();
        let calls = sandbox.read("trace");
        assert_eq!(calls.matches("execve(").count(), 1, "{calls}");
        assert_eq!(calls.matches("socket(").count(), 0, "{calls}");
        std::fs::remove_file(file).expect("strace wrote it");
    }
    crate::sandbox::assert_same(&before, &sandbox.world());
}
