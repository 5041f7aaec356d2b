//! README.md and docs/: every block of commands is really run, every block of TOML is really read, every link leads
//! somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

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
        "docs/bootstrap.md",
        "cargo install --path . --locked",
        "it builds the package: .ci/run runs it",
    ),
    (
        "docs/manage-projects.md",
        "fleet attach demo",
        "it needs a terminal and a person to leave it",
    ),
];

/// A fenced block.
struct Block {
    /// The document, relative to the package.
    document: String,
    /// The line of its opening fence, from 1.
    line: usize,
    language: String,
    text: String,
}

impl Block {
    fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    fn is_not_run(&self) -> bool {
        NOT_RUN
            .iter()
            .any(|(document, first, _)| *document == self.document && *first == self.first_line())
    }

    fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }

    /// What a shell is to run: of a `console` block, what follows the prompts.
    fn script(&self) -> String {
        if self.language != "console" {
            return self.text.clone();
        }
        self.text
            .lines()
            .filter_map(|line| line.strip_prefix("$ "))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// The file that a block of TOML is part of: its first comment says so, or else the document is about one.
    fn file(&self) -> &str {
        let comment = self.first_line().strip_prefix("# ");
        let said = comment.and_then(|comment| comment.split([' ', ':', ',']).next());
        match (said, self.document.as_str()) {
            (Some(file @ ("fleet.toml" | "harness.toml" | "agents.toml")), _) => file,
            (_, "docs/fleet-registry.md") => "fleet.toml",
            (_, "docs/harness-toml.md") => "harness.toml",
            (_, "docs/agents-toml.md") => "agents.toml",
            (_, _) => panic!(
                "{}: its first line does not say which file it is",
                self.place()
            ),
        }
    }
}

#[test]
fn every_command_in_the_documents_works() {
    for document in documents() {
        let blocks = blocks(&document);
        let script: String = blocks
            .iter()
            .filter(|block| is_shell(&block.language) && !block.is_not_run())
            .map(|block| format!("echo '=== {}' >&2\n{}\n", block.place(), block.script()))
            .collect();
        if !script.is_empty() {
            run(&document, &script);
        }
    }
}

#[test]
fn the_blocks_that_cannot_be_run_are_exactly_those_named_here() {
    let found: Vec<(String, String)> = documents()
        .iter()
        .flat_map(|document| blocks(document))
        .filter(|block| is_shell(&block.language) && block.is_not_run())
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
fn every_block_of_toml_in_the_documents_is_valid() {
    let sandbox = Sandbox::new();
    for block in documents().iter().flat_map(|document| blocks(document)) {
        if block.language != "toml" {
            continue;
        }
        let place = block.place();
        toml::from_str::<toml::Table>(&block.text)
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let output = match block.file() {
            "fleet.toml" => {
                sandbox.write("fleet/fleet.toml", &block.text);
                sandbox.fleet(&["validate"])
            }
            "agents.toml" => {
                sandbox.write("project/agents.toml", &block.text);
                sandbox.agents(&sandbox.root().join("project"), &["status"])
            }
            // No command reads a harness's manifest by itself.
            _ => continue,
        };
        assert_ne!(
            output.code,
            Some(2),
            "{place} is not valid\n{}",
            output.text()
        );
    }
}

#[test]
fn every_link_in_the_documents_leads_to_a_file() {
    for document in documents() {
        let text = fs::read_to_string(package().join(&document)).expect("it was just listed");
        let beside = package().join(&document);
        let directory = beside.parent().expect("a file is in a directory");
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
        {
            let elsewhere = target.is_empty() || target.contains("://");
            assert!(
                elsewhere || directory.join(target).exists(),
                "{document} links to `{target}`, which does not exist"
            );
        }
    }
}

/// Runs a document's commands one after the other in one shell. A document starts in a fleet with the running project
/// `demo`, but for the one about making a fleet: that starts in an empty home.
fn run(document: &str, script: &str) {
    let sandbox = Sandbox::new();
    let home = sandbox.root().join("home");
    let mut directory = home.clone();
    if document != "docs/bootstrap.md" {
        let program = env!("CARGO_BIN_EXE_fleet");
        let mut init = sandbox.command(program, &home);
        sandbox
            .output(init.args(["init", "--demo", "fleet"]))
            .succeeded();
        directory.push("fleet");
    }
    let mut shell = sandbox.command("sh", &directory);
    let output = sandbox.output(shell.args(["-e", "-u", "-c", script]));
    for fleet in fleets(&home) {
        let fleet = fleet.to_str().expect("the sandbox's paths are text");
        sandbox
            .fleet(&["--fleet", fleet, "stop", "--all"])
            .succeeded();
    }
    output.succeeded();
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

fn is_shell(language: &str) -> bool {
    matches!(language, "sh" | "console")
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and docs/*.md, relative to the package.
fn documents() -> Vec<String> {
    let mut documents: Vec<String> = fs::read_dir(package().join("docs"))
        .expect("there are docs")
        .map(|entry| entry.expect("docs can be read").file_name())
        .map(|name| format!("docs/{}", name.to_string_lossy()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    documents.push("README.md".to_owned());
    documents.sort();
    documents
}

fn blocks(document: &str) -> Vec<Block> {
    let text = fs::read_to_string(package().join(document)).expect("the document was just listed");
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            open = !open;
            if open {
                blocks.push(Block {
                    document: document.to_owned(),
                    line: index + 1,
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
        } else if open {
            let block = blocks.last_mut().expect("one is open");
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!open, "{document}: the last block is not closed");
    blocks
}
