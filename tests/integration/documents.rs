//! README.md and docs/: every block of commands is really run, what it prints is compared, every block of TOML and JSON is
//! really read, every link leads somewhere.

mod links;
mod page;
mod printed;
mod receiver;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use crate::sandbox::Sandbox;
use page::{Block, all_blocks, blocks, documents};
use receiver::Receiver;

/// The blocks that no test can run: the document, the block's first line, and why. All others are run, in order.
const NOT_RUN: [(&str, &str, &str); 5] = [
    (
        "README.md",
        "cargo install --path . --locked && fleet init --demo",
        "it builds the package: .ci/run runs it",
    ),
    ("README.md", "cargo test", "it is what runs this"),
    ("README.md", "nix develop", "it needs Nix and a network"),
    (
        "docs/getting-started.md",
        "cargo install --path . --locked",
        "it builds the package: .ci/run runs it",
    ),
    (
        "docs/everyday.md",
        "fleet attach demo",
        "it needs a terminal and a person to leave it",
    ),
];

/// The documents that begin in an empty home. All others begin in a fleet, `~/fleet`, with the running project `demo`.
const FROM_NOTHING: [&str; 1] = ["docs/getting-started.md"];

/// The document whose commands tell a receiver, `$NOTIFY_URL`, what has happened.
const WITH_RECEIVER: &str = "docs/recipes.md";

impl Block {
    fn is_not_run(&self) -> bool {
        NOT_RUN
            .iter()
            .any(|(document, first, _)| *document == self.document && *first == self.first_line())
    }
}

#[test]
fn every_command_in_the_documents_works_and_prints_what_they_say() {
    let left = Mutex::new(documents());
    let next = || left.lock().expect("nobody has failed").pop();
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(document) = next() {
                    let found = run(&document);
                    wrong.lock().expect("nobody has failed").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody has failed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_blocks_that_cannot_be_run_are_exactly_those_named_here() {
    let found: Vec<(String, String)> = all_blocks()
        .iter()
        .filter(|block| block.is_run() && block.is_not_run())
        .map(|block| (block.document.clone(), block.first_line().to_owned()))
        .collect();
    let mut named: Vec<_> = NOT_RUN
        .iter()
        .map(|(document, first, _)| ((*document).to_owned(), (*first).to_owned()))
        .collect();
    named.sort_by_key(|named| found.iter().position(|found| found == named));
    assert_eq!(found, named);
}

#[test]
fn every_block_says_what_it_is() {
    for block in all_blocks() {
        let place = block.place();
        match block.language.as_str() {
            "sh" | "console" | "toml" => {}
            "json" => {
                serde_json::from_str::<serde_json::Value>(&block.text)
                    .unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            "text" => assert!(
                !block.text.lines().any(|line| line.starts_with("$ ")),
                "{place}: what commands print is shown in a `console` block"
            ),
            other => panic!("{place}: nothing checks a block of `{other}`"),
        }
    }
}

#[test]
fn every_block_of_toml_in_the_documents_is_valid() {
    let sandbox = Sandbox::new();
    for (number, block) in all_blocks().iter().enumerate() {
        if block.language != "toml" {
            continue;
        }
        let place = block.place();
        let output = match block.file() {
            "fleet.toml" => {
                sandbox.write("fleet/fleet.toml", &block.text);
                sandbox.fleet(&["validate"])
            }
            "agents.toml" => {
                sandbox.write("project/agents.toml", &block.text);
                sandbox.agents(&sandbox.root().join("project"), &["status"])
            }
            "harness.toml" => added(&sandbox, block, &format!("h{number}")),
            other => panic!("{place}: nothing reads `{other}`"),
        };
        assert_ne!(
            output.code,
            Some(2),
            "{place} is not valid\n{}",
            output.text()
        );
    }
}

/// Adds a harness with this manifest to a fleet: that reads it.
fn added(sandbox: &Sandbox, block: &Block, name: &str) -> crate::sandbox::Output {
    let manifest: toml::Table =
        toml::from_str(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.place()));
    let scaffold = manifest.get("scaffold").and_then(toml::Value::as_table);
    for source in scaffold.into_iter().flat_map(toml::Table::values) {
        let source = source.as_str().expect("a source is a path");
        sandbox.write(&format!("{name}/{source}"), "");
    }
    sandbox.write(&format!("{name}/harness.toml"), &block.text);
    sandbox.write("fleet/fleet.toml", "[fleet]\nname = \"test\"\n");
    let harness = sandbox.root().join(name);
    sandbox.git(&harness, &["init", "--quiet"]);
    sandbox.git(&harness, &["add", "--all"]);
    sandbox.git(&harness, &["commit", "--quiet", "--message", "One"]);
    let harness = harness.to_str().expect("the sandbox's paths are text");
    let output = sandbox.fleet(&["harness", "add", name, harness]);
    output.succeeded();
    output
}

/// Runs a document's commands one after the other in one shell, and returns what is wrong with what it says.
fn run(document: &str) -> Vec<String> {
    let script = script(document);
    if script.is_empty() {
        return Vec::new();
    }
    let sandbox = Sandbox::new();
    let home = sandbox.root().join("home");
    let mut directory = home.clone();
    if !FROM_NOTHING.contains(&document) {
        let program = env!("CARGO_BIN_EXE_fleet");
        let mut init = sandbox.command(program, &home);
        sandbox
            .output(init.args(["init", "--demo", "fleet"]))
            .succeeded();
        directory.push("fleet");
    }
    let receiver = (document == WITH_RECEIVER).then(Receiver::new);
    let mut shell = sandbox.command("sh", &directory);
    if let Some(receiver) = &receiver {
        shell.env("NOTIFY_URL", receiver.url());
    }
    let output = sandbox.output(
        shell
            .args(["-e", "-u", "-c", &script, "sh"])
            .arg(sandbox.root()),
    );
    for fleet in fleets(&home) {
        let fleet = fleet.to_str().expect("the sandbox's paths are text");
        sandbox
            .fleet(&["--fleet", fleet, "stop", "--all"])
            .succeeded();
    }
    if output.code != Some(0) {
        return vec![format!("{document} does not work\n{}", output.text())];
    }
    if let Some(receiver) = receiver {
        let messages = receiver.messages();
        let told = messages.iter().any(|message| message.contains("parked"));
        assert!(told, "{document} told nobody: {messages:?}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        printed::correct(&sandbox, document);
    }
    printed::differences(&sandbox, document)
}

/// What a shell is to run, with the sandbox's root as its argument. A command whose output is compared may fail: then that
/// is what the document shows.
fn script(document: &str) -> String {
    let mut number = 0;
    let mut script = String::new();
    for block in blocks(document) {
        if !block.is_run() || block.is_not_run() {
            continue;
        }
        script += &format!("echo '=== {}' >&2\n", block.place());
        if block.language == "sh" {
            script += &format!("{}\n", block.text);
            continue;
        }
        for command in block.commands() {
            let output = printed::output_of(number);
            number += 1;
            script += &format!("{{ {}\n}} >\"$1/{output}\" 2>&1 || :\n", command.script);
        }
    }
    script
}

/// The directories below `home` that hold a `fleet.toml`.
fn fleets(home: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(home)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() == "fleet.toml")
        // The registry's lock has its name.
        .filter(|entry| {
            !entry
                .path()
                .components()
                .any(|part| part.as_os_str() == ".fleet")
        })
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .collect()
}
