//! The documents and the fenced blocks in them.

use std::fs;
use std::path::Path;

/// A fenced block.
pub(super) struct Block {
    /// The document, relative to the package.
    pub(super) document: String,
    /// The line of its opening fence, from 1.
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) text: String,
}

/// A command of a `console` block, and what the document says that it prints.
pub(super) struct Command {
    pub(super) script: String,
    pub(super) printed: String,
}

impl Block {
    pub(super) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }

    pub(super) fn is_run(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console")
    }

    /// The commands of a `console` block: each begins with `$ `, and goes on in lines that begin with `> `.
    pub(super) fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        for line in self.text.lines() {
            if let Some(script) = line.strip_prefix("$ ") {
                commands.push(Command {
                    script: script.to_owned(),
                    printed: String::new(),
                });
                continue;
            }
            let Some(command) = commands.last_mut() else {
                panic!("{}: the first line has no `$ `", self.place());
            };
            match line.strip_prefix("> ") {
                Some(more) if command.printed.is_empty() => {
                    command.script.push('\n');
                    command.script.push_str(more);
                }
                Some(_) | None => {
                    command.printed.push_str(line);
                    command.printed.push('\n');
                }
            }
        }
        commands
    }

    /// The file that a block of TOML is part of: its first comment says so, or else the document is about one.
    pub(super) fn file(&self) -> &str {
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

pub(super) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and docs/*.md, relative to the package.
pub(super) fn documents() -> Vec<String> {
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

pub(super) fn text(document: &str) -> String {
    fs::read_to_string(package().join(document))
        .unwrap_or_else(|error| panic!("cannot read {document}: {error}"))
}

pub(super) fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in text(document).lines().enumerate() {
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

/// All blocks of all documents.
pub(super) fn all_blocks() -> Vec<Block> {
    let documents = documents();
    documents
        .iter()
        .flat_map(|document| blocks(document))
        .collect()
}
