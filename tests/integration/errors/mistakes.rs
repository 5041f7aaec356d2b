//! Mistakes that people make on the command line and in the files that they write, and what they are told: transcripts
//! of real runs, in `mistakes/*.txt`. `UPDATE_DOCS=1 cargo test --test integration errors::` writes them anew.
//!
//! A line that begins with `$ ` is run; `@ FILE` writes the lines below it that begin with `| ` into a file of the
//! sandbox; what begins with `#` or is empty stays as it is. All else is what was said, and at the end, in brackets, the
//! exit code.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

#[test]
fn mistakes_on_the_command_line_of_fleet_are_told_with_what_to_type() {
    let sandbox = projects();
    play(&sandbox, "fleet.txt");
}

#[test]
fn mistakes_in_fleet_toml_are_told_with_their_lines() {
    play(&projects(), "registry.txt");
}

#[test]
fn mistakes_on_the_command_line_of_agents_and_in_agents_toml_are_told() {
    play(&Sandbox::new(), "agents.txt");
}

#[test]
fn what_is_refused_or_fails_in_a_project_is_told_with_the_way_out() {
    let sandbox = projects();
    fs::rename(sandbox.project_at("third"), sandbox.project_at("thrid")).expect("it is there");
    play(&sandbox, "projects.txt");
}

fn projects() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0")
        .project("other", "v0.1.0")
        .setting("other", "labels = [\"research\"]")
        .project("third", "v0.1.0")
}

/// Runs what a transcript says, and fails where it went another way.
#[track_caller]
fn play(sandbox: &Sandbox, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/errors/mistakes");
    let path = path.join(name);
    let script = fs::read_to_string(&path).expect("a transcript");
    let mut played = String::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(file) = line.strip_prefix("@ ") {
            let mut text = String::new();
            played.push_str(&format!("{line}\n"));
            while let Some(written) = lines.next_if(|line| line.starts_with('|')) {
                played.push_str(&format!("{written}\n"));
                let written = written.trim_start_matches('|');
                text.push_str(&format!(
                    "{}\n",
                    written.strip_prefix(' ').unwrap_or(written)
                ));
            }
            let text = text.replace("$ROOT", &sandbox.root().to_string_lossy());
            sandbox.write(file, &text);
        } else if let Some(command) = line.strip_prefix("$ ") {
            played.push_str(&format!("{line}\n{}", said(sandbox, command)));
        } else if line.is_empty() || line.starts_with('#') {
            played.push_str(&format!("{line}\n"));
        }
    }
    if std::env::var_os(super::UPDATE).is_some() {
        fs::write(&path, &played).expect("the tests can be written");
    }
    let committed = fs::read_to_string(&path).expect("a transcript");
    let differs = played
        .lines()
        .zip(committed.lines())
        .find(|(new, old)| new != old);
    assert!(
        played == committed,
        "{name} went another way: {differs:?}\n{played}"
    );
}

/// What a command says, all of it, and its exit code.
fn said(sandbox: &Sandbox, command: &str) -> String {
    let command = command.replace("$ROOT", &sandbox.root().to_string_lossy());
    let words = words(&command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = match words.as_slice() {
        ["fleet", rest @ ..] => sandbox.fleet(rest),
        ["agents", rest @ ..] => {
            let project = sandbox.at("project");
            fs::create_dir_all(&project).expect("the sandbox is ours");
            sandbox.agents(&project, rest)
        }
        other => panic!("neither of the two programs: {other:?}"),
    };
    let code = output
        .code
        .map_or("signal".to_owned(), |code| code.to_string());
    let said = same(sandbox, &format!("{}{}", output.stdout, output.stderr));
    assert!(
        !said
            .lines()
            .any(|line| line.starts_with(['#', '@', '$', '|'])),
        "{said}"
    );
    let said: String = said
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    format!("{said}[{code}]\n")
}

/// Replaces what differs from run to run. Not by [`Sandbox::normalise`], which would also take times that are typed.
fn same(sandbox: &Sandbox, said: &str) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_fleet")).parent();
    let programs = programs.expect("it is in a folder").to_string_lossy();
    let said = said.replace(&*sandbox.root().to_string_lossy(), "$ROOT");
    let said = said.replace(&*programs, "$PROGRAMS");
    let word = |word: &str| {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if bare.len() == 8 && bare.bytes().all(is_hex) {
            return word.replace(bare, "<commit>");
        }
        match word.split_once(".new-") {
            Some((before, rest)) if digits(rest.trim_end_matches(['`', '\'', ':'])) => {
                let end = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{before}.new-<pid>{end}")
            }
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| {
        let words: Vec<String> = line.split(' ').map(word).collect();
        // A table is as wide as what differs.
        let line = words.join(" ");
        let is_table = line.contains("  ") && !line.starts_with(' ');
        let cells = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        let cells: Vec<&str> = cells.collect();
        if is_table { cells.join("  ") } else { line }
    };
    said.lines().map(|one| line(one) + "\n").collect()
}

/// Parts a line into words, as a shell does with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}
