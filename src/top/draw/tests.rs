//! What the screen looks like.

use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::errand::Outcome;
use super::super::fixture::{four, now, pressed, project, report};
use super::super::model::{Happened, Lines};
use super::*;
use crate::status::Verdict;

/// Draws a screen of this size, and returns what it shows.
fn drawn(model: &mut Model, columns: u16, lines: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    let pen = Pen {
        has_colours: true,
        now: now(),
    };
    terminal.draw(|frame| draw(frame, model, pen)).unwrap();
    terminal
}

fn text(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let width = usize::from(buffer.area.width);
    let rows = buffer.content().chunks(width);
    let row = |cells: &[ratatui::buffer::Cell]| {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in cells {
            // A wide letter hides the cell after it.
            if hidden == 0 {
                line += cell.symbol();
                hidden = super::super::text::width(cell.symbol()).saturating_sub(1);
            } else {
                hidden -= 1;
            }
        }
        line.trim_end().to_owned()
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

fn shown(model: &mut Model, columns: u16, lines: u16) -> String {
    text(&drawn(model, columns, lines))
}

#[test]
fn a_usual_terminal_shows_the_table_and_the_selected_project_below() {
    assert_snapshot!(shown(&mut four(), 80, 24), @r"
    home  4 projects: 1 parked, 1 crashed, 2 up               by state, server up 3h
      NAME  STATE    FOR   PIN  REF     REASON
    > bob   parked   3m    ok   v0.1.0  exit status 3: no such table: jobs
      carl  crashed  4m    ok   v0.1.0  died 10 times in 1h
      ada   up       3m    ok   v0.1.0
      dora  up       4m    ok   v0.1.0

    ── bob  1 facts  2 last lines  3 history  ──────────────────────────────────────
    state    parked for 3m, wanted up
    reason   exit status 3: no such table: jobs
    pin      ok, v0.1.0
    commits  01234567 wanted, HEAD, index, checkout; none running
    harness  lines
    place    /srv/bob
    labels   research
    policy   not brought back when it dies







    ? help  q leave  s start  x stop  r restart  a attach  u update  w why  / filter
    ");
}

#[test]
fn a_narrow_terminal_shows_what_matters_most() {
    assert_snapshot!(shown(&mut four(), 60, 20), @r"
    home  4 projects: 1 parked, 1 crashed, 2 up         by state
      NAME  STATE    FOR   PIN  REF     REASON
    > bob   parked   3m    ok   v0.1.0  exit status 3: no such…
      carl  crashed  4m    ok   v0.1.0  died 10 times in 1h
      ada   up       3m    ok   v0.1.0
      dora  up       4m    ok   v0.1.0

    ── bob  1 facts  2 last lines  3 history  ──────────────────
    state    parked for 3m, wanted up
    reason   exit status 3: no such table: jobs
    pin      ok, v0.1.0
    commits  01234567 wanted, HEAD, index, checkout; none
             running
    harness  lines
    place    /srv/bob
    labels   research
    policy   not brought back when it dies


    ? help  q leave  s start  x stop  r restart  a attach
    ");
}

#[test]
fn a_wide_terminal_shows_both_beside_each_other() {
    assert_snapshot!(shown(&mut four(), 140, 14), @r"
    home  4 projects: 1 parked, 1 crashed, 2 up                                                                           by state, server up 3h
      NAME  STATE    FOR   PIN  REF     REASON                                          ── bob  1 facts  2 last lines  3 history  ──────────────
    > bob   parked   3m    ok   v0.1.0  exit status 3: no such table: jobs              state    parked for 3m, wanted up
      carl  crashed  4m    ok   v0.1.0  died 10 times in 1h                             reason   exit status 3: no such table: jobs
      ada   up       3m    ok   v0.1.0                                                  pin      ok, v0.1.0
      dora  up       4m    ok   v0.1.0                                                  commits  01234567 wanted, HEAD, index, checkout; none
                                                                                                 running
                                                                                        harness  lines
                                                                                        place    /srv/bob
                                                                                        labels   research
                                                                                        policy   not brought back when it dies


    ? help  q leave  s start  x stop  r restart  a attach  u update  w why  / filter  o order  space mark  Tab look  Enter large  e enable
    ");
}

#[test]
fn the_smallest_terminal_is_no_trouble() {
    for (columns, lines) in [(1, 1), (2, 3), (10, 4), (20, 2), (30, 6), (300, 5)] {
        for keys in ["", "?", "u", "s", "/x", "w", "2\r"] {
            let mut model = four();
            pressed(&mut model, keys);
            drawn(&mut model, columns, lines);
        }
        let mut model = four();
        model.outcome = Some(outcome(1, "error: cannot"));
        drawn(&mut model, columns, lines);
    }
}

#[test]
fn what_is_there_before_the_first_look_and_without_projects_is_said() {
    let mut model = Model::default();
    assert!(shown(&mut model, 80, 24).contains("looking at the fleet"));
    model.learn(report(Vec::new()));
    assert!(shown(&mut model, 80, 24).contains("`fleet create NAME` makes one"));
    model.registered = 7;
    let nothing = shown(&mut model, 60, 24);
    assert!(
        nothing.contains("none of 7 projects is chosen"),
        "{nothing}"
    );
    assert!(!nothing.contains("facts"), "{nothing}");
    let mut model = four();
    pressed(&mut model, "/nobody\r");
    assert!(shown(&mut model, 80, 24).contains("nothing matches `nobody`: Esc clears it"));
}

#[test]
fn colours_only_repeat_what_words_say() {
    let terminal = drawn(&mut four(), 80, 24);
    let coloured = terminal.backend().buffer().content().iter();
    assert!(coloured.clone().any(|cell| cell.fg == Color::Red));
    let mut plain = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let pen = Pen {
        has_colours: false,
        now: now(),
    };
    let mut model = four();
    plain.draw(|frame| draw(frame, &mut model, pen)).unwrap();
    let cells = plain.backend().buffer().content();
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset));
    assert_eq!(text(&terminal), text(&plain));
}

#[test]
fn nobody_speaks_to_the_terminal_but_this_program() {
    let mut model = four();
    let hostile = "\x1b]0;owned\x07\x1b[2J\u{202e}evil\u{9b}1m\r\n";
    let mut bad = project("bob", Verdict::Crashed, Some(hostile));
    bad.labels = vec![hostile.to_owned()];
    bad.location = hostile.into();
    bad.next = Some(hostile.to_owned());
    let mut all = report(vec![bad]);
    all.fleet = hostile.to_owned();
    model.learn(all);
    model.trouble = Some(hostile.to_owned());
    let bob = model.selected.clone().unwrap();
    let lines = Lines {
        terminals: vec![hostile.to_owned(), hostile.to_owned()],
        lines: vec![hostile.to_owned()],
        ..Lines::default()
    };
    model.lines = Some((bob.clone(), lines));
    let happened = Happened {
        at: "12:00:00".to_owned(),
        what: hostile.to_owned(),
        details: hostile.to_owned(),
        who: hostile.to_owned(),
        mood: Mood::Plain,
    };
    model.history = Some((bob, Ok(vec![happened])));
    model.filter = "\u{202e}".to_owned();
    for keys in [
        "1",
        "2",
        "3",
        "\r",
        "\x1b",
        "n",
        "\x1bu\u{202e}",
        "\x1b/\u{202e}",
    ] {
        pressed(&mut model, keys);
        let terminal = drawn(&mut model, 100, 30);
        for cell in terminal.backend().buffer().content() {
            let is_bad = |c: char| c.is_control() || crate::names::is_invisible(c);
            assert!(
                !cell.symbol().contains(is_bad),
                "{:?} after {keys:?}",
                cell.symbol()
            );
        }
    }
}

#[test]
fn wide_letters_push_no_column_aside() {
    let mut model = four();
    model.learn(report(vec![
        project("ada", Verdict::Up, Some("日本語のエラー: 失敗")),
        project("bob", Verdict::Up, Some("plain")),
    ]));
    let text = shown(&mut model, 60, 10);
    let row = |name: &str| {
        text.lines()
            .find(|line| line.contains(name))
            .unwrap()
            .to_owned()
    };
    let before = |name: &str, word: &str| row(name).split(word).next().unwrap().chars().count();
    assert_eq!(before("ada", "日本"), before("bob", "plain"));
    let mut wide = project("ada", Verdict::Crashed, Some(&"語".repeat(100)));
    wide.labels = vec!["語".repeat(60)];
    model.learn(report(vec![wide]));
    for columns in 20..100 {
        for line in shown(&mut model, columns, 24).lines() {
            assert!(super::super::text::width(line) <= usize::from(columns));
        }
    }
}

#[test]
fn the_last_lines_are_the_end_and_the_history_begins_with_what_is_new() {
    let mut model = four();
    let bob = model.selected.clone().unwrap();
    let lines = (1..=100).map(|number| format!("line {number}.")).collect();
    let lines = Lines {
        terminals: vec!["one".to_owned(), "harness".to_owned()],
        lines,
        ..Lines::default()
    };
    model.lines = Some((bob.clone(), lines));
    pressed(&mut model, "2");
    let text = shown(&mut model, 80, 24);
    assert!(
        text.contains("line 100.") && !text.contains("line 1."),
        "{text}"
    );
    assert!(text.contains("bob/one (1 of 2)"), "{text}");
    pressed(&mut model, "\r");
    drawn(&mut model, 80, 24);
    pressed(&mut model, "g");
    let text = shown(&mut model, 80, 24);
    assert!(
        text.contains("line 1.") && !text.contains("line 100."),
        "{text}"
    );
    pressed(&mut model, "G");
    assert!(shown(&mut model, 80, 24).contains("line 100."));
    let happened = |number: usize| Happened {
        at: format!("12:00:{number:02}"),
        what: "died".to_owned(),
        details: format!("exit status {number}"),
        who: "tender".to_owned(),
        mood: Mood::Plain,
    };
    model.history = Some((bob, Ok((10..60).map(happened).collect())));
    pressed(&mut model, "3");
    let text = shown(&mut model, 80, 24);
    assert!(
        text.contains("12:00:59  died  exit status 59 [tender]"),
        "{text}"
    );
    assert!(!text.contains("exit status 10"), "{text}");
}

fn outcome(code: i32, said: &str) -> Outcome {
    Outcome {
        line: "fleet start bob".to_owned(),
        code: Some(code),
        said: said.to_owned(),
    }
}

#[test]
fn a_plan_is_shown_with_its_command_line() {
    let mut model = four();
    pressed(&mut model, "s");
    assert!(shown(&mut model, 80, 24).contains("finding out what it would do"));
    if let Open::Plan(plan) = &mut model.open {
        plan.told = Some(outcome(0, "bob:\n  start it"));
    }
    assert_snapshot!(shown(&mut model, 60, 20), @r"
    home  4 projects: 1 parked, 1 crashed, 2 up         by state
      NAME  STATE    FOR   PIN  REF     REASON
    > bob   parked   3m    ok   v0.1.0  exit status 3: no such…
      carl  crashed  4m    ok   v0.1.0  died 10 times in 1h
      ada   up       3m    ok   v0.1.0
      dora  up       4m    ok   v0.1.0

    ── bob  1 facts  2 last lines  3 history  ──────────────────
    state    parked for 3m, wanted up
    reason   exit status 3: no such table: jobs
    pin      ok, v0.1.0
    commits  01234567 wanted, HEAD, index, checkout; none
             running
    ┌ fleet start bob ─────────────────────────────────────────┐
    │ bob:                                                     │
    │   start it                                               │
    │                                                          │
    │ y does it, Esc does not                                  │
    └──────────────────────────────────────────────────────────┘
    y do it  Esc do not  up down scroll
    ");
    if let Open::Plan(plan) = &mut model.open {
        plan.told = Some(outcome(
            3,
            "error: `bob` is disabled\nhint: `fleet enable bob`",
        ));
    }
    let text = shown(&mut model, 60, 20);
    assert!(text.contains("refused (exit code 3)"), "{text}");
    assert!(!text.contains("y does"), "{text}");
}

#[test]
fn how_a_command_went_is_shown_with_all_it_said() {
    let mut model = four();
    model.running = Some("fleet start bob".to_owned());
    assert!(shown(&mut model, 80, 24).contains("fleet start bob ... is being done"));
    model.running = None;
    model.outcome = Some(outcome(0, "started `bob`\n"));
    let text = shown(&mut model, 80, 24);
    assert!(text.contains("fleet start bob: started `bob`"), "{text}");
    let said = "error: cannot start `bob`\n  because: it is so\nhint: `fleet why bob` tells more";
    model.outcome = Some(outcome(1, said));
    assert_snapshot!(shown(&mut model, 60, 20), @r"
    home  4 projects: 1 parked, 1 crashed, 2 up         by state
      NAME  STATE    FOR   PIN  REF     REASON
    > bob   parked   3m    ok   v0.1.0  exit status 3: no such…
      carl  crashed  4m    ok   v0.1.0  died 10 times in 1h
      ada   up       3m    ok   v0.1.0
      dora  up       4m    ok   v0.1.0

    ── bob  1 facts  2 last lines  3 history  ──────────────────
    state    parked for 3m, wanted up
    reason   exit status 3: no such table: jobs
    pin      ok, v0.1.0
    commits  01234567 wanted, HEAD, index, checkout; none
    ┌ fleet start bob ─────────────────────────────────────────┐
    │ error: cannot start `bob`                                │
    │   because: it is so                                      │
    │ hint: `fleet why bob` tells more                         │
    │                                                          │
    │ failed (exit code 1)                                     │
    └──────────────────────────────────────────────────────────┘
    Esc dismiss  up down scroll
    ");
}

#[test]
fn notices_that_have_no_room_are_counted() {
    let mut model = four();
    model.trouble = Some("fleet.toml is not valid".to_owned());
    let mut all = report(vec![project("ada", Verdict::Up, None)]);
    all.brake.engaged = Some(true);
    all.brake.reason = Some("3 of 4 died".to_owned());
    model.learn(all);
    let text = shown(&mut model, 80, 24);
    assert!(
        text.contains("! fleet.toml is not valid (and 1 more notice: n)"),
        "{text}"
    );
    let text = shown(&mut model, 80, 40);
    assert!(text.contains("! the brake is on: 3 of 4 died"), "{text}");
    pressed(&mut model, "n");
    assert!(shown(&mut model, 80, 24).contains("`fleet go` takes it off"));
}

#[test]
fn the_table_is_scrolled_no_further_than_need_be() {
    let mut model = four();
    let names: Vec<String> = (0..50).map(|number| format!("p{number:02}")).collect();
    let projects = names.iter().map(|name| project(name, Verdict::Up, None));
    model.learn(report(projects.collect()));
    pressed(&mut model, "g");
    assert!(shown(&mut model, 80, 24).contains("> p00"));
    pressed(&mut model, "G");
    let text = shown(&mut model, 80, 24);
    assert!(text.contains("> p49") && !text.contains("p00"), "{text}");
    pressed(&mut model, "k");
    let again = shown(&mut model, 80, 24);
    assert!(
        again.contains("> p48") && again.contains("  p49"),
        "{again}"
    );
}
