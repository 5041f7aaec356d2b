//! Broken and odd files by the thousand: no panic, and no edit that touches more than it should.

use std::path::Path;

use super::super::change::{Change, Setting};
use super::*;

const EXAMPLE: &str = include_str!("../../../fleet.toml.example");

/// A small generator of numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap()
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const BITS: [&str; 30] = [
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\\",
    "\0",
    "é",
    "\u{feff}",
    "1e999",
    "9999999999999999999999",
    "1979-05-27",
    "demo",
    "projects.demo",
    "ref = 'x'",
    "enabled",
    "true",
    " ",
    "[[projects]]",
    "projects = {}",
];

/// Changes a text at a few places.
fn mutated(dice: &mut Dice, text: &str) -> String {
    let mut pieces: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(4) {
        let at = dice.below(pieces.len());
        let end = (at + dice.below(12)).min(pieces.len());
        let bit: Vec<char> = match dice.below(4) {
            0 => Vec::new(),
            1 => pieces[at..end].to_vec(),
            _ => dice.pick(&BITS).chars().collect(),
        };
        let removed = if dice.below(2) == 0 { end } else { at };
        pieces.splice(at..removed, bit);
    }
    pieces.into_iter().collect()
}

#[test]
fn broken_files_are_refused_and_never_a_panic() {
    let mut dice = Dice(0x5eed);
    for _ in 0..4_000 {
        let text = mutated(&mut dice, EXAMPLE);
        match parse(&text) {
            Ok(registry) => drop(registry.origins(&"demo".parse().unwrap())),
            Err(problems) => {
                assert!(!problems.is_empty() && problems.len() <= 50, "{text}");
                let lines = text.split('\n').count();
                assert!(
                    problems.iter().all(|it| (1..=lines).contains(&it.line)),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_megabyte_of_garbage_is_refused() {
    let mut dice = Dice(1);
    let mut bytes = Vec::new();
    while bytes.len() < 1_000_000 {
        bytes.push(u8::try_from(dice.below(128)).unwrap());
    }
    for text in [
        String::from_utf8(bytes).unwrap(),
        "[".repeat(1_000_000),
        "a = [".repeat(100_000),
        "a.".repeat(100_000) + "b = 1",
        "x = {".repeat(100_000),
        "\0".repeat(1_000_000),
    ] {
        assert!(parse(&text).unwrap_err().len() <= 50);
    }
}

/// Ways in which somebody may have written the same project.
const STYLES: [&str; 5] = [
    "[fleet]\n\n[projects.demo]\nharness = 'agents'\nref = 'v1' # c\nlocation = 'demo'\nenv = { A = '1' }\n\n# next\n\
     [projects.other]\nharness = 'agents'\nref = 'v1'\nlocation = 'other'\n",
    "[projects]\r\ndemo = { harness = 'agents', ref = 'v1', location = 'demo' }\r\nother.harness = 'agents'\r\n\
     other.ref = 'v1'\r\nother.location = 'other'\r\n",
    "projects.demo.harness = 'agents'\nprojects.other.harness = 'agents'\nprojects.demo.ref = 'v1'\n\
     projects.other.ref = 'v1'\nprojects.demo.location = 'd'\nprojects.other.location = 'o'\n",
    "projects = { demo = { harness = 'agents', ref = 'v1', location = 'd' }, other.harness = 'agents', \
     other.ref = 'v1', other.location = 'o' } # end",
    EXAMPLE,
];

#[test]
fn an_edit_of_any_file_changes_one_stretch_of_it_and_means_what_was_asked() {
    let mut dice = Dice(0xfee1);
    let name: crate::names::Name = "demo".parse().unwrap();
    let (mut edited, mut stuck) = (0, 0);
    for _ in 0..6_000 {
        let style = dice.pick(&STYLES);
        let text = mutated(&mut dice, style);
        let Ok(old) = parse(&text) else { continue };
        if !old.projects.contains_key(&name) {
            continue;
        }
        let change = match dice.below(6) {
            0 => Change::Set(vec![Setting {
                name: name.clone(),
                key: "ref",
                value: "v2".into(),
            }]),
            1 => Change::Set(vec![Setting {
                name: name.clone(),
                key: "enabled",
                value: false.into(),
            }]),
            2 => Change::Add(super::editing::new_project(Path::new(ROOT), "new")),
            3 => Change::AddHarness(super::editing::new_harness("new")),
            4 => Change::SetUrl(super::editing::name("agents"), "/srv/new".parse().unwrap()),
            _ => Change::Remove(name.clone()),
        };
        let Ok(new) = change.apply(&old) else {
            stuck += 1;
            continue;
        };
        edited += 1;
        let read = Registry::parse(&new, Path::new(ROOT)).expect(&new);
        match &change {
            Change::Set(_) => {
                let same = |it: &str| it.chars().filter(|c| *c == '\n').count();
                assert!(same(&new) - same(&old.text) <= 1, "{new}");
                let longest = "enabled = false\r\n  projects.demo.".len();
                let kept = kept(&old.text, &new);
                assert!(
                    kept + 60 >= old.text.len() && new.len() <= old.text.len() + longest,
                    "{new}"
                );
            }
            Change::Remove(_) => {
                assert!(!read.projects.contains_key(&name));
                assert_eq!(read.projects.len() + 1, old.projects.len());
            }
            Change::AddHarness(_) => {
                assert_eq!(read.harnesses.len(), old.harnesses.len() + 1);
                assert_eq!(kept(&old.text, &new), old.text.len(), "{new}");
            }
            Change::SetUrl(harness, url) => {
                assert_eq!(read.harnesses[harness].url.as_ref(), Some(url));
                assert!(kept(&old.text, &new) + 60 >= old.text.len(), "{new}");
            }
            Change::Add(_) => {
                assert_eq!(read.projects.len(), old.projects.len() + 1);
                assert_eq!(kept(&old.text, &new), old.text.len(), "{new}");
            }
        }
    }
    assert!(edited > 500, "only {edited} edits were tried");
    assert!(
        stuck * 50 < edited,
        "{stuck} of {edited} edits could not be made"
    );
}

/// Returns how many bytes two texts share at both ends.
fn kept(old: &str, new: &str) -> usize {
    let shared =
        |pairs: &mut dyn Iterator<Item = (u8, u8)>| pairs.take_while(|(a, b)| a == b).count();
    let front = shared(&mut old.bytes().zip(new.bytes()));
    let limit = old.len().min(new.len()) - front;
    let back = shared(&mut old.bytes().rev().zip(new.bytes().rev()).take(limit));
    front + back
}
