//! The table as a person sees it: in narrow terminals, with strange letters, of many projects.

use super::fleet;
use super::screen::Screen;
use crate::sandbox::{Sandbox, exit};

const AT: &str = "2026-01-01T00:00:00Z";

/// A fleet whose project `demo` said this before it died.
fn said(words: &str) -> Sandbox {
    let sandbox = fleet();
    sandbox.is_dead("demo", "crashed", exit(7, AT, "x"));
    sandbox.rewrite_state("demo", |state| {
        state["last_exit"]["said"] = serde_json::json!([words]);
    });
    sandbox
}

/// Whoever can write into a terminal can retitle it, clear it, and type into it.
#[test]
fn last_words_do_nothing_to_the_terminal() {
    let sandbox = said("\u{1b}]0;gone\u{7}\u{1b}[2J\u{9b}31m\u{202e}error: bye\r\u{8}\u{200d}");
    for command in [&["status"][..], &["status", "demo"], &["why", "demo"]] {
        let said = sandbox.fleet(command).succeeded().text();
        let obeyed = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!said.contains(obeyed), "{said:?}");
        assert!(said.contains("bye"), "{said}");
    }
}

#[test]
fn wide_letters_overflow_no_terminal() {
    let sandbox = said(
        "漢字のエラー: 🦀 データベースに接続できません e\u{301}e\u{301} and more of it, again and again",
    );
    for columns in [60, 80, 120, 200] {
        let screen = Screen::running(&sandbox, (columns, 40), "--quiet status");
        let shown = screen.wait_for("ended with 0");
        let reason = shown.lines().filter(|line| line.contains("漢字"));
        // What a terminal had to break would go on at the margin.
        assert_eq!(reason.count(), 1, "{shown}");
        let starts_well = |line: &str| {
            ["before", "NAME", "demo", " ", "ended"]
                .iter()
                .any(|start| line.starts_with(start))
        };
        let lines = shown.lines().filter(|line| !line.is_empty());
        for line in lines {
            assert!(starts_well(line), "{columns}: {line:?} in\n{shown}");
        }
        screen.close();
    }
}

#[test]
fn three_that_are_parked_for_one_reason_are_one_row_and_one_hint() {
    let sandbox = ["one", "two"]
        .iter()
        .fold(fleet(), |sandbox, name| sandbox.project(name, "v0.1.0"));
    for (name, at) in [
        ("demo", AT),
        ("one", "2026-01-02T00:00:00Z"),
        ("two", "2026-01-03T00:00:00Z"),
    ] {
        sandbox.is_dead(name, "parked", exit(7, at, "exit status #: no such table"));
    }
    insta::assert_snapshot!(sandbox.run_narrow("status"), @r"
    NAME  STATE  FOR  PIN  REF  REASON
    demo, one and two  parked  <age>  ok  v0.1.0  exit status 7: no such table: jobs
    --- stderr

    3 projects: 3 parked
    hint: `fleet start --state parked` tries again
    --- exit code 0
    ");
    // The very command of the hint.
    let said = sandbox.fleet(&["start", "--state", "parked"]);
    assert!(said.succeeded().text().contains("`two`"), "{said:?}");
    sandbox.fleet(&["stop", "--all"]).succeeded();
}
