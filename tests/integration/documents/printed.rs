//! What the documents say that commands print is what they print: ages, process ids and commits aside.

use std::fs;

use super::page::{Block, Command, blocks, package, text};
use crate::sandbox::Sandbox;

/// The documents speak of a person with this home.
const HOME: &str = "/home/ada";

/// Returns what is wrong with the blocks of a document, of whose commands each has left what it printed in `outputs`.
pub(super) fn differences(sandbox: &Sandbox, document: &str) -> Vec<String> {
    let mut differences = Vec::new();
    for (number, (block, command)) in commands(&blocks(document)).enumerate() {
        let printed = printed(sandbox, number);
        if !is_right(sandbox, &printed, &command.printed) {
            differences.push(format!(
                "{}: `{}` prints\n{printed}and not\n{}(`.ci/regenerate` corrects it)",
                block.place(),
                command.script,
                command.printed
            ));
        }
    }
    differences
}

/// Writes into a document what its commands have printed, where that is something else than it says.
pub(super) fn correct(sandbox: &Sandbox, document: &str) {
    let mut corrected = text(document);
    let blocks = blocks(document);
    let mut number = 0;
    for block in blocks.iter().filter(|block| block.language == "console") {
        let mut new = String::new();
        for command in block.commands() {
            let printed = printed(sandbox, number);
            number += 1;
            let is_right = is_right(sandbox, &printed, &command.printed);
            new += &format!("$ {}\n", command.script.replace('\n', "\n> "));
            new += if is_right { &command.printed } else { &printed };
        }
        if new != block.text {
            let fenced = |text: &str| format!("```console\n{text}```");
            corrected = corrected.replacen(&fenced(&block.text), &fenced(&new), 1);
        }
    }
    if corrected != text(document) {
        fs::write(package().join(document), corrected).expect("the documents can be written");
    }
}

/// The commands of all `console` blocks, in order.
pub(super) fn commands(blocks: &[Block]) -> impl Iterator<Item = (&Block, Command)> {
    let console = blocks.iter().filter(|block| block.language == "console");
    console.flat_map(|block| block.commands().into_iter().map(move |it| (block, it)))
}

/// Where the command of this number, from 0, leaves what it prints.
pub(super) fn output_of(number: usize) -> String {
    format!("output/printed-{number}")
}

/// What a command printed, as a document would show it.
fn printed(sandbox: &Sandbox, number: usize) -> String {
    let home = sandbox.root().join("home");
    let text = sandbox
        .read(&output_of(number))
        .replace(&*home.to_string_lossy(), HOME)
        .replace(&format!("{} (", sandbox.user()), "ada (");
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Whether what a command printed is what a document says, but for what differs from run to run.
fn is_right(sandbox: &Sandbox, printed: &str, said: &str) -> bool {
    let same = |text: &str| sandbox.narrow(&sandbox.normalise(&without_times(text)));
    let (found, said) = (same(printed), same(said));
    let (found, said): (Vec<_>, Vec<_>) = (found.lines().collect(), said.lines().collect());
    is_like(&found, &said)
}

/// Takes the numbers out of `0.4 s`, `(12 ms)` and `5 min`.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        for place in 1..words.len() {
            let unit = words[place].trim_matches(|letter: char| !letter.is_alphanumeric());
            let number = words[place - 1].trim_start_matches('(');
            if matches!(unit, "ms" | "s" | "min" | "h") && number.parse::<f64>().is_ok() {
                words[place - 1] = "#";
            }
        }
        // What takes longer than a second says so: on a busy machine that may be anything.
        words.join(" ").replace("; it took # s", "") + "\n"
    };
    text.lines().map(line).collect()
}

/// Whether lines are as a document says: there, a line that is `...` stands for any number of lines, and one that ends
/// with it for all that begin so.
fn is_like(found: &[&str], said: &[&str]) -> bool {
    let Some((said_first, said_rest)) = said.split_first() else {
        return found.is_empty();
    };
    if said_first.trim() == "..." {
        return (0..=found.len()).any(|skipped| is_like(&found[skipped..], said_rest));
    }
    let Some((first, rest)) = found.split_first() else {
        return false;
    };
    let is_alike = match said_first.strip_suffix("...") {
        Some(beginning) => first.starts_with(beginning),
        None => first == said_first,
    };
    is_alike && is_like(rest, said_rest)
}

#[test]
fn dots_stand_for_lines_and_for_the_rest_of_a_line() {
    assert!(is_like(&["a", "b", "c d"], &["a", "...", "c..."]));
    assert!(is_like(&["a"], &["a", "..."]));
    assert!(!is_like(&["a", "b"], &["a"]));
    assert!(!is_like(&["a"], &["b..."]));
    assert_eq!(without_times("a  (0.1 s) in 2 min\n"), "a  # s) in # min\n");
}
