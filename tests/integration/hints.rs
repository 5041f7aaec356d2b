//! What is told to be typed can be typed: every `fleet ...` and `agents ...` that the sources and the documents say in
//! backticks names a command that there is, and only flags that it has. `docs/errors.md` is one of those documents: it
//! holds every hint with its constants put in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// The programs and what `--help` says of each command of theirs.
struct Helps<'a> {
    sandbox: &'a Sandbox,
    known: BTreeMap<Vec<String>, Option<String>>,
}

impl Helps<'_> {
    /// Returns the help of a command; `None` where there is no such command.
    fn of(&mut self, words: &[String]) -> Option<String> {
        if let Some(help) = self.known.get(words) {
            return help.clone();
        }
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let said = match arguments.remove(0) {
            "agents" => self.sandbox.agents(self.sandbox.root(), &arguments),
            _ => self.sandbox.fleet(&arguments),
        };
        let help = (said.code == Some(0)).then(|| said.stdout.clone());
        self.known.insert(words.to_vec(), help.clone());
        help
    }

    /// Says what is wrong with a command line; `None` where nothing is.
    fn fault(&mut self, line: &str) -> Option<String> {
        let line = line.split(['|', '&', ';', '>']).next().unwrap_or_default();
        let mut words = line.split_whitespace().map(clean).peekable();
        let program = words.next()?;
        if words
            .next_if(|word| word == "--fleet" || word == "--project")
            .is_some()
        {
            words.next();
        }
        let verb = words.next()?;
        // It is put in later, stands for any, or is one that nobody is told to type.
        if verb.starts_with(['{', '%', '_']) || verb == "COMMAND" || verb.starts_with("--") {
            return None;
        }
        let mut command = vec![program, verb];
        let Some(mut help) = self.of(&command) else {
            return Some("there is no such command".to_owned());
        };
        if help.contains("\nCommands:\n") {
            command.push(words.next()?);
            match self.of(&command) {
                Some(one) => help = one,
                None => return Some("there is no such command".to_owned()),
            }
        }
        let flags: BTreeSet<&str> = help
            .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
            .filter(|word| word.starts_with('-'))
            .collect();
        words
            .find(|word| word.starts_with('-') && word.len() > 1 && !flags.contains(word.as_str()))
            .map(|flag| format!("it has no {flag}"))
    }
}

/// A word without what a sentence puts around it.
fn clean(word: &str) -> String {
    let word = word.split('=').next().unwrap_or_default();
    word.trim_matches(['[', ']', '(', ')', ',', '\\', '"', '\''])
        .to_owned()
}

#[test]
fn every_command_that_is_named_exists_and_has_its_flags() {
    let sandbox = Sandbox::new();
    let mut helps = Helps {
        sandbox: &sandbox,
        known: BTreeMap::new(),
    };
    let (mut wrong, mut number) = (Vec::new(), 0);
    for file in files() {
        let text = fs::read_to_string(&file).expect("a text");
        for (line, command) in commands(&text) {
            number += 1;
            if let Some(fault) = helps.fault(&command) {
                wrong.push(format!("{}:{line}: `{command}`: {fault}", file.display()));
            }
        }
    }
    assert!(number > 200, "only {number} were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns each `fleet ...` of a text with its line.
fn commands(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().zip(1..);
    lines
        .flat_map(|(line, number)| {
            let quoted = line.split('`').skip(1).step_by(2);
            quoted.map(move |quoted| (number, quoted.to_owned()))
        })
        .filter(|(_, quoted)| quoted.starts_with("fleet ") || quoted.starts_with("agents "))
        // A plan's own first line, and what is no command of this program.
        .filter(|(_, quoted)| quoted != "fleet plan 1")
        .collect()
}

/// Returns the sources, the documents and the prompts.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![
        root.join("README.md"),
        root.join("CHANGELOG.md"),
        root.join("fleet.toml.example"),
    ];
    let mut open = ["src", "docs", "prompts"]
        .map(|name| root.join(name))
        .to_vec();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|end| end == "rs" || end == "md")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
